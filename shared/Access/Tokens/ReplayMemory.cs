using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// Which proofs have been used, by any process: RFC 9449 11.1 has a server store the <c>jti</c> "in the context of the target URI for the time window in
/// which the respective DPoP proof JWT would be accepted". One row each, inserted only where it is absent, so that of copies that arrive at once
/// exactly one is taken. The row is named by a hash of thumbprint and jti: by jti alone one client could use up another's.
/// Partitions go by the minute of <c>iat</c>, which a copy shares, and by the first digit of the hash.
/// </summary>
/// <param name="partitions">Rows.</param>
/// <param name="window">How long a proof is taken.</param>
/// <param name="time">The clock.</param>
public sealed class ReplayMemory(IPartitions partitions, ProofWindow window, TimeProvider time)
{
    private const string Shards = "0123456789abcdef";
    private static readonly TimeSpan Bucket = TimeSpan.FromMinutes(1);

    // Well past the window and the longest that an attempt to commit lasts.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    // Where nothing was ever purged. Rows older than this at the first purge stay.
    private static readonly TimeSpan FirstLook = TimeSpan.FromHours(1);
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly PartitionKey PurgePartition = new("dpop-purged");
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly RowKey PurgeRow = new("dpop-purged");
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly RowKey First = new("0");
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly RowKey Last = new("g");

    /// <summary>Takes a proof once.</summary>
    /// <returns>Null where it is now taken; else why not.</returns>
    internal async ValueTask<RefusalReason?> TakeAsync(Proof proof, CancellationToken cancellationToken)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{proof.Thumbprint}.{proof.Id}")));
        var partition = PartitionOf(MinuteOf(proof.IssuedAt), hash[0]);
        var row = new RowKey(hash);
        var mine = Guid.NewGuid().ToByteArray();
        try
        {
            // No later than it may be accepted elsewhere: from then on the row would not be kept.
            var result = await partitions.CommitAsync(partition, [RowOperation.Insert(row, mine)], window.RememberUntil(proof.IssuedAt), cancellationToken);
            return result.Outcome switch
            {
                CommitOutcome.Committed => null,
                CommitOutcome.TooLate => RefusalReason.ProofTime,
                // It may be what an earlier attempt of ours committed, whose answer was lost.
                _ => await partitions.ReadAsync(partition, row, cancellationToken) is { } stored && stored.Value.Span.SequenceEqual(mine) ? null : RefusalReason.ProofReplayed,
            };
        }
        catch (StorageUnavailableException)
        {
            return RefusalReason.MemoryUnreachable;
        }
    }

    /// <summary>
    /// Forgets proofs that no process takes any more; a timer calls it each minute or so. Goes on where the last one ended, by whichever process; two at
    /// once do no harm. Looks at <paramref name="maxMinutes"/> minutes at most.
    /// </summary>
    /// <returns>How many were forgotten.</returns>
    /// <exception cref="StorageUnavailableException">What was not forgotten will be the next time.</exception>
    public async Task<int> PurgeAsync(int maxMinutes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMinutes, 1);
        var until = MinuteOf(time.GetUtcNow() - Margin - Bucket - window.Age - window.Skew - window.Skew);
        var cursor = await partitions.ReadAsync(PurgePartition, PurgeRow, cancellationToken);
        var from = cursor is { } row && long.TryParse(Encoding.ASCII.GetString(row.Value.Span), NumberStyles.None, CultureInfo.InvariantCulture, out var purged)
            ? purged
            : until - (FirstLook.Ticks / Bucket.Ticks);
        var to = Math.Min(until, from + maxMinutes);
        var forgotten = 0;
        for (var minute = from; minute < to; minute++)
        {
            var counts = await Task.WhenAll(Shards.Select(shard => ForgetAsync(PartitionOf(minute, shard), cancellationToken)));
            forgotten += counts.Sum();
        }

        if (to > from)
        {
            var value = Encoding.ASCII.GetBytes(to.ToString(CultureInfo.InvariantCulture));
            // Where another was faster, its cursor stands: what it skips is forgotten already.
            await partitions.CommitAsync(
                PurgePartition, [cursor is { } old ? RowOperation.Replace(PurgeRow, old.Version, value) : RowOperation.Insert(PurgeRow, value)], null, cancellationToken);
        }

        return forgotten;
    }

    private async Task<int> ForgetAsync(PartitionKey partition, CancellationToken cancellationToken)
    {
        var forgotten = 0;
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(partition, First, Last, StorageLimits.MaxBatchOperations, continuation, cancellationToken);
            continuation = page.Continuation;
            if (page.Rows.Count > 0)
            {
                var result = await partitions.CommitAsync(partition, [.. page.Rows.Select(r => RowOperation.Delete(r.Key, r.Version))], null, cancellationToken);
                if (result.Outcome != CommitOutcome.Committed)
                {
                    // Another process is at it too, and has deleted some of these.
                    return forgotten + await ForgetAsync(partition, cancellationToken);
                }

                forgotten += page.Rows.Count;
            }
        }
        while (continuation is not null);
        return forgotten;
    }

    private static long MinuteOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / (long)Bucket.TotalSeconds;

    private static PartitionKey PartitionOf(long minute, char shard) => new($"dpop-{minute.ToString(CultureInfo.InvariantCulture)}-{shard}");
}
