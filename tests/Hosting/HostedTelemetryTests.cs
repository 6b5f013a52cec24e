using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Issuer;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>The package under the host, with callers that are known by tokens, a hub that delivers, and telemetry.</summary>
[Collection(nameof(Package))]
public sealed class HostedTelemetryTests(Package package)
{
    private const string PublicBase = "https://pmd.example.org";
    private static readonly SigningKey ProofKey = SigningKey.Ec();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_gateway_sends_by_HTTP_and_through_the_hub_is_found_by_a_clinician(bool hasTelemetry)
    {
        using var folder = new TemporaryFolder();
        await EnrolAsync(folder.Path);
        await using var issuing = await Issuing.StartAsync();
        await using var collector = await Collector.StartAsync();
        var settings = Settings(folder.Path, issuing.Issuer);
        if (hasTelemetry)
        {
            settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address;
            settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
            settings["OTEL_METRIC_EXPORT_INTERVAL"] = settings["OTEL_BSP_SCHEDULE_DELAY"] = "200";
        }

        await using var host = await FunctionsHost.StartAsync(package.Folder, settings);
        var person = SyntheticNumbers.Number(61);
        using var stored = await SendAsync(host, issuing.Issuer, TokenKind.Gateway, "/", Messages.Collection(SecuredService.Of(person, "by-http")).ToJsonString(), "application/fhir+json");
        Assert.True(stored.StatusCode == HttpStatusCode.OK, await stored.Content.ReadAsStringAsync());
        Assert.Contains("\"created\"", await stored.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var events = new[] { Messages.Collection(SecuredService.Of(person, "by-hub")).ToJsonString(), "no measurement" }.Select(b => new HostEvent(Encoding.UTF8.GetBytes(b), "eksempel-gateway")).ToList();
        Assert.True(await host.TriggerAsync("IngestStream", HostBatch.Write(events, "0", 1, TimeProvider.System.GetUtcNow())));
        Assert.True(await host.TriggerAsync("SequenceLog"));
        Assert.True(await host.TriggerAsync("VerifyLog"));

        using var found = await SendAsync(host, issuing.Issuer, TokenKind.Clinician, "/Observation/_search", $"patient.identifier={person}", "application/x-www-form-urlencoded");
        var text = await found.Content.ReadAsStringAsync();
        Assert.True(found.StatusCode == HttpStatusCode.OK && text.Contains("by-http", StringComparison.Ordinal) && text.Contains("by-hub", StringComparison.Ordinal), text);

        // A proof for the address that the program itself is reached at is for another service's.
        using var other = await SendAsync(host, issuing.Issuer, TokenKind.Clinician, "/Observation/_search", $"patient.identifier={person}", "application/x-www-form-urlencoded", "http://127.0.0.1");
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);

        TestContext.Current.TestOutputHelper!.WriteLine($"Answered {host.TookToAnswer.TotalMilliseconds:0} ms after it was started, telemetry {(hasTelemetry ? "on" : "off")}.");
        Assert.DoesNotContain("fail:", host.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(person, host.Said, StringComparison.Ordinal);
        if (!hasTelemetry)
        {
            Assert.Empty(collector.Bodies);
            return;
        }

        // Names stand in the bodies as they are, as would a number.
        await collector.HearAsync("pmd.submissions");
        await collector.HearAsync("pmd.log.verify.runs");
        await collector.HearAsync("POST /Observation/_search");
        Assert.All(collector.Bodies, b => Assert.DoesNotContain(person, b, StringComparison.Ordinal));
        Assert.All(collector.Bodies, b => Assert.DoesNotContain(DevelopmentPeople.Clinician, b, StringComparison.Ordinal));
    }

    private static async Task<HttpResponseMessage> SendAsync(FunctionsHost host, DevelopmentIssuer issuer, TokenKind kind, string path, string body, string contentType, string publicBase = PublicBase)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, contentType) };
        foreach (var (name, value) in new DevelopmentClient(issuer, kind, ProofKey, TimeProvider.System).Headers("POST", new Uri(publicBase + path)).Lines)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await host.SendAsync(request);
    }

    // The participants of the example, enrolled whatever the date is.
    private static async Task EnrolAsync(string folder)
    {
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var file = System.Text.RegularExpressions.Regex.Replace(SecuredService.ExampleParticipants().ToJsonString(), "\"from\":\"[^\"]*\"(,\"to\":\"[^\"]*\")?", "\"from\":\"2020-01-01\"");
        var result = await new ParticipantStore(storage.Blobs, TimeProvider.System).ImportAsync(Encoding.UTF8.GetBytes(file), allowRemoval: false, default);
        Assert.True(result.Read.List is not null, string.Join('\n', result.Read.Problems));
    }

    private static Dictionary<string, string> Settings(string folder, DevelopmentIssuer issuer) => new()
    {
        ["PMD_STORAGE"] = "embedded",
        ["PMD_DATA"] = folder,
        ["PMD_NUMBERS"] = "synthetic",
        ["Auth__PublicBaseUrl"] = PublicBase,
        ["Auth__HelseId__Issuer"] = issuer.IssuerOf(TokenKind.Clinician),
        ["Auth__HelseId__Audience"] = "nhn:pmd",
        ["Auth__HelseId__ReadScope"] = "nhn:pmd/read",
        ["Auth__HelseId__WriteScope"] = "nhn:pmd/write",
    };

    private sealed class Issuing(WebApplication app, DevelopmentIssuer issuer) : IAsyncDisposable
    {
        private static readonly SigningKey Key = SigningKey.Rsa();

        public DevelopmentIssuer Issuer => issuer;

        public static async Task<Issuing> StartAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            var issuer = new DevelopmentIssuer($"http://127.0.0.1:{port}", Key, TimeProvider.System);
            var app = IssuerHost.Build(issuer, port);
            await app.StartAsync();
            return new(app, issuer);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }

    /// <summary>An OpenTelemetry collector that keeps what it is sent.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly ConcurrentQueue<string> bodies = new();
        private readonly SemaphoreSlim heard = new(0);

        private Collector()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
            app = builder.Build();
            app.MapPost("/v1/{signal}", async (HttpContext context) =>
            {
                using var copy = new MemoryStream();
                await context.Request.Body.CopyToAsync(copy);
                bodies.Enqueue(Encoding.Latin1.GetString(copy.ToArray()));
                heard.Release();
            });
        }

        public string Address => app.Urls.First();

        public IReadOnlyList<string> Bodies => [.. bodies];

        public static async Task<Collector> StartAsync()
        {
            var collector = new Collector();
            await collector.app.StartAsync();
            return collector;
        }

        public async Task HearAsync(string text)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!Bodies.Any(b => b.Contains(text, StringComparison.Ordinal)))
            {
                await heard.WaitAsync(limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            heard.Dispose();
        }
    }
}
