using System.CommandLine;
using System.Text.Json.Nodes;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions;
using PasientensMaledata.Identity;
using PasientensMaledata.Statistics;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;
using PasientensMaledata.Tools;

namespace PasientensMaledata.Tests.CommandLine;

/// <summary>Whatever an operator does by ./pmd with people's data, or with who may see them, is an event of the access log.</summary>
public sealed class OperatorLogTests : IDisposable
{
    private static readonly string Participants = Path.Combine(Repository.Root, "docs", "participants.example.json");
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task The_participants_that_are_put_in_force_are_logged_whole()
    {
        await FillAsync(null);
        Assert.Equal(0, await PmdAsync("participants", "import", Participants));
        var logged = Assert.Single(await EventsAsync());
        Assert.Equal((AccessAction.ParticipantsChange, "participants import, version 1"), (logged.Action, logged.Operation!.Command));
        Assert.NotNull(LoggedTexts.Participants(logged.Setting!));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(logged.Setting!), JsonNode.Parse(await File.ReadAllTextAsync(Participants))));
    }

    [Fact]
    public async Task Participants_that_are_refused_are_not_logged_as_in_force()
    {
        await FillAsync(null);
        var wrong = Path.Combine(folder.Path, "wrong.json");
        await File.WriteAllTextAsync(wrong, """{"participants":[{}]}""");
        Assert.Equal(1, await PmdAsync("participants", "import", wrong));
        Assert.Empty(await EventsAsync());
    }

    [Fact]
    public async Task A_follow_up_that_is_closed_is_seen_by_the_patient()
    {
        var person = SharedService.NewPerson();
        var patient = await FillAsync(person);
        Assert.Equal(0, await PmdAsync("followup", "close", person, "--controller", "312232324", "--numbers", "synthetic"));
        var logged = Assert.Single(await EventsAsync(), e => e.Action == AccessAction.Operation);
        Assert.Equal((patient, "followup close 312232324"), (logged.Patient, logged.Operation!.Command));
    }

    [Fact]
    public async Task A_joining_is_an_event_of_the_patient_without_the_numbers()
    {
        var (one, other) = (SharedService.NewPerson(), SharedService.NewPerson());
        var patient = await FillAsync(one);
        Assert.Equal(0, await PmdAsync("patient", "link", one, other, "--numbers", "synthetic"));
        var logged = Assert.Single(await EventsAsync(), e => e.Action == AccessAction.Operation);
        Assert.Equal((patient, OperatorEvent.Link), (logged.Patient, logged.Operation!.Command));
        Assert.DoesNotContain(one, logged.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("master")]
    public async Task A_rotation_of_keys_is_logged(string key)
    {
        // A rotation waits for other processes; that it is logged before is enough here.
        await FillAsync(SharedService.NewPerson());
        using var stop = new CancellationTokenSource();
        var running = PmdAsync(stop.Token, "keys", "rotate", key);
        while ((await EventsAsync()).Count == 0 && !running.IsCompleted)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await running;
        Assert.Single(await EventsAsync(), e => e is { Action: AccessAction.Operation, Operation.Command: var c } && c == $"keys rotate {key}");
    }

    [Fact]
    public async Task A_new_key_of_the_log_and_statistics_with_a_row_for_each_event_are_logged()
    {
        await FillAsync(SharedService.NewPerson());
        Assert.Equal(0, await PmdAsync("log", "rotate-key"));
        Assert.Equal(0, await PmdAsync("statistics", "export", "--from", "2026-01-01", "--to", "2026-01-02"));
        Assert.Equal(
            [(OperatorEvent.RotateLogKey, ""), (OperatorEvent.StatisticsExport, "2026-01-01 2026-01-02")],
            (await EventsAsync()).Select(e => (e.Operation!.Command, e.Operation.Subject)).Order());
    }

    [Theory]
    [InlineData("replay --days 1")]
    [InlineData("discard --yes --days 1")]
    [InlineData("show ID")]
    public async Task What_is_done_with_what_was_refused_is_logged_with_its_reason(string line)
    {
        var id = await RefuseAsync();
        await PmdAsync(["refused", .. line.Replace("ID", id, StringComparison.Ordinal).Split(' '), "--because", "told by 13717404089"]);
        var logged = Assert.Single(await EventsAsync(), e => e.Action == AccessAction.Refused);
        Assert.Equal($"refused {line.Split(' ')[0]}", logged.Operation!.Command);
        Assert.StartsWith("told by", logged.Operation.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("13717404089", logged.Operation.Reason, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private async Task<PatientKey?> FillAsync(string? person)
    {
        await using var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        var ring = await RingAsync(storage);
        if (person is null)
        {
            return null;
        }

        var directory = new PatientDirectory(storage.Partitions, ring);
        Assert.True(NationalId.TryParse(person, null, NationalIdPolicy.Synthetic, out var number, out _));
        return await directory.FindOrCreateAsync(number, default);
    }

    // One submission of which something was refused.
    private async Task<string> RefuseAsync()
    {
        await using var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        var service = Service.Open(storage.Partitions, storage.Blobs, await RingAsync(storage), NationalIdPolicy.Synthetic, "embedded", TimeProvider.System);
        await using var app = PasientensMaledata.Functions.Hosting.WebHost.Build(service, 0);
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new(app.Urls.First()) };
        using var content = new StringContent("""{"resourceType":"Observation","status":"final"}""", System.Text.Encoding.UTF8, "application/fhir+json");
        using var answer = await client.PostAsync(new Uri("/Observation", UriKind.Relative), content);
        return answer.Headers.GetValues("x-pmd-submission-id").Single();
    }

    private Task<KeyRing> RingAsync(EmbeddedStorage storage) =>
        KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder.Path, "master-keys.json")), default);

    private Task<int> PmdAsync(params string[] line) => PmdAsync(CancellationToken.None, line);

    private async Task<int> PmdAsync(CancellationToken stop, params string[] line)
    {
        var root = new RootCommand();
        foreach (var command in Commands.All)
        {
            root.Subcommands.Add(command());
        }

        return await root.Parse([.. line, "--data", folder.Path]).InvokeAsync(cancellationToken: stop);
    }

    private async Task<IReadOnlyList<AccessEvent>> EventsAsync()
    {
        await using var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        var log = LogParts.Over(storage.Blobs, storage.Partitions, await RingAsync(storage), _ => null, TimeProvider.System);
        await log.Sequencer.RunAsync(everything: true, default);
        List<AccessEvent> events = [];
        await foreach (var (_, logged) in log.Reader.ReadSequenceAsync(0, long.MaxValue))
        {
            events.Add(logged);
        }

        return events;
    }
}
