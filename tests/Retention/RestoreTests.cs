using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Retention;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Retention;

/// <summary>Tables from an older backup with the log as it is: what was set, deleted and joined since holds before anything is shown or stored.</summary>
public sealed class RestoreTests
{
    // Open mode's one practitioner.
    private const string Practitioner = "999999999";

    private static readonly string Known = SyntheticNumbers.Number(73_001);
    private static readonly string New = SyntheticNumbers.Number(73_002);
    private static readonly string Reserved = SyntheticNumbers.Number(73_003);
    private static readonly string Wrong = SyntheticNumbers.Number(73_004);
    private static readonly string Left = SyntheticNumbers.Number(73_005);
    private static readonly string DNumber = SyntheticNumbers.Number(73_006);
    private static readonly string Later = SyntheticNumbers.Number(73_007);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_was_set_after_the_backup_holds_before_anything_is_shown(bool isSequencedBefore, bool isSequencedAfter)
    {
        using var folder = new TemporaryFolder();
        using var backup = new TemporaryFolder();
        var (wrong, at) = ("", TestService.Noon);
        await using (var service = await TestService.StartAsync(inFolder: folder.Path))
        {
            wrong = await StoreAsync(service, HeartRate(Wrong, "1"));
            foreach (var person in new[] { Known, Left, DNumber, Later })
            {
                await StoreAsync(service, HeartRate(person, "1"));
            }

            if (isSequencedBefore)
            {
                await service.Service.SequenceAsync(everything: true, default);
            }
        }

        CopyRows(folder.Path, backup.Path);
        at = at.AddHours(5);
        await using (var service = await TestService.StartAsync(inFolder: folder.Path, at: at))
        {
            foreach (var person in new[] { Known, New, Later })
            {
                Assert.Equal(200, (await service.SendAsync(HttpMethod.Put, $"citizen/privacy/blocks/{Practitioner}", "{}", "application/json", ("X-Pmd-Patient", person))).StatusCode);
            }

            Assert.Equal(200, (await service.SendAsync(HttpMethod.Put, "citizen/privacy/reservation", """{"reserved":true}""", "application/json", ("X-Pmd-Patient", Reserved))).StatusCode);
            var parts = service.Service;
            ObservationId.TryParse(wrong, parts.Ring.Current.Id, out var patient, out var identity);
            var deletions = new Deletions(parts.Partitions, parts.Ring, parts.Journal, service.Clock);
            Assert.Equal(1, await deletions.DeleteObservationAsync(patient, identity, "wrong-patient", isDry: false, default));
            Assert.Equal(1, await deletions.DeletePatientAsync((await parts.Directory.FindAsync(Number(Left), default))!.Value, "patient-request", isDry: false, default));
            NationalId[] joined = [Number(DNumber), Number(Later)];
            await new PatientLink(parts.Partitions, parts.Ring, service.Clock).JoinAsync(joined[0], joined[1], default);
            await parts.Journal.AppendAsync(
                OperatorEvent.Of(service.Clock, await parts.Directory.FindAsync(joined[0], default), OperatorEvent.Link, "", 1) with { Numbers = SealedNumbers.Close(joined, parts.Ring) }, default);
            if (isSequencedAfter)
            {
                await service.Service.SequenceAsync(everything: true, default);
            }
        }

        CopyRows(backup.Path, folder.Path);
        await using (var storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System))
        {
            // The tables alone know nothing of it: else nothing would be proved.
            Assert.False(await SettingIndex.ListAsync(storage.Partitions, default).AnyAsync());
        }

