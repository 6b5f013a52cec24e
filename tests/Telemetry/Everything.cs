using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Issuer;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Measured;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Telemetry;

/// <summary>
/// A service with telemetry to which everything is sent once: every route with good, broken and no tokens, submissions good and bad, searches, pages,
/// events, triggers, addresses and headers that hold what they must not, while storage works, stays away, and breaks with a person number in its fault.
/// </summary>
public sealed class Everything : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, bool> secrets = new();
    private readonly SecuredService service;
    private readonly Trouble trouble = new();

    public Everything() => service = new()
    {
        Telemetry = Recorded.Telemetry,
        WrapPartitions = p => new MeasuredPartitions(new TroubledPartitions(p, trouble)),
        WrapBlobs = b => new MeasuredBlobs(b),
    };

    internal RecordedTelemetry Recorded { get; } = new();

    /// <summary>What must not come out: numbers, names, tokens, proofs, page tokens, ids of Observations, what was measured, words of the caller's own.</summary>
    public IReadOnlyCollection<string> Secrets => [.. secrets.Keys];

    public async ValueTask InitializeAsync()
    {
        await service.InitializeAsync();
        Keep(DevelopmentPeople.Clinician, DevelopmentPeople.ClinicianHpr, "GRØNN", "VITS", DevelopmentPeople.Citizen);
        await SubmitAsync();
        await EveryRouteAsync();
        await LookUpAsync();
        await HostileWordsAsync();
        await StreamAsync();
        trouble.Kind = TroubleKind.Away;
        await EveryRouteAsync(few: true);
        trouble.Kind = TroubleKind.Broken;
        await EveryRouteAsync(few: true);
        trouble.Kind = TroubleKind.None;
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        await VerifyAsync();
        await ReachTheCapAsync();
        Recorded.Collect();
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        Recorded.Dispose();
    }

    private void Keep(params IEnumerable<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text is { Length: > 3 })
            {
                secrets[text] = true;
            }
        }
    }

    private async Task<Answer> SendAsync(string method, string path, RequestHeaders credentials, string? body = null, string contentType = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        // A token by its parts, since any of them alone says who.
        Keep(credentials.Lines.SelectMany(l => l.Item2.Split(' ', '.')).Where(p => p.Length > 12));
        return await service.SendAsync(method, path, credentials, body, contentType, headers);
    }

    private string NewPerson()
    {
        var person = SecuredService.NewPerson();
        Keep(person);
        trouble.Person = person;
        return person;
    }

    private RequestHeaders Good(TokenKind kind, string method, string path, string? person = null)
    {
        var client = service.Client(kind);
        var address = SecuredService.Public(path.Split('?')[0]);
        return kind == TokenKind.Citizen && person is not null
            ? client.Headers(method, address, client.Token().With("pid", person).Sign(IssuerKey(client)))
            : client.Headers(method, address);
    }

    private static SigningKey IssuerKey(DevelopmentClient client) => client.Issuer.Key;

    private async Task<(string Person, string Id)> StoreAsync()
    {
        var person = NewPerson();
        var answer = await SendAsync("POST", "/", Good(TokenKind.Gateway, "POST", "/"), Messages.Collection(SecuredService.Of(person, $"measured-{Guid.NewGuid()}")).ToJsonString());
        Assert.True(answer.StatusCode == 200, answer.Text);
        var id = ((string)answer.Entries[0]["response"]!["location"]!).Split('/')[1];
        Keep(id);
        return (person, id);
    }

    private async Task SubmitAsync()
    {
        var (person, _) = await StoreAsync();
        Keep("measured-", "Ola Eksempelsen", "NOTE-OF-A-PERSON");
        foreach (var change in new Action<JsonObject>[]
        {
            o => o["status"] = person,
            o => o["subject"]!["display"] = "Ola Eksempelsen",
            o => o["note"] = new JsonArray(new JsonObject { ["text"] = "NOTE-OF-A-PERSON" }),
            o => o["code"] = person,
            o => o[person] = 1,
            o => o["effectiveDateTime"] = person,
            o => o["subject"]!["identifier"]!["value"] = person[..10] + "9",
        })
        {
            var observation = SecuredService.Of(person, $"measured-{Guid.NewGuid()}");
            change(observation);
            await SendAsync("POST", "/", Good(TokenKind.Gateway, "POST", "/"), Messages.Collection(observation).ToJsonString());
            await SendAsync("POST", "/Observation", Good(TokenKind.Gateway, "POST", "/Observation"), observation.ToJsonString());
        }

        foreach (var body in new[] { $"{{\"{person}", person, $"[{person}]", $"{{\"resourceType\":\"{person}\"}}" })
        {
            await SendAsync("POST", "/", Good(TokenKind.Gateway, "POST", "/"), body);
        }
    }

    private async Task EveryRouteAsync(bool few = false)
    {
        foreach (var route in Routes.All)
        {
            var kinds = Kinds(route.Audience);
            var person = NewPerson();
            var path = Fill(route.Path, person);
            var body = route.Method == "GET" ? null : $"patient.identifier={person}&code={person}";
            foreach (var kind in kinds)
            {
                await SendAsync(route.Method, path, Good(kind, route.Method, path, person), body, "application/x-www-form-urlencoded");
                foreach (var broken in BrokenTokens.All.Concat(DevelopmentIssuer.IsBound(kind) ? BrokenProofs.All : []).Take(few ? 1 : int.MaxValue))
                {
                    await SendAsync(route.Method, path, broken.Headers(service.Client(kind), route.Method, SecuredService.Public(path)), body, "application/x-www-form-urlencoded");
                }
            }
        }
    }

    private async Task LookUpAsync()
    {
        var (person, id) = await StoreAsync();
        var search = "/Observation/_search";
        await SendAsync("POST", search, Good(TokenKind.Clinician, "POST", search), $"patient.identifier={person}&_count=0", "application/x-www-form-urlencoded");
        for (var i = 0; i < 3; i++)
        {
            await SendAsync("POST", "/", Good(TokenKind.Gateway, "POST", "/"), Messages.Collection(SecuredService.Of(person, $"measured-{i}")).ToJsonString());
        }

        var first = await SendAsync("POST", search, Good(TokenKind.Clinician, "POST", search), $"patient.identifier={person}&_count=1", "application/x-www-form-urlencoded");
        var next = new Uri((string)first.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;
        Keep(next.Split('=')[^1]);
        Assert.Equal(200, (await SendAsync("GET", next, Good(TokenKind.Clinician, "GET", next))).StatusCode);
        await SendAsync("GET", next + "x", Good(TokenKind.Clinician, "GET", next));
        foreach (var path in new[] { $"/Observation/{id}", $"/Observation/{id}/_history", $"/Observation/{id}/_history/1" })
        {
            Assert.Equal(200, (await SendAsync("GET", path, Good(TokenKind.Clinician, "GET", path))).StatusCode);
        }

        foreach (var path in new[] { "/citizen/Observation", "/citizen/access-log", "/citizen/privacy", "/citizen/AuditEvent" })
        {
            Assert.Equal(200, (await SendAsync("GET", path, Good(TokenKind.Citizen, "GET", path, person))).StatusCode);
        }

        var block = "/citizen/privacy/blocks/" + DevelopmentPeople.ClinicianHpr;
        await SendAsync("PUT", block, Good(TokenKind.Citizen, "PUT", block, person), "{}", "application/json");
        Assert.Equal(403, (await SendAsync("POST", search, Good(TokenKind.Clinician, "POST", search), $"patient.identifier={person}", "application/x-www-form-urlencoded")).StatusCode);
    }

    // Whatever a caller may write anywhere: addresses, methods, headers.
    private async Task HostileWordsAsync()
    {
        var person = NewPerson();
        foreach (var path in new[] { $"/Observation/{person}", $"/{person}", $"/Observation?patient.identifier={person}", $"/citizen/privacy/blocks/{person}", $"/health?{person}={person}", $"/log/tile/{person}", $"/{person}/_search" })
        {
            foreach (var method in new[] { "GET", "POST", "PUT", $"M{person}" })
            {
                await SendAsync(method, path, Good(TokenKind.Clinician, method, path), method == "GET" ? null : person);
            }
        }

        foreach (var name in new[] { "User-Agent", "tracestate", "baggage", "Correlation-Context", "correlation-id", "nhn-source-system", "nhn-access-basis", "X-Forwarded-For", "X-Request-Id", "Request-Id", "Referer", "Accept", "Content-Encoding", "If-Match" })
        {
            await SendAsync(
                "POST", "/Observation/_search", Good(TokenKind.Clinician, "POST", "/Observation/_search"), $"patient.identifier={person}", "application/x-www-form-urlencoded",
                (name, name is "tracestate" or "baggage" or "Correlation-Context" ? $"person={person}" : person), ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"));
        }
    }

    private async Task StreamAsync()
    {
        var person = NewPerson();
        var good = Messages.Collection(SecuredService.Of(person, "measured-0")).ToJsonString();
        var batch = HostBatch.Write([.. new[] { good, person, $"{{\"{person}\":1}}", good.Replace("final", person, StringComparison.Ordinal) }.SelectMany(b =>
            new[] { new HostEvent(Encoding.UTF8.GetBytes(b)), new HostEvent(Encoding.UTF8.GetBytes(b), person), new HostEvent(Encoding.UTF8.GetBytes(b), "bergen-gateway") })], "0", 1, TestService.Noon);
        foreach (var body in new[] { Encoding.UTF8.GetString(batch), person, $"{{\"Data\":{{\"events\":\"{person}\"}}}}" })
        {
            await SendAsync("POST", "/IngestStream", new([], []), body, "application/json");
        }

        foreach (var timer in Triggers.All.OfType<TimerTrigger>())
        {
            await SendAsync("POST", "/" + timer.Name, new([], []), $"{{\"Data\":\"{person}\"}}", "application/json");
        }
    }

    // The log is found whole; then a byte of a journal is changed, and it is not.
    private async Task VerifyAsync()
    {
        Assert.Equal(200, (await SendAsync("POST", "/VerifyLog", new([], []), "{}", "application/json")).StatusCode);
        var journal = Directory.EnumerateFiles(Path.Combine(service.Folder, "blobs", "journal"), "*", SearchOption.AllDirectories).OrderByDescending(f => new FileInfo(f).Length).First();
        var bytes = await File.ReadAllBytesAsync(journal);
        var at = bytes.AsSpan().IndexOf("\"permitted\""u8);
        bytes[at < 0 ? 20 : at + 1] ^= 1;
        await File.WriteAllBytesAsync(journal, bytes);
        Assert.Equal(500, (await SendAsync("POST", "/VerifyLog", new([], []), "{}", "application/json")).StatusCode);
    }

    private async Task ReachTheCapAsync()
    {
        var status = 0;
        for (var i = 0; i <= Limits.MaxPatientsPerPractitionerHour && status != 429; i++)
        {
            status = (await SendAsync("POST", "/Observation/_search", Good(TokenKind.Clinician, "POST", "/Observation/_search"), $"patient.identifier={NewPerson()}", "application/x-www-form-urlencoded")).StatusCode;
        }

        Assert.Equal(429, status);
    }

    private static TokenKind[] Kinds(Audience audience) => audience switch
    {
        Audience.Personnel => [TokenKind.Clinician],
        Audience.Sender => [TokenKind.Gateway],
        Audience.Citizen => [TokenKind.Citizen, TokenKind.Helsenorge],
        Audience.PrivacyComponent => [TokenKind.Pvk],
        _ => [TokenKind.Clinician],
    };

    private static string Fill(string path, string text) => System.Text.RegularExpressions.Regex.Replace(path, @"\{[^}]+\}", text);
}

internal enum TroubleKind
{
    None,
    Away,
    Broken,
}

/// <summary>What is wrong with storage now.</summary>
internal sealed class Trouble
{
    public TroubleKind Kind { get; set; }

    public string Person { get; set; } = "";

    // A fault of ours, in whose text stands what it must not.
    public void Meet()
    {
        if (Kind == TroubleKind.Broken)
        {
            throw new InvalidOperationException($"The row of {Person} is broken.");
        }

        if (Kind == TroubleKind.Away)
        {
            throw new StorageUnavailableException($"The row of {Person} is away.");
        }
    }
}

internal sealed class TroubledPartitions(IPartitions inner, Trouble trouble) : IPartitions
{
    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        trouble.Meet();
        return inner.ReadAsync(partition, key, cancellationToken);
    }

    public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        trouble.Meet();
        return inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
    }

    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        trouble.Meet();
        return inner.CommitAsync(partition, operations, commitBy, cancellationToken);
    }
}
