using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>Makes DPoP proofs (RFC 9449 4.2) for one request, good ones and, by changing what it gives, broken ones.</summary>
public static class ProofDraft
{
    /// <summary>A proof as it should be; to be changed and signed.</summary>
    /// <param name="key">The client's key.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="address">The request's address; a query is left out.</param>
    /// <param name="token">The access token it goes with; null toward a token endpoint.</param>
    /// <param name="now">The time.</param>
    public static TokenDraft For(SigningKey key, string method, Uri address, string? token, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(address);
        var claims = new JsonObject
        {
            ["jti"] = Guid.NewGuid().ToString(),
            ["htm"] = method,
            ["htu"] = address.GetLeftPart(UriPartial.Path),
            ["iat"] = now.ToUnixTimeSeconds(),
        };
        if (token is not null)
        {
            claims["ath"] = HashOf(token);
        }

        return new(new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = key.Algorithm, ["jwk"] = key.PublicJwk() }, claims);
    }

    /// <summary>base64url(SHA-256(ASCII(token))).</summary>
    public static string HashOf(string token) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));

    /// <summary>The thumbprint of the key that a proof shows (RFC 7638); null where it is no proof. The proof is not verified.</summary>
    public static string? ThumbprintOf(string? proof)
    {
        if (proof?.Split('.') is not [var header, _, _])
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(Base64Url.DecodeFromChars(header))?["jwk"] is JsonObject jwk ? SigningKey.ThumbprintOf(jwk) : null;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
