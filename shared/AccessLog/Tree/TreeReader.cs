using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Tree;

/// <summary>
/// Reads the tree: roots of earlier sizes, and the proofs of RFC 6962 section 2.1, from full tiles and the right edge. Tiles that were read are kept,
/// so one is made for a request.
/// </summary>
/// <param name="blobs">Where the tiles lie.</param>
/// <param name="edge">The right edge.</param>
public sealed class TreeReader(IBlobs blobs, TreeEdge edge)
{
    private readonly Dictionary<Tile, byte[]> tiles = [];

    /// <summary>The first hashes of a tile; null where the tree has fewer.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="width">How many, 1 to 256.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<ReadOnlyMemory<byte>?> HashesAsync(Tile tile, int width, CancellationToken cancellationToken)
    {
        var hashes = await ReadAsync(tile, cancellationToken);
        return hashes.Length >= width * TreeHash.Size ? hashes.AsMemory(0, width * TreeHash.Size) : null;
    }

    /// <summary>The root over the first events.</summary>
    public ValueTask<byte[]> RootAsync(long size, CancellationToken cancellationToken) => size == 0 ? new(TreeHash.Empty()) : RangeAsync(0, size, cancellationToken);

    /// <summary>The audit path of a leaf (RFC 6962 2.1.1), from the leaf up.</summary>
    public async ValueTask<IReadOnlyList<byte[]>> InclusionAsync(long index, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        List<byte[]> path = [];
        var (from, to) = (0L, size);
        while (to - from > 1)
        {
            var middle = from + Split(to - from);
            if (index < middle)
            {
                path.Add(await RangeAsync(middle, to, cancellationToken));
                to = middle;
            }
            else
            {
                path.Add(await RangeAsync(from, middle, cancellationToken));
                from = middle;
            }
        }

        path.Reverse();
        return path;
    }

    /// <summary>The consistency proof between two sizes (RFC 6962 2.1.2).</summary>
    public async ValueTask<IReadOnlyList<byte[]>> ConsistencyAsync(long older, long newer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(older, newer);
        List<byte[]> proof = [];
        if (older == 0 || older == newer)
        {
            return proof;
        }

        var (from, to, isWhole) = (0L, newer, true);
        while (older < to)
        {
            var middle = from + Split(to - from);
            if (older <= middle)
            {
                proof.Add(await RangeAsync(middle, to, cancellationToken));
                to = middle;
            }
            else
            {
                proof.Add(await RangeAsync(from, middle, cancellationToken));
                (from, isWhole) = (middle, false);
            }
        }

        if (!isWhole)
        {
            proof.Add(await RangeAsync(from, to, cancellationToken));
        }

        proof.Reverse();
        return proof;
    }

    // The largest power of two that is less.
    private static long Split(long count) => 1L << (63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(count - 1)));

    // MTH of a range that begins where a subtree of its size can.
    private async ValueTask<byte[]> RangeAsync(long from, long to, CancellationToken cancellationToken)
    {
        if (long.IsPow2(to - from))
        {
            return await NodeAsync(System.Numerics.BitOperations.Log2((ulong)(to - from)), from, cancellationToken);
        }

        var middle = from + Split(to - from);
        var left = await RangeAsync(from, middle, cancellationToken);
        var right = await RangeAsync(middle, to, cancellationToken);
        return TreeHash.Node(left, right);
    }

    private async ValueTask<byte[]> NodeAsync(int height, long from, CancellationToken cancellationToken)
    {
        var (level, within) = (height / Tile.Height, height % Tile.Height);
        var first = from >> (level * Tile.Height);
        var count = 1 << within;
        var tile = new Tile(level, first / Tile.Width);
        var offset = (int)(first % Tile.Width);
        return await HashesAsync(tile, offset + count, cancellationToken) is { } hashes
            ? TreeHash.Perfect(hashes.Span[(offset * TreeHash.Size)..])
            : throw new ArgumentOutOfRangeException(nameof(from), "The tree has fewer events.");
    }

    private async ValueTask<byte[]> ReadAsync(Tile tile, CancellationToken cancellationToken)
    {
        if (tiles.TryGetValue(tile, out var known))
        {
            return known;
        }

        // A level has one tile that is not full: the one after as many full ones as the tree is wide.
        var full = tile.Level >= 7 ? 0 : edge.Size >> ((tile.Level + 1) * Tile.Height);
        var hashes = tile.Index > full ? []
            : tile.Index == full ? edge.Partial(tile.Level)
            : await blobs.ReadAsync(tile.Blob, 0, Tile.Bytes, cancellationToken) is { Length: Tile.Bytes } read ? read.Content.ToArray()
            : throw new InvalidDataException($"{tile.Blob} is not there whole. Derive it anew with ./pmd log rebuild.");
        tiles[tile] = hashes;
        return hashes;
    }
}
