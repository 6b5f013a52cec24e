using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>
/// Proofs that are to be refused, each with a token that is right in itself: the twelve of HelseID's test token service, and those that RFC 9449 and
/// experience add.
/// </summary>
public static class BrokenProofs
{
    private const int LongAgoSeconds = 60;

    /// <summary>Those of every call that takes bound tokens.</summary>
    public static IReadOnlyList<Broken> All { get; } =
    [
        Claim("proof without htu", "htu", null),
        Claim("proof without htm", "htm", null),
        Changed("proof from the past", (c, p) => p.With("iat", c.Time.GetUtcNow().ToUnixTimeSeconds() - LongAgoSeconds)),
        Changed("proof from the future", (c, p) => p.With("iat", c.Time.GetUtcNow().ToUnixTimeSeconds() + LongAgoSeconds)),
        Claim("proof without ath", "ath", null),
        Changed("proof without alg", (_, p) => p.WithHeader("alg", null)),
        Changed("proof without jwk", (_, p) => p.WithHeader("jwk", null)),
        Claim("proof without jti", "jti", null),
        new("proof signed with a symmetric algorithm", (c, m, a) => With(c, m, a, p => Hmac(p.WithHeader("alg", "HS256"), "secret"))),
        Changed("proof with the private key", (c, p) => p.WithHeader("jwk", c.Key.PrivateJwk())),
        Changed("proof of another typ", (_, p) => p.WithHeader("typ", "JWT")),
        new("proof with a wrong signature", (c, m, a) => With(c, m, a, p => Resigned(c, p))),

        new("no proof", (c, m, a) => c.Headers(m, a) with { Proofs = [] }),
        new("an empty DPoP header", (c, m, a) => c.Headers(m, a) with { Proofs = [""] }),
        new("two DPoP headers", (c, m, a) => Proofs(c, m, a, (one, two) => [one, two])),
        new("two proofs in one header", (c, m, a) => Proofs(c, m, a, (one, two) => [$"{one}, {two}"])),
        new("proof by another key than the token's", (c, m, a) => ByAnother(c, m, a)),
        new("proof by another key that shows the token's", (c, m, a) => With(c, m, a, p => p.Sign(SigningKey.Ec()))),
        Changed("proof for another token", (_, p) => p.With("ath", ProofDraft.HashOf("another"))),
        new("bound token sent as Bearer", (c, m, a) => c.Headers(m, a) is var right ? right with { Authorization = [right.Authorization[0].Replace("DPoP ", "Bearer ", StringComparison.Ordinal)] } : right),
        new("bound token sent as Bearer without proof", (c, m, a) => new([c.Headers(m, a).Authorization[0].Replace("DPoP ", "Bearer ", StringComparison.Ordinal)], [])),
        new("token without cnf", (c, m, a) => c.Headers(m, a, c.Token().With("cnf", null).Sign(c.Issuer.Key))),
        new("token with a cnf without jkt", (c, m, a) => c.Headers(m, a, c.Token().With("cnf", new JsonObject { ["x5t#S256"] = "abc" }).Sign(c.Issuer.Key))),
        new("token whose cnf is a text", (c, m, a) => c.Headers(m, a, c.Token().With("cnf", c.Key.Thumbprint).Sign(c.Issuer.Key))),
        new("both DPoP and Bearer", (c, m, a) => c.Headers(m, a) is var right ? right with { Authorization = [right.Authorization[0], right.Authorization[0].Replace("DPoP ", "Bearer ", StringComparison.Ordinal)] } : right),
        Changed("htm in lower case", (_, p) => p.With("htm", p.Claims["htm"]!.GetValue<string>().ToLowerInvariant())),
        Changed("htm of another method", (_, p) => p.With("htm", p.Claims["htm"]!.GetValue<string>() == "DELETE" ? "POST" : "DELETE")),
        Target("htu of another host", u => new UriBuilder(u) { Host = "other.example" }.Uri.AbsoluteUri),
        Target("htu of another path", u => u.AbsoluteUri + "/other"),
        Target("htu of another port", u => new UriBuilder(u) { Port = 8443 }.Uri.AbsoluteUri),
        Target("htu of another scheme", u => new UriBuilder(u) { Scheme = u.Scheme == "https" ? "http" : "https", Port = u.IsDefaultPort ? -1 : u.Port }.Uri.AbsoluteUri),
        Target("htu without scheme and host", u => u.AbsolutePath),
        Target("htu with user information", u => new UriBuilder(u) { UserName = "someone" }.Uri.AbsoluteUri),
        Target("htu with a space before it", u => " " + u.AbsoluteUri),
        Changed("htu that is a list", (_, p) => p.With("htu", new JsonArray(p.Claims["htu"]!.GetValue<string>()))),
        Claim("jti of 10 kB", "jti", new string('x', 10_240)),
        Claim("jti that is past its limit", "jti", new string('x', 257)),
        Claim("empty jti", "jti", ""),
        Claim("jti that is a number", "jti", 42),
        Claim("proof without iat", "iat", null),
        Changed("iat as a text", (_, p) => p.With("iat", p.Claims["iat"]!.GetValue<long>().ToString(System.Globalization.CultureInfo.InvariantCulture))),
        Changed("iat as a fraction", (_, p) => p.With("iat", p.Claims["iat"]!.GetValue<long>() + 0.5)),
        Claim("iat past any calendar", "iat", long.MaxValue),
        Claim("iat before any calendar", "iat", long.MinValue),
        new("proof with alg none", (c, m, a) => With(c, m, a, p => SigningKey.Unsigned(p.WithHeader("alg", "none").Header, p.Claims) + ".")),
        new("proof with alg none and a signature", (c, m, a) => With(c, m, a, p => p.WithHeader("alg", "none").Sign(c.Key))),
        Changed("alg of another curve", (_, p) => p.WithHeader("alg", "ES384")),
        Changed("alg of another kind of key", (_, p) => p.WithHeader("alg", "PS256")),
        Changed("alg EdDSA", (_, p) => p.WithHeader("alg", "EdDSA")),
        new("jwk of kty oct", (c, m, a) => With(c, m, a, p => Hmac(p.WithHeader("alg", "HS256").WithHeader("jwk", new JsonObject { ["kty"] = "oct", ["k"] = Base64Url.EncodeToString("secret"u8) }), "secret"))),
        Changed("jwk of kty oct beside an accepted alg", (_, p) => p.WithHeader("jwk", new JsonObject { ["kty"] = "oct", ["k"] = "c2VjcmV0" })),
        new("RSA key of 1024 bits", (c, m, a) => ByKey(c, m, a, SigningKey.Rsa("PS256", 1024))),
        Changed("RSA key without modulus", (_, p) => p.WithHeader("alg", "PS256").WithHeader("jwk", new JsonObject { ["kty"] = "RSA", ["n"] = "", ["e"] = "AQAB" })),
        Changed("EC key that says it is of another kind", (_, p) => p.WithHeader("jwk", new JsonObject(p.Header["jwk"]!.AsObject().Select(m => KeyValuePair.Create(m.Key, m.Key == "kty" ? "OKP" : m.Value?.DeepClone()))))),
        Changed("EC point that is not on the curve", (_, p) => Moved(p)),
        Changed("jwk that is a text", (c, p) => p.WithHeader("jwk", c.Key.PublicJwk().ToJsonString())),
        Changed("proof with a critical header", (_, p) => p.WithHeader("crit", new JsonArray("exp"))),
        new("proof with a member twice", (c, m, a) => With(c, m, a, p => c.Key.SignText(p.Header.ToJsonString(), $"{p.Claims.ToJsonString()[..^1]},\"htm\":\"{m}\"}}"))),
        new("proof with half of a surrogate pair in a name", (c, m, a) => With(c, m, a, p => c.Key.SignText(p.Header.ToJsonString(), $"{{\"\\ud800\":1,{p.Claims.ToJsonString()[1..]}"))),
        new("proof with half of a surrogate pair in its header", (c, m, a) => With(c, m, a, p => c.Key.SignText($"{{\"\\ud800\":1,{p.Header.ToJsonString()[1..]}", p.Claims.ToJsonString()))),
        new("proof that is no JWT", (c, m, a) => With(c, m, a, _ => "c2VjcmV0")),
        new("proof with padding", (c, m, a) => With(c, m, a, p => p.Sign(c.Key) + "==")),
        Changed("proof that is longer than is accepted", (_, p) => p.With("padding", new string('x', 8_192))),
    ];

