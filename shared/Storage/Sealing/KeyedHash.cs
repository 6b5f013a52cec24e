using System.Security.Cryptography;

namespace PasientensMaledata.Storage.Sealing;

/// <summary>HMAC-SHA256. Making one costs more than using it: each thread keeps those of the few keys it uses.</summary>
public static class KeyedHash
{
    // The ring's keys, and those before a rotation.
    private const int Kept = 8;

    [ThreadStatic]
    private static List<(byte[] Key, IncrementalHash Hash)>? kept;

    /// <summary>Computes the 32 bytes of the hash.</summary>
    /// <param name="key">The key: the same array for the same key, never changed.</param>
    /// <param name="content">What is hashed.</param>
    /// <param name="destination">32 bytes.</param>
    public static void Compute(byte[] key, ReadOnlySpan<byte> content, Span<byte> destination)
    {
        var hash = Of(key);
        hash.AppendData(content);
        hash.GetHashAndReset(destination);
    }

    private static IncrementalHash Of(byte[] key)
    {
        var mine = kept ??= new(Kept);
        foreach (var (known, hash) in mine)
        {
            if (ReferenceEquals(known, key))
            {
                return hash;
            }
        }

        if (mine.Count == Kept)
        {
            mine[0].Hash.Dispose();
            mine.RemoveAt(0);
        }

        var made = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mine.Add((key, made));
        return made;
    }
}
