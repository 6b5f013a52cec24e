using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Observations;

/// <summary>An EHR that polls with Bundle.meta.lastUpdated sees every change at least once, however late a write commits.</summary>
public sealed class PollingTests
{
    private static readonly string Person = SyntheticNumbers.Number(70);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_reader_that_polls_misses_nothing_that_concurrent_writers_commit_late(int seed)
    {
        LatePartitions? late = null;
        await using var store = await TestStore.OpenAsync(p => late = new(p, new Random(seed)));
        late!.Clock = store.Clock;
        const int Writers = 6;
        var acknowledged = new ConcurrentBag<(string Id, int Version)>();
        var running = Writers;
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                var observation = Messages.HeartRate(Person, $"{w}-{i / 3}", value: i);
                observation["status"] = i % 3 == 0 ? "final" : "corrected";
                var result = (await store.SubmitAsync(Messages.Collection(observation)))[0];
                if (result.IsStored && result.Outcome != EntryOutcome.StoredInHistory)
                {
                    acknowledged.Add((result.Id!, result.Version));
                }
            }

            Interlocked.Decrement(ref running);
        })).ToArray();

        var seen = new HashSet<(string, int)>();
        var latest = new Dictionary<string, int>();
        var cursor = BundleWriter.Instant(store.Clock.GetUtcNow().UtcDateTime.AddHours(-1));
        async Task PollAsync()
        {
            var found = await store.SearchAsync(Person, $"_lastUpdated=ge{cursor}");
            cursor = BundleWriter.Instant(found.AsOf);
            foreach (var observation in found.Observations)
            {
                var version = new PasientensMaledata.Observations.Rows.ObservationRow(observation.Row.Span).Version;
                seen.Add((observation.Id, version));
                latest[observation.Id] = Math.Max(version, latest.GetValueOrDefault(observation.Id));
            }
        }

        while (Volatile.Read(ref running) > 0)
        {
            if (late.Waiting >= Volatile.Read(ref running))
            {
                store.Clock.Advance(TimeSpan.FromMilliseconds(700));
                await PollAsync();
            }

            await Task.Yield();
        }

        await Task.WhenAll(writers);
        await PollAsync();
        Assert.True(acknowledged.Count > 40, $"only {acknowledged.Count} were acknowledged");

        // A version that was corrected between two polls need not be seen, the one after it must.
        Assert.All(acknowledged.GroupBy(a => a.Id), a => Assert.True(latest.GetValueOrDefault(a.Key) >= a.Max(v => v.Version), $"version {a.Max(v => v.Version)} was missed"));
    }

    /// <summary>Commits some time after it is asked to: up to nine seconds by the test's clock.</summary>
    internal sealed class LatePartitions(IPartitions inner, Random random) : IPartitions
    {
        private int waiting;

        public FakeTimeProvider? Clock { get; set; }

        public int Waiting => Volatile.Read(ref waiting);

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => inner.ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public async ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            if (commitBy is not null)
            {
                TimeSpan delay;
                lock (random)
                {
                    delay = TimeSpan.FromMilliseconds(random.Next(0, 9000));
                }

                var late = Task.Delay(delay, Clock!, cancellationToken);
                Interlocked.Increment(ref waiting);
                await late;
                Interlocked.Decrement(ref waiting);
            }

            return await inner.CommitAsync(partition, operations, commitBy, cancellationToken);
        }
    }
}
