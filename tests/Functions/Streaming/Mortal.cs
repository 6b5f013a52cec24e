using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>The process is dead: whatever it still asks of storage comes to nothing.</summary>
internal sealed class DeadException : Exception;

/// <summary>How many calls to storage a process lives for. It dies before one or just after it, with what it was about to do done or not.</summary>
internal sealed class Lifespan(int calls)
{
    private int left = calls;

    public static Lifespan Endless => new(int.MaxValue);

    public async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        Spend();
        var answer = await call();
        Spend();
        return answer;
    }

    public void Spend()
    {
        if (Interlocked.Decrement(ref left) < 0)
        {
            throw new DeadException();
        }
    }
}

internal sealed class MortalPartitions(IPartitions inner, Lifespan life) : IPartitions
{
    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => life.CallAsync(() => inner.ReadAsync(partition, key, cancellationToken));

    public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
        life.CallAsync(() => inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken));

    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) =>
        life.CallAsync(() => inner.CommitAsync(partition, operations, commitBy, cancellationToken));
}

internal sealed class MortalBlobs(IBlobs inner, Lifespan life) : IBlobs
{
    public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => life.CallAsync(() => inner.CreateAsync(name, content, cancellationToken));

    public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => life.CallAsync(() => inner.CreateAppendableAsync(name, cancellationToken));

    public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        life.CallAsync(() => inner.AppendAsync(name, position, bytes, cancellationToken));

    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => life.CallAsync(() => inner.ReadAsync(name, offset, maxBytes, cancellationToken));

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        life.Spend();
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
        {
            yield return item;
        }
    }

    public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        life.CallAsync(() => inner.ReplaceAsync(name, version, content, cancellationToken));

    public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => life.CallAsync(() => inner.DeleteAsync(name, version, cancellationToken));
}
