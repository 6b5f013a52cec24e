using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Storage.Measured;

/// <summary>Rows whose requests are counted, timed and traced. Used where telemetry is on.</summary>
/// <param name="inner">What does the work.</param>
public sealed class MeasuredPartitions(IPartitions inner) : IPartitions
{
    private const string Store = "rows";

    /// <inheritdoc/>
    public async ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken)
    {
        var call = StorageCall.Begin(Store, "read");
        try
        {
            var row = await inner.ReadAsync(partition, key, cancellationToken);
            call.End(isDone: true);
            return row;
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken)
    {
        var call = StorageCall.Begin(Store, "range");
        try
        {
            var page = await inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);
            call.End(isDone: true);
            return page;
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(operations);
        var call = StorageCall.Begin(Store, "commit");
        try
        {
            var result = await inner.CommitAsync(partition, operations, commitBy, cancellationToken);
            call.End(result.Outcome == CommitOutcome.Committed);
            Signals.StorageBatch.Record(operations.Count);
            return result;
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }
    }
}
