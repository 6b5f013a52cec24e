using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using PasientensMaledata.Functions;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What the service tells of itself, and what it says while its storage is away or damaged.</summary>
public sealed class MetadataTests(SharedService shared) : IClassFixture<SharedService>
{
    /// <summary>Storage that can be taken away, and whose rows can be damaged.</summary>
    private sealed class Switched(IPartitions inner) : IPartitions
    {
        private readonly FaultyPartitions away = new(inner, new FaultPlan { Unavailable = 1 }, new Random(1), TimeProvider.System);

        public bool IsAway { get; set; }

        public bool IsDamaged { get; set; }

        private IPartitions Now => IsAway ? away : inner;

        public async ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) =>
            await Now.ReadAsync(partition, key, cancellationToken) is { } row ? Damage(row) : null;

        public async ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
        {
            var page = await Now.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
            return page with { Rows = [.. page.Rows.Select(Damage)] };
        }

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
            Now.CommitAsync(partition, operations, commitBy, cancellationToken);

        private Row Damage(Row row)
        {
            if (!IsDamaged || !row.Key.ToString().StartsWith("o.", StringComparison.Ordinal))
            {
                return row;
            }

            var value = row.Value.ToArray();
            value[^1] ^= 1;
            return row with { Value = value };
        }
    }

    private static async Task<(TestService Service, Switched Storage)> StartAsync()
    {
        Switched? storage = null;
        var service = await TestService.StartAsync(wrap: inner => storage = new(inner));
        return (service, storage!);
    }

    [Fact]
    public async Task The_CapabilityStatement_says_what_the_code_does()
    {
        var answer = await shared.Service.GetAsync("/metadata");
        var statement = Assert.IsType<CapabilityStatement>(Parse(answer));
        Assert.Equal(FHIRVersion.N4_0_1, statement.FhirVersion);
        Assert.Contains("application/fhir+json", statement.Format);
        Assert.Equal(shared.Service.Client.BaseAddress!.ToString().TrimEnd('/'), statement.Implementation!.Url);
        var rest = Assert.Single(statement.Rest);
        var observation = Assert.Single(rest.Resource);
        Assert.Equal("Observation", observation.Type);
        var told = observation.Interaction.Select(i => i.Code.GetLiteral())
            .Concat(rest.Interaction.Select(i => i.Code.GetLiteral()))
            .Concat(observation.Operation.Select(o => $"${o.Name}"));
        Assert.Equal(Routes.All.Select(r => r.Interaction).OfType<string>().Order(), told.Order());
        Assert.Equal(QueryReader.SearchParameters.Select(p => (p.Name, p.Type)), observation.SearchParam.Select(p => (p.Name!, p.Type.GetLiteral()!)));
        Assert.All(Routes.All, r => Assert.Contains($"{r.Method} {r.Path}: ", rest.Documentation, StringComparison.Ordinal));
        Assert.All(Limits.All, l => Assert.Contains($"{l.Meaning}: {l.Figure}", statement.Implementation.Description, StringComparison.Ordinal));
        Assert.True(observation.ConditionalCreate & observation.UpdateCreate & observation.ReadHistory);
    }

    [Fact]
    public async Task Every_search_parameter_that_is_told_is_known_and_takes_no_modifier()
    {
        foreach (var (name, type, _) in QueryReader.SearchParameters.Where(p => p.Name != "patient"))
        {
            var value = type == "date" ? "2026" : name == "status" ? "final" : "x";
            var person = NewPerson();
            Assert.Empty((await shared.Service.SearchAsync($"patient.identifier={person}&{name}={value}")).Issues);
            Refused(400, await shared.Service.SearchAsync($"patient.identifier={person}&{name}:missing={value}"));
        }
    }

    [Fact]
    public async Task Every_route_in_the_table_answers()
    {
        foreach (var route in Routes.All)
        {
            var answer = await shared.Service.SendAsync(new(route.Method), route.Path.Replace("{id}", "x", StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal));
            Assert.False(answer.StatusCode == 500, $"{route.Name}: {answer.Text}");
            Assert.True(answer.Header("Content-Type")!.StartsWith("text/plain", StringComparison.Ordinal) || answer.Json is not null, route.Name);
            Assert.DoesNotContain("nothing at this address", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Health_tells_the_storage_as_it_is_now()
    {
        var (service, storage) = await StartAsync();
        await using var _ = service;
        var well = await service.GetAsync("/health");
        Assert.Equal((200, "ok", "embedded"), (well.StatusCode, (string?)well.Json["status"], (string?)well.Json["storage"]!["kind"]));
        Assert.StartsWith("application/json", well.Header("Content-Type"), StringComparison.Ordinal);
        storage.IsAway = true;
        var ill = await service.GetAsync("/health");
        Assert.Equal((503, "unavailable", false), (ill.StatusCode, (string?)ill.Json["status"], (bool)ill.Json["storage"]!["answers"]!));
        Assert.NotNull(ill.Header("Retry-After"));
        storage.IsAway = false;
        Assert.Equal(200, (await service.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task While_storage_is_away_every_call_that_needs_it_says_to_try_again()
    {
        var (service, storage) = await StartAsync();
        await using var _ = service;
        var person = NewPerson();
        var sent = HeartRate(person, "1");
        sent["id"] = "hr-1";
        await service.PostAsync("/", Collection(HeartRate(person, "0"), HeartRate(person, "2")));
        var first = await service.SearchAsync($"patient.identifier={person}&_count=1");
        var id = (string)first.Observations[0]["id"]!;
        var page = new Uri((string)first.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;
        storage.IsAway = true;
        Answer[] answers =
        [
            await service.PostAsync("/", Collection(sent.DeepClone().AsObject(), HeartRate(NewPerson(), "1"))),
            await service.PostAsync("/Observation", sent),
            await service.PostAsync("/Observation", sent, ("If-None-Exist", "identifier=a|b"), ("Prefer", "return=representation")),
            await service.SendAsync(HttpMethod.Put, "/Observation/hr-1", sent.ToJsonString()),
            await service.SearchAsync($"patient.identifier={person}"),
            await service.SearchAsync($"patient.identifier={person}&_summary=count"),
            await service.SearchAsync($"patient.identifier={person}&_sort=date"),
            await service.LastAsync($"patient.identifier={person}"),
            await service.GetAsync(page),
            await service.GetAsync($"/Observation/{id}"),
            await service.GetAsync($"/Observation/{id}/_history"),
            await service.GetAsync($"/Observation/{id}/_history/1", ("nhn-event-id", "found-at-both-ends")),
        ];
        Assert.Equal("found-at-both-ends", answers[^1].Header("nhn-event-id"));
        Assert.All(answers, a =>
        {
            Assert.Equal(OperationOutcome.IssueType.Transient, Refused(503, a, "again").Issue[0].Code);
            Assert.NotNull(a.Header("Retry-After"));
        });
        Assert.Equal(200, (await service.GetAsync("/metadata")).StatusCode);

        // What is nobody's is told as wrong, and an entry that needs no storage does not hide that others were not stored.
        var bad = HeartRate(NewPerson(), "1");
        bad.Remove("subject");
        Assert.Equal(422, (await service.PostAsync("/Observation", bad)).StatusCode);
        var mixed = await service.PostAsync("/", Collection(bad.DeepClone().AsObject(), sent.DeepClone().AsObject(), new JsonObject { ["resourceType"] = "Patient" }));
        Assert.Equal(["422", "503", "200"], mixed.Entries.Select(e => (string?)e["response"]!["status"]));

        storage.IsAway = false;
        Assert.Equal(200, (await service.GetAsync(page)).StatusCode);
        Assert.Equal(201, (await service.PostAsync("/Observation", sent)).StatusCode);
    }

    [Fact]
    public async Task What_is_damaged_in_storage_is_a_fault_told_as_one_and_never_half_an_answer()
    {
        var (service, storage) = await StartAsync();
        await using var _ = service;
        var person = NewPerson();
        var stored = await service.PostAsync("/", Collection(Enumerable.Range(0, 30).Select(i => HeartRate(person, $"{i}"))));
        var id = ((string)stored.Entries[0]["response"]!["location"]!).Split('/')[1];
        storage.IsDamaged = true;
        foreach (var answer in new[]
        {
            await service.GetAsync($"/Observation/{id}"), await service.GetAsync($"/Observation/{id}/_history"),
            await service.SearchAsync($"patient.identifier={person}"), await service.LastAsync($"patient.identifier={person}"),
        })
        {
            Assert.Equal(OperationOutcome.IssueType.Exception, Refused(500, answer).Issue[0].Code);
            Assert.DoesNotContain(person, answer.Text, StringComparison.Ordinal);
        }

        storage.IsDamaged = false;
        Assert.Equal(30, (await service.SearchAsync($"patient.identifier={person}")).Observations.Count);
    }
}