    /// <summary>Odd ways of being right: each is to be accepted.</summary>
    public static IReadOnlyList<Broken> Accepted { get; } =
    [
        new("as it should be", (c, m, a) => c.Headers(m, a)),
        Target("htu with the scheme's own port", u => $"{u.Scheme}://{u.Host}:{u.Port}{u.AbsolutePath}"),
        Target("htu with scheme and host in upper case", u => $"{u.Scheme.ToUpperInvariant()}://{u.Authority.ToUpperInvariant()}{u.AbsolutePath}"),
        Target("htu with a query", u => u.AbsoluteUri + "?code=8867-4"),
        Target("htu with a fragment", u => u.AbsoluteUri + "#top"),
        Target("htu with dot segments", u => $"{u.Scheme}://{u.Authority}/a/../.{u.AbsolutePath}"),
        Target("htu with a letter in percent-encoding", u => $"{u.Scheme}://{u.Authority}{u.AbsolutePath.Replace("O", "%4f", StringComparison.Ordinal)}"),
        new("scheme in lower case", (c, m, a) => c.Headers(m, a) is var right ? right with { Authorization = [right.Authorization[0].Replace("DPoP ", "dpop ", StringComparison.Ordinal)] } : right),
        new("two spaces after the scheme", (c, m, a) => c.Headers(m, a) is var right ? right with { Authorization = [right.Authorization[0].Replace("DPoP ", "DPoP  ", StringComparison.Ordinal)] } : right),
        new("token of typ JWT", (c, m, a) => c.Headers(m, a, c.Token().WithHeader("typ", "JWT").Sign(c.Issuer.Key))),
        new("token whose scope is a text", (c, m, a) => c.Token() is var t ? c.Headers(m, a, t.With("scope", "openid " + t.Claims["scope"]![0]!.GetValue<string>()).Sign(c.Issuer.Key)) : null!),
        new("token with several scopes", (c, m, a) => c.Token() is var t ? c.Headers(m, a, t.With("scope", new JsonArray("openid", t.Claims["scope"]![0]!.GetValue<string>(), 7)).Sign(c.Issuer.Key)) : null!),
        new("token whose audience is a list of one", (c, m, a) => c.Token() is var t ? c.Headers(m, a, t.With("aud", new JsonArray(t.Claims["aud"]!.GetValue<string>())).Sign(c.Issuer.Key)) : null!),
        Changed("jwk with x5u, jku and x5c", (_, p) => Dressed(p)),
        Changed("jti at its limit", (_, p) => p.With("jti", string.Concat(Enumerable.Repeat(Guid.NewGuid().ToString("N"), 8)))),
        new("proof by an RSA key, PS256", (c, m, a) => ByKey(c, m, a, SigningKey.Rsa("PS256"))),
        new("proof by an RSA key, RS512", (c, m, a) => ByKey(c, m, a, SigningKey.Rsa("RS512"))),
        new("proof by an EC key, ES384", (c, m, a) => ByKey(c, m, a, SigningKey.Ec("ES384"))),
        new("proof by an EC key, ES512", (c, m, a) => ByKey(c, m, a, SigningKey.Ec("ES512"))),
    ];

