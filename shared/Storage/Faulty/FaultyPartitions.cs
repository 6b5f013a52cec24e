namespace PasientensMaledata.Storage.Faulty;

/// <summary>Rows that behave as badly as real storage may, for tests: see <see cref="FaultPlan"/>.</summary>
public sealed class FaultyPartitions : IPartitions
{
    private readonly IPartitions inner;
    private readonly FaultPlan plan;
    private readonly Faults faults;

    /// <param name="inner">What does the work.</param>
    /// <param name="plan">How often it fails.</param>
    /// <param name="random">Seeded, so that a failure can be had again. Used under a lock.</param>
    /// <param name="time">The clock of delays.</param>
    public FaultyPartitions(IPartitions inner, FaultPlan plan, Random random, TimeProvider time)
    {
        this.inner = inner;
        this.plan = plan;
        faults = new Faults(plan, random, time);
    }

    /// <summary>Faults injected so far.</summary>
    public long FaultCount => faults.Drawn;

    /// <inheritdoc/>
    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) =>
        faults.ReadAsync(() => inner.ReadAsync(partition, key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RowPage> ReadRangeAsync(
        PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
        faults.ReadAsync(
            async () =>
            {
                // The first page has no continuation of its own, so one is made up that stands for it.
                var at = string.IsNullOrEmpty(continuation) ? "." : continuation;
                if (faults.Draw(plan.EmptyPage))
                {
                    return new RowPage([], at);
                }

                var rows = maxRows > 1 && faults.Draw(plan.ShortPage) ? faults.Number(maxRows - 1) : maxRows;
                var page = await inner.ReadRangeAsync(partition, from, to, rows, at.Length == 1 ? null : at[1..], cancellationToken);
                return page with { Continuation = page.Continuation is null ? null : "." + page.Continuation };
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CommitResult> CommitAsync(
        PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.CommitAsync(partition, operations, commitBy, cancellationToken), cancellationToken);
}
