using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.PrivacyComponent;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;
using PasientensMaledata.Tests.Access.Tokens;

namespace PasientensMaledata.Tests.Access;

/// <summary>How the service signs in at Helsenorge's privacy component, from the settings to the call, against a token endpoint that holds every part of the assertion to its rule.</summary>
public sealed class PrivacyComponentSignInTests : IAsyncLifetime
{
    private const string Id = "pmd-service";
    private const string Scope = "nhn:pvk/personvern nhn:pvk/read";
    private static readonly SigningKey Rsa = SigningKey.Rsa("PS256");

    private readonly FakeTimeProvider clock = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private readonly SocketsHttpHandler network = new() { AllowAutoRedirect = false };
    private TokenEndpoint endpoint = null!;

    /// <summary>What an issuer may answer that is no token, and what of it is told.</summary>
    public static TheoryData<string, int, string, string> Nonsense => new()
    {
        { "a refusal", 401, """{"error":"invalid_client","error_description":"SECRET"}""", "refused: 401, invalid_client." },
        { "a refusal in its own words", 400, """{"error":"SECRET"}""", "refused: 400." },
        { "a fault", 500, "SECRET", "refused: 500." },
        { "a page", 200, "<html>SECRET</html>", "something else than a JSON object" },
        { "a list", 200, """["SECRET"]""", "something else than a JSON object" },
        { "nothing", 200, "", "something else than a JSON object" },
        { "no token", 200, """{"token_type":"Bearer","expires_in":300}""", "gave no token" },
        { "a token that is a number", 200, """{"access_token":7,"expires_in":300}""", "gave no token" },
        { "an empty token", 200, """{"access_token":"","expires_in":300}""", "gave no token" },
        { "a token with a line break", 200, """{"access_token":"SECRET\r\nX-Header: 1","expires_in":300}""", "gave no token" },
        { "a token that is no text", 200, """{"access_token":"SECRET\ud800","expires_in":300}""", "something else than a JSON object" },
        { "a redirect", 302, "SECRET", "refused: 302." },
    };

    public async ValueTask InitializeAsync() => endpoint = await TokenEndpoint.StartAsync(Id, clock);

    public async ValueTask DisposeAsync()
    {
        network.Dispose();
        await endpoint.DisposeAsync();
    }

    [Theory]
    [InlineData("RSA", "PS256")]
    [InlineData("P-256", "ES256")]
    [InlineData("P-384", "ES384")]
    [InlineData("P-521", "ES512")]
    public async Task The_key_of_the_settings_signs_an_assertion_and_the_token_goes_with_the_call(string kind, string algorithm)
    {
        using var key = kind == "RSA" ? SigningKey.Rsa("PS256") : SigningKey.Ec(algorithm);
        endpoint.Expect(key);
        Assert.Empty(await Client(Open(PrivateJwk(key))).GetActiveAsync(Guid.Empty, TestContext.Current.CancellationToken));
        Assert.Equal((1, "Bearer token-1"), (endpoint.Given, Assert.Single(endpoint.Calls)));
        Assert.Equal(Scope, endpoint.LastScope);
        Assert.Equal(algorithm, endpoint.LastAlgorithm);
    }

