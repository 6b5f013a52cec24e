using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>
/// A process that is killed at each of its calls to storage in turn, before the call is done and after. Another goes on where it was. Afterwards the log is
/// whole, and every event that was answered lies in it once.
/// </summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_at_any_call_of_appending_what_was_answered_is_there_once(bool after)
    {
        await using var log = await TestLog.OpenAsync();
        List<Guid> answered = [];
        var appended = 0;
        for (var call = 1; ; call++)
        {
            var storage = new Mortal(log.Blobs, log.Partitions, call, after);
            var journal = log.Journal(storage);
            for (var i = 0; i < 4; i++)
            {
                var logged = log.Next();
                appended++;
                try
                {
                    await journal.AppendAsync(logged, default);
                    answered.Add(logged.Id);
                }
                catch (StorageUnavailableException)
                {
                    // The caller is told 503; or is gone with the process.
                }
            }

            if (!storage.IsDead)
            {
                break;
            }
        }

        await HoldAsync(log, answered, appended);
        Assert.True(answered.Count >= 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_at_any_call_of_sequencing_another_goes_on_where_it_was(bool after)
    {
        await using var log = await TestLog.OpenAsync();
        List<Guid> answered = [];
        var kills = 0;
        for (var isKilled = true; isKilled;)
        {
            answered.AddRange((await log.AppendAsync(log.Journal(), 12)).Select(e => e.Id));
            log.Clock.Advance(TimeSpan.FromSeconds(5));

            // One is killed at each call in turn, its successor half as far; the third comes to the end, so that each round begins with as much to do.
            kills++;
            isKilled = await KillAsync(log, new(log.Blobs, log.Partitions, kills, after));
            await KillAsync(log, new(log.Blobs, log.Partitions, (kills / 2) + 1, after));
            await log.Sequencer().RunAsync(everything: kills % 2 == 0, default);
        }

        Assert.True(kills > 20, $"only {kills} calls");
        await HoldAsync(log, answered, answered.Count);
    }

    [Theory]
    [InlineData("tile/", true)]
    [InlineData("tile/", false)]
    [InlineData("sequence/", true)]
    [InlineData("sequence/", false)]
    [InlineData("checkpoint/", true)]
    [InlineData("checkpoint/", false)]
    public async Task Killed_where_a_tile_a_record_or_a_checkpoint_is_written_another_goes_on(string prefix, bool after)
    {
        await using var log = await TestLog.OpenAsync();
        var answered = (await log.AppendAsync(log.Journal(), 256)).Select(e => e.Id).ToList();
        var calls = 0;
        while (await KillAsync(log, new(log.Blobs, log.Partitions, ++calls, after, prefix)))
        {
            answered.AddRange((await log.AppendAsync(log.Journal(), 1)).Select(e => e.Id));
        }

        Assert.True(calls > 1);
        await HoldAsync(log, answered, answered.Count);
    }

    [Fact]
    public async Task Killed_at_any_call_of_deriving_anew_another_derives_the_same()
    {
        await using var log = await TestLog.OpenAsync();
        var journals = new[] { log.Journal(), log.Journal() };
        for (var i = 0; i < 2; i++)
        {
            await log.AppendAsync(journals[i], 150);
            await log.Sequencer().RunAsync(everything: false, default);
        }

        var before = await log.BlobsAsync("tile/", "checkpoint/", "sequence/");
        Assert.Contains(before.Keys, k => k.StartsWith("tile/", StringComparison.Ordinal));
        var isKilled = true;
        for (var call = 1; isKilled; call += 4)
        {
            isKilled = await KillAsync(log, new(log.Blobs, log.Partitions, call, after: call % 8 == 1), isRebuilding: true);
        }

        await log.Sequencer().RunAsync(everything: true, default);
        Assert.Equal(before, await log.BlobsAsync("tile/", "checkpoint/", "sequence/"));
        await HoldAsync(log, [], 300);
    }

    [Fact]
    public async Task Two_that_sequence_at_once_while_others_write_agree()
    {
        await using var log = await TestLog.OpenAsync();
        List<Guid> answered = [];
        var journals = new[] { log.Journal(), log.Journal() };
        for (var i = 0; i < 25; i++)
        {
            var writing = new[] { log.AppendAsync(journals[0], 11), log.AppendAsync(journals[1], 11) };
            var sequencing = Enumerable.Range(0, 2).Select(_ => Task.Run(() => log.Sequencer().RunAsync(everything: false, default)));
            await Task.WhenAll([.. writing, .. sequencing]);
            answered.AddRange(writing.SelectMany(w => w.Result).Select(e => e.Id));
        }

        await HoldAsync(log, answered, 550);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Over_storage_that_fails_at_any_step_two_that_sequence_at_once_agree(int seed)
    {
        await using var log = await TestLog.OpenAsync();
        var rough = new FaultyBlobs(log.Blobs, FaultPlan.Rough, new Random(seed), TimeProvider.System);
        var plan = new FaultPlan { Unavailable = 0.02, LostAnswer = 0.02, Retried = 0.05, ShortPage = 0.3, EmptyPage = 0.2 };
        var blobs = new FaultyBlobs(log.Blobs, plan, new Random(seed + 100), TimeProvider.System);
        var partitions = new FaultyPartitions(log.Partitions, plan, new Random(seed + 200), TimeProvider.System);
        List<Guid> answered = [];
        var journal = log.Journal(rough);
        var (appended, passes) = (0, 0);
        for (var round = 0; round < 15; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                var logged = log.Next();
                appended++;
                try
                {
                    await journal.AppendAsync(logged, default);
                    answered.Add(logged.Id);
                }
                catch (StorageUnavailableException)
                {
                    // The caller is told 503.
                }
            }

            passes += (await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => TryAsync(log.Sequencer(blobs, partitions)))))).Count(done => done);
        }

        Assert.True(rough.FaultCount > 30 && blobs.FaultCount + partitions.FaultCount > 30);
        Assert.True(answered.Count > 200 && passes > 0, $"{answered.Count} answered, {passes} passes");
        await HoldAsync(log, answered, appended);
    }

    private static async Task<bool> TryAsync(Sequencer sequencer)
    {
        try
        {
            await sequencer.RunAsync(everything: false, default);
            return true;
        }
        catch (StorageUnavailableException)
        {
            // The next pass goes on.
            return false;
        }
    }

    /// <summary>Whether it was killed: not where it came to its end before.</summary>
    private static async Task<bool> KillAsync(TestLog log, Mortal storage, bool isRebuilding = false)
    {
        try
        {
            var sequencer = log.Sequencer(storage, storage);
            await (isRebuilding ? sequencer.RebuildAsync(default) : sequencer.RunAsync(everything: false, default));
        }
        catch (Mortal.KilledException)
        {
            // As it was to be.
        }

        return storage.IsDead;
    }

    private static async Task HoldAsync(TestLog log, List<Guid> answered, int appended)
    {
        await log.Sequencer().RunAsync(everything: true, default);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var verdict = await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync([signer.Verifier], null, null, default);
        Assert.True(verdict.Fault is null, verdict.Fault?.ToString());
        Assert.Equal((verdict.Events, 0), (verdict.Covered, verdict.Unsequenced));
        var there = (await log.ReadAsync()).Select(e => e.Event.Id).ToList();
        Assert.Equal(there.Count, there.Distinct().Count());
        Assert.Superset(answered.ToHashSet(), there.ToHashSet());
        Assert.InRange(there.Count, answered.Count, appended);
    }

    /// <summary>
    /// Storage as a process sees it that is killed at one of its calls, or at one of those that touch what a prefix names: from then on no call of its is done.
    /// </summary>
    private sealed class Mortal(IBlobs blobs, IPartitions partitions, int killedAt, bool after, string prefix = "") : IBlobs, IPartitions
    {
        private int calls;
        private volatile bool isDead;

        public bool IsDead => isDead;

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => DoAsync(name, () => blobs.CreateAsync(name, content, cancellationToken));

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => DoAsync(name, () => blobs.CreateAppendableAsync(name, cancellationToken));

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => DoAsync(name, () => blobs.AppendAsync(name, position, bytes, cancellationToken));

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => DoAsync(name, () => blobs.ReadAsync(name, offset, maxBytes, cancellationToken));

        public async IAsyncEnumerable<BlobItem> ListAsync(string listed, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await DoAsync(listed, () => new ValueTask<bool>(true));
            await foreach (var item in blobs.ListAsync(listed, cancellationToken))
            {
                yield return item;
            }
        }

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => DoAsync(name, () => blobs.ReplaceAsync(name, version, content, cancellationToken));

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => DoAsync(name, () => blobs.DeleteAsync(name, version, cancellationToken));

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => DoAsync(partition, () => partitions.ReadAsync(partition, key, cancellationToken));

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            DoAsync(partition, () => partitions.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken));

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
            DoAsync(partition, () => partitions.CommitAsync(partition, operations, commitBy, cancellationToken));

        private async ValueTask<T> DoAsync<T>(object what, Func<ValueTask<T>> call)
        {
            if (isDead)
            {
                throw new KilledException();
            }

            if (!what.ToString()!.StartsWith(prefix, StringComparison.Ordinal) || Interlocked.Increment(ref calls) != killedAt)
            {
                return await call();
            }

            // What others of its calls have begun may yet be done, as with a process that is killed.
            isDead = !after;
            if (after)
            {
                await call();
                isDead = true;
            }

            throw new KilledException();
        }

        public sealed class KilledException : Exception;
    }
}
