using CsCheck;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Storage;

/// <summary>What every adapter of <see cref="IPartitions"/> promises. Each test works in partitions of its own.</summary>
public abstract class PartitionsContract
{
    private static readonly RowKey First = new("-");
    private static readonly RowKey Last = new("~~~~");

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.Parse("2026-11-01T12:00:00Z", null));

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract IPartitions Partitions { get; }

    /// <summary>How often random batches are tried; an emulator is given fewer.</summary>
    protected virtual int Samples => 100;

    protected static PartitionKey NewPartition() => new($"p-{Guid.NewGuid():n}");

    protected static byte[] Bytes(int length, byte fill = 7)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, fill);
        return bytes;
    }

    protected static RowOperation Insert(string key, byte fill = 1) => RowOperation.Insert(new RowKey(key), Bytes(10, fill));

    protected async Task<CommitResult> CommitAsync(PartitionKey partition, params RowOperation[] operations) =>
        await Partitions.CommitAsync(partition, operations, null, Cancel);

    protected async Task<Row> ReadAsync(PartitionKey partition, string key) =>
        Assert.NotNull(await Partitions.ReadAsync(partition, new RowKey(key), Cancel));

    protected async Task<List<Row>> ReadAllAsync(PartitionKey partition, int maxRows, Func<Task>? betweenPages = null)
    {
        List<Row> rows = [];
        string? continuation = null;
        for (var page = 0; page < 10_000; page++)
        {
            var answer = await Partitions.ReadRangeAsync(partition, First, Last, maxRows, continuation, Cancel);
            Assert.True(answer.Rows.Count <= maxRows);
            rows.AddRange(answer.Rows);
            continuation = answer.Continuation;
            if (continuation is null)
            {
                return rows;
            }

            await (betweenPages?.Invoke() ?? Task.CompletedTask);
        }

        throw new InvalidOperationException("The pages have no end.");
    }

    [Fact]
    public async Task A_row_that_was_never_written_is_absent()
    {
        var partition = NewPartition();
        Assert.Null(await Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
        Assert.Empty(await ReadAllAsync(partition, 10));
    }

    [Fact]
    public async Task A_row_is_read_as_it_was_written()
    {
        var partition = NewPartition();
        var value = new byte[StorageLimits.MaxPropertyBytes * 2 + 1];
        new Random(1).NextBytes(value);
        Assert.Equal(CommitResult.Committed, await CommitAsync(partition, RowOperation.Insert(new RowKey("a"), value), RowOperation.Insert(new RowKey("b"), default)));

        var row = await ReadAsync(partition, "a");
        Assert.Equal("a", row.Key.ToString());
        Assert.True(row.Value.Span.SequenceEqual(value));
        Assert.Equal(0, (await ReadAsync(partition, "b")).Value.Length);
        var rows = await ReadAllAsync(partition, 10);
        Assert.True(rows[0].Value.Span.SequenceEqual(value));
        Assert.Equal(row.Version, rows[0].Version);
        Assert.Equal(0, rows[1].Value.Length);
    }

    [Fact]
    public async Task A_batch_inserts_replaces_and_deletes_at_once()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("a"), Insert("b"));
        var (a, b) = (await ReadAsync(partition, "a"), await ReadAsync(partition, "b"));

        Assert.Equal(
            CommitResult.Committed,
            await CommitAsync(partition, RowOperation.Replace(a.Key, a.Version, Bytes(3, 9)), RowOperation.Delete(b.Key, b.Version), Insert("c")));

        var rows = await ReadAllAsync(partition, 10);
        Assert.Equal(["a", "c"], rows.Select(r => r.Key.ToString()));
        Assert.Equal(Bytes(3, 9), rows[0].Value.ToArray());
    }

    [Fact]
    public async Task An_insert_of_a_row_that_exists_undoes_the_batch()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("m", 1));
        Assert.Equal(new CommitResult(CommitOutcome.Exists, 1), await CommitAsync(partition, Insert("a"), Insert("m", 2), Insert("z")));
        var row = Assert.Single(await ReadAllAsync(partition, 10));
        Assert.Equal(Bytes(10, 1), row.Value.ToArray());
    }

    [Fact]
    public async Task A_replace_of_an_absent_row_undoes_the_batch()
    {
        var partition = NewPartition();
        var gone = await InsertAndDeleteAsync(partition, "m");
        Assert.Equal(
            new CommitResult(CommitOutcome.Missing, 2),
            await CommitAsync(partition, Insert("a"), Insert("b"), RowOperation.Replace(gone.Key, gone.Version, Bytes(1))));
        Assert.Empty(await ReadAllAsync(partition, 10));
    }

    [Fact]
    public async Task A_delete_of_an_absent_row_undoes_the_batch()
    {
        var partition = NewPartition();
        var gone = await InsertAndDeleteAsync(partition, "m");
        Assert.Equal(
            new CommitResult(CommitOutcome.Missing, 0), await CommitAsync(partition, RowOperation.Delete(gone.Key, gone.Version), Insert("a")));
        Assert.Empty(await ReadAllAsync(partition, 10));
    }

    [Fact]
    public async Task A_replace_or_delete_of_a_changed_row_undoes_the_batch()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("m", 1));
        var old = await ReadAsync(partition, "m");
        await CommitAsync(partition, RowOperation.Replace(old.Key, old.Version, Bytes(10, 2)));

        var expected = new CommitResult(CommitOutcome.Changed, 1);
        Assert.Equal(expected, await CommitAsync(partition, Insert("a"), RowOperation.Replace(old.Key, old.Version, Bytes(10, 3))));
        Assert.Equal(expected, await CommitAsync(partition, Insert("a"), RowOperation.Delete(old.Key, old.Version)));
        var row = Assert.Single(await ReadAllAsync(partition, 10));
        Assert.Equal(Bytes(10, 2), row.Value.ToArray());
    }

    [Fact]
    public async Task A_version_is_never_used_again_for_a_row()
    {
        var partition = NewPartition();
        HashSet<RowVersion> seen = [];
        for (var i = 0; i < 5; i++)
        {
            await CommitAsync(partition, Insert("a"));
            var row = await ReadAsync(partition, "a");
            Assert.True(seen.Add(row.Version));
            await CommitAsync(partition, RowOperation.Replace(row.Key, row.Version, row.Value));
            row = await ReadAsync(partition, "a");
            Assert.True(seen.Add(row.Version));
            Assert.Equal(CommitResult.Committed, await CommitAsync(partition, RowOperation.Delete(row.Key, row.Version)));
        }
    }

    [Fact]
    public async Task A_conflict_in_one_batch_does_not_harm_those_sent_with_it()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("taken"));
        var batches = Enumerable.Range(0, 20).Select(
            i => i % 3 == 0 ? CommitAsync(partition, Insert($"x{i:d2}"), Insert("taken")) : CommitAsync(partition, Insert($"x{i:d2}"))).ToArray();
        var results = await Task.WhenAll(batches);

        Assert.All(results, (r, i) => Assert.Equal(i % 3 == 0 ? new CommitResult(CommitOutcome.Exists, 1) : CommitResult.Committed, r));
        var expected = Enumerable.Range(0, 20).Where(i => i % 3 != 0).Select(i => $"x{i:d2}");
        Assert.Equal(expected.Prepend("taken"), (await ReadAllAsync(partition, 100)).Select(r => r.Key.ToString()));
    }

    [Fact]
    public async Task Of_many_inserts_of_one_row_exactly_one_is_committed()
    {
        var partition = NewPartition();
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => CommitAsync(partition, Insert("a", (byte)i))));
        Assert.Single(results, CommitResult.Committed);
        Assert.Equal(9, results.Count(r => r == new CommitResult(CommitOutcome.Exists, 0)));
    }

    [Fact]
    public async Task Of_many_replaces_of_one_version_exactly_one_is_committed()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("a"));
        var row = await ReadAsync(partition, "a");
        var results = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(i => CommitAsync(partition, RowOperation.Replace(row.Key, row.Version, Bytes(1, (byte)i)))));
        Assert.Single(results, CommitResult.Committed);
        Assert.Equal(9, results.Count(r => r == new CommitResult(CommitOutcome.Changed, 0)));
    }

    [Fact]
    public async Task Rows_are_ordered_by_their_keys_ordinally()
    {
        var partition = NewPartition();
        string[] keys = ["-", ".", "0", "9", "_", "a", "a-", "a.", "a0", "a_", "aa", "a~", "b", "~"];
        var shuffled = keys.ToArray();
        new Random(5).Shuffle(shuffled);
        await CommitAsync(partition, [.. shuffled.Select(k => Insert(k))]);
        foreach (var pageSize in new[] { 1, 3, 100 })
        {
            Assert.Equal(keys, (await ReadAllAsync(partition, pageSize)).Select(r => r.Key.ToString()));
        }
    }

    [Fact]
    public async Task A_range_holds_its_first_key_and_not_its_last()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("a"), Insert("b"), Insert("b0"), Insert("c"));
        var page = await Partitions.ReadRangeAsync(partition, new RowKey("b"), new RowKey("c"), 10, null, Cancel);
        Assert.Equal(["b", "b0"], page.Rows.Select(r => r.Key.ToString()));
        Assert.Null(page.Continuation);
        Assert.Empty((await Partitions.ReadRangeAsync(partition, new RowKey("c"), new RowKey("b"), 10, null, Cancel)).Rows);
    }

    [Fact]
    public async Task Partitions_do_not_see_each_others_rows()
    {
        var (one, other) = (NewPartition(), NewPartition());
        await CommitAsync(one, Insert("a", 1));
        await CommitAsync(other, Insert("a", 2), Insert("b", 2));
        Assert.Equal(Bytes(10, 1), Assert.Single(await ReadAllAsync(one, 10)).Value.ToArray());
        Assert.Equal(2, (await ReadAllAsync(other, 1)).Count);
    }

    [Fact]
    public async Task Rows_that_are_there_throughout_are_neither_missed_nor_doubled_by_pages()
    {
        var partition = NewPartition();
        var steady = Enumerable.Range(0, 40).Select(i => $"k{i:d2}").ToArray();
        await CommitAsync(partition, [.. steady.Select(k => Insert(k))]);

        // Between pages rows are put before, at and after where the reader is, and those of the turn before are taken away again.
        var turn = 0;
        async Task DisturbAsync()
        {
            turn++;
            await CommitAsync(partition, [.. steady.Select(k => Insert($"{k}-{turn:d3}"))]);
            if (turn > 1)
            {
                var gone = await Task.WhenAll(steady.Select(k => ReadAsync(partition, $"{k}-{turn - 1:d3}")));
                await CommitAsync(partition, [.. gone.Select(r => RowOperation.Delete(r.Key, r.Version))]);
            }
        }

        var rows = await ReadAllAsync(partition, 17, DisturbAsync);
        Assert.Equal(steady, rows.Select(r => r.Key.ToString()).Where(k => k.Length == 3));
        Assert.Equal(rows.Count, rows.Select(r => r.Key).Distinct().Count());
    }

    [Fact]
    public async Task A_committed_row_is_seen_by_every_later_read()
    {
        var partition = NewPartition();
        for (var i = 0; i < 20; i++)
        {
            await CommitAsync(partition, Insert($"a{i:d2}"));
            Assert.Equal(i + 1, (await ReadAllAsync(partition, 100)).Count);
        }
    }

    [Fact]
    public async Task A_batch_has_1_to_100_operations()
    {
        var partition = NewPartition();
        RowOperation[] Batch(int count) => [.. Enumerable.Range(0, count).Select(i => Insert($"a{i:d3}"))];
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, Batch(101)));
        Assert.Equal(CommitResult.Committed, await CommitAsync(partition, Batch(100)));
        Assert.Equal(100, (await ReadAllAsync(partition, 1000)).Count);
    }

    [Fact]
    public async Task A_row_stands_once_in_a_batch()
    {
        var partition = NewPartition();
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, Insert("a"), Insert("b"), Insert("a")));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, Insert("b"), Insert("a"), Insert("c"), Insert("a")));
        await Assert.ThrowsAsync<ArgumentException>(
            () => CommitAsync(partition, Insert("a"), RowOperation.Delete(new RowKey("a"), new RowVersion("1"))));
        Assert.Empty(await ReadAllAsync(partition, 10));
    }

    [Fact]
    public async Task A_replace_or_delete_names_a_version()
    {
        var partition = NewPartition();
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, RowOperation.Delete(new RowKey("a"), default)));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, RowOperation.Replace(new RowKey("a"), default, Bytes(1))));
    }

    [Fact]
    public async Task A_row_has_at_most_512_KiB()
    {
        var partition = NewPartition();
        await Assert.ThrowsAsync<ArgumentException>(
            () => CommitAsync(partition, RowOperation.Insert(new RowKey("a"), Bytes(StorageLimits.MaxRowBytes + 1))));
        await CommitAsync(partition, RowOperation.Insert(new RowKey("a"), Bytes(StorageLimits.MaxRowBytes)));
        Assert.Equal(StorageLimits.MaxRowBytes, (await ReadAsync(partition, "a")).Value.Length);
    }

    [Fact]
    public async Task A_batch_has_at_most_2_and_a_half_MiB_of_keys_and_values()
    {
        var partition = NewPartition();
        RowOperation[] Batch(int lastLength) =>
        [
            .. Enumerable.Range(0, 4).Select(i => RowOperation.Insert(new RowKey($"a{i}"), Bytes(StorageLimits.MaxRowBytes))),
            RowOperation.Insert(new RowKey("z4"), Bytes(lastLength)),
        ];
        var room = StorageLimits.MaxBatchBytes - (4 * StorageLimits.MaxRowBytes) - 10;
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(partition, Batch(room + 1)));
        Assert.Equal(CommitResult.Committed, await CommitAsync(partition, Batch(room)));
        var rows = await ReadAllAsync(partition, 10);
        Assert.Equal(StorageLimits.MaxBatchBytes - 10, rows.Sum(r => r.Value.Length));
    }

    [Fact]
    public async Task A_page_has_1_to_1000_rows()
    {
        var partition = NewPartition();
        for (var batch = 0; batch < 11; batch++)
        {
            await CommitAsync(partition, [.. Enumerable.Range(0, 100).Select(i => RowOperation.Insert(new RowKey($"a{batch:d2}{i:d2}"), Bytes(1)))]);
        }

        foreach (var wrong in new[] { -1, 0, StorageLimits.MaxPageRows + 1 })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => ReadAllAsync(partition, wrong));
        }

        Assert.Equal(1_100, (await ReadAllAsync(partition, StorageLimits.MaxPageRows)).Count);
    }

    [Fact]
    public async Task Keys_may_be_as_long_as_their_limits()
    {
        var partition = new PartitionKey(Guid.NewGuid().ToString("n") + new string('a', StorageLimits.MaxPartitionKeyLength - 32));
        var key = new string('k', StorageLimits.MaxRowKeyLength);
        Assert.Equal(CommitResult.Committed, await CommitAsync(partition, Insert(key)));
        Assert.Equal(key, (await ReadAsync(partition, key)).Key.ToString());
        Assert.Throws<ArgumentException>(() => new RowKey(key + "k"));
        Assert.Throws<ArgumentException>(() => new PartitionKey(partition + "a"));
    }

    [Fact]
    public async Task What_is_cancelled_beforehand_is_not_done()
    {
        var partition = NewPartition();
        var cancelled = new CancellationToken(true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Partitions.CommitAsync(partition, [Insert("a")], null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Partitions.ReadAsync(partition, new RowKey("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Partitions.ReadRangeAsync(partition, First, Last, 1, null, cancelled));
        Assert.Empty(await ReadAllAsync(partition, 10));
    }

    [Fact]
    public async Task A_batch_is_not_committed_after_its_time()
    {
        var partition = NewPartition();
        var now = Time.GetUtcNow();
        var late = await Partitions.CommitAsync(partition, [Insert("a")], now - TimeSpan.FromTicks(1), Cancel);
        Assert.Equal(CommitResult.TooLate, late);
        Assert.Empty(await ReadAllAsync(partition, 10));
        Assert.Equal(CommitResult.Committed, await Partitions.CommitAsync(partition, [Insert("a")], now + TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public async Task Random_batches_do_what_a_sorted_dictionary_says()
    {
        var operation = Gen.Select(Gen.Enum<RowAction>(), Gen.Int[0, 7], Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))), Gen.Byte);
        await operation.Array[1, 5].Array[1, 12].SampleAsync(
            async batches =>
            {
                var partition = NewPartition();
                var model = new SortedDictionary<string, (RowVersion Version, byte Fill)>(StringComparer.Ordinal);
                var everSeen = new Dictionary<string, HashSet<RowVersion>>();
                foreach (var batch in batches)
                {
                    List<RowOperation> operations = [];
                    Dictionary<int, CommitOutcome> conflicts = [];
                    var after = new SortedDictionary<string, (RowVersion Version, byte Fill)>(model, StringComparer.Ordinal);
                    foreach (var (action, number, current, fill) in batch.DistinctBy(o => o.Item2))
                    {
                        var key = $"k{number}";
                        var exists = model.TryGetValue(key, out var row);
                        RowVersion? stale = everSeen.GetValueOrDefault(key)?.FirstOrDefault(v => !exists || v != row.Version);
                        RowVersion? version = current && exists ? row.Version : stale?.Tag is null ? null : stale;
                        if (action == RowAction.Insert || version is not { } expected)
                        {
                            if (exists)
                            {
                                conflicts.Add(operations.Count, CommitOutcome.Exists);
                            }

                            after[key] = (default, fill);
                            operations.Add(RowOperation.Insert(new RowKey(key), Bytes(5, fill)));
                            continue;
                        }

                        if (!exists || row.Version != expected)
                        {
                            conflicts.Add(operations.Count, exists ? CommitOutcome.Changed : CommitOutcome.Missing);
                        }

                        after.Remove(key);
                        if (action == RowAction.Replace)
                        {
                            after[key] = (default, fill);
                        }

                        operations.Add(
                            action == RowAction.Replace
                                ? RowOperation.Replace(new RowKey(key), expected, Bytes(5, fill))
                                : RowOperation.Delete(new RowKey(key), expected));
                    }

                    var result = await CommitAsync(partition, [.. operations]);
                    if (conflicts.Count == 0)
                    {
                        Assert.Equal(CommitResult.Committed, result);
                        model = after;
                    }
                    else
                    {
                        Assert.Equal(conflicts[result.ConflictIndex], result.Outcome);
                    }

                    var rows = await ReadAllAsync(partition, 3);
                    Assert.Equal(model.Select(m => (m.Key, Bytes(5, m.Value.Fill))), rows.Select(r => (r.Key.ToString(), r.Value.ToArray())));
                    foreach (var row in rows)
                    {
                        var key = row.Key.ToString();
                        if (model[key].Version == default)
                        {
                            Assert.True(everSeen.TryAdd(key, [row.Version]) || everSeen[key].Add(row.Version), "A version was used again.");
                            model[key] = (row.Version, model[key].Fill);
                        }

                        Assert.Equal(model[key].Version, row.Version);
                    }
                }
            },
            iter: Samples,
            threads: 1);
    }

    private async Task<Row> InsertAndDeleteAsync(PartitionKey partition, string key)
    {
        await CommitAsync(partition, Insert(key));
        var row = await ReadAsync(partition, key);
        await CommitAsync(partition, RowOperation.Delete(row.Key, row.Version));
        return row;
    }
}
