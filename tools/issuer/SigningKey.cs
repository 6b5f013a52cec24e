using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>A key pair that signs JWS: an issuer's, or that of a client's proofs. Not for real use: it is made to be handed around.</summary>
public sealed class SigningKey : IDisposable
{
    // at+jwt as it is, as issuers write it.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly RSA? rsa;
    private readonly ECDsa? ec;

    private SigningKey(string algorithm, RSA? rsa, ECDsa? ec) => (Algorithm, this.rsa, this.ec) = (algorithm, rsa, ec);

    /// <summary>Its algorithm (RFC 7518 3.1).</summary>
    public string Algorithm { get; }

    /// <summary>SHA-256 thumbprint of the public key (RFC 7638), which is also its <c>kid</c>.</summary>
    public string Thumbprint => ThumbprintOf(PublicJwk())!;

    /// <summary>A new EC key: ES256, ES384 or ES512.</summary>
    public static SigningKey Ec(string algorithm = "ES256") => new(algorithm, null, ECDsa.Create(algorithm switch
    {
        "ES256" => ECCurve.NamedCurves.nistP256,
        "ES384" => ECCurve.NamedCurves.nistP384,
        "ES512" => ECCurve.NamedCurves.nistP521,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "ES256, ES384 or ES512."),
    }));

    /// <summary>A new RSA key: RS or PS with 256, 384 or 512.</summary>
    public static SigningKey Rsa(string algorithm = "RS256", int bits = 2048) => new(algorithm, RSA.Create(bits), null);

    /// <summary>A key out of what <see cref="ExportPem"/> gave.</summary>
    /// <exception cref="ArgumentException">It is no private RSA key.</exception>
    public static SigningKey FromPem(string pem)
    {
        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
        }
        catch
        {
            rsa.Dispose();
            throw;
        }

        return new("RS256", rsa, null);
    }

    /// <summary>The private RSA key as text.</summary>
    public string ExportPem() => rsa?.ExportPkcs8PrivateKeyPem() ?? throw new InvalidOperationException("Only RSA keys are kept.");

    /// <summary>The public key as in a proof's header.</summary>
    public JsonObject PublicJwk() => Jwk(includePrivate: false);

    /// <summary>The private key too: what must never stand in a proof.</summary>
    public JsonObject PrivateJwk() => Jwk(includePrivate: true);

    /// <summary>The public key as in a JWKS.</summary>
    public JsonObject PublishedJwk()
    {
        var jwk = PublicJwk();
        jwk["kid"] = Thumbprint;
        jwk["use"] = "sig";
        jwk["alg"] = Algorithm;
        return jwk;
    }

    /// <summary>Signs header and payload as they are: a JWS in compact serialization.</summary>
    public string Sign(JsonObject header, JsonObject payload)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(payload);
        return SignText(header.ToJsonString(Plain), payload.ToJsonString(Plain));
    }

    /// <summary>Signs texts as they are, whether they are JSON or not.</summary>
    public string SignText(string header, string payload)
    {
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        return $"{signed}.{Base64Url.EncodeToString(Signature(Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Header and payload with the dot between them.</summary>
    internal static string Unsigned(JsonObject header, JsonObject payload) =>
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString(Plain)))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload.ToJsonString(Plain)))}";

    /// <inheritdoc/>
    public void Dispose()
    {
        rsa?.Dispose();
        ec?.Dispose();
    }

    /// <summary>SHA-256 thumbprint of a public key; null where a member is missing.</summary>
    internal static string? ThumbprintOf(JsonObject jwk)
    {
        // RFC 7638 3: the required members, in lexicographic order, without white space.
        var names = jwk["kty"]?.ToString() == "RSA" ? new[] { "e", "kty", "n" } : ["crv", "kty", "x", "y"];
        return names.All(n => jwk[n] is JsonValue)
            ? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes("{" + string.Join(',', names.Select(n => $"\"{n}\":\"{jwk[n]}\"")) + "}")))
            : null;
    }

    private byte[] Signature(byte[] signed)
    {
        var hash = Algorithm[2..] switch { "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
        return ec?.SignData(signed, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            ?? rsa!.SignData(signed, hash, Algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }

    private JsonObject Jwk(bool includePrivate)
    {
        if (rsa is not null)
        {
            var key = rsa.ExportParameters(includePrivate);
            var jwk = new JsonObject { ["kty"] = "RSA", ["n"] = Text(key.Modulus), ["e"] = Text(key.Exponent) };
            if (includePrivate)
            {
                jwk["d"] = Text(key.D);
            }

            return jwk;
        }

        var point = ec!.ExportParameters(includePrivate);
        var curve = Algorithm switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" };
        var made = new JsonObject { ["kty"] = "EC", ["crv"] = curve, ["x"] = Text(point.Q.X), ["y"] = Text(point.Q.Y) };
        if (includePrivate)
        {
            made["d"] = Text(point.D);
        }

        return made;
    }

    private static string Text(byte[]? bytes) => Base64Url.EncodeToString(bytes);
}
