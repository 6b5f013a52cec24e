using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Deletion;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Observations;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Retention;

/// <summary>However a deletion is stopped, starting it again ends the same.</summary>
public sealed class DeletionLawTests
{
    [Theory]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(52, true)]
    [InlineData(52, false)]
    public async Task Stopped_at_any_storage_call_and_started_again_it_ends_the_same_and_nothing_half_is_seen_between(int versions, bool isForGood)
    {
        await using var store = await TestStore.OpenAsync();
        var whole = await CallsAsync(store, 0, versions, isForGood, long.MaxValue, default);
        Assert.True(whole >= 5, "Too few calls to prove anything.");
        var person = 1;
        for (var at = 1; at <= whole; at++)
        {
            foreach (var isAfter in new[] { false, true })
            {
                await CallsAsync(store, person++, versions, isForGood, at, isAfter);
            }
        }
    }

    // Stores for a new person, deletes with a stop at a call, looks, deletes again, and looks at what is left. Gives the calls of the first deletion.
    private static async Task<long> CallsAsync(TestStore store, int person, int versions, bool isForGood, long stopAt, bool isAfter)
    {
        var number = SyntheticNumbers.Number(72_000 + person + (versions * 1_000) + (isForGood ? 500 : 0));
        await store.SubmitAsync(Collection(HeartRate(number, "kept", value: 61), HeartRate(number, "gone", value: 62)));
        for (var version = 2; version <= versions; version++)
        {
            store.Clock.Advance(TimeSpan.FromSeconds(1));
            var corrected = HeartRate(number, "gone", value: 62 + version);
            corrected["status"] = "corrected";
            await store.SubmitAsync(Collection(corrected));
        }

        var found = (await store.SearchAsync(number, "")).Observations;
        var id = found.Single(f => (string?)TestStore.Sent(f)["identifier"]![0]!["value"] == "gone").Id;
        ObservationId.TryParse(id, store.Service.Ring.Current.Id, out var patient, out var identity);
        var stopping = new StoppingPartitions(store.Partitions, stopAt, isAfter);
        var announced = 0;
        Task<DeletionResult> DeleteAsync(IPartitions over) => new ObservationDeletion(over).DeleteAsync(
            patient,
            row => row.Identity == identity,
            isForGood,
            count =>
            {
                announced += count;
                return Task.CompletedTask;
            },
            default);
        var isStopped = false;
        try
        {
            await DeleteAsync(stopping);
        }
        catch (StorageUnavailableException)
        {
            isStopped = true;
        }

        Assert.Equal(stopAt < long.MaxValue, isStopped);

        // Between: there whole, or not at all.
        var opened = await store.Service.Reader.OpenAsync(patient, default);
        var history = await store.Service.Reader.ReadHistoryAsync(opened, id, PasientensMaledata.Observations.Search.Visibility.Everything, default);
        Assert.True(history.Count == 0 || history.Count == versions, $"{history.Count} of {versions} versions are seen.");
        Assert.Equal(history.Count > 0, (await store.SearchAsync(number, "")).Observations.Any(o => o.Id == id));

        await DeleteAsync(store.Partitions);
        Assert.InRange(announced, 1, 2);
        var rows = (await store.Partitions.ReadRangeAsync(patient.Partition, new("."), new("~"), 1000, null, default)).Rows.Select(r => r.Key.ToString()).ToList();
        Assert.Equal(isForGood ? [$"i.{identity}"] : [], rows.Where(r => r.Contains(identity.ToString(), StringComparison.Ordinal)));
        Assert.Equal(["i", "o", "u"], rows.Where(r => r[0] != 'a' && !r.Contains(identity.ToString(), StringComparison.Ordinal)).Select(r => r[..1]));
        Assert.Single((await store.SearchAsync(number, "")).Observations);
        return stopping.Calls;
    }

    /// <summary>Storage that goes away at a call: before it is done, or after.</summary>
    private sealed class StoppingPartitions(IPartitions inner, long stopAt, bool isAfter) : IPartitions
    {
        public long Calls { get; private set; }

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => DoAsync(() => inner.ReadAsync(partition, key, cancellationToken));

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            DoAsync(() => inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken));

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
            DoAsync(() => inner.CommitAsync(partition, operations, commitBy, cancellationToken));

        private async ValueTask<T> DoAsync<T>(Func<ValueTask<T>> call)
        {
            if (++Calls == stopAt && !isAfter)
            {
                throw new StorageUnavailableException("Stopped.");
            }

            var result = await call();
            return Calls == stopAt ? throw new StorageUnavailableException("Stopped.") : result;
        }
    }
}
