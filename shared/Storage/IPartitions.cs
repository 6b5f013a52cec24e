namespace PasientensMaledata.Storage;

/// <summary>
/// Rows sorted by key inside a partition. Promises what Azure Table Storage promises and no more: nothing is atomic across partitions,
/// pages may be short or empty, and a range read under concurrent writes is not a snapshot. A committed row is seen by every later read.
/// Broken limits are an <see cref="ArgumentException"/>; storage that stays away is a <see cref="StorageUnavailableException"/>.
/// </summary>
public interface IPartitions
{
    /// <summary>Reads one row; null when absent.</summary>
    ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken);

    /// <summary>Reads rows in key order, from <paramref name="from"/> (included) to <paramref name="to"/> (excluded).</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">First key of the range.</param>
    /// <param name="to">The key that ends it, not part of it.</param>
    /// <param name="maxRows">Rows wanted at most, 1 to <see cref="StorageLimits.MaxPageRows"/>.</param>
    /// <param name="continuation">From the page before, with the same range; null for the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken);

    /// <summary>
    /// Does all operations or none. A conflict may be with the caller's own batch: where the answer to an attempt is lost, the adapter tries
    /// again, and then meets what the first attempt committed. A caller to whom this makes a difference reads the rows back.
    /// </summary>
    /// <param name="partition">The partition of every row.</param>
    /// <param name="operations">1 to <see cref="StorageLimits.MaxBatchOperations"/>, each row once, <see cref="StorageLimits.MaxBatchBytes"/> in all.</param>
    /// <param name="commitBy">
    /// No attempt to commit begins later than this: then <see cref="CommitOutcome.TooLate"/>. An attempt that has begun may be done a little
    /// later: one flush to disk where storage is local, else <see cref="StorageLimits.MaxAttempt"/>, as near as a network allows. A caller that
    /// needs a bound on when rows come to be seen takes that off. Where an answer was lost the batch may have been committed though this ends in
    /// <see cref="StorageUnavailableException"/>. Null for no bound.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the batch may or may not have been committed. The memory of the values is the caller's again.</param>
    ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken);
}
