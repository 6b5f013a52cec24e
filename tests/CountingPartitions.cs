using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests;

/// <summary>Counts the storage requests of what is tested.</summary>
internal sealed class CountingPartitions(IPartitions inner) : IPartitions
{
    private int requests;

    public int Requests => requests;

    public void Reset() => Volatile.Write(ref requests, 0);

    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requests);
        return inner.ReadAsync(partition, key, cancellationToken);
    }

    public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requests);
        return inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
    }

    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requests);
        return inner.CommitAsync(partition, operations, commitBy, cancellationToken);
    }
}
