using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Checkpoints;

/// <summary>
/// The checkpoints that were published: blobs <c>checkpoint/(size / 16384).txt</c>, note after note, sizes growing. The newest also lies in a row, so that it
/// is one read.
/// </summary>
/// <param name="blobs">Where they lie.</param>
/// <param name="partitions">Where the row lies.</param>
public sealed class CheckpointStore(IBlobs blobs, IPartitions partitions)
{
    /// <summary>What the names begin with.</summary>
    public const string Prefix = "checkpoint/";

    // Each is of another size, so a blob takes at most so many appends.
    private const int SizesInBlob = 16_384;

    // More than the longest note.
    private const int TailBytes = 4096;

    private static readonly RowKey Newest = new("checkpoint.access-log");

    /// <summary>The newest one's note; null where none was published.</summary>
    public async Task<string?> NewestAsync(CancellationToken cancellationToken) =>
        await partitions.ReadAsync(LogState.Partition, Newest, cancellationToken) is { } row ? Encoding.UTF8.GetString(row.Value.Span) : await NewestInBlobsAsync(cancellationToken);

    /// <summary>Signs and publishes the tree as it is derived, where it has grown.</summary>
    /// <param name="edge">The tree's right edge.</param>
    /// <param name="keys">The log's keys.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidDataException">The tree does not grow out of what was published: it is not signed.</exception>
    public async Task PublishAsync(TreeEdge edge, LogKeys keys, CancellationToken cancellationToken)
    {
        var newest = await NewestAsync(cancellationToken);
        var published = newest is null ? null : Checkpoint.TryRead(newest, out var read) ? read : throw new InvalidDataException("The newest checkpoint is damaged.");
        if (published is not null)
        {
            if (published.Size > edge.Size && await new Sequence(blobs).SizeAsync(cancellationToken) < published.Size)
            {
                throw new InvalidDataException($"A checkpoint of {published.Size} events was published, and the log has {edge.Size}.");
            }

            if (published.Size >= edge.Size)
            {
                return;
            }

            // tlog-checkpoint: a log signs nothing that is inconsistent with what it signed before.
            var root = await new TreeReader(blobs, edge).RootAsync(published.Size, cancellationToken);
            if (!published.Root.AsSpan().SequenceEqual(root))
            {
                throw new InvalidDataException($"The log is another than the one whose checkpoint of {published.Size} events was published.");
            }
        }

        using var signer = await keys.OpenSignerAsync(cancellationToken);
        var note = new Checkpoint(signer.Verifier.Name, edge.Size, edge.Root()).Sign(signer);
        if (await AppendAsync(edge.Size, Encoding.UTF8.GetBytes(note), cancellationToken))
        {
            await PutNewestAsync(edge.Size, note, cancellationToken);
        }
    }

    // False where one of this size or a larger one lies there.
    private async Task<bool> AppendAsync(long size, byte[] note, CancellationToken cancellationToken)
    {
        var blob = new BlobName(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{size / SizesInBlob:d12}.txt"));
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var length = (await blobs.ReadAsync(blob, 0, 1, cancellationToken))?.Length;
            if (length is null)
            {
                await blobs.CreateAppendableAsync(blob, cancellationToken);
                length = 0;
            }

            var last = await LastAsync(blob, length.Value, cancellationToken);
            if (last is not null && Checkpoint.TryRead(last, out var there) && there.Size >= size)
            {
                // This one, where the answer to an append was lost; the row may lack it yet.
                return there.Size == size;
            }

            if (await blobs.AppendAsync(blob, length.Value, note, cancellationToken) == AppendOutcome.Appended)
            {
                return true;
            }
        }

        throw new StorageUnavailableException("Checkpoints are published by others again and again.");
    }

    private async Task<string?> LastAsync(BlobName blob, long length, CancellationToken cancellationToken)
    {
        if (length == 0 || await blobs.ReadAsync(blob, Math.Max(0, length - TailBytes), TailBytes, cancellationToken) is not { } tail)
        {
            return null;
        }

        return Checkpoint.Split(Encoding.UTF8.GetString(tail.Content.Span)).Last();
    }

    private async Task<string?> NewestInBlobsAsync(CancellationToken cancellationToken)
    {
        (BlobName Name, long Length)? last = null;
        await foreach (var item in blobs.ListAsync(Prefix, cancellationToken))
        {
            last = item.Length > 0 ? (item.Name, item.Length) : last;
        }

        return last is { } blob ? await LastAsync(blob.Name, blob.Length, cancellationToken) : null;
    }

    private async Task PutNewestAsync(long size, string note, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var row = await partitions.ReadAsync(LogState.Partition, Newest, cancellationToken);
            if (row is { } there && Checkpoint.TryRead(Encoding.UTF8.GetString(there.Value.Span), out var published) && published.Size >= size)
            {
                return;
            }

            var value = Encoding.UTF8.GetBytes(note);
            var put = row is { } old ? RowOperation.Replace(Newest, old.Version, value) : RowOperation.Insert(Newest, value);
            if ((await partitions.CommitAsync(LogState.Partition, [put], null, cancellationToken)).Outcome == CommitOutcome.Committed)
            {
                return;
            }
        }
    }
}
