using PasientensMaledata.Access.Tokens;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Settings are read from either form of their names; what is wrong is said, and nothing is trusted that was not named.</summary>
public sealed class AuthOptionsTests
{
    [Fact]
    public void Names_may_have_colons_or_the_underscores_of_an_environment()
    {
        var byColon = Read(TokenWorld.Setting);
        var byUnderscore = Read(n => n.Contains(':', StringComparison.Ordinal) ? null : TokenWorld.Setting(n.Replace("__", ":", StringComparison.Ordinal)));
        Assert.Equal(byColon.HelseId, byUnderscore.HelseId);
        Assert.Equal(byColon.PublicBases, byUnderscore.PublicBases);
        Assert.Equal((AuthMode.Required, AttestRule.Required, ProofWindow.Usual), (byColon.Mode, byColon.Attest, byColon.Window));
        Assert.Equal(["development-citizen-app", "another-app"], byColon.IdPorten!.Clients);
        Assert.Equal(new HelsenorgeClaims("scp", "acting_pid", "subject_pid", "relation", "security_level"), byColon.Helsenorge!.Claims);
    }

    [Fact]
    public void On_a_developers_machine_nothing_need_be_set()
    {
        var options = AuthOptions.Read(_ => null, 7071, out var errors)!;
        Assert.Empty(errors);
        Assert.Equal("http://127.0.0.1:7072/helseid", options.HelseId!.Trusted.Issuer);
        Assert.Equal([new Uri("http://127.0.0.1:7071"), new Uri("http://localhost:7071")], options.PublicBases);
        Assert.All(new object?[] { options.IdPorten, options.Helsenorge, options.Pvk }, Assert.NotNull);
    }

    [Fact]
    public void Who_names_an_issuer_does_not_trust_the_development_issuer_beside_it()
    {
        var options = AuthOptions.Read(n => n.StartsWith("Auth:HelseId", StringComparison.Ordinal) || n == "Auth:PublicBaseUrl" ? TokenWorld.Setting(n) : null, 7071, out _)!;
        Assert.Equal("https://issuer.example/helseid", options.HelseId!.Trusted.Issuer);
        Assert.All(new object?[] { options.IdPorten, options.Helsenorge, options.Pvk }, Assert.Null);
    }

    [Fact]
    public void Every_setting_that_is_read_is_listed_and_every_one_that_is_listed_is_read()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        var jwk = Microsoft.IdentityModel.Tokens.JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new(key));
        var asked = new HashSet<string>(StringComparer.Ordinal);
        Assert.NotNull(AuthOptions.Read(
            n =>
            {
                asked.Add(n.Replace("__", ":", StringComparison.Ordinal));
                return n switch
                {
                    "Auth:Pvk:Address" or "Auth:Pvk:TokenIssuer" => "https://pvk.example",
                    "Auth:Pvk:ClientId" or "Auth:Pvk:TokenScope" => "pmd",
                    "Auth:Pvk:ClientKey" => System.Text.Json.JsonSerializer.Serialize(new { kty = jwk.Kty, crv = jwk.Crv, x = jwk.X, y = jwk.Y, d = jwk.D }),
                    _ => TokenWorld.Setting(n),
                };
            },
            null,
            out _));
        Assert.Equal(AuthOptions.Names.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Auth:HelseId:Issuer", null, "Auth:HelseId:Issuer is not set")]
    [InlineData("Auth:HelseId:Audience", null, "Auth:HelseId:Audience is not set")]
    [InlineData("Auth:HelseId:ReadScope", "", "Auth:HelseId:ReadScope is not set")]
    [InlineData("Auth:HelseId:WriteScope", "two words", "Auth:HelseId:WriteScope is to be one word")]
    [InlineData("Auth:HelseId:Issuer", "http://helseid.example", "Auth:HelseId:Issuer is to be an https address")]
    [InlineData("Auth:HelseId:Issuer", "not an address", "Auth:HelseId:Issuer is to be an https address")]
    [InlineData("Auth:HelseId:KeySet", "http://helseid.example/keys", "Auth:HelseId:KeySet is to be an https address")]
    [InlineData("Auth:IdPorten:Issuer", "http://127.0.0.1.example/", "Auth:IdPorten:Issuer is to be an https address")]
    [InlineData("Auth:PublicBaseUrl", null, "Auth:PublicBaseUrl is not set")]
    [InlineData("Auth:PublicBaseUrl", "http://pmd.example", "Auth:PublicBaseUrl is to be an https address")]
    [InlineData("Auth:PublicBaseUrl", "https://pmd.example?x", "Auth:PublicBaseUrl is to be an https address")]
    [InlineData("Auth:Mode", "Off", "Auth:Mode is to be Required or Open")]
    [InlineData("Auth:Mode", "1", "Auth:Mode is to be Required or Open")]
    [InlineData("Auth:Attest", "No", "Auth:Attest is to be Required or Optional")]
    [InlineData("Auth:ProofSeconds", "0", "Auth:ProofSeconds is to be from 1 to 300")]
    [InlineData("Auth:ProofSeconds", "301", "Auth:ProofSeconds is to be from 1 to 300")]
    [InlineData("Auth:ProofSeconds", "ten", "Auth:ProofSeconds is to be from 1 to 300")]
    public void What_is_wrong_is_said(string name, string? value, string said)
    {
        Assert.Null(AuthOptions.Read(n => n == name ? value : TokenWorld.Setting(n), null, out var errors));
        Assert.Contains(errors, e => e.StartsWith(said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Auth:HelseId:Issuer", "http://127.0.0.1:7072/helseid")]
    [InlineData("Auth:HelseId:Issuer", "http://localhost:7072/helseid")]
    [InlineData("Auth:HelseId:Issuer", "http://[::1]:7072/helseid")]
    [InlineData("Auth:PublicBaseUrl", "https://pmd.example/api https://pmd.inner.example")]
    [InlineData("Auth:Mode", "open")]
    [InlineData("Auth:Attest", "optional")]
    [InlineData("Auth:ProofSeconds", "300")]
    public void What_is_right_is_taken(string name, string value) => Assert.NotNull(AuthOptions.Read(n => n == name ? value : TokenWorld.Setting(n), null, out _));

    private static AuthOptions Read(Func<string, string?> setting) => AuthOptions.Read(setting, null, out var errors) ?? throw new ArgumentException(string.Join(' ', errors));
}