    [Fact]
    public async Task A_token_is_used_until_shortly_before_its_end_and_each_assertion_has_a_jti_of_its_own()
    {
        endpoint.Expect(Rsa);
        var client = Client(Open(PrivateJwk(Rsa)));
        await CallAsync(client, times: 3);
        clock.Advance(TimeSpan.FromSeconds(289));
        await CallAsync(client, times: 1);
        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-1", "Bearer token-1"], endpoint.Calls);
        clock.Advance(TimeSpan.FromSeconds(1));
        await CallAsync(client, times: 2);
        Assert.Equal(["Bearer token-2", "Bearer token-2"], endpoint.Calls.Skip(4));
        Assert.Equal(2, endpoint.Given);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"300\"")]
    [InlineData("300.5")]
    [InlineData("99999999999")]
    [InlineData("-1")]
    public async Task A_token_that_does_not_say_when_it_ends_is_used_once(string life)
    {
        endpoint.Expect(Rsa);
        endpoint.Life = life;
        await CallAsync(Client(Open(PrivateJwk(Rsa))), times: 2);
        Assert.Equal(["Bearer token-1", "Bearer token-2"], endpoint.Calls);
    }

    [Fact]
    public async Task A_token_that_is_not_taken_any_more_is_replaced_at_the_next_call()
    {
        endpoint.Expect(Rsa);
        var client = Client(Open(PrivateJwk(Rsa)));
        endpoint.Refuses = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(client, times: 1));
        endpoint.Refuses = false;
        await CallAsync(client, times: 1);
        Assert.Equal(["Bearer token-1", "Bearer token-2"], endpoint.Calls);
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Without_a_token_nothing_is_asked_and_the_error_says_why_without_a_secret(string what, int status, string body, string told)
    {
        endpoint.Expect(Rsa);
        endpoint.Answer = (status, body);
        var client = Client(Open(PrivateJwk(Rsa)));
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(client, times: 1));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", error.ToString(), StringComparison.Ordinal);
        Assert.True(endpoint.Calls.Count == 0, what);

        // And once it answers, all is well.
        endpoint.Answer = null;
        await CallAsync(client, times: 1);
        Assert.Single(endpoint.Calls);
    }

    [Theory]
    [InlineData("""{"issuer":"x"}""")]
    [InlineData("""{"token_endpoint":7}""")]
    [InlineData("""{"token_endpoint":"/connect/token"}""")]
    [InlineData("""{"token_endpoint":"http://token.example/connect/token"}""")]
    [InlineData("""{"token_endpoint":"file:///etc/passwd"}""")]
    public async Task A_token_endpoint_that_may_not_be_called_is_not_called(string discovery)
    {
        endpoint.Expect(Rsa);
        endpoint.Discovery = discovery;
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(Client(Open(PrivateJwk(Rsa))), times: 1));
        Assert.Contains("names no token endpoint", error.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (endpoint.Given, endpoint.Calls.Count));
    }

    [Fact]
    public async Task Another_key_than_the_registered_one_is_refused_there_and_told_here()
    {
        using var other = SigningKey.Rsa("PS256");
        endpoint.Expect(Rsa);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(Client(Open(PrivateJwk(other))), times: 1));
        Assert.Contains("401, invalid_client", error.Message, StringComparison.Ordinal);
        Assert.Empty(endpoint.Calls);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_an_error_and_never_a_call_without_token()
    {
        endpoint.Expect(Rsa);
        var client = Client(Open(PrivateJwk(Rsa)));
        await endpoint.DisposeAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(client, times: 1));
        Assert.Empty(endpoint.Calls);
    }

    [Fact]
    public async Task The_network_outlives_the_client()
    {
        endpoint.Expect(Rsa);
        Open(PrivateJwk(Rsa)).Dispose();
        await CallAsync(Client(Open(PrivateJwk(Rsa))), times: 1);
        Assert.Single(endpoint.Calls);
    }

    [Fact]
    public void The_private_key_is_in_no_text_of_the_settings()
    {
        var options = Read(PrivateJwk(Rsa), out _);
        var secret = Rsa.PrivateJwk()["d"]!.ToString();
        Assert.DoesNotContain(secret, options!.Pvk!.Connection!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, options.ToString(), StringComparison.Ordinal);
        Assert.Equal($"{Id} of {endpoint.Address}", options.Pvk.Connection!.Client!.ToString());
    }

    [Theory]
    [InlineData("a text")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("the public key")]
    [InlineData("a symmetric key")]
    [InlineData("a key without its primes")]
    [InlineData("a small key")]
    [InlineData("another kind's algorithm")]
    [InlineData("a symmetric algorithm")]
    [InlineData("no algorithm")]
    public void A_client_key_that_is_none_is_told_at_start_without_its_text(string what)
    {
        var text = what switch
        {
            "the public key" => Rsa.PublicJwk().ToJsonString(),
            "a symmetric key" => """{"kty":"oct","k":"c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"}""",
            "a key without its primes" => Rsa.PrivateJwk().ToJsonString(),
            "a small key" => PrivateJwk(SigningKey.Rsa("PS256", 1024)),
            "another kind's algorithm" => PrivateJwk(Rsa)[..^1] + ""","alg":"ES256"}""",
            "a symmetric algorithm" => PrivateJwk(Rsa)[..^1] + ""","alg":"HS256"}""",
            "no algorithm" => PrivateJwk(Rsa)[..^1] + ""","alg":"none"}""",
            _ => what,
        };
        Assert.Null(Read(text, out var errors));
        Assert.Equal("Auth:Pvk:ClientKey is to be the client's private key, as a whole JWK (RSA of at least 2048 bits, or EC).", Assert.Single(errors));
    }

    [Theory]
    [InlineData("Auth:Pvk:ClientId")]
    [InlineData("Auth:Pvk:TokenScope")]
    [InlineData("Auth:Pvk:ClientKey")]
    public void What_is_missing_for_signing_in_is_told_at_start(string name)
    {
        Assert.Null(Read(PrivateJwk(Rsa), out var errors, name));
        Assert.Contains(name, Assert.Single(errors), StringComparison.Ordinal);
    }

    // What a key's owner registers is the public half; RSA needs its primes to sign.
    internal static string PrivateJwk(SigningKey key)
    {
        if (key.Algorithm[0] == 'E')
        {
            return key.PrivateJwk().ToJsonString();
        }

        using var rsa = RSA.Create();
        rsa.ImportFromPem(key.ExportPem());
        var parts = rsa.ExportParameters(includePrivateParameters: true);
        var jwk = key.PrivateJwk();
        foreach (var (name, value) in new[] { ("p", parts.P), ("q", parts.Q), ("dp", parts.DP), ("dq", parts.DQ), ("qi", parts.InverseQ) })
        {
            jwk[name] = System.Buffers.Text.Base64Url.EncodeToString(value);
        }

        return jwk.ToJsonString();
    }

    private AuthOptions? Read(string key, out IReadOnlyList<string> errors, string? without = null) => AuthOptions.Read(
        n => n == without ? null : n switch
        {
            "Auth:Pvk:Address" => endpoint.Address + "/pvk",
            "Auth:Pvk:TokenIssuer" => endpoint.Address,
            "Auth:Pvk:ClientId" => Id,
            "Auth:Pvk:TokenScope" => Scope,
            "Auth:Pvk:ClientKey" => key,
            _ => TokenWorld.Setting(n),
        },
        null,
        out errors);

    private HttpClient Open(string key) => (Read(key, out var errors) ?? throw new InvalidOperationException(string.Join(' ', errors))).Pvk!.Connection!.Open(network, clock);

    private static PvkClient Client(HttpClient http) => new(http, PvkDefinitions.Development);

    private static async Task CallAsync(PvkClient client, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await client.GetActiveAsync(Guid.Empty, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Discovery, a token endpoint that takes <c>private_key_jwt</c> (RFC 7523 3, HelseID's list), and the privacy component that takes its tokens.</summary>
    private sealed class TokenEndpoint(string id, TimeProvider time) : IAsyncDisposable
    {
        private readonly HashSet<string> seen = [];
        private WebApplication app = null!;
        private JsonObject expected = [];
        private string algorithm = "";

        public string Address => app.Urls.First();

        public List<string> Calls { get; } = [];

        public int Given { get; private set; }

        public string Life { get; set; } = "300";

        public bool Refuses { get; set; }

        public (int Status, string Body)? Answer { get; set; }

        public string? Discovery { get; set; }

        public string? LastScope { get; private set; }

        public string? LastAlgorithm { get; private set; }

        public static async Task<TokenEndpoint> StartAsync(string id, TimeProvider time)
        {
            var made = new TokenEndpoint(id, time);
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
            made.app = builder.Build();
            made.app.MapGet("/.well-known/openid-configuration", () => Results.Text(made.Discovery ?? $$"""{"issuer":"{{made.Address}}","token_endpoint":"{{made.Address}}/connect/token"}""", "application/json"));
            made.app.MapPost("/connect/token", (Delegate)made.TokenAsync);
            made.app.MapGet("/pvk/personvern/Personverninnstillinger/HentInnbyggereAktivePiForDefinisjon/v2", (Delegate)made.Call);
            await made.app.StartAsync();
            return made;
        }

        public void Expect(SigningKey key) => (expected, algorithm) = (key.PublicJwk(), key.Algorithm);

        public async ValueTask DisposeAsync() => await app.DisposeAsync();

        private IResult Call(HttpContext context)
        {
            Calls.Add(context.Request.Headers.Authorization.ToString());
            return Refuses ? Results.StatusCode(401) : Results.Text("[]", "application/json; charset=none-that-is-known");
        }

        private async Task<IResult> TokenAsync(HttpContext context)
        {
            if (Answer is { } answer)
            {
                context.Response.Headers.Location = "/elsewhere";
                return Results.Text(answer.Body, "application/json; charset=none-that-is-known", Encoding.UTF8, answer.Status);
            }

            var form = await context.Request.ReadFormAsync();
            if (WhyNot(form) is { } wrong)
            {
                return Results.Text($$"""{"error":"invalid_client","error_description":"{{wrong}}"}""", "application/json", Encoding.UTF8, 401);
            }

            LastScope = form["scope"];
            Given++;
            return Results.Text($$"""{"access_token":"token-{{Given.ToString(CultureInfo.InvariantCulture)}}","token_type":"Bearer","expires_in":{{Life}}}""", "application/json");
        }

        // RFC 7523 3 and HelseID's requirements of a client's assertion.
        private string? WhyNot(IFormCollection form)
        {
            if (form["grant_type"] != "client_credentials" || form["client_id"] != id || form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            {
                return "the form";
            }

            var parts = form["client_assertion"].ToString().Split('.');
            var (header, claims) = (Part(parts[0]), Part(parts[1]));
            LastAlgorithm = header["alg"]!.ToString();
            var (now, issued, expires) = (time.GetUtcNow().ToUnixTimeSeconds(), claims["iat"]!.GetValue<long>(), claims["exp"]!.GetValue<long>());
            return LastAlgorithm != algorithm ? "alg"
                : header["typ"]!.ToString() != "client-authentication+jwt" ? "typ"
                : claims["iss"]!.ToString() != id || claims["sub"]!.ToString() != id ? "iss or sub"
                : claims["aud"] is not JsonValue || claims["aud"]!.ToString() != Address ? "aud"
                : issued > now || now - issued > 5 || claims["nbf"]!.GetValue<long>() > now ? "iat or nbf"
                : expires <= now || expires - issued > 60 ? "exp"
                : claims["jti"]!.ToString().Length < 16 || !seen.Add(claims["jti"]!.ToString()) ? "jti"
                : !Verifies(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2])) ? "the signature"
                : null;
        }

        private bool Verifies(byte[] signed, byte[] signature)
        {
            byte[] Bytes(string name) => System.Buffers.Text.Base64Url.DecodeFromChars(expected[name]!.ToString());
            if (algorithm == "PS256")
            {
                using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes("n"), Exponent = Bytes("e") });
                return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
            }

            var (curve, hash) = algorithm switch
            {
                "ES256" => (ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256),
                "ES384" => (ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384),
                _ => (ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512),
            };
            using var ec = ECDsa.Create(new ECParameters { Curve = curve, Q = new() { X = Bytes("x"), Y = Bytes("y") } });
            return ec.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        private static JsonObject Part(string text) => JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(text))!.AsObject();
    }
}
