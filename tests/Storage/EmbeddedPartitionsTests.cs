using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;

namespace PasientensMaledata.Tests.Storage;

public sealed class EmbeddedPartitionsTests : PartitionsContract, IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EmbeddedStorage storage;

    public EmbeddedPartitionsTests() => storage = EmbeddedStorage.Open(folder.Path, Time);

    protected override IPartitions Partitions => storage.Partitions;

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public void Commits_are_flushed_to_disk() => Assert.Equal(["wal/2", "wal/2"], storage.Durability);

    [Fact]
    public async Task Rows_are_there_after_closing_and_opening_again()
    {
        var partition = NewPartition();
        await CommitAsync(partition, Insert("a"), Insert("b"));
        var version = (await ReadAsync(partition, "a")).Version;
        await storage.DisposeAsync();

        await using var again = EmbeddedStorage.Open(folder.Path, Time);
        Assert.Equal(version, Assert.NotNull(await again.Partitions.ReadAsync(partition, new RowKey("a"), Cancel)).Version);
    }

    [Fact]
    public async Task Versions_go_on_after_closing_and_opening_again()
    {
        var partition = NewPartition();
        HashSet<RowVersion> seen = [];
        for (var opening = 0; opening < 3; opening++)
        {
            await using var opened = EmbeddedStorage.Open(folder.Path, Time);
            await opened.Partitions.CommitAsync(partition, [Insert("a")], null, Cancel);
            var row = Assert.NotNull(await opened.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
            Assert.True(seen.Add(row.Version));
            await opened.Partitions.CommitAsync(partition, [RowOperation.Delete(row.Key, row.Version)], null, Cancel);
        }
    }

    [Fact]
    public async Task Two_openings_of_one_folder_see_and_refuse_each_others_writes()
    {
        await using var other = EmbeddedStorage.Open(folder.Path, Time);
        var partition = NewPartition();
        var results = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(
                i => (i % 2 == 0 ? storage : other).Partitions.CommitAsync(partition, [Insert($"a{i / 2:d3}", (byte)(i % 2))], null, Cancel).AsTask()));

        for (var i = 0; i < 200; i += 2)
        {
            Assert.Single(results[i..(i + 2)], CommitResult.Committed);
        }

        var rows = await ReadAllAsync(partition, 1000);
        Assert.Equal(100, rows.Count);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(results[2 * i] == CommitResult.Committed ? 0 : 1, rows[i].Value.Span[0]);
        }
    }

    [Fact]
    public async Task Many_openings_at_once_lay_out_a_folder_once()
    {
        using var fresh = new TemporaryFolder();
        var opened = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => EmbeddedStorage.Open(fresh.Path, Time))));
        foreach (var each in opened)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task Batches_that_wait_together_are_flushed_together()
    {
        var partitions = Enumerable.Range(0, 64).Select(_ => NewPartition()).ToArray();
        using (var connection = Connect("rows.db"))
        {
            // While another process writes, all of these come to wait.
            Execute(connection, "BEGIN IMMEDIATE");
            var waiting = partitions.Select(p => CommitAsync(p, Insert("a"))).ToArray();
            Execute(connection, "ROLLBACK");
            Assert.All(await Task.WhenAll(waiting), r => Assert.Equal(CommitResult.Committed, r));
        }

        Assert.InRange(storage.RowCommits, 1, 10);
    }

    [Fact]
    public async Task A_batch_whose_time_passes_while_its_group_is_done_is_left_out_of_it()
    {
        // Each look at the clock takes a second: the second look, just before the commit, is too late for the one but not for the other.
        using var fresh = new TemporaryFolder();
        var clock = new FakeTimeProvider(Time.GetUtcNow());
        await using var slow = EmbeddedStorage.Open(fresh.Path, clock);
        var now = clock.GetUtcNow();
        clock.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        var partition = NewPartition();
        Assert.Equal(CommitResult.TooLate, await slow.Partitions.CommitAsync(partition, [Insert("a")], now, Cancel));
        Assert.Null(await slow.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
        Assert.Equal(0, slow.RowCommits);
        Assert.Equal(CommitResult.Committed, await slow.Partitions.CommitAsync(partition, [Insert("a")], now + TimeSpan.FromSeconds(60), Cancel));
    }

    [Fact]
    public async Task A_batch_that_waits_can_be_cancelled_and_is_not_done()
    {
        var (done, cancelled) = (NewPartition(), NewPartition());
        using var source = new CancellationTokenSource();
        using (var connection = Connect("rows.db"))
        {
            Execute(connection, "BEGIN IMMEDIATE");
            List<Task<CommitResult>> first = [];
            for (var i = 0; i < 200; i++)
            {
                first.Add(CommitAsync(done, Insert($"a{i:d3}")));
            }

            // 200 wait before it and a group takes 64, so that this one has not been begun.
            var waiting = storage.Partitions.CommitAsync(cancelled, [Insert("a")], null, source.Token).AsTask();
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            Execute(connection, "ROLLBACK");
            await Task.WhenAll(first);
        }

        Assert.Empty(await ReadAllAsync(cancelled, 10));
        Assert.Equal(200, (await ReadAllAsync(done, 1000)).Count);
    }

    [Fact]
    public async Task A_folder_that_another_keeps_busy_is_unavailable()
    {
        await using var impatient = EmbeddedStorage.Open(folder.Path, Time, TimeSpan.FromMilliseconds(20));
        var partition = NewPartition();
        using (var connection = Connect("rows.db"))
        {
            Execute(connection, "BEGIN IMMEDIATE");
            await Assert.ThrowsAsync<StorageUnavailableException>(
                async () => await impatient.Partitions.CommitAsync(partition, [Insert("a")], null, Cancel));
            Assert.Null(await impatient.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
        }

        Assert.Equal(CommitResult.Committed, await impatient.Partitions.CommitAsync(partition, [Insert("a")], null, Cancel));
    }

    [Fact]
    public async Task A_damaged_database_is_said_to_be_damaged()
    {
        await storage.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "rows.db"), string.Concat(Enumerable.Repeat("no database ", 1000)), Cancel);
        var fault = Assert.Throws<InvalidDataException>(() => EmbeddedStorage.Open(folder.Path, Time));
        Assert.Contains("rows.db", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_a_later_version_is_refused()
    {
        await storage.DisposeAsync();
        using (var connection = Connect("rows.db"))
        {
            Execute(connection, "PRAGMA user_version = 2");
        }

        Assert.Throws<InvalidDataException>(() => EmbeddedStorage.Open(folder.Path, Time));
    }

    [Fact]
    public async Task A_page_of_large_rows_is_ended_early()
    {
        var partition = NewPartition();
        for (var i = 0; i < 12; i++)
        {
            await CommitAsync(partition, RowOperation.Insert(new RowKey($"a{i:d2}"), Bytes(StorageLimits.MaxRowBytes)));
        }

        var page = await Partitions.ReadRangeAsync(partition, new RowKey("a"), new RowKey("b"), 100, null, Cancel);
        Assert.Equal(8, page.Rows.Count);
        Assert.NotNull(page.Continuation);
        Assert.Equal(12, (await ReadAllAsync(partition, 100)).Count);
    }

    [Fact]
    public async Task A_continuation_of_another_range_is_refused()
    {
        foreach (var wrong in new[] { "a", "c", "d", "no key" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(
                async () => await Partitions.ReadRangeAsync(NewPartition(), new RowKey("b"), new RowKey("c"), 1, wrong, Cancel));
        }
    }

    [Fact]
    public async Task A_closed_storage_says_so()
    {
        await storage.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => CommitAsync(NewPartition(), Insert("a")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAllAsync(NewPartition(), 1));
    }

    private SqliteConnection Connect(string file)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, file)};Pooling=false");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements stand in this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
