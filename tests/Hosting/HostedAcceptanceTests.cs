using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Issuer;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>Gateway, event hub, clinician and citizen through the Functions host and into the package, with tokens of an issuer that answers by HTTP.</summary>
[Collection(nameof(Package))]
public sealed class HostedAcceptanceTests(Package package)
{
    private const string PublicBase = "https://pmd.example.org";
    private const string Gateway = "eksempel-gateway";
    private static readonly SigningKey IssuerKey = SigningKey.Rsa();
    private static readonly SigningKey ProofKey = SigningKey.Ec();

    [Fact]
    public async Task What_comes_by_HTTP_and_stream_is_found_and_logged_and_is_there_once_after_kill_and_delivery_again()
    {
        using var folder = new TemporaryFolder();
        await EnrolAsync(folder.Path);
        var port = Node.FreePorts(1)[0];
        var issuer = new DevelopmentIssuer($"http://127.0.0.1:{port}", IssuerKey, TimeProvider.System);
        await using var issuing = IssuerHost.Build(issuer, port);
        await issuing.StartAsync();
        var person = SyntheticNumbers.Number(61);
        var enqueued = TimeProvider.System.GetUtcNow();
        long logged = 0;
        await using (var host = await FunctionsHost.StartAsync(package.Folder, Settings(folder.Path, issuer.Address)))
        {
            for (var start = 0; start < 2; start++)
            {
                // By HTTP: the second time it is known.
                var sent = await AskAsync(host, TokenKind.Gateway, "POST", "/", "application/fhir+json", Messages.Collection(Of(person, "by-http"), Of(person, "also-by-http")).ToJsonString());
                Assert.Equal(HttpStatusCode.OK, sent.Status);
                Assert.Equal(start == 0 ? ["created", "created"] : ["known", "known"], sent.Entries.Select(Word));

                // By stream: one that is stored, one that is no FHIR, one of a publisher whom nobody knows; the same batch again after the kill.
                Assert.True(await host.TriggerAsync("IngestStream", HostBatch.Write(
                    [new(Body(Of(person, "by-stream")), Gateway), new("not json"u8.ToArray(), Gateway), new(Body(Of(person, "by-nobody")), "nobody")], "0", 41, enqueued, retry: start)));
                var refused = await AskAsync(host, TokenKind.Gateway, "GET", "/submissions/refused");
                Assert.Single(refused.Json["refused"]!.AsArray());

                // A search, signed for the public address though the program is called at 127.0.0.1.
                var found = await AskAsync(host, TokenKind.Clinician, "POST", "/Observation/_search", "application/x-www-form-urlencoded", $"patient.identifier={person}");
                Assert.Equal(HttpStatusCode.OK, found.Status);
                Assert.Equal(["also-by-http", "by-http", "by-stream"], found.Observations.Select(o => (string)o["identifier"]![0]!["value"]!).Order(StringComparer.Ordinal));
                Assert.All(found.Entries, e => Assert.StartsWith(PublicBase + "/Observation/", (string)e["fullUrl"]!, StringComparison.Ordinal));

                // Logged before it was answered, sequenced when the timer says so, signed, and shown to the citizen.
                Assert.True(await host.TriggerAsync("SequenceLog"));
                using var checkpoint = await host.SendAsync(new(HttpMethod.Get, "/log/checkpoint"));
                var size = long.Parse((await checkpoint.Content.ReadAsStringAsync()).Split('\n')[1], System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(size > logged, $"{size} events are signed for, and {logged} were before.");
                logged = size;
                var seen = await AskAsync(host, TokenKind.Citizen, "GET", "/citizen/access-log", person: person);
                Assert.True(seen.Status == HttpStatusCode.OK, seen.Text);
                Assert.Contains(DevelopmentPeople.ClinicianName, seen.Text, StringComparison.Ordinal);

                await host.KillAndRestartAsync();
            }

            Assert.DoesNotContain(person, host.Said, StringComparison.Ordinal);
        }

        await using var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        var verdict = await new LogVerifier(storage.Blobs, storage.Partitions).VerifyAsync(await LogKeys.ReadVerifiersAsync(storage.Blobs, default), null, progress: null, default);
        Assert.Null(verdict.Fault?.ToString());
        Assert.True(verdict.Events >= logged);

        async Task<Answer> AskAsync(FunctionsHost host, TokenKind kind, string method, string path, string? type = null, string? body = null, string? person = null)
        {
            var client = new DevelopmentClient(issuer, kind, ProofKey, TimeProvider.System);
            var token = person is null ? client.Token() : client.Token().With("pid", person);
            using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, type!) };
            foreach (var (name, value) in client.Headers(method, new(PublicBase + path), token.Sign(issuer.Key)).Lines)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await host.SendAsync(request);
            return new(response.StatusCode, response, await response.Content.ReadAsStringAsync());
        }
    }

    // Some while ago, whatever day it is.
    private static JsonObject Of(string person, string name) => Messages.HeartRate(person, name, TimeProvider.System.GetUtcNow().AddDays(-3).ToString("yyyy-MM-dd'T'08:00:00+01:00", System.Globalization.CultureInfo.InvariantCulture));

    private static byte[] Body(JsonObject observation) => Encoding.UTF8.GetBytes(observation.ToJsonString());

    private static string Word(JsonNode entry) => (string)entry["response"]!["outcome"]!["issue"]![0]!["details"]!["coding"]![0]!["code"]!;

    // As ./pmd participants does, before anything runs.
    private static async Task EnrolAsync(string folder)
    {
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        var example = SecuredService.ExampleParticipants().ToJsonString().Replace("2026-01-01", "2020-01-01", StringComparison.Ordinal);
        var imported = await new ParticipantStore(storage.Blobs, TimeProvider.System).ImportAsync(Encoding.UTF8.GetBytes(example), allowRemoval: false, default);
        Assert.True(imported.Outcome == ImportOutcome.Imported, string.Join('\n', imported.Read.Problems));
    }

    private static Dictionary<string, string> Settings(string folder, string issuer) => new()
    {
        ["PMD_STORAGE"] = "embedded",
        ["PMD_DATA"] = folder,
        ["PMD_NUMBERS"] = "synthetic",
        ["Auth__PublicBaseUrl"] = PublicBase,
        ["Auth__HelseId__Issuer"] = issuer + "/helseid",
        ["Auth__HelseId__Audience"] = DevelopmentIssuer.Audience,
        ["Auth__HelseId__ReadScope"] = "nhn:pmd/read",
        ["Auth__HelseId__WriteScope"] = "nhn:pmd/write",
        ["Auth__IdPorten__Issuer"] = issuer + "/idporten",
        ["Auth__IdPorten__Audience"] = DevelopmentIssuer.CitizenAudience,
        ["Auth__IdPorten__Scope"] = "pmd:citizen",
        ["Auth__IdPorten__Clients"] = DevelopmentPeople.CitizenClient,
    };
}
