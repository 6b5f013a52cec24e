using System.Collections.Concurrent;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Bench;

/// <summary>Counts requests to a storage, and keeps the batches written to it where that is wanted.</summary>
internal sealed class CountingPartitions(IPartitions inner) : IPartitions
{
    private long reads, ranges, commits, rows;

    public long Requests => Reads + Ranges + Commits;

    public long Reads => Interlocked.Read(ref reads);

    public long Ranges => Interlocked.Read(ref ranges);

    public long Commits => Interlocked.Read(ref commits);

    public long RowsRead => Interlocked.Read(ref rows);

    /// <summary>What was written since it was last emptied; null to keep nothing.</summary>
    public ConcurrentQueue<(PartitionKey Partition, IReadOnlyList<RowOperation> Operations)>? Written { get; set; }

    public void Reset() => reads = ranges = commits = rows = 0;

    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref reads);
        return inner.ReadAsync(partition, key, cancellationToken);
    }

    public async ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref ranges);
        var page = await inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
        Interlocked.Add(ref rows, page.Rows.Count);
        return page;
    }

    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref commits);
        Written?.Enqueue((partition, operations));
        return inner.CommitAsync(partition, operations, commitBy, cancellationToken);
    }
}

/// <summary>Storage that costs as good as nothing: it keeps the directory and the heads of patients, and forgets every measurement.</summary>
internal sealed class ForgetfulPartitions : IPartitions
{
    private static readonly RowVersion Version = new("1");
    private readonly ConcurrentDictionary<string, SortedList<string, Row>> kept = new(StringComparer.Ordinal);

    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        if (kept.TryGetValue(partition.ToString(), out var rows))
        {
            lock (rows)
            {
                return new(rows.TryGetValue(key.ToString(), out var row) ? row : null);
            }
        }

        return new((Row?)null);
    }

    public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        if (!kept.TryGetValue(partition.ToString(), out var rows))
        {
            return new(new RowPage([], null));
        }

        lock (rows)
        {
            return new(new RowPage([.. rows.Values.Where(r => r.Key.CompareTo(from) >= 0 && r.Key.CompareTo(to) < 0)], null));
        }
    }

    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        foreach (var operation in operations)
        {
            var key = operation.Key.ToString();
            if (key[0] is 'a' or 'd')
            {
                var rows = kept.GetOrAdd(partition.ToString(), _ => new(StringComparer.Ordinal));
                lock (rows)
                {
                    rows[key] = new(operation.Key, Version, operation.Value);
                }
            }
        }

        return new(CommitResult.Committed);
    }
}
