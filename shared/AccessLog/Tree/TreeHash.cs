using System.Security.Cryptography;

namespace PasientensMaledata.AccessLog.Tree;

/// <summary>The hashes of RFC 6962 section 2.1, over SHA-256.</summary>
public static class TreeHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    /// <summary>The root of a tree without leaves.</summary>
    public static byte[] Empty() => SHA256.HashData([]);

    /// <summary>The hash of a leaf: of 0x00 and the entry.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary>The hash of a node: of 0x01, its left and its right child.</summary>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> both = stackalloc byte[1 + (Size * 2)];
        both[0] = 1;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + Size)..]);
        return SHA256.HashData(both);
    }

    /// <summary>The root over hashes of perfect subtrees of one height: one hash where there is one.</summary>
    /// <param name="hashes">At least one, 32 bytes each; a power of two of them.</param>
    public static byte[] Perfect(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == Size)
        {
            return hashes.ToArray();
        }

        var half = hashes.Length / 2;
        return Node(Perfect(hashes[..half]), Perfect(hashes[half..]));
    }
}
