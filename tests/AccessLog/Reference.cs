using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>
/// A reader of transparency logs, written from RFC 6962 section 2, C2SP signed-note, tlog-checkpoint and tlog-tiles, and RFC 8032 alone, to hold the service
/// against. Shares nothing with it.
/// </summary>
internal static class Reference
{
    /// <summary>A checkpoint that a known key has signed.</summary>
    public sealed record Head(string Origin, long Size, byte[] Root);

    /// <summary>The hash of a leaf.</summary>
    public static byte[] Leaf(byte[] entry) => SHA256.HashData([0x00, .. entry]);

    /// <summary>MTH over hashes of leaves.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> leaves) => leaves.Count == 0 ? SHA256.HashData([]) : Root(leaves, 0, leaves.Count);

    /// <summary>PATH(m, D[n]) of RFC 6962 2.1.1.</summary>
    public static List<byte[]> Path(int m, IReadOnlyList<byte[]> leaves, int from, int to)
    {
        if (to - from == 1)
        {
            return [];
        }

        var k = Split(to - from);
        return m < k ? [.. Path(m, leaves, from, from + k), Root(leaves, from + k, to)] : [.. Path(m - k, leaves, from + k, to), Root(leaves, from, from + k)];
    }

    /// <summary>PROOF(m, D[n]) of RFC 6962 2.1.2.</summary>
    public static List<byte[]> Consistency(int m, IReadOnlyList<byte[]> leaves) => SubProof(m, leaves, 0, leaves.Count, true);

    /// <summary>Whether an audit path leads from a leaf to a root (as RFC 9162 2.1.3.2 says it in steps).</summary>
    public static bool Includes(long index, long size, byte[] leaf, IReadOnlyList<byte[]> path, byte[] root)
    {
        if (index >= size)
        {
            return false;
        }

        var (fn, sn, r) = (index, size - 1, leaf);
        foreach (var p in path)
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                r = Node(p, r);
                while ((fn & 1) == 0 && fn != 0)
                {
                    (fn, sn) = (fn >> 1, sn >> 1);
                }
            }
            else
            {
                r = Node(r, p);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && r.AsSpan().SequenceEqual(root);
    }

