namespace PasientensMaledata.AccessLog.Tree;

/// <summary>
/// The right edge of a tree: of each level the hashes that no full tile holds yet. With the full tiles it is the whole tree, and alone it gives the root.
/// </summary>
public sealed class TreeEdge
{
    private readonly List<List<byte[]>> levels;

    /// <summary>The edge of a tree without leaves.</summary>
    public TreeEdge()
        : this(0, [])
    {
    }

    private TreeEdge(long size, List<List<byte[]>> levels) => (Size, this.levels) = (size, levels);

    /// <summary>Leaves of the tree.</summary>
    public long Size { get; private set; }

    /// <summary>Adds a leaf.</summary>
    /// <param name="leaf">Its hash.</param>
    /// <param name="completed">Takes each tile that becomes full, and its hashes.</param>
    public void Add(byte[] leaf, Action<Tile, byte[]> completed)
    {
        Size++;
        var span = 1L;
        var hash = leaf;
        for (var level = 0; ; level++)
        {
            if (level == levels.Count)
            {
                levels.Add(new(Tile.Width));
            }

            levels[level].Add(hash);
            if (levels[level].Count < Tile.Width)
            {
                return;
            }

            span *= Tile.Width;
            var hashes = Joined(levels[level]);
            completed(new(level, (Size / span) - 1), hashes);
            hash = TreeHash.Perfect(hashes);
            levels[level].Clear();
        }
    }

    /// <summary>The root (RFC 6962 2.1).</summary>
    public byte[] Root()
    {
        // The edge from right to left, smallest subtrees first: each is the left sibling of all that lies right of it.
        byte[]? root = null;
        foreach (var level in levels)
        {
            var end = level.Count;
            for (var width = 1; end > 0; width *= 2)
            {
                if ((end & width) != 0)
                {
                    var subtree = TreeHash.Perfect(Joined(level.GetRange(end - width, width)));
                    root = root is null ? subtree : TreeHash.Node(subtree, root);
                    end -= width;
                }
            }
        }

        return root ?? TreeHash.Empty();
    }

    /// <summary>The hashes of a level that no full tile holds yet; empty where there are none.</summary>
    public byte[] Partial(int level) => level < levels.Count ? Joined(levels[level]) : [];

    /// <summary>The hashes of each level.</summary>
    public IReadOnlyList<byte[]> Format() => [.. levels.Select(Joined)];

    /// <summary>Reads what <see cref="Format"/> gave.</summary>
    /// <exception cref="InvalidDataException">The hashes are not those of a tree of this size.</exception>
    public static TreeEdge Parse(long size, IReadOnlyList<byte[]> levels)
    {
        var left = size;
        foreach (var level in levels)
        {
            if (level.Length != left % Tile.Width * TreeHash.Size)
            {
                throw new InvalidDataException("The edge of the tree is not that of its size.");
            }

            left /= Tile.Width;
        }

        return left == 0
            ? new(size, [.. levels.Select(l => l.Chunk(TreeHash.Size).ToList())])
            : throw new InvalidDataException("The edge of the tree is not that of its size.");
    }

    private static byte[] Joined(List<byte[]> hashes)
    {
        var joined = new byte[hashes.Count * TreeHash.Size];
        for (var i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(joined, i * TreeHash.Size);
        }

        return joined;
    }
}