        at = at.AddHours(1);
        await using (var service = await TestService.StartAsync(inFolder: folder.Path, at: at))
        {
            foreach (var person in new[] { Known, DNumber, Later })
            {
                Assert.Equal(403, (await service.SearchAsync($"patient.identifier={person}")).StatusCode);
            }

            // One who was not known before: what comes now is theirs, and the Block with it.
            await StoreAsync(service, HeartRate(New, "1"));
            Assert.Equal(403, (await service.SearchAsync($"patient.identifier={New}")).StatusCode);
            Assert.Equal(422, (await service.PostAsync("Observation", HeartRate(Reserved, "1"))).StatusCode);
            Assert.Equal(410, (await service.GetAsync($"Observation/{wrong}")).StatusCode);
            Assert.Equal(410, (await service.PostAsync("Observation", HeartRate(Wrong, "1"))).StatusCode);
            Assert.Empty((await service.SearchAsync($"patient.identifier={Left}")).Observations);
            Assert.Equal(2, (await service.GetAsync("citizen/Observation", ("X-Pmd-Patient", DNumber))).Observations.Count);

            // The log is one with what it was before.
            await service.Service.SequenceAsync(everything: true, default);
            var log = await service.GetAsync("citizen/access-log", ("X-Pmd-Patient", New));
            Assert.Contains("Endret en personverninnstilling", log.Text, StringComparison.Ordinal);
            Assert.Equal(new(0, 0, 0, 0), (await service.Service.Replay.OpenAsync(default)) with { Events = 0 });
        }
    }

    [Fact]
    public async Task While_the_log_cannot_be_read_nothing_is_shown_or_stored_and_then_it_opens_by_itself()
    {
        var blobs = (Away?)null;
        await using var service = await TestService.StartAsync(wrapBlobs: inner => blobs = new(inner) { IsAway = true });
        var person = SyntheticNumbers.Number(73_010);
        foreach (var answer in new[]
        {
            await service.SearchAsync($"patient.identifier={person}"), await service.PostAsync("Observation", HeartRate(person, "1")), await service.GetAsync("citizen/privacy", ("X-Pmd-Patient", person)),
        })
        {
            Assert.Equal((503, "5"), (answer.StatusCode, answer.Header("Retry-After")));
        }

        Assert.Equal(200, (await service.GetAsync("metadata")).StatusCode);
        Assert.Equal(503, (await service.SendAsync(HttpMethod.Post, "IngestStream", "{}", "application/json")).StatusCode);
        blobs!.IsAway = false;
        for (var attempt = 0; attempt < 200 && (await service.SearchAsync($"patient.identifier={person}")).StatusCode == 503; attempt++)
        {
            service.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(201, (await service.PostAsync("Observation", HeartRate(person, "1"))).StatusCode);
    }

    [Fact]
    public async Task A_setting_of_one_whose_number_is_not_known_keeps_it_closed()
    {
        using var folder = new TemporaryFolder();
        await using (var service = await TestService.StartAsync(inFolder: folder.Path))
        {
            await service.SendAsync(HttpMethod.Put, $"citizen/privacy/blocks/{Practitioner}", "{}", "application/json", ("X-Pmd-Patient", Known));
            await service.Service.SequenceAsync(everything: true, default);
            var (_, logged) = await service.Service.Log.Reader.ReadSequenceAsync(0, 1).FirstAsync();
            await service.Service.Journal.AppendAsync(logged with { Id = Guid.NewGuid(), Patient = PatientKey.NewRandom(), Numbers = "" }, default);
        }

        await using (var service = await TestService.StartAsync(inFolder: folder.Path))
        {
            Assert.Equal(503, (await service.SearchAsync($"patient.identifier={Known}")).StatusCode);
        }
    }

    [Fact]
    public void An_event_of_a_setting_is_made_in_one_place_so_that_none_lacks_the_number_by_which_it_is_set_again()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "functions"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("obj", StringComparison.Ordinal));
        Assert.Equal(["Logged.cs"], sources.Where(f => File.ReadAllText(f).Contains("SettingText.Write(", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)));
    }

    private static void CopyRows(string from, string to)
    {
        foreach (var name in new[] { "rows.db", "rows.db-wal", "rows.db-shm" })
        {
            File.Delete(Path.Combine(to, name));
            if (File.Exists(Path.Combine(from, name)))
            {
                File.Copy(Path.Combine(from, name), Path.Combine(to, name));
            }
        }
    }

    private static async Task<string> StoreAsync(TestService service, System.Text.Json.Nodes.JsonObject observation)
    {
        var answer = await service.PostAsync("Observation", observation);
        Assert.True(answer.StatusCode == 201, answer.Text);
        return answer.Header("Location")!.Split('/')[^3];
    }

    private static NationalId Number(string digits) => NationalId.TryParse(digits, null, NationalIdPolicy.Lenient, out var number, out _) ? number : throw new ArgumentException("no number");

    /// <summary>Blobs whose journals cannot be listed for a while.</summary>
    private sealed class Away(IBlobs inner) : IBlobs
    {
        public volatile bool IsAway;

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => inner.CreateAsync(name, content, cancellationToken);

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => inner.CreateAppendableAsync(name, cancellationToken);

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => inner.AppendAsync(name, position, bytes, cancellationToken);

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => inner.ReadAsync(name, offset, maxBytes, cancellationToken);

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) =>
            IsAway ? throw new StorageUnavailableException("Away.") : inner.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => inner.ReplaceAsync(name, version, content, cancellationToken);

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => inner.DeleteAsync(name, version, cancellationToken);
    }
}
