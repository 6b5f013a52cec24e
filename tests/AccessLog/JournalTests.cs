using System.Collections.Concurrent;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.AccessLog;

public sealed class JournalTests
{
    [Fact]
    public async Task What_was_appended_is_there_in_a_journal_of_the_hour()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        var appended = await log.AppendAsync(journal, 20);
        var blobs = await log.BlobsAsync("journal/");
        Assert.Matches("^journal/2026/11/20/12/[0-9a-f]{16}-0.ndjson$", Assert.Single(blobs.Keys));
        await log.Sequencer().RunAsync(everything: false, default);
        Assert.Equal(appended.Select(e => e.Id), (await log.ReadAsync()).Select(e => e.Event.Id));
    }

    [Fact]
    public async Task Events_that_come_while_an_append_is_under_way_share_the_next()
    {
        await using var log = await TestLog.OpenAsync();
        var held = new HeldBlobs(log.Blobs);
        var journal = log.Journal(held);
        var first = journal.AppendAsync(log.Next(), default).AsTask();
        await held.Reached.Task;
        var others = Enumerable.Range(0, 63).Select(_ => journal.AppendAsync(log.Next(), default).AsTask()).ToList();
        Assert.All(others.Append(first), t => Assert.False(t.IsCompleted));
        held.LetGo.SetResult();
        await Task.WhenAll(others.Append(first));
        Assert.Equal((64, 2), journal.Written);
    }

    [Fact]
    public async Task A_new_journal_is_begun_at_the_hour_and_after_so_many_appends()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        await journal.AppendAsync(log.Next(), default);
        log.Clock.Advance(TimeSpan.FromMinutes(59));
        await journal.AppendAsync(log.Next(), default);
        log.Clock.Advance(TimeSpan.FromMinutes(1));
        await journal.AppendAsync(log.Next(), default);
        for (var i = 0; i < Journal.MaxAppends; i++)
        {
            await journal.AppendAsync(log.Next(), default);
        }

        Assert.Equal(["/12/-0", "/13/-1", "/13/-2"], (await log.BlobsAsync("journal/")).Keys.Select(k => k[18..22] + k[^9..^7]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_storage_does_what_is_answered_lies_there_once_and_nothing_lies_there_twice(int seed)
    {
        await using var log = await TestLog.OpenAsync();
        var faulty = new FaultyBlobs(log.Blobs, FaultPlan.Rough with { LostAnswer = 0.3, Retried = 0.2, Unavailable = 0.3 }, new Random(seed), log.Clock);
        var journals = new[] { log.Journal(faulty), log.Journal(faulty) };
        ConcurrentBag<Guid> answered = [];
        ConcurrentBag<Guid> refused = [];
        var events = Enumerable.Range(0, 400).Select(_ => log.Next()).ToList();
        await Parallel.ForEachAsync(events.Index(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (e, stop) =>
        {
            try
            {
                await journals[e.Index % 2].AppendAsync(e.Item, stop);
                answered.Add(e.Item.Id);
            }
            catch (StorageUnavailableException)
            {
                refused.Add(e.Item.Id);
            }
        });
        await log.Sequencer().RunAsync(everything: true, default);
        var there = (await log.ReadAsync()).Select(e => e.Event.Id).ToList();
        Assert.Equal(there.Distinct().Count(), there.Count);
        Assert.Superset(answered.ToHashSet(), there.ToHashSet());
        Assert.Equal(400, answered.Count + refused.Count);
        Assert.True(answered.Count > 200, $"only {answered.Count} answered");
    }

    [Fact]
    public async Task Where_storage_stays_away_the_caller_is_told_and_the_next_is_served_when_it_is_back()
    {
        await using var log = await TestLog.OpenAsync();
        var gone = new HeldBlobs(log.Blobs) { IsAway = true };
        var journal = log.Journal(gone);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => journal.AppendAsync(log.Next(), default).AsTask());
        gone.IsAway = false;
        gone.LetGo.SetResult();
        await journal.AppendAsync(log.Next(), default);
        Assert.Equal((1, 1), journal.Written);
    }

    [Fact]
    public async Task One_who_no_longer_waits_takes_nobody_elses_event_away()
    {
        await using var log = await TestLog.OpenAsync();
        var held = new HeldBlobs(log.Blobs);
        var journal = log.Journal(held);
        using var leaving = new CancellationTokenSource();
        var first = journal.AppendAsync(log.Next(), leaving.Token).AsTask();
        await held.Reached.Task;
        var second = journal.AppendAsync(log.Next(), default).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        held.LetGo.SetResult();
        await second;
        Assert.Equal((2, 2), journal.Written);
    }

    [Fact]
    public async Task More_than_an_append_takes_is_refused_before_anything_is_written()
    {
        await using var log = await TestLog.OpenAsync();
        var journal = log.Journal();
        var large = log.Next() with { Setting = new string('x', StorageLimits.MaxAppendBytes) };
        await Assert.ThrowsAsync<ArgumentException>(() => journal.AppendAsync(large, default).AsTask());
        Assert.Empty(await log.BlobsAsync("journal/"));
    }

    /// <summary>Holds the first append until it is let go, or is away altogether.</summary>
    private sealed class HeldBlobs(IBlobs inner) : IBlobs
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource LetGo { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsAway { get; set; }

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) =>
            IsAway ? throw new StorageUnavailableException() : inner.CreateAppendableAsync(name, cancellationToken);

        public async ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            Reached.TrySetResult();
            await LetGo.Task;
            return await inner.AppendAsync(name, position, bytes, cancellationToken);
        }

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) =>
            IsAway ? throw new StorageUnavailableException() : inner.ReadAsync(name, offset, maxBytes, cancellationToken);

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
