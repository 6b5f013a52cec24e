using System.Security.Cryptography;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>
/// A tree of RFC 6962 that grows a leaf at a time and keeps only the roots of its perfect subtrees, one for each bit of its size. The verifier's own: the
/// service computes its tree in another way.
/// </summary>
internal sealed class GrowingTree
{
    private readonly byte[]?[] subtrees = new byte[]?[64];

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>Adds a leaf. Tells every perfect subtree that it completes, with its height: 0 for the leaf.</summary>
    public void Add(byte[] leaf, Action<int, byte[]> completed)
    {
        var hash = leaf;
        completed(0, hash);
        var height = 0;
        for (; subtrees[height] is { } left; height++)
        {
            hash = Node(left, hash);
            subtrees[height] = null;
            completed(height + 1, hash);
        }

        subtrees[height] = hash;
        Size++;
    }

    /// <summary>The root.</summary>
    public byte[] Root()
    {
        byte[]? root = null;
        foreach (var subtree in subtrees)
        {
            root = subtree is null ? root : root is null ? subtree : Node(subtree, root);
        }

        return root ?? SHA256.HashData([]);
    }

    public static byte[] Leaf(long serial, byte[]? previous, string sequencedAt, ReadOnlySpan<byte> line)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var head = System.Text.Encoding.ASCII.GetBytes($"\0pmd-event/1 {serial.ToString(System.Globalization.CultureInfo.InvariantCulture)} {(previous is null ? "-" : Convert.ToHexStringLower(previous))} {sequencedAt}\n");
        hash.AppendData(head);
        hash.AppendData(line);
        return hash.GetHashAndReset();
    }

    public static byte[] Node(byte[] left, byte[] right)
    {
        Span<byte> node = stackalloc byte[65];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[33..]);
        return SHA256.HashData(node);
    }

    /// <summary>The root that an audit path leads to from a leaf; null where the path is not one of that place (RFC 9162 2.1.3.2).</summary>
    public static byte[]? RootBy(long index, long size, byte[] leaf, IReadOnlyList<byte[]> path)
    {
        if (index < 0 || index >= size)
        {
            return null;
        }

        var (at, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return null;
            }

            if ((at & 1) == 1 || at == last)
            {
                hash = Node(sibling, hash);
                while (at != 0 && (at & 1) == 0)
                {
                    (at, last) = (at >> 1, last >> 1);
                }
            }
            else
            {
                hash = Node(hash, sibling);
            }

            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 ? hash : null;
    }
}
