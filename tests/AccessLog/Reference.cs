using System.Security.Cryptography;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>Written from RFC 6962 section 2.1 alone, to hold the service's own tree against. Shares nothing with it.</summary>
internal static class Reference
{
    /// <summary>MTH over hashes of leaves.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> leaves)
    {
        if (leaves.Count == 0)
        {
            return SHA256.HashData([]);
        }

        return Root(0, leaves.Count);

        byte[] Root(int from, int to)
        {
            if (to - from == 1)
            {
                return leaves[from];
            }

            var k = 1;
            while (k * 2 < to - from)
            {
                k *= 2;
            }

            return SHA256.HashData([0x01, .. Root(from, from + k), .. Root(from + k, to)]);
        }
    }
}
