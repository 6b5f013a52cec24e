using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Access.Tokens;

/// <summary>A DPoP proof (RFC 9449 4.2) that has passed every check of 4.3 but whether it has been used before.</summary>
/// <param name="Thumbprint">Of its key (RFC 7638), as in the token's <c>cnf.jkt</c>.</param>
/// <param name="Id">Its <c>jti</c>.</param>
/// <param name="IssuedAt">Its <c>iat</c>.</param>
internal sealed record Proof(string Thumbprint, string Id, DateTimeOffset IssuedAt)
{
    /// <summary>Checks a proof in the order of RFC 9449 4.3, with the cheap and telling ones first.</summary>
    /// <param name="text">The one DPoP header, as received.</param>
    /// <param name="token">The access token, exactly as received.</param>
    /// <param name="boundTo">The token's <c>cnf.jkt</c>.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="targets">The addresses that the request may have been sent to: one for each public base.</param>
    /// <param name="window">How old it may be.</param>
    /// <param name="now">The time.</param>
    /// <param name="kept">Keys of proofs before it.</param>
    /// <param name="proof">The proof, where it holds.</param>
    /// <returns>Why it does not hold; null where it does.</returns>
    public static RefusalReason? Check(
        string text, string token, string boundTo, string method, IReadOnlyList<TargetUri> targets, ProofWindow window, DateTimeOffset now, ProofKeys kept, out Proof? proof)
    {
        proof = null;
        if (text.Length > Limits.MaxProofLength)
        {
            return RefusalReason.ProofTooLong;
        }

        // 4.3: "2. The DPoP HTTP request header field value is a single and well-formed JWT."
        if (CompactJws.TryRead(text) is not { } jws)
        {
            return RefusalReason.ProofMalformed;
        }

        // "4. The typ JOSE Header Parameter has the value dpop+jwt."
        if (CompactJws.Text(jws.Header, "typ") != "dpop+jwt")
        {
            return RefusalReason.ProofType;
        }

        // "5. The alg JOSE Header Parameter indicates a registered asymmetric digital signature algorithm, is not none, is supported by the
        // application, and is acceptable per local policy."
        if (ProofAlgorithm.Of(CompactJws.Text(jws.Header, "alg")) is not { } algorithm)
        {
            return RefusalReason.ProofAlgorithm;
        }

        // "7. The jwk JOSE Header Parameter does not contain a private key." And its kind, size and curve fit.
        if (!jws.Header.TryGetProperty("jwk", out var jwk) || ProofKey.TryRead(jwk, algorithm, kept) is not { } key)
        {
            return RefusalReason.ProofKey;
        }

        try
        {
            // "12. ... confirm that the public key to which the access token is bound matches the public key from the DPoP proof."
            if (!string.Equals(key.Thumbprint, boundTo, StringComparison.Ordinal))
            {
                return RefusalReason.ProofKeyOfAnother;
            }

            // "6. The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter."
            if (!key.Verifies(Encoding.ASCII.GetBytes(jws.Signed), jws.Signature))
            {
                return RefusalReason.ProofSignature;
            }

            if (CheckClaims(jws.Payload, token, method, targets, window, now) is { } reason)
            {
                return reason;
            }

            proof = new(key.Thumbprint, CompactJws.Text(jws.Payload, "jti")!, DateTimeOffset.FromUnixTimeSeconds(CompactJws.Whole(jws.Payload, "iat")!.Value));
            return null;
        }
        finally
        {
            if (proof is null)
            // Stryker disable once Block : gives back what is else let go by the collector
            {
                // Stryker disable once Statement : as above
                key.Dispose();
            }
            else
            {
                kept.Keep(key);
            }
        }
    }

    private static RefusalReason? CheckClaims(JsonElement claims, string token, string method, IReadOnlyList<TargetUri> targets, ProofWindow window, DateTimeOffset now)
    {
        // "12. If presented to a protected resource in conjunction with an access token, ensure that the value of the ath claim equals the hash of
        // that access token": base64url(SHA-256(ASCII(token))), over the token as received.
        if (!string.Equals(CompactJws.Text(claims, "ath"), Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token))), StringComparison.Ordinal))
        {
            return RefusalReason.ProofOfAnotherToken;
        }

        // "3. All required claims per Section 4.2 are contained in the JWT." 11.1: a server may limit the size of jti.
        if (CompactJws.Text(claims, "jti") is not { Length: > 0 and <= Limits.MaxProofIdLength })
        {
            return RefusalReason.ProofId;
        }

        // "8. The htm claim matches the HTTP method of the current request." Methods are case-sensitive (RFC 9110 9.1).
        if (!string.Equals(CompactJws.Text(claims, "htm"), method, StringComparison.Ordinal))
        {
            return RefusalReason.ProofMethod;
        }

        // "9. The htu claim matches the HTTP URI value for the HTTP request in which the JWT was received, ignoring any query and fragment parts."
        if (!TargetUri.TryParse(CompactJws.Text(claims, "htu"), out var target) || !targets.Contains(target))
        {
            return RefusalReason.ProofTarget;
        }

        // "11. The creation time of the JWT, as determined by either the iat claim or a server managed timestamp via the nonce claim, is within an
        // acceptable window."
        return CompactJws.Whole(claims, "iat") is { } issued && window.Holds(issued, now) ? null : RefusalReason.ProofTime;
    }
}

/// <summary>How old a proof may be, and how far clocks may differ.</summary>
/// <param name="Age">How long after its <c>iat</c> a proof is taken, the skew aside.</param>
/// <param name="Skew">How far the caller's clock may be from ours, either way.</param>
public sealed record ProofWindow(TimeSpan Age, TimeSpan Skew)
{
    /// <summary>What is taken where nothing else is set: the longer of what HelseID's own samples take.</summary>
    public static ProofWindow Usual { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5));

    /// <summary>Whether a proof of this time (seconds since 1970) is taken now.</summary>
    internal bool Holds(long issued, DateTimeOffset now)
    {
        // In seconds, so that a time past any calendar compares as well.
        var age = now.ToUnixTimeMilliseconds() - (decimal)issued * 1000;
        return age >= -(decimal)Skew.TotalMilliseconds && age <= (decimal)(Age + Skew).TotalMilliseconds;
    }

    /// <summary>Until when a proof may be taken by a process whose clock is the skew behind ours: it is remembered at least so long.</summary>
    internal DateTimeOffset RememberUntil(DateTimeOffset issued) => issued + Age + Skew + Skew;
}
