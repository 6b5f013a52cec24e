using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>Access tokens that are to be refused on every call that takes their kind, each with a proof that is right in itself.</summary>
public static class BrokenTokens
{
    private const int Minute = 60;

    /// <summary>Those of every kind.</summary>
    public static IReadOnlyList<Broken> All { get; } =
    [
        Signed("token signed by another key", (c, t) => t.Sign(Another())),
        Signed("token whose kid is unknown", (c, t) => t.WithHeader("kid", "nobody").Sign(c.Issuer.Key)),
        Signed("token without kid", (c, t) => t.WithHeader("kid", null).Sign(c.Issuer.Key)),
        Signed("token with alg none", (c, t) => SigningKey.Unsigned(t.WithHeader("alg", "none").Header, t.Claims) + "."),
        Signed("token with alg none and a signature", (c, t) => t.WithHeader("alg", "none").Sign(c.Issuer.Key)),
        Signed("token signed with HS256 by the public key", (c, t) => Hmac(t.WithHeader("alg", "HS256"), c.Issuer.Key)),
        Signed("token whose alg is not that of its signature", (c, t) => t.WithHeader("alg", "RS512").Sign(c.Issuer.Key)),
        Signed("token without alg", (c, t) => t.WithHeader("alg", null).Sign(c.Issuer.Key)),
        Signed("token of typ id_token", (c, t) => t.WithHeader("typ", "id_token").Sign(c.Issuer.Key)),
        Signed("token of typ dpop+jwt", (c, t) => t.WithHeader("typ", "dpop+jwt").Sign(c.Issuer.Key)),
        Signed("token without typ", (c, t) => t.WithHeader("typ", null).Sign(c.Issuer.Key)),
        Signed("token with a critical header", (c, t) => t.WithHeader("crit", new JsonArray("exp")).Sign(c.Issuer.Key)),
        Claim("token of another issuer", "iss", "https://issuer.example"),
        Signed("token whose issuer ends in a slash", (c, t) => t.With("iss", t.Claims["iss"]!.GetValue<string>() + "/").Sign(c.Issuer.Key)),
        Claim("token without issuer", "iss", null),
        Claim("token for another audience", "aud", "nhn:other"),
        Claim("token without audience", "aud", null),
        Claim("token whose audience is unspecified", "aud", "unspecified"),
        Signed("token for two audiences", (c, t) => t.With("aud", new JsonArray(t.Claims["aud"]!.GetValue<string>(), "nhn:other")).Sign(c.Issuer.Key)),
        Claim("token with an empty list of audiences", "aud", new JsonArray()),
        Signed("token that has expired", (c, _) => c.Token(TimeSpan.FromSeconds(-Minute)).Sign(c.Issuer.Key)),
        Claim("token without exp", "exp", null),
        Signed("token whose exp is a text", (c, t) => t.With("exp", t.Claims["exp"]!.GetValue<long>().ToString(System.Globalization.CultureInfo.InvariantCulture)).Sign(c.Issuer.Key)),
        Signed("token that is not valid yet", (c, t) => t.With("nbf", t.Claims["nbf"]!.GetValue<long>() + Minute).Sign(c.Issuer.Key)),
        Claim("token whose nbf is a text", "nbf", "now"),
        Signed("token issued in the future", (c, t) => t.With("iat", t.Claims["iat"]!.GetValue<long>() + Minute).Sign(c.Issuer.Key)),
        Claim("token without iat", "iat", null),
        Claim("token whose iat is past any calendar", "iat", long.MinValue),
        Signed("token whose claims were changed after signing", (c, t) => Tampered(t, c.Issuer.Key)),
        Signed("token whose signature was cut off", (c, t) => t.Sign(c.Issuer.Key)[..^20]),
        Signed("token with a member twice", (c, t) => Doubled(t, c.Issuer.Key)),
        Signed("token with half of a surrogate pair in a name", (c, t) => c.Issuer.Key.SignText(t.Header.ToJsonString(), $"{{\"\\ud800\":1,{t.Claims.ToJsonString()[1..]}")),
        Signed("token with half of a surrogate pair in its header", (c, t) => c.Issuer.Key.SignText($"{{\"\\ud800\":1,{t.Header.ToJsonString()[1..]}", t.Claims.ToJsonString())),
        Signed("token with half of a surrogate pair in a value", (c, t) => c.Issuer.Key.SignText(t.Header.ToJsonString(), $"{{\"other\":\"\\ud800\",{t.Claims.ToJsonString()[1..]}")),
        Signed("token that is no JWT", (_, _) => "c2VjcmV0"),
        Signed("token that is encrypted", (c, t) => t.Sign(c.Issuer.Key) + ".AAAA.AAAA"),
        Signed("token whose payload is a list", (c, _) => c.Issuer.Key.SignText("""{"alg":"RS256","typ":"at+jwt"}""", "[]")),
        Signed("token that is longer than is accepted", (c, t) => t.With("padding", new string('x', 20_000)).Sign(c.Issuer.Key)),
        Scope("token without scope", null),
        Scope("token with another scope", "nhn:other/read"),
        new("token with a scope that begins as the right one", (c, m, a) =>
        {
            var token = c.Token();
            var (claim, value) = ScopeOf(c.Kind, token);
            return c.Headers(m, a, token.With(claim, value + ".other").Sign(c.Issuer.Key));
        }),
        Claim("token without client", "client_id", null),
        new("no credentials", (_, _, _) => new([], [])),
        new("an empty Authorization header", (_, _, _) => new([""], [])),
        new("credentials of another scheme", (_, _, _) => new(["Basic cG1kOnBtZA=="], [])),
        new("a scheme without token", (c, _, _) => new([DevelopmentIssuer.IsBound(c.Kind) ? "DPoP" : "Bearer"], [])),
        new("two Authorization headers", (c, m, a) => Twice(c.Headers(m, a))),
        new("two credentials in one header", (c, m, a) =>
        {
            var right = c.Headers(m, a);
            return right with { Authorization = [$"{right.Authorization[0]}, Bearer abc"] };
        }),
    ];

