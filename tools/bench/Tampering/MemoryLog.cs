using PasientensMaledata.Storage;

namespace PasientensMaledata.Bench.Tampering;

/// <summary>
/// The storage of a log, copied into memory, where whoever has got hold of it can do what storage itself forbids: change, take away and put in, byte by byte.
/// </summary>
public sealed class MemoryLog : IBlobs, IPartitions
{
    private static readonly string[] Prefixes = ["journal/", "sequence/", "tile/", "checkpoint/"];

    private MemoryLog(SortedDictionary<string, byte[]> blobs, Dictionary<string, SortedDictionary<string, byte[]>> rows) => (Blobs, Rows) = (blobs, rows);

    /// <summary>Blobs by name.</summary>
    public SortedDictionary<string, byte[]> Blobs { get; }

    /// <summary>Rows by key, by partition.</summary>
    public Dictionary<string, SortedDictionary<string, byte[]>> Rows { get; }

    /// <summary>Copies a log.</summary>
    /// <param name="blobs">Its blobs.</param>
    /// <param name="partitions">Its rows.</param>
    /// <param name="names">The partitions: those of the patients, and the log's own.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<MemoryLog> CopyAsync(IBlobs blobs, IPartitions partitions, IEnumerable<PartitionKey> names, CancellationToken cancellationToken)
    {
        SortedDictionary<string, byte[]> copied = new(StringComparer.Ordinal);
        foreach (var prefix in Prefixes)
        {
            await foreach (var item in blobs.ListAsync(prefix, cancellationToken))
            {
                copied[item.Name.ToString()] = (await blobs.ReadAsync(item.Name, 0, StorageLimits.MaxBlobBytes, cancellationToken))!.Value.Content.ToArray();
            }
        }

        Dictionary<string, SortedDictionary<string, byte[]>> rows = [];
        foreach (var name in names)
        {
            SortedDictionary<string, byte[]> of = new(StringComparer.Ordinal);
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(name, new("."), new("~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
                foreach (var row in page.Rows)
                {
                    of[row.Key.ToString()] = row.Value.ToArray();
                }

                continuation = page.Continuation;
            }
            while (continuation is not null);
            rows[name.ToString()] = of;
        }

        return new(copied, rows);
    }

    /// <summary>A copy that can be changed by itself: what is changed is put anew, never written into.</summary>
    public MemoryLog Copy() => new(new(Blobs, StringComparer.Ordinal), Rows.ToDictionary(p => p.Key, p => new SortedDictionary<string, byte[]>(p.Value, StringComparer.Ordinal)));

    /// <inheritdoc/>
    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => new(
        Blobs.TryGetValue(name.ToString(), out var blob)
            ? new BlobRange(offset >= blob.Length ? default : blob.AsMemory((int)offset, (int)Math.Min(maxBytes, blob.Length - offset)), blob.Length, new("memory"))
            : null);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (name, blob) in Blobs.Where(b => b.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new(new(name), blob.Length);
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) =>
        new(Rows.TryGetValue(partition.ToString(), out var rows) && rows.TryGetValue(key.ToString(), out var value) ? new Row(key, new("memory"), value) : null);

    /// <inheritdoc/>
    public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) => new(new RowPage(
        Rows.TryGetValue(partition.ToString(), out var rows)
            ? [.. rows.Where(r => string.CompareOrdinal(r.Key, from.ToString()) >= 0 && string.CompareOrdinal(r.Key, to.ToString()) < 0).Select(r => new Row(new(r.Key), new("memory"), r.Value))]
            : [],
        null));

    /// <inheritdoc/>
    public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken) => throw new NotSupportedException();
}
