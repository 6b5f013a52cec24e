using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>The development issuer by HTTP: what it gives is taken by a service that trusts it, and no production path knows it.</summary>
public sealed class DevelopmentIssuerTests : IAsyncLifetime
{
    private static readonly SigningKey IssuerKey = SigningKey.Rsa();
    private readonly SigningKey proofKey = SigningKey.Ec();
    private readonly HttpClient http = new();
    private WebApplication app = null!;
    private Uri address = null!;

    public static TheoryData<TokenKind> Kinds => [.. Enum.GetValues<TokenKind>()];

    public async ValueTask InitializeAsync()
    {
        var port = Node.FreePorts(1)[0];
        address = new($"http://127.0.0.1:{port}");
        app = IssuerHost.Build(new(address.AbsoluteUri.TrimEnd('/'), IssuerKey, TimeProvider.System), port);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
        proofKey.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_service_that_trusts_it_takes_its_tokens(TokenKind kind)
    {
        using var folder = new TemporaryFolder();
        await using var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        using var network = new SocketsHttpHandler { AllowAutoRedirect = false };

        // What a service on a developer's machine trusts where nothing is set, but for the port.
        var standard = AuthOptions.Read(_ => null, 7071, out var errors)!;
        Assert.Empty(errors);
        TrustedIssuer Here(TrustedIssuer issuer) => issuer with { Issuer = issuer.Issuer.Replace(AuthOptions.DevelopmentIssuer, address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal) };
        var options = standard with
        {
            HelseId = standard.HelseId! with { Trusted = Here(standard.HelseId.Trusted) },
            IdPorten = standard.IdPorten! with { Trusted = Here(standard.IdPorten.Trusted) },
            Helsenorge = standard.Helsenorge! with { Trusted = Here(standard.Helsenorge.Trusted) },
            Pvk = standard.Pvk! with { Trusted = Here(standard.Pvk.Trusted) },
        };
        var authenticator = new Authenticator(options, NationalIdPolicy.Synthetic, () => new byte[32], new(storage.Partitions, ProofWindow.Usual, TimeProvider.System), network, TimeProvider.System);
        var issuer = new IssuerClient(http, address, proofKey, TimeProvider.System);
        var token = await issuer.TokenAsync(kind, [], TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
        var headers = issuer.Headers(kind, token, "POST", new("http://localhost:7071/Observation/_search"));
        var (route, caller) = kind switch
        {
            TokenKind.Clinician => (RouteKind.LookUp, typeof(PersonnelCaller)),
            TokenKind.Gateway => (RouteKind.Submit, typeof(SystemCaller)),
            TokenKind.Pvk => (RouteKind.PrivacyPush, typeof(PrivacyComponentCaller)),
            _ => (RouteKind.Citizen, typeof(CitizenCaller)),
        };
        var answer = await authenticator.AuthenticateAsync(route, new("POST", "/Observation/_search", headers.Authorization, headers.Proofs), TestContext.Current.CancellationToken);
        Assert.True(answer.IsKnown, answer.Refusal?.Description);
        Assert.IsType(caller, answer.Caller);
    }

    [Fact]
    public void The_service_and_the_issuer_mean_the_same_address() => Assert.Equal(AuthOptions.DevelopmentIssuer, DevelopmentIssuer.DefaultAddress);

    [Fact]
    public async Task Claims_are_laid_over_and_null_takes_away()
    {
        var issuer = new IssuerClient(http, address, proofKey, TimeProvider.System);
        var token = await issuer.TokenAsync(TokenKind.Clinician, new() { ["name"] = "ANOTHER", [ClaimNames.Hpr] = null }, TimeSpan.FromMinutes(-1), TestContext.Current.CancellationToken);
        var claims = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]))!;
        Assert.Equal("ANOTHER", claims["name"]!.GetValue<string>());
        Assert.Null(claims[ClaimNames.Hpr]);
        Assert.True(claims["exp"]!.GetValue<long>() < DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Equal(proofKey.Thumbprint, claims["cnf"]!["jkt"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("/helseid", "kind=citizen", "kind is to be one of clinician, gateway here.")]
    [InlineData("/helseid", "kind=gateway", "send a DPoP header")]
    [InlineData("/idporten", "claims=[]", "claims and header are to be JSON objects.")]
    [InlineData("/idporten", "header={", "claims and header are to be JSON objects.")]
    [InlineData("/idporten", "lifetime=long", "lifetime is to be a number of seconds")]
    public async Task What_it_cannot_do_it_says(string path, string form, string said)
    {
        using var response = await http.PostAsync(new Uri(address, path + "/connect/token"), new StringContent(form, new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-www-form-urlencoded")), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(said, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_was_led_here_by_another_name_is_turned_away()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/helseid/.well-known/openid-configuration"));
        request.Headers.Host = "other.example";
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("shared/PasientensMaledata.csproj")]
    [InlineData("functions/PasientensMaledata.Functions.csproj")]
    [InlineData("tools/simulator/PasientensMaledata.Simulator.csproj")]
    public void No_production_path_knows_it(string project) =>
        Assert.DoesNotContain("issuer", File.ReadAllText(Path.Combine(Repository.Root, project)), StringComparison.OrdinalIgnoreCase);
}
