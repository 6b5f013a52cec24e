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

    [Fact]
    public void What_is_trusted_on_a_developers_machine_is_what_the_development_issuer_gives()
    {
        var options = AuthOptions.Read(_ => null, 7071, out _)!;
        Assert.Equal(new(new("http://127.0.0.1:7072/helseid", null, "nhn:pmd"), "nhn:pmd/read", "nhn:pmd/write"), options.HelseId);
        Assert.Equal((new TrustedIssuer("http://127.0.0.1:7072/idporten", null, "urn:pmd:citizen"), "pmd:citizen"), (options.IdPorten!.Trusted, options.IdPorten.Scope));
        Assert.Equal(["development-citizen-app"], options.IdPorten.Clients);
        Assert.Equal(
            new(new("http://127.0.0.1:7072/helsenorge", null, "nhn:pmd"), "pmd:citizen", "pmd:citizen.change", new("scp", "acting_pid", "subject_pid", "relation", "security_level")),
            options.Helsenorge);
        Assert.Equal((new TrustedIssuer("http://127.0.0.1:7072/helsenorge", null, "nhn:pmd"), "pmd:privacy.push", "scp"), (options.Pvk!.Trusted, options.Pvk.Scope, options.Pvk.ScopeClaim));
        Assert.Equal(["development-pvk"], options.Pvk.Clients);
        Assert.Equal(new("PMD", new("11111111-1111-4111-8111-111111111111"), new("22222222-2222-4222-8222-222222222222"), new("33333333-3333-4333-8333-333333333333")), options.Pvk.Definitions);
        Assert.Null(options.Pvk.Connection);
    }

    [Fact]
    public void Without_the_port_of_a_developers_machine_nobody_is_trusted_who_is_not_named()
    {
        Assert.Null(AuthOptions.Read(_ => null, null, out var errors));
        Assert.StartsWith("Auth:HelseId:Issuer is not set: nobody could look up or submit.", Assert.Single(errors), StringComparison.Ordinal);
        var open = AuthOptions.Read(n => n == "Auth:Mode" ? "Open" : null, null, out errors)!;
        Assert.Empty(errors);
        Assert.All(new object?[] { open.HelseId, open.IdPorten, open.Helsenorge, open.Pvk }, Assert.Null);
        Assert.Empty(open.PublicBases);
    }

    [Fact]
    public void Each_setting_is_of_its_own_kind()
    {
        var read = AuthOptions.Read(
            n => n switch
            {
                "Auth:HelseId:KeySet" => "https://helseid.example/jwks",
                "Auth:Helsenorge:ChangeScope" => null,
                "Auth:Helsenorge:ScopeClaim" => "scope",
                "Auth:Helsenorge:ActingClaim" => "a",
                "Auth:Helsenorge:SubjectClaim" => "s",
                "Auth:Helsenorge:RelationClaim" => "r",
                "Auth:Helsenorge:LevelClaim" => "l",
                "Auth:Pvk:ScopeClaim" => "scope",
                "Auth:ProofSeconds" => " 30 ",
                "Auth:IdPorten:Clients" => "one, two;three  four,",
                _ => TokenWorld.Setting(n),
            },
            null,
            out _)!;
        Assert.Equal(new Uri("https://helseid.example/jwks"), read.HelseId!.Trusted.KeySet);
        Assert.Equal(("", new HelsenorgeClaims("scope", "a", "s", "r", "l")), (read.Helsenorge!.ChangeScope, read.Helsenorge.Claims));
        Assert.Equal("scope", read.Pvk!.ScopeClaim);
        Assert.Equal((TimeSpan.FromSeconds(30), ProofWindow.Usual.Skew), (read.Window.Age, read.Window.Skew));
        Assert.Equal(["one", "two", "three", "four"], read.IdPorten!.Clients);
        Assert.Equal(AuthMode.Open, AuthOptions.Read(n => n == "Auth:Mode" ? "OPEN" : TokenWorld.Setting(n), null, out _)!.Mode);
        Assert.Equal(AttestRule.Optional, AuthOptions.Read(n => n == "Auth:Attest" ? "Optional" : TokenWorld.Setting(n), null, out _)!.Attest);
    }

    [Theory]
    [InlineData("!#~", true)]
    [InlineData("a b", false)]
    [InlineData("a\tb", false)]
    [InlineData("a\u007fb", false)]
    [InlineData("a\"b", false)]
    [InlineData("a\\b", false)]
    [InlineData("æ", false)]
    public void A_scope_is_one_word_of_what_RFC_6749_lets_it_hold(string scope, bool isTaken) =>
        Assert.Equal(isTaken, AuthOptions.Read(n => n == "Auth:HelseId:ReadScope" ? scope : TokenWorld.Setting(n), null, out _) is not null);

    [Theory]
    [InlineData("Auth:Pvk:BlockDefinition", "PMD", "Auth:Pvk:BlockDefinition is to be a GUID.")]
    [InlineData("Auth:Pvk:RestrictionDefinition", "PMD", "Auth:Pvk:RestrictionDefinition is to be a GUID.")]
    [InlineData("Auth:Pvk:ReservationDefinition", null, "Auth:Pvk:ReservationDefinition is not set.")]
    [InlineData("Auth:Pvk:BlockDefinition", "22222222-2222-4222-8222-222222222222", "Auth:Pvk:BlockDefinition, :RestrictionDefinition and :ReservationDefinition are to differ.")]
    [InlineData("Auth:Pvk:Part", null, "Auth:Pvk:Part is not set.")]
    [InlineData("Auth:Pvk:Scope", null, "Auth:Pvk:Scope is not set.")]
    [InlineData("Auth:IdPorten:Scope", null, "Auth:IdPorten:Scope is not set.")]
    [InlineData("Auth:Helsenorge:Scope", null, "Auth:Helsenorge:Scope is not set.")]
    [InlineData("Auth:HelseId:WriteScope", null, "Auth:HelseId:WriteScope is not set.")]
    [InlineData("Auth:HelseId:Issuer", "https://helseid.example#x", "Auth:HelseId:Issuer is to be an https address without query; plain http is for this machine alone (127.0.0.1, localhost).")]
    [InlineData("Auth:PublicBaseUrl", "https://user@pmd.example", "Auth:PublicBaseUrl is not set: ")]
    public void One_mistake_is_told_once(string name, string? value, string said)
    {
        Assert.Null(AuthOptions.Read(n => n == name ? value : TokenWorld.Setting(n), null, out var errors));
        Assert.StartsWith(said, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_from_another_mistake_is_not_told_beside_it()
    {
        Assert.Null(AuthOptions.Read(n => n is "Auth:Mode" ? "Off" : null, null, out var errors));
        Assert.StartsWith("Auth:Mode", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, true, false)]
    [InlineData("http://127.0.0.1:9", null, true, true)]
    [InlineData("https://localhost:9", null, true, true)]
    [InlineData("http://pvk.example", null, false, false)]
    [InlineData("https://pvk.example?x", null, false, false)]
    [InlineData("https://pvk.example", null, false, false)]
    [InlineData("https://pvk.example", "http://tokens.example", false, false)]
    [InlineData("http://127.0.0.1:9", "https://tokens.example", false, false)]
    public void Only_a_component_on_this_machine_is_called_without_signing_in(string? address, string? issuer, bool isTaken, bool isMaster)
    {
        var options = AuthOptions.Read(n => n == "Auth:Pvk:Address" ? address : n == "Auth:Pvk:TokenIssuer" ? issuer : TokenWorld.Setting(n), null, out _);
        Assert.Equal((isTaken, isMaster), (options is not null, options?.Pvk!.Connection is not null));
        Assert.Null(options?.Pvk!.Connection?.Client);
    }

    [Fact]
    public void The_name_with_colons_and_what_is_set_come_first()
    {
        Assert.Equal(AuthMode.Open, AuthOptions.Read(n => n == "Auth:Mode" ? "Open" : n == "Auth__Mode" ? "Required" : TokenWorld.Setting(n), null, out _)!.Mode);
        Assert.Equal("own", AuthOptions.Read(n => n == "Auth:HelseId:ReadScope" ? "own" : null, 7071, out _)!.HelseId!.ReadScope);
        Assert.Equal(TimeSpan.FromSeconds(1), AuthOptions.Read(n => n == "Auth:ProofSeconds" ? "1" : TokenWorld.Setting(n), null, out _)!.Window.Age);
    }

    [Theory]
    [InlineData("Auth:Pvk:Address", "http://pvk.example", "Auth:Pvk:Address is to be an https address")]
    [InlineData("Auth:Pvk:TokenIssuer", "http://tokens.example", "Auth:Pvk:TokenIssuer is to be an https address")]
    [InlineData("Auth:Pvk:TokenIssuer", null, "Auth:Pvk:TokenIssuer is not set.")]
    public void What_is_wrong_of_the_way_to_the_master_is_told_once(string name, string? value, string said)
    {
        using var key = PasientensMaledata.Issuer.SigningKey.Ec();
        Assert.Null(AuthOptions.Read(
            n => n == name ? value : n switch
            {
                "Auth:Pvk:Address" => "https://pvk.example",
                "Auth:Pvk:TokenIssuer" => "https://tokens.example",
                "Auth:Pvk:ClientId" or "Auth:Pvk:TokenScope" => "pmd",
                "Auth:Pvk:ClientKey" => key.PrivateJwk().ToJsonString(),
                _ => TokenWorld.Setting(n),
            },
            null,
            out var errors));
        Assert.StartsWith(said, Assert.Single(errors), StringComparison.Ordinal);
    }

    private static AuthOptions Read(Func<string, string?> setting) => AuthOptions.Read(setting, null, out var errors) ?? throw new ArgumentException(string.Join(' ', errors));
}