    private static Broken Signed(string name, Func<DevelopmentClient, TokenDraft, string> sign) => new(name, (c, m, a) => c.Headers(m, a, sign(c, c.Token())));

    private static Broken Claim(string name, string claim, JsonNode? value) => Signed(name, (c, t) => t.With(claim, value?.DeepClone()).Sign(c.Issuer.Key));

    private static Broken Scope(string name, string? value) => new(name, (c, m, a) =>
    {
        var token = c.Token();
        return c.Headers(m, a, token.With(ScopeOf(c.Kind, token).Claim, value).Sign(c.Issuer.Key));
    });

    private static (string Claim, string Value) ScopeOf(TokenKind kind, TokenDraft token)
    {
        var claim = kind is TokenKind.Helsenorge or TokenKind.Pvk ? "scp" : "scope";
        var scope = token.Claims[claim]!;
        return (claim, scope is JsonArray list ? list[0]!.GetValue<string>() : scope.GetValue<string>());
    }

    private static RequestHeaders Twice(RequestHeaders right) => right with { Authorization = [right.Authorization[0], right.Authorization[0]] };

    private static SigningKey Another() => SigningKey.Rsa();

    private static string Hmac(TokenDraft token, SigningKey key)
    {
        var signed = SigningKey.Unsigned(token.Header, token.Claims);
        var secret = Encoding.UTF8.GetBytes(key.PublicJwk().ToJsonString());
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Tampered(TokenDraft token, SigningKey key)
    {
        var signature = token.Sign(key).Split('.')[2];
        return $"{SigningKey.Unsigned(token.Header, token.With("scope", "nhn:pmd/read nhn:pmd/write").With("name", "SOMEONE ELSE").Claims)}.{signature}";
    }

    private static string Doubled(TokenDraft token, SigningKey key)
    {
        var claims = token.Claims.ToJsonString();
        return key.SignText(token.Header.ToJsonString(), $"{claims[..^1]},\"aud\":{token.Claims["aud"]!.ToJsonString()}}}");
    }
}
