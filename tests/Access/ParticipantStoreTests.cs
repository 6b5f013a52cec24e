using System.Text;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Participants in storage: imports that need no restart.</summary>
public sealed class ParticipantStoreTests
{
    [Fact]
    public async Task An_import_is_seen_by_a_running_process_at_its_next_look()
    {
        await using var store = await TestStore.OpenAsync();
        var (running, operators) = (new ParticipantStore(store.Blobs, store.Clock), new ParticipantStore(store.Blobs, store.Clock));
        Assert.Null(running.Current);
        await running.RefreshAsync(default);
        Assert.Empty(running.Current!.Participants);

        Assert.Equal((ImportOutcome.Imported, 1), Told(await operators.ImportAsync(File("one"), false, default)));
        await running.RefreshAsync(default);
        Assert.Equal("one", Assert.Single(running.Current!.Participants).Id.ToString());
        Assert.Equal((ImportOutcome.Unchanged, 1), Told(await operators.ImportAsync(File("one"), false, default)));
        Assert.Equal((ImportOutcome.Imported, 2), Told(await operators.ImportAsync(File("one", "two"), false, default)));
        await running.RefreshAsync(default);
        Assert.Equal(2, running.Current!.Version);
    }

    [Fact]
    public async Task A_participant_is_not_lost_by_a_slip()
    {
        await using var store = await TestStore.OpenAsync();
        var operators = new ParticipantStore(store.Blobs, store.Clock);
        await operators.ImportAsync(File("one", "two"), false, default);
        var refused = await operators.ImportAsync(File("one"), false, default);
        Assert.Equal((ImportOutcome.Refused, 1), Told(refused));
        Assert.Contains("two", Assert.Single(refused.Read.Problems).Problem, StringComparison.Ordinal);
        Assert.Equal((ImportOutcome.Imported, 2), Told(await operators.ImportAsync(File("one"), true, default)));
    }

    [Fact]
    public async Task Of_two_imports_at_once_one_is_told_that_the_other_was_first_or_comes_after_it()
    {
        await using var store = await TestStore.OpenAsync();
        var results = await Task.WhenAll(new[] { "one", "two", "three" }.Select(name => Task.Run(() => new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File(name), true, default))));
        var reader = new ParticipantStore(store.Blobs, store.Clock);
        await reader.RefreshAsync(default);
        Assert.Contains(results, r => r.Outcome == ImportOutcome.Imported && r.Version == reader.Current!.Version);
        Assert.Equal(results.Count(r => r.Outcome == ImportOutcome.Imported), results.Where(r => r.Outcome == ImportOutcome.Imported).Select(r => r.Version).Distinct().Count());
    }

    [Fact]
    public async Task What_was_read_is_relied_on_for_a_minute_while_storage_stays_away_and_no_longer()
    {
        await using var store = await TestStore.OpenAsync();
        await new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File("one"), false, default);
        var clock = new FakeTimeProvider(store.Clock.GetUtcNow());
        var blobs = new Unreachable(store.Blobs);
        var running = new ParticipantStore(blobs, clock);
        await running.RefreshAsync(default);
        blobs.IsAway = true;
        clock.Advance(Limits.MaxParticipantsAge);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => running.RefreshAsync(default));
        Assert.NotNull(running.Current);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(running.Current);
        blobs.IsAway = false;
        await running.RefreshAsync(default);
        Assert.NotNull(running.Current);
    }

    [Fact]
    public async Task What_was_changed_in_storage_and_does_not_read_is_not_used()
    {
        await using var store = await TestStore.OpenAsync();
        await store.Blobs.CreateAsync(new("participants/versions/00000001"), Encoding.UTF8.GetBytes("{}"), default);
        await store.Blobs.CreateAsync(new("participants/current"), Encoding.UTF8.GetBytes("""{"Version":1,"ImportedAt":"2026-11-20T00:00:00Z"}"""), default);
        var running = new ParticipantStore(store.Blobs, store.Clock);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => running.RefreshAsync(default));
        Assert.Null(running.Current);
    }

    private static (ImportOutcome, int) Told(ImportResult result) => (result.Outcome, result.Version);

    [Fact]
    public async Task What_an_interrupted_import_left_is_used_where_it_is_the_same_and_passed_over_where_not()
    {
        foreach (var (left, version) in new[] { ("one", 1), ("two", 2) })
        {
            await using var store = await TestStore.OpenAsync();
            await store.Blobs.CreateAsync(new("participants/versions/00000001"), File(left), default);
            var result = await new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File("one"), false, default);
            Assert.Equal((ImportOutcome.Imported, version), Told(result));
            var running = new ParticipantStore(store.Blobs, store.Clock);
            await running.RefreshAsync(default);
            var read = running.Current!;
            Assert.Equal((version, "one"), (read.Version, Assert.Single(read.Participants).Id.ToString()));
            await running.RefreshAsync(default);
            Assert.Same(read, running.Current);
        }
    }

    [Fact]
    public async Task An_answer_that_was_lost_and_one_that_was_overtaken_are_told_apart()
    {
        await using var store = await TestStore.OpenAsync();
        var first = await new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File("one"), false, default);
        Assert.Equal(1, first.Read.List!.Version);

        // The adapter's first try was done, and its second met it.
        var lost = await new ParticipantStore(new Pointed(store.Blobs, async (write) => { await write(); return false; }), store.Clock).ImportAsync(File("one", "two"), false, default);
        Assert.Equal((ImportOutcome.Imported, 2), Told(lost));
        Assert.Equal(2, lost.Read.List!.Version);

        // Another import came between.
        var overtaken = await new ParticipantStore(
            new Pointed(store.Blobs, async _ => (await new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File("one", "three"), true, default)).Outcome != ImportOutcome.Imported),
            store.Clock).ImportAsync(File("one", "two", "four"), false, default);
        Assert.Equal((ImportOutcome.Overtaken, 2), Told(overtaken));
        var removed = await new ParticipantStore(store.Blobs, store.Clock).ImportAsync(File("one"), false, default);
        Assert.Equal(
            ["/participants: three is missing. A participant is not taken out: let its enrolment end (enrolled.to)."],
            removed.Read.Problems.Select(p => p.ToString()));
    }

    private static byte[] File(params string[] ids)
    {
        string[] numbers = ["981275721", "312232324", "313325016", "994598759"];
        return Encoding.UTF8.GetBytes($$"""{"participants":[{{string.Join(',', ids.Select((id, i) => $$"""{"id":"{{id}}","name":"{{id}}","organisation":"{{numbers[i]}}","role":"gp","enrolled":{"from":"2026-01-01"} }"""))}}]}""");
    }

    /// <summary>Blobs that stay away when they are told to.</summary>
    private sealed class Unreachable(IBlobs inner) : IBlobs
    {
        public bool IsAway { get; set; }

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) =>
            IsAway ? throw new StorageUnavailableException("Away.") : inner.ReadAsync(name, offset, maxBytes, cancellationToken);

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    /// <summary>Blobs of which the one that names the version in force is written as is said.</summary>
    private sealed class Pointed(IBlobs inner, Func<Func<Task<bool>>, Task<bool>> write) : IBlobs
    {
        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => inner.ReadAsync(name, offset, maxBytes, cancellationToken);

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => inner.CreateAsync(name, content, cancellationToken);

        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            await write(async () => await inner.ReplaceAsync(name, version, content, cancellationToken));

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
