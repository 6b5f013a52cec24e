using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace PasientensMaledata.Access.Tokens;

/// <summary>Validates access tokens of one issuer: signature, algorithm, type, issuer, the one audience, times (RFC 9068 4, and HelseID's own list).</summary>
/// <param name="issuer">The issuer.</param>
/// <param name="keys">Its keys.</param>
/// <param name="time">The clock.</param>
internal sealed class AccessTokenReader(TrustedIssuer issuer, IssuerKeys keys, TimeProvider time)
{
    /// <summary>The skew of clocks that is taken into account: a token may live for 60 seconds alone, so that minutes would be absurd.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    // RFC 9068 2.1 has at+jwt; HelseID has an API take JWT too. Any other, such as an ID token's, is refused.
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly string[] Types = ["at+jwt", "JWT"];

    /// <summary>The issuer whose tokens are read.</summary>
    public string Issuer => issuer.Issuer;

    /// <summary>What a token says its issuer is, before anything is verified; null where it is no token.</summary>
    public static string? ClaimedIssuer(string text) =>
        text.Length <= Limits.MaxTokenLength && CompactJws.TryRead(text) is { } jws ? CompactJws.Text(jws.Payload, "iss") : null;

    /// <summary>Validates a token.</summary>
    /// <returns>Its claims; or why it is not taken.</returns>
    public async ValueTask<(AccessToken? Token, RefusalReason Reason)> ReadAsync(string text, CancellationToken cancellationToken)
    {
        if (text.Length > Limits.MaxTokenLength)
        {
            return (null, RefusalReason.TokenTooLong);
        }

        if (CompactJws.TryRead(text) is not { } jws)
        {
            return (null, RefusalReason.TokenMalformed);
        }

        // What is free comes before what may need a fetch.
        if (CheckHeader(jws.Header) is { } wrong)
        {
            return (null, wrong);
        }

        if (CompactJws.Text(jws.Payload, "iss") != issuer.Issuer)
        {
            return (null, RefusalReason.TokenIssuer);
        }

        var (key, missing) = CompactJws.Text(jws.Header, "kid") is { Length: > 0 } kid ? await keys.FindAsync(kid, cancellationToken) : (null, RefusalReason.TokenKey);
        if (key is null)
        {
            return (null, missing);
        }

        // RFC 7517 4.4: a key's alg "identifies the algorithm intended for use with the key". RFC 7518 3.4: each of ES has its one curve.
        var algorithm = CompactJws.Text(jws.Header, "alg")!;
        if ((key.Alg is { Length: > 0 } intended && intended != algorithm) || ProofAlgorithm.Of(algorithm)!.Curve != key.Crv)
        {
            return (null, RefusalReason.TokenAlgorithm);
        }

        if (!Verifies(key, algorithm, jws))
        {
            return (null, RefusalReason.TokenSignature);
        }

        return CheckClaims(jws.Payload, out var issuedAt) is { } reason ? (null, reason) : (new(jws.Payload, issuedAt), default);
    }

    private static RefusalReason? CheckHeader(JsonElement header) =>
        ProofAlgorithm.Of(CompactJws.Text(header, "alg")) is null ? RefusalReason.TokenAlgorithm
        : !Types.Contains(CompactJws.Text(header, "typ"), StringComparer.Ordinal) ? RefusalReason.TokenType
        : null;

    // The library's cryptography and its checks of the key. Its reading of tokens is left out: what is read here is what is verified and used.
    private static bool Verifies(JsonWebKey key, string algorithm, CompactJws jws)
    {
        try
        {
            var provider = key.CryptoProviderFactory.CreateForVerifying(key, algorithm);
            try
            {
                return provider.Verify(Encoding.ASCII.GetBytes(jws.Signed), jws.Signature);
            }
            finally
            // Stryker disable once Block : gives back what is else let go by the collector
            {
                // Stryker disable once Statement : as above
                key.CryptoProviderFactory.ReleaseSignatureProvider(provider);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or CryptographicException)
        {
            // What the issuer publishes is no key.
        }

        return false;
    }

    private RefusalReason? CheckClaims(JsonElement claims, out DateTimeOffset issuedAt)
    {
        issuedAt = default;

        // A token for several services could be used by one of them against the others.
        if (!claims.TryGetProperty("aud", out var audience) || Single(audience) != issuer.Audience)
        {
            return RefusalReason.TokenAudience;
        }

        if (CompactJws.Whole(claims, "exp") is not { } expires || CompactJws.Whole(claims, "iat") is not { } issued || Moment(issued) is not { } at
            || (claims.TryGetProperty("nbf", out _) && CompactJws.Whole(claims, "nbf") is null))
        {
            return RefusalReason.TokenTimes;
        }

        issuedAt = at;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000m;
        var skew = (decimal)Skew.TotalSeconds;

        // RFC 7519 4.1.4: exp is the time "on or after which the JWT MUST NOT be accepted".
        return now >= expires + skew ? RefusalReason.TokenExpired
            : now < Math.Max(issued, CompactJws.Whole(claims, "nbf") ?? issued) - skew ? RefusalReason.TokenNotYetValid
            : null;
    }

    private static string? Single(JsonElement audience) => audience.ValueKind switch
    {
        JsonValueKind.String => audience.GetString(),
        JsonValueKind.Array when audience.GetArrayLength() == 1 && audience[0].ValueKind == JsonValueKind.String => audience[0].GetString(),
        _ => null,
    };

    private static DateTimeOffset? Moment(long seconds) =>
        seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
