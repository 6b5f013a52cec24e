using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace PasientensMaledata.Access.Tokens;

/// <summary>An algorithm that proofs may be signed with: those that HelseID takes (<c>dpop_signing_alg_values_supported</c>).</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Padding">RSA's padding; null for EC.</param>
/// <param name="Curve">The one curve that goes with it (RFC 7518 3.4); null for RSA.</param>
internal sealed record ProofAlgorithm(HashAlgorithmName Hash, RSASignaturePadding? Padding, string? Curve)
{
    private static readonly Dictionary<string, ProofAlgorithm> All = new(StringComparer.Ordinal)
    {
        ["RS256"] = new(HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, null),
        ["RS384"] = new(HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1, null),
        ["RS512"] = new(HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1, null),
        ["PS256"] = new(HashAlgorithmName.SHA256, RSASignaturePadding.Pss, null),
        ["PS384"] = new(HashAlgorithmName.SHA384, RSASignaturePadding.Pss, null),
        ["PS512"] = new(HashAlgorithmName.SHA512, RSASignaturePadding.Pss, null),
        ["ES256"] = new(HashAlgorithmName.SHA256, null, "P-256"),
        ["ES384"] = new(HashAlgorithmName.SHA384, null, "P-384"),
        ["ES512"] = new(HashAlgorithmName.SHA512, null, "P-521"),
    };

    /// <summary>Every name, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The algorithm of a name (RFC 7518 3.1); null where it is not accepted.</summary>
    public static ProofAlgorithm? Of(string? name) => name is not null && All.TryGetValue(name, out var algorithm) ? algorithm : null;
}

/// <summary>The public key in a proof's header. <c>x5u</c>, <c>jku</c>, <c>x5c</c> and every other member is passed over: nothing is fetched.</summary>
internal sealed class ProofKey : IDisposable
{
    // RFC 7518 6.2.2, 6.3.2, 6.4.1: what makes a key private or symmetric.
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;

    private readonly ProofAlgorithm algorithm;
    private readonly RSA? rsa;
    private readonly ECDsa? ec;

    private ProofKey(ProofAlgorithm algorithm, RSA? rsa, ECDsa? ec, string thumbprint) => (this.algorithm, this.rsa, this.ec, Thumbprint) = (algorithm, rsa, ec, thumbprint);

    /// <summary>SHA-256 thumbprint, base64url (RFC 7638).</summary>
    public string Thumbprint { get; }

    /// <summary>Reads a public key that fits the algorithm; null where it is none.</summary>
    public static ProofKey? TryRead(JsonElement jwk, ProofAlgorithm algorithm)
    {
        if (jwk.ValueKind != JsonValueKind.Object || PrivateMembers.Any(m => jwk.TryGetProperty(m, out _)))
        {
            return null;
        }

        try
        {
            return algorithm.Padding is not null ? Rsa(jwk, algorithm) : Ec(jwk, algorithm);
        }
        catch (CryptographicException)
        {
            // A modulus that is none, or a point that is not on the curve.
            return null;
        }
    }

    /// <summary>Whether the signature over the bytes is this key's.</summary>
    public bool Verifies(byte[] signed, byte[] signature) =>
        rsa?.VerifyData(signed, signature, algorithm.Hash, algorithm.Padding!)
        // RFC 7518 3.4: R and S one after the other, each as long as the curve's order.
        ?? ec!.VerifyData(signed, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public void Dispose()
    {
        rsa?.Dispose();
        ec?.Dispose();
    }

    private static ProofKey? Rsa(JsonElement jwk, ProofAlgorithm algorithm)
    {
        if (CompactJws.Text(jwk, "kty") != "RSA" || CompactJws.Text(jwk, "n") is not { } n || CompactJws.Text(jwk, "e") is not { } e
            || CompactJws.Decode(n) is not { Length: > 0 and <= MaxRsaBits / 8 } modulus || CompactJws.Decode(e) is not { Length: > 0 and <= 8 } exponent)
        {
            return null;
        }

        var rsa = RSA.Create();
        try
        {
            rsa.ImportParameters(new() { Modulus = modulus, Exponent = exponent });
            return rsa.KeySize >= MinRsaBits ? new(algorithm, rsa, null, ThumbprintOf(new() { Kty = "RSA", N = n, E = e })) : Drop(rsa);
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }

    private static ProofKey? Ec(JsonElement jwk, ProofAlgorithm algorithm)
    {
        if (CompactJws.Text(jwk, "kty") != "EC" || CompactJws.Text(jwk, "crv") != algorithm.Curve
            || CompactJws.Text(jwk, "x") is not { } x || CompactJws.Text(jwk, "y") is not { } y)
        {
            return null;
        }

        var (curve, size) = algorithm.Curve switch { "P-256" => (ECCurve.NamedCurves.nistP256, 32), "P-384" => (ECCurve.NamedCurves.nistP384, 48), _ => (ECCurve.NamedCurves.nistP521, 66) };
        // RFC 7518 6.2.1.2: the octets are as long as a coordinate of the curve, leading zeros and all.
        if (CompactJws.Decode(x) is not { } left || CompactJws.Decode(y) is not { } right || left.Length != size || right.Length != size)
        {
            return null;
        }

        return new(algorithm, null, ECDsa.Create(new ECParameters { Curve = curve, Q = new() { X = left, Y = right } }), ThumbprintOf(new() { Kty = "EC", Crv = algorithm.Curve, X = x, Y = y }));
    }

    private static ProofKey? Drop(RSA rsa)
    {
        rsa.Dispose();
        return null;
    }

    private static string ThumbprintOf(JsonWebKey key) => Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
}
