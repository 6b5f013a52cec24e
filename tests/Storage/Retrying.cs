using System.Runtime.CompilerServices;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Storage;

/// <summary>
/// A caller as the ports ask for one: it asks again when storage stays away, and on a conflict reads back whether that is its own doing.
/// </summary>
internal sealed class RetryingPartitions(IPartitions inner) : IPartitions
{
    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) =>
        Retrying.DoAsync(() => inner.ReadAsync(partition, key, cancellationToken));

    public ValueTask<RowPage> ReadRangeAsync(
        PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
        Retrying.DoAsync(() => inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken));

    public async ValueTask<CommitResult> CommitAsync(
        PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
    {
        Dictionary<RowKey, RowVersion?> before = [];
        foreach (var operation in operations)
        {
            before[operation.Key] = (await ReadAsync(partition, operation.Key, cancellationToken))?.Version;
        }

        var result = await Retrying.DoAsync(() => inner.CommitAsync(partition, operations, commitBy, cancellationToken));
        if (result.ConflictIndex < 0)
        {
            return result;
        }

        foreach (var operation in operations)
        {
            var row = await ReadAsync(partition, operation.Key, cancellationToken);
            var isOwn = row?.Version != before[operation.Key]
                && (operation.Action == RowAction.Delete ? row is null : row?.Value.Span.SequenceEqual(operation.Value.Span) == true);
            if (!isOwn)
            {
                return result;
            }
        }

        return CommitResult.Committed;
    }
}

/// <inheritdoc cref="RetryingPartitions"/>
internal sealed class RetryingBlobs(IBlobs inner) : IBlobs
{
    public async ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(name, 0, 1, cancellationToken);
        return await Retrying.DoAsync(() => inner.CreateAsync(name, content, cancellationToken))
            || (before is null && await HoldsAsync(name, 0, content, cancellationToken));
    }

    public async ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(name, 0, 1, cancellationToken);
        return await Retrying.DoAsync(() => inner.CreateAppendableAsync(name, cancellationToken)) || before is null;
    }

    public async ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(name, 0, 1, cancellationToken);
        var outcome = await Retrying.DoAsync(() => inner.AppendAsync(name, position, bytes, cancellationToken));
        return outcome == AppendOutcome.WrongPosition && before?.Length == position && await HoldsAsync(name, position, bytes, cancellationToken)
            ? AppendOutcome.Appended
            : outcome;
    }

    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) =>
        Retrying.DoAsync(() => inner.ReadAsync(name, offset, maxBytes, cancellationToken));

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var items = await Retrying.DoAsync(
            async () =>
            {
                List<BlobItem> read = [];
                await foreach (var item in inner.ListAsync(prefix, cancellationToken))
                {
                    read.Add(item);
                }

                return read;
            });
        foreach (var item in items)
        {
            yield return item;
        }
    }

    public async ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(name, 0, 1, cancellationToken);
        return await Retrying.DoAsync(() => inner.ReplaceAsync(name, version, content, cancellationToken))
            || (before?.Version == version && await HoldsAsync(name, 0, content, cancellationToken));
    }

    public async ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(name, 0, 1, cancellationToken);
        return await Retrying.DoAsync(() => inner.DeleteAsync(name, version, cancellationToken))
            || (before?.Version == version && await ReadAsync(name, 0, 1, cancellationToken) is null);
    }

    private async ValueTask<bool> HoldsAsync(BlobName name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await ReadAsync(name, offset, Math.Max(1, bytes.Length), cancellationToken) is { } range && range.Content.Span.SequenceEqual(bytes.Span);
}

internal static class Retrying
{
    private const int MaxAttempts = 200;

    public static async ValueTask<T> DoAsync<T>(Func<ValueTask<T>> attempt)
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return await attempt();
            }
            catch (StorageUnavailableException) when (attempts < MaxAttempts)
            {
            }
        }
    }
}
