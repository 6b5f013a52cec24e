using System.Globalization;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>Rows in SQLite, in one table ordered by partition and key. A continuation is the key that the next page begins with.</summary>
internal sealed class EmbeddedPartitions : IPartitions, IDisposable
{
    internal const string Schema =
        "CREATE TABLE row (partition TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (partition, key)) WITHOUT ROWID;"
        + VersionCounter.Schema;

    // A batch of one Observation changes at least three pages, which are written whole to the log and again at a checkpoint: pages are to be
    // small. But SQLite keeps a row of such a table in its page only up to a quarter of it, and rows of 1 KiB would each spill from one of 4 KiB.
    internal const int PageSize = 8_192;

    private readonly SqliteDatabase database;
    private readonly GroupCommit<Batch, CommitResult> writer;
    private readonly ReaderPool<Reader> readers;

    public EmbeddedPartitions(string path, TimeProvider time, TimeSpan busyTimeout)
    {
        database = SqliteDatabase.Open(path, Schema, PageSize, busyTimeout);
        writer = new GroupCommit<Batch, CommitResult>("rows", database, new Writes(database), time);
        readers = new ReaderPool<Reader>(() => new Reader(SqliteDatabase.Open(path, Schema, PageSize, busyTimeout)));
    }

    public long Commits => writer.Commits;

    public string JournalMode => database.JournalMode;

    public long Synchronous => database.Synchronous;

    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var reader = readers.Take();
        try
        {
            return new(reader.Read(partition, key));
        }
        finally
        {
            readers.Return(reader);
        }
    }

    public ValueTask<RowPage> ReadRangeAsync(
        PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        StorageLimits.CheckPage(maxRows);
        var first = continuation is null ? from : new RowKey(continuation);
        if (first.CompareTo(from) < 0 || (continuation is not null && first.CompareTo(to) >= 0))
        {
            throw new ArgumentException("A continuation is used with the range that it came from.", nameof(continuation));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var reader = readers.Take();
        try
        {
            return new(reader.ReadRange(partition, first, to, maxRows));
        }
        finally
        {
            readers.Return(reader);
        }
    }

    public ValueTask<CommitResult> CommitAsync(
        PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        StorageLimits.CheckBatch(operations);
        return writer.DoAsync(new Batch(partition.ToString(), operations), commitBy, cancellationToken);
    }

    public void Dispose()
    {
        writer.Dispose();
        readers.Dispose();
        database.Dispose();
    }

    private readonly record struct Batch(string Partition, IReadOnlyList<RowOperation> Operations);

    private sealed class Writes(SqliteDatabase database) : IGroupWrites<Batch, CommitResult>
    {
        private readonly SqliteStatement insert =
            database.Prepare("INSERT INTO row (partition, key, version, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");

        private readonly SqliteStatement replace =
            database.Prepare("UPDATE row SET version = ?3, value = ?4 WHERE partition = ?1 AND key = ?2 AND version = ?5");

        private readonly SqliteStatement delete = database.Prepare("DELETE FROM row WHERE partition = ?1 AND key = ?2 AND version = ?5");
        private readonly SqliteStatement find = database.Prepare("SELECT 1 FROM row WHERE partition = ?1 AND key = ?2");

        public CommitResult TooLate => CommitResult.TooLate;

        public bool IsKept(CommitResult result) => result.Outcome == CommitOutcome.Committed;

        public CommitResult Apply(Batch work, long version)
        {
            insert.Bind(1, work.Partition);
            replace.Bind(1, work.Partition);
            delete.Bind(1, work.Partition);
            for (var i = 0; i < work.Operations.Count; i++)
            {
                var operation = work.Operations[i];
                if (!Done(operation, version))
                {
                    return new CommitResult(Conflict(work.Partition, operation), i);
                }
            }

            return CommitResult.Committed;
        }

        private bool Done(RowOperation operation, long version)
        {
            var statement = operation.Action switch
            {
                RowAction.Insert => insert,
                RowAction.Replace => replace,
                _ => delete,
            };
            statement.Bind(2, operation.Key.ToString());
            if (operation.Action != RowAction.Delete)
            {
                statement.Bind(3, version);
                statement.Bind(4, operation.Value.Span);
            }

            if (operation.Action != RowAction.Insert)
            {
                // A tag that is no number was never given by this adapter, so that no row has it.
                var known = long.TryParse(operation.Version.Tag, NumberStyles.None, CultureInfo.InvariantCulture, out var expected);
                statement.Bind(5, known ? expected : -1);
            }

            return statement.Run() == 1;
        }

        private CommitOutcome Conflict(string partition, RowOperation operation)
        {
            if (operation.Action == RowAction.Insert)
            {
                return CommitOutcome.Exists;
            }

            find.Bind(1, partition);
            find.Bind(2, operation.Key.ToString());
            var exists = find.Step();
            find.Reset();
            return exists ? CommitOutcome.Changed : CommitOutcome.Missing;
        }
    }

    private sealed class Reader(SqliteDatabase database) : IDisposable
    {
        private const int FirstBufferBytes = 8192;
        private const int LargestBufferBytes = 65_536;

        private readonly SqliteStatement read = database.Prepare("SELECT version, value FROM row WHERE partition = ?1 AND key = ?2");

        private readonly SqliteStatement readRange = database.Prepare(
            "SELECT version, value, key FROM row WHERE partition = ?1 AND key >= ?2 AND key < ?3 ORDER BY key");

        private long latestNumber = -1;
        private RowVersion latestVersion;

        public Row? Read(PartitionKey partition, RowKey key)
        {
            try
            {
                read.Bind(1, partition.ToString());
                read.Bind(2, key.ToString());
                return read.Step() ? new Row(key, Version(read.Number(0)), read.Bytes(1).ToArray()) : null;
            }
            finally
            {
                read.Reset();
            }
        }

        public RowPage ReadRange(PartitionKey partition, RowKey from, RowKey to, int maxRows)
        {
            try
            {
                readRange.Bind(1, partition.ToString());
                readRange.Bind(2, from.ToString());
                readRange.Bind(3, to.ToString());
                List<Row> rows = [];
                Memory<byte> buffer = default;
                var bytes = 0;
                while (readRange.Step())
                {
                    var key = readRange.Text(2);
                    if (rows.Count == maxRows || bytes >= StorageLimits.MaxPageBytes)
                    {
                        return new RowPage(rows, key);
                    }

                    // Rows share buffers: an array of its own for each would be most of what a page costs.
                    var value = readRange.Bytes(1);
                    if (value.Length > buffer.Length)
                    {
                        var size = Math.Clamp(bytes, FirstBufferBytes, LargestBufferBytes);
                        buffer = GC.AllocateUninitializedArray<byte>(Math.Max(size, value.Length));
                    }

                    value.CopyTo(buffer.Span);
                    rows.Add(new Row(new RowKey(key), Version(readRange.Number(0)), buffer[..value.Length]));
                    buffer = buffer[value.Length..];
                    bytes += value.Length;
                }

                return new RowPage(rows, null);
            }
            finally
            {
                readRange.Reset();
            }
        }

        public void Dispose() => database.Dispose();

        // Rows of one batch have one version, and mostly lie side by side.
        private RowVersion Version(long number)
        {
            if (number != latestNumber)
            {
                (latestNumber, latestVersion) = (number, new RowVersion(number.ToString(CultureInfo.InvariantCulture)));
            }

            return latestVersion;
        }
    }
}