    private static Broken Claim(string name, string claim, JsonNode? value) => Changed(name, (_, p) => p.With(claim, value?.DeepClone()));

    private static Broken Target(string name, Func<Uri, string> htu) => new(name, (c, m, a) => With(c, m, a, p => p.With("htu", htu(a)).Sign(c.Key)));

    private static Broken Changed(string name, Func<DevelopmentClient, TokenDraft, TokenDraft> change) => new(name, (c, m, a) => With(c, m, a, p => change(c, p).Sign(c.Key)));

    private static RequestHeaders With(DevelopmentClient client, string method, Uri address, Func<TokenDraft, string> sign)
    {
        var token = client.Token().Sign(client.Issuer.Key);
        return new([$"DPoP {token}"], [sign(client.Proof(method, address, token))]);
    }

    private static RequestHeaders Proofs(DevelopmentClient client, string method, Uri address, Func<string, string, IReadOnlyList<string>> headers)
    {
        var token = client.Token().Sign(client.Issuer.Key);
        string Proof() => client.Proof(method, address, token).Sign(client.Key);
        return new([$"DPoP {token}"], headers(Proof(), Proof()));
    }

    private static RequestHeaders ByAnother(DevelopmentClient client, string method, Uri address)
    {
        using var another = SigningKey.Ec();
        var token = client.Token().Sign(client.Issuer.Key);
        return new([$"DPoP {token}"], [ProofDraft.For(another, method, address, token, client.Time.GetUtcNow()).Sign(another)]);
    }

    private static RequestHeaders ByKey(DevelopmentClient client, string method, Uri address, SigningKey key)
    {
        using (key)
        {
            return new DevelopmentClient(client.Issuer, client.Kind, key, client.Time).Headers(method, address);
        }
    }

    private static string Resigned(DevelopmentClient client, TokenDraft proof)
    {
        var signed = proof.Sign(client.Key);
        var other = proof.With("jti", "another").Sign(client.Key);
        return signed[..signed.LastIndexOf('.')] + other[other.LastIndexOf('.')..];
    }

    private static string Hmac(TokenDraft proof, string secret)
    {
        var signed = SigningKey.Unsigned(proof.Header, proof.Claims);
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static TokenDraft Moved(TokenDraft proof)
    {
        var jwk = proof.Header["jwk"]!.DeepClone();
        jwk["y"] = jwk["x"]!.GetValue<string>();
        return proof.WithHeader("jwk", jwk);
    }

    private static TokenDraft Dressed(TokenDraft proof)
    {
        var jwk = proof.Header["jwk"]!.DeepClone();
        (jwk["x5u"], jwk["jku"], jwk["x5c"]) = ("https://other.example/key", "https://other.example/keys", new JsonArray("AAAA"));
        return proof.WithHeader("jwk", jwk).WithHeader("x5u", "https://other.example/key").WithHeader("jku", "https://other.example/keys");
    }
}
