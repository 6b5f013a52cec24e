using System.Collections.Concurrent;
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
    // Stryker disable all : made once, before a mutant is switched on
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

    // Stryker restore all

    /// <summary>The algorithm of a name (RFC 7518 3.1); null where it is not accepted.</summary>
    public static ProofAlgorithm? Of(string? name) => name is not null && All.TryGetValue(name, out var algorithm) ? algorithm : null;
}

/// <summary>The public key in a proof's header. <c>x5u</c>, <c>jku</c>, <c>x5c</c> and every other member is passed over: nothing is fetched.</summary>
internal sealed class ProofKey : IDisposable
{
    // RFC 7518 6.2.2, 6.3.2, 6.4.1: what makes a key private or symmetric.
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;

    private readonly ProofAlgorithm algorithm;
    private readonly RSA? rsa;
    private readonly ECDsa? ec;

    private ProofKey(ProofAlgorithm algorithm, RSA? rsa, ECDsa? ec, string thumbprint) => (this.algorithm, this.rsa, this.ec, Thumbprint) = (algorithm, rsa, ec, thumbprint);

    /// <summary>SHA-256 thumbprint, base64url (RFC 7638).</summary>
    public string Thumbprint { get; }

    /// <summary>What it verifies by.</summary>
    public ProofAlgorithm Algorithm => algorithm;

    /// <summary>Reads a public key that fits the algorithm; null where it is none.</summary>
    /// <param name="jwk">The key.</param>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="kept">Where it is, if it was here before.</param>
    public static ProofKey? TryRead(JsonElement jwk, ProofAlgorithm algorithm, ProofKeys kept)
    {
        if (jwk.ValueKind != JsonValueKind.Object || PrivateMembers.Any(m => jwk.TryGetProperty(m, out _)))
        {
            return null;
        }

        try
        {
            return algorithm.Padding is not null ? Rsa(jwk, algorithm, kept) : Ec(jwk, algorithm, kept);
        }
        catch (CryptographicException)
        {
            // A modulus that is none, or a point that is not on the curve.
        }

        return null;
    }

    /// <summary>Whether the signature over the bytes is this key's.</summary>
    public bool Verifies(byte[] signed, byte[] signature) =>
        rsa?.VerifyData(signed, signature, algorithm.Hash, algorithm.Padding!)
        // RFC 7518 3.4: R and S one after the other, each as long as the curve's order.
        ?? ec!.VerifyData(signed, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public void Dispose()
    // Stryker disable once Block : gives back what is else let go by the collector
    {
        // Stryker disable once Statement : gives back what is else let go by the collector
        rsa?.Dispose();
        // Stryker disable once Statement : gives back what is else let go by the collector
        ec?.Dispose();
    }

    private static ProofKey? Rsa(JsonElement jwk, ProofAlgorithm algorithm, ProofKeys kept)
    {
        if (CompactJws.Text(jwk, "kty") != "RSA" || CompactJws.Text(jwk, "n") is not { } n || CompactJws.Text(jwk, "e") is not { } e
            || CompactJws.Decode(n) is not { Length: > 0 and <= MaxRsaBits / 8 } modulus || CompactJws.Decode(e) is not { Length: > 0 and <= 8 } exponent)
        {
            return null;
        }

        var thumbprint = ThumbprintOf(new() { Kty = "RSA", N = n, E = e });
        if (kept.Take(algorithm, thumbprint) is { } known)
        {
            return known;
        }

        var rsa = RSA.Create();
        try
        {
            rsa.ImportParameters(new() { Modulus = modulus, Exponent = exponent });
            return rsa.KeySize >= MinRsaBits ? new(algorithm, rsa, null, thumbprint) : Drop(rsa);
        }
        catch
        {
            // Stryker disable once Statement : gives back what is else let go by the collector
            rsa.Dispose();
            throw;
        }
    }

    private static ProofKey? Ec(JsonElement jwk, ProofAlgorithm algorithm, ProofKeys kept)
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

        var thumbprint = ThumbprintOf(new() { Kty = "EC", Crv = algorithm.Curve, X = x, Y = y });
        return kept.Take(algorithm, thumbprint) ?? new(algorithm, null, ECDsa.Create(new ECParameters { Curve = curve, Q = new() { X = left, Y = right } }), thumbprint);
    }

    private static ProofKey? Drop(RSA rsa)
    // Stryker disable once Block : gives back what is else let go by the collector
    {
        // Stryker disable once Statement : gives back what is else let go by the collector
        rsa.Dispose();
        return null;
    }

    private static string ThumbprintOf(JsonWebKey key) => Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
}

/// <summary>
/// Keys of proofs that held, kept for the next of the same client: to import one costs more than to verify by it, since its point is checked to be on the
/// curve. None is used by two at once. Only keys to which a valid token was bound come here, so nobody else can fill it. Thread-safe.
/// </summary>
internal sealed class ProofKeys
{
    // Past it all are let go: clients change their keys, and which are out of use is not told.
    private const int Most = 1_000;

    private readonly ConcurrentDictionary<(ProofAlgorithm Algorithm, string Thumbprint), ProofKey> idle = new();

    /// <summary>Takes a key out; null where it is not here, or in use.</summary>
    public ProofKey? Take(ProofAlgorithm algorithm, string thumbprint) => idle.TryRemove((algorithm, thumbprint), out var key) ? key : null;

    /// <summary>Gives a key back, or a new one in.</summary>
    public void Keep(ProofKey key)
    {
        if (idle.Count >= Most)
        {
            foreach (var name in idle.Keys)
            {
                Take(name.Algorithm, name.Thumbprint)?.Dispose();
            }
        }

        if (!idle.TryAdd((key.Algorithm, key.Thumbprint), key))
        // Stryker disable once Block : gives back what is else let go by the collector
        {
            // Stryker disable once Statement : gives back what is else let go by the collector
            key.Dispose();
        }
    }
}