    /// <summary>Takes a signed note apart, and believes it only where a key that is known has signed it.</summary>
    public static Head Open(string note, string verifierKey)
    {
        var (name, id, key) = Key(verifierKey);
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        var text = note[..(split + 1)];
        var signed = false;
        foreach (var line in note[(split + 2)..].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.StartsWith("\u2014 ", line);
            var fields = line.Split(' ');
            var signature = Convert.FromBase64String(fields[2]);
            if (fields[1] == name && BinaryPrimitives.ReadUInt32BigEndian(signature) == id)
            {
                Assert.True(Ed25519.Verify(key, Encoding.UTF8.GetBytes(text), signature[4..]), "a known key's signature does not verify");
                signed = true;
            }
        }

        Assert.True(signed, "no known key has signed");
        var lines = text.Split('\n');
        Assert.Equal("", lines[^1]);
        Assert.Equal(name, lines[0]);
        return new(lines[0], long.Parse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture), Convert.FromBase64String(lines[2]));
    }

    /// <summary>The hashes of all leaves, from tiles: every level is fetched and held against the one below.</summary>
    public static async Task<List<byte[]>> LeavesAsync(long size, Func<string, Task<byte[]>> fetch)
    {
        List<byte[]>? leaves = null;
        List<byte[]> below = [];
        var count = size;
        for (var level = 0; count > 0; level++)
        {
            List<byte[]> hashes = [];
            for (long n = 0; n * 256 < count; n++)
            {
                var width = (int)Math.Min(256, count - (n * 256));
                var tile = await fetch($"tile/{level}/{Address(n)}{(width < 256 ? $".p/{width}" : "")}");
                Assert.Equal(width * 32, tile.Length);
                hashes.AddRange(tile.Chunk(32));
            }

            if (level > 0)
            {
                Assert.Equal(below.Take((int)count * 256).Chunk(256).Select(c => Convert.ToHexStringLower(Root(c))), hashes.Select(Convert.ToHexStringLower));
            }

            leaves ??= hashes;
            below = hashes;
            count /= 256;
        }

        return leaves ?? [];
    }

    private static string Address(long n)
    {
        var digits = n.ToString(CultureInfo.InvariantCulture);
        digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
        var groups = digits.Chunk(3).Select(c => new string(c)).ToList();
        return string.Join('/', groups.Select((g, i) => i < groups.Count - 1 ? "x" + g : g));
    }

    private static (string Name, uint Id, byte[] Key) Key(string verifierKey)
    {
        var parts = verifierKey.Trim().Split('+', 3);
        var key = Convert.FromBase64String(parts[2]);
        Assert.Equal(0x01, key[0]);
        var id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(parts[0]), 0x0A, .. key]));
        Assert.Equal(id.ToString("x8", CultureInfo.InvariantCulture), parts[1]);
        return (parts[0], id, key[1..]);
    }

    private static List<byte[]> SubProof(int m, IReadOnlyList<byte[]> leaves, int from, int to, bool b)
    {
        if (m == to - from)
        {
            return b ? [] : [Root(leaves, from, to)];
        }

        var k = Split(to - from);
        return m <= k ? [.. SubProof(m, leaves, from, from + k, b), Root(leaves, from + k, to)] : [.. SubProof(m - k, leaves, from + k, to, false), Root(leaves, from, from + k)];
    }

    private static byte[] Root(IReadOnlyList<byte[]> leaves, int from, int to)
    {
        if (to - from == 1)
        {
            return leaves[from];
        }

        var k = Split(to - from);
        return Node(Root(leaves, from, from + k), Root(leaves, from + k, to));
    }

    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([0x01, .. left, .. right]);

    /// <summary>RFC 8032 section 5.1.7, slowly.</summary>
    public static class Ed25519
    {
        private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
        private static readonly BigInteger L = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);
        private static readonly BigInteger D = Mod(-121665 * Inverse(121666));
        private static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
        private static readonly Point Base = Decode(Mod(4 * Inverse(5)), 0)!;

        public static bool Verify(byte[] key, byte[] message, byte[] signature)
        {
            if (signature.Length != 64 || Decode(key) is not { } a || Decode(signature[..32]) is not { } r)
            {
                return false;
            }

            var s = Little(signature[32..]);
            if (s >= L)
            {
                return false;
            }

            var k = Little(SHA512.HashData([.. signature[..32], .. key, .. message])) % L;
            var (left, right) = (Times(s, Base), Add(r, Times(k, a)));
            return Mod((left.X * right.Z) - (right.X * left.Z)).IsZero && Mod((left.Y * right.Z) - (right.Y * left.Z)).IsZero;
        }

        private static BigInteger Little(byte[] bytes) => new(bytes, isUnsigned: true);

        private static BigInteger Mod(BigInteger x) => ((x % P) + P) % P;

        private static BigInteger Inverse(BigInteger x) => BigInteger.ModPow(Mod(x), P - 2, P);

        private static Point? Decode(byte[] bytes)
        {
            var y = Little(bytes);
            var sign = (int)(y >> 255);
            return Decode(y & (BigInteger.Pow(2, 255) - 1), sign);
        }

        private static Point? Decode(BigInteger y, int sign)
        {
            var x2 = Mod(((y * y) - 1) * Inverse((D * y * y) + 1));
            var x = BigInteger.ModPow(x2, (P + 3) / 8, P);
            if (Mod((x * x) - x2) != 0)
            {
                x = Mod(x * RootOfMinusOne);
            }

            if (y >= P || Mod((x * x) - x2) != 0)
            {
                return null;
            }

            x = (int)(x & 1) == sign ? x : Mod(-x);
            return new(x, y, 1, Mod(x * y));
        }

        private static Point Add(Point p, Point q)
        {
            var a = Mod((p.Y - p.X) * (q.Y - q.X));
            var b = Mod((p.Y + p.X) * (q.Y + q.X));
            var c = Mod(2 * p.T * q.T * D);
            var d = Mod(2 * p.Z * q.Z);
            var (e, f, g, h) = (b - a, d - c, d + c, b + a);
            return new(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
        }

        private static Point Times(BigInteger n, Point p)
        {
            var sum = new Point(0, 1, 1, 0);
            for (; n > 0; n >>= 1)
            {
                sum = n.IsEven ? sum : Add(sum, p);
                p = Add(p, p);
            }

            return sum;
        }

        private sealed record Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
    }
}
