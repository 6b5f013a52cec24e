using System.Text;
using System.Text.RegularExpressions;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Identity;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.Streaming.StreamTests;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>Ways in which others have lost data, and what is done here instead.</summary>
public sealed class NeverLostTests
{
    private static readonly string Person = SyntheticNumbers.Number(3_001);
    private static readonly string Other = SyntheticNumbers.Number(3_002);

    // iomt-fhir: an invalid template was logged as handled, the whole batch skipped, and the checkpoint moved on.
    [Fact]
    public async Task A_batch_that_cannot_be_worked_on_is_never_answered_with_success()
    {
        await using var world = await StreamWorld.OpenAsync();
        var answer = await StreamWorld.PostAsync(world.Process(participants: () => null), [Event(HeartRate(Person, "1"), "clinic-a")], 1);
        Assert.Equal(503, answer.Status);
        Assert.Empty(await world.RefusedAsync());
        Assert.Equal(200, (await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "1"), "clinic-a")], 1)).Status);
        Assert.Single(await world.StoredAsync(Person));
    }

    // iomt-fhir: after a message that could not be parsed the method went on with nothing in its hands.
    [Fact]
    public async Task A_message_that_cannot_be_read_is_kept_and_those_after_it_are_received()
    {
        await using var world = await StreamWorld.OpenAsync();
        var answer = await StreamWorld.PostAsync(world.Process(), [new("{"u8.ToArray()), Event(HeartRate(Person, "1"))], 1);
        Assert.Equal("2 events: 1 created, 1 refused.", answer.Log);
        Assert.Single(await world.StoredAsync(Person));
        Assert.Equal("{"u8.ToArray(), Assert.Single(await world.RefusedAsync()).Body);
    }

    // iomt-fhir: a checkpoint whose number did not parse was read as -1.
    [Theory]
    [InlineData("[\\\"x\\\"]")]
    [InlineData("[null]")]
    [InlineData("[1,2]")]
    [InlineData("[99999999999999999999]")]
    public async Task A_number_that_cannot_be_read_is_not_taken_for_another(string numbers)
    {
        await using var service = await TestService.StartAsync();
        var body = Encoding.UTF8.GetString(HostBatch.Write([Event(HeartRate(Person, "1"))], "0", 7, TestService.Noon)).Replace("\"SequenceNumberArray\":\"[7]\"", $"\"SequenceNumberArray\":\"{numbers}\"", StringComparison.Ordinal);
        var answer = await service.SendAsync(HttpMethod.Post, "IngestStream", body, "application/json");
        Assert.Equal(400, answer.StatusCode);
        Assert.Empty((await service.SearchAsync($"patient.identifier={Person}")).Observations);
    }

    // iomt-fhir: of two readings of one moment in a batch only the last was kept.
    [Fact]
    public async Task Two_readings_of_the_same_moment_are_both_kept()
    {
        await using var world = await StreamWorld.OpenAsync();
        await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, value: 71)), Event(HeartRate(Person, value: 72))], 1);
        Assert.Equal([71m, 72m], (await world.StoredAsync(Person)).Select(o => (decimal)o["valueQuantity"]!["value"]!).Order());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Storage_that_stays_away_longer_than_any_finite_retry_policy_loses_nothing(bool rows, bool blobs)
    {
        await using var world = await StreamWorld.OpenAsync();
        var away = new Switch { IsOn = true };
        var service = world.Over(p => rows ? new SwitchedPartitions(p, away) : p, b => blobs ? new SwitchedBlobs(b, away) : b);
        HostEvent[] events = [Event(HeartRate(Person, "1"), "clinic-a"), new("x"u8.ToArray(), "clinic-a"), Event(HeartRate(Other, "2"), "clinic-a")];
        for (var retry = 0; retry < 200; retry++)
        {
            Assert.Equal(503, (await StreamWorld.PostAsync(service, events, 1, retry: retry)).Status);
        }

        away.IsOn = false;
        Assert.Equal(200, (await StreamWorld.PostAsync(service, events, 1, retry: 200)).Status);
        Assert.Single(await world.StoredAsync(Person));
        Assert.Single(await world.StoredAsync(Other));
        Assert.Single(await world.RefusedAsync());
        var journals = await world.JournalsAsync();
        Assert.All(["1", "2", "3"], n => Assert.Contains($"-0-{n}\"", journals, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("journal/")]
    [InlineData("refused/")]
    public async Task Without_the_log_or_the_place_of_the_refused_nothing_is_answered_by_HTTP_either(string prefix)
    {
        var away = new Switch { IsOn = true, Prefix = prefix };
        await using var service = await TestService.StartAsync(wrapBlobs: b => new SwitchedBlobs(b, away));
        Assert.Equal(503, (await service.SendAsync(HttpMethod.Post, "Observation", "{")).StatusCode);
        Assert.Equal(503, (await StreamTests.PostAsync(service, 1, new HostEvent("{"u8.ToArray()))).StatusCode);
        away.IsOn = false;
        Assert.Equal(400, (await service.SendAsync(HttpMethod.Post, "Observation", "{")).StatusCode);
    }

    [Fact]
    public async Task What_is_refused_only_when_it_comes_again_is_kept_too()
    {
        await using var world = await StreamWorld.OpenAsync();
        HostEvent[] events = [new("x"u8.ToArray(), "clinic-a"), Event(HeartRate(Person, "1"), "clinic-a"), new("y"u8.ToArray(), "clinic-a")];
        await StreamWorld.PostAsync(world.Process(), events, 1);
        await world.ReserveAsync(Person);
        Assert.Equal("3 events: 3 refused.", (await StreamWorld.PostAsync(world.Process(), events, 1)).Log);
        Assert.Equal(3, (await world.RefusedAsync()).Select(r => r.Id).Distinct().Count());
    }

    [Fact]
    public async Task Near_the_time_limit_the_batch_stops_and_the_retry_goes_on_where_it_was()
    {
        await using var world = await StreamWorld.OpenAsync();
        var service = world.Over(p => new SlowPartitions(p, world.Clock, TimeSpan.FromSeconds(50)), b => b);

        // So large that each is worked on by itself.
        HostEvent[] events = [.. Enumerable.Range(0, 6).Select(i => Gzip(Encoding.UTF8.GetBytes(HeartRate(Person, $"{i}").ToJsonString() + new string(' ', 17_000_000))))];
        var answers = new List<BatchAnswer>();
        do
        {
            answers.Add(await StreamWorld.PostAsync(service, events, 1, retry: answers.Count, invocation: "a"));
            Assert.True(answers.Count < 10);
        }
        while (answers[^1].Status != 200);

        Assert.True(answers.Count > 1);
        Assert.All(answers.SkipLast(1), a => Assert.Equal(503, a.Status));
        Assert.Contains("the time is up", answers[0].Log, StringComparison.Ordinal);
        Assert.Equal(6, (await world.StoredAsync(Person)).Count);

        // What was done with is not done again.
        Assert.DoesNotContain("6 known", answers[^1].Log, StringComparison.Ordinal);
        Assert.True(answers[^1].Log.Count(char.IsAsciiDigit) < 6, answers[^1].Log);
    }

    // Else it would be known to the retry, and nothing in the log would tell that it was ever stored.
    [Fact]
    public async Task What_is_stored_before_the_time_is_up_is_logged_as_stored()
    {
        await using var world = await StreamWorld.OpenAsync();
        var service = world.Over(p => new SlowPartitions(p, world.Clock, TimeSpan.FromMinutes(5), every: 100), b => b);
        HostEvent[] events = [.. Enumerable.Range(0, 60).Select(i => Event(Collection([.. Enumerable.Range(0, 3).Select(n => HeartRate(SyntheticNumbers.Number(6_000 + (3 * i) + n), $"{i}-{n}"))]))), new("x"u8.ToArray())];
        var answers = new List<BatchAnswer>();
        do
        {
            answers.Add(await StreamWorld.PostAsync(service, events, 1, retry: answers.Count, invocation: "a"));
            Assert.True(answers.Count < 50, answers[^1].Log);
        }
        while (answers[^1].Status != 200);

        Assert.True(answers.Count > 1);
        Assert.All(answers.SkipLast(1), a => Assert.Contains("the time is up", a.Log, StringComparison.Ordinal));
        var journals = await world.JournalsAsync();
        Assert.Equal(180, Regex.Count(journals, "\"created\""));
        Assert.DoesNotContain("unavailable", journals, StringComparison.Ordinal);
        Assert.Single(await world.RefusedAsync());
    }

    [Fact]
    public async Task A_fault_of_ours_with_one_patient_harms_no_other_and_is_mended_by_replay()
    {
        await using var world = await StreamWorld.OpenAsync();
        await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "0"), "clinic-a")], 1);
        var patient = (await world.Process().Directory.FindAsync(PatientLinkTests.Id(Person), default))!.Value;
        var broken = world.Over(p => new BrokenPartition(p, patient.Partition), b => b);
        HostEvent[] events = [Event(HeartRate(Person, "1"), "clinic-a"), Event(HeartRate(Other, "2"), "clinic-a")];
        Assert.Equal("2 events: 1 created, 1 refused.", (await StreamWorld.PostAsync(broken, events, 2)).Log);
        Assert.Equal("exception", Assert.Single(Assert.Single(await world.RefusedAsync()).Entries).Reason);
        Assert.Equal(1, (await world.ReplayAsync(world.Process())).Stored);
        Assert.Equal(2, (await world.StoredAsync(Person)).Count);
        Assert.Empty(await world.RefusedAsync());
    }

    [Fact]
    public async Task A_hub_of_one_Sender_needs_no_publisher_and_takes_no_other()
    {
        var options = StreamOptions.Read(name => name == "PMD_STREAM_HUBS" ? "measurements=clinic-b" : null);
        await using var world = await StreamWorld.OpenAsync();
        var service = world.Process(options: options);
        Assert.Equal("1 events: 1 created.", (await StreamWorld.PostAsync(service, [Event(HeartRate(Person, "1"))], 1)).Log);
        Assert.Equal("1 events: 1 known.", (await StreamWorld.PostAsync(service, [Event(HeartRate(Person, "1"), "clinic-b")], 2)).Log);
        Assert.Equal("1 events: 1 refused.", (await StreamWorld.PostAsync(service, [Event(HeartRate(Person, "2"), "clinic-a")], 3)).Log);
        Assert.Equal("1 events: 1 known.", (await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "1"), "clinic-b")], 4)).Log);
    }

    [Theory]
    [InlineData("PMD_STREAM_SECONDS", "0")]
    [InlineData("PMD_STREAM_SECONDS", "3601")]
    [InlineData("PMD_STREAM_HUBS", "hub")]
    [InlineData("PMD_STREAM_HUBS", "hub=No Sender")]
    [InlineData("PMD_STREAM_HUBS", "hub=a,HUB=b")]
    [InlineData("PMD_REFUSED_DAYS", "6")]
    [InlineData("PMD_REFUSED_DAYS", "3651")]
    public void A_setting_of_another_form_is_told(string name, string value) => Assert.Throws<FormatException>(() => StreamOptions.Read(n => n == name ? value : null));

    private sealed class Switch
    {
        public bool IsOn { get; set; }

        public string Prefix { get; init; } = "";

        public void Check(string name = "")
        {
            if (IsOn && name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                throw new StorageUnavailableException("Away.");
            }
        }
    }

    private sealed class SwitchedPartitions(IPartitions inner, Switch away) : IPartitions
    {
        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
        {
            away.Check();
            return inner.ReadAsync(partition, key, cancellationToken);
        }

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
        {
            away.Check();
            return inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
        }

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            away.Check();
            return inner.CommitAsync(partition, operations, commitBy, cancellationToken);
        }
    }

    private sealed class SwitchedBlobs(IBlobs inner, Switch away) : IBlobs
    {
        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Checked(name).CreateAsync(name, content, cancellationToken);

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => Checked(name).CreateAppendableAsync(name, cancellationToken);

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => Checked(name).AppendAsync(name, position, bytes, cancellationToken);

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => Checked(name).ReadAsync(name, offset, maxBytes, cancellationToken);

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Checked(name).ReplaceAsync(name, version, content, cancellationToken);

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => Checked(name).DeleteAsync(name, version, cancellationToken);

        private IBlobs Checked(BlobName name)
        {
            away.Check(name.ToString());
            return inner;
        }
    }

    /// <summary>Each commit takes its time, or one of so many.</summary>
    private sealed class SlowPartitions(IPartitions inner, Microsoft.Extensions.Time.Testing.FakeTimeProvider clock, TimeSpan each, int every = 1) : IPartitions
    {
        private int commits;

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => inner.ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public async ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            var result = await inner.CommitAsync(partition, operations, commitBy, cancellationToken);
            if (result.Outcome == CommitOutcome.Committed && Interlocked.Increment(ref commits) % every == 0)
            {
                clock.Advance(each);
            }

            return result;
        }
    }

    /// <summary>One partition in which something is so wrong that the code fails on it.</summary>
    private sealed class BrokenPartition(IPartitions inner, PartitionKey broken) : IPartitions
    {
        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => Whole(partition).ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            Whole(partition).ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
            Whole(partition).CommitAsync(partition, operations, commitBy, cancellationToken);

        private IPartitions Whole(PartitionKey partition) => partition == broken ? throw new InvalidDataException("Broken.") : inner;
    }
}
