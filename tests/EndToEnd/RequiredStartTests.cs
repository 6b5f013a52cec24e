using System.Globalization;
using System.Net;
using PasientensMaledata.Issuer;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.EndToEnd;

/// <summary>A process that knows callers by tokens, and is started while there is no issuer.</summary>
public sealed class RequiredStartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task It_starts_without_any_configuration_and_lets_in_nobody_without_a_token()
    {
        using var folder = new TemporaryFolder();
        using var service = ServiceProcess.Start(["--auth", "required", "--port", "0", "--data", folder.Path]);
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
        foreach (var (path, expected) in new[]
        {
            ("health", HttpStatusCode.OK), ("metadata", HttpStatusCode.OK), ("citizen/Observation", HttpStatusCode.Unauthorized), ("Observation/x", HttpStatusCode.Unauthorized), ("submissions/refused", HttpStatusCode.Unauthorized),
        })
        {
            using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((path, expected), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task It_refuses_every_token_until_the_issuers_keys_are_reached_and_then_takes_them_without_a_restart()
    {
        var port = Node.FreePorts(1)[0];
        using var key = SigningKey.Rsa();
        using var proofKey = SigningKey.Ec();
        var issuer = new DevelopmentIssuer($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", key, TimeProvider.System);
        var clinician = new DevelopmentClient(issuer, TokenKind.Clinician, proofKey, TimeProvider.System);
        using var folder = new TemporaryFolder();
        using var service = ServiceProcess.Start(
            ["--auth", "required", "--port", "0", "--data", folder.Path],
            ("Auth__PublicBaseUrl", "https://pmd.example"),
            ("Auth__HelseId__Issuer", issuer.IssuerOf(TokenKind.Clinician)),
            ("Auth__HelseId__Audience", DevelopmentIssuer.Audience),
            ("Auth__HelseId__ReadScope", "nhn:pmd/read"),
            ("Auth__HelseId__WriteScope", "nhn:pmd/write"));
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SearchAsync());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("health", TestContext.Current.CancellationToken)).StatusCode);

        await using var served = IssuerHost.Build(issuer, port);
        await served.StartAsync(TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(Patience);

        // Keys are asked for anew some seconds after the last try. Then the caller is known: nobody is enrolled here, which is 403.
        HttpStatusCode status;
        while ((status = await SearchAsync()) == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), patience.Token);
        }

        Assert.Equal(HttpStatusCode.Forbidden, status);

        async Task<HttpStatusCode> SearchAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "Observation/_search") { Content = new FormUrlEncodedContent([new("patient.identifier", DevelopmentPeople.Citizen)]) };
            foreach (var (name, value) in clinician.Headers("POST", new("https://pmd.example/Observation/_search")).Lines)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }
}
