using System.Buffers;

namespace PasientensMaledata.Storage;

/// <summary>
/// Limits of the two ports: those of Azure Table and Blob Storage, or tighter. Both adapters check them, since the emulator does not.
/// </summary>
public static class StorageLimits
{
    /// <summary>Operations in a batch (Azure: 100 entities).</summary>
    public const int MaxBatchOperations = 100;

    /// <summary>Bytes in a batch, keys and values (Azure: 4 MiB as sent, and base64 takes a third).</summary>
    public const int MaxBatchBytes = 2_621_440;

    /// <summary>Bytes in a row's value (Azure: 1 MiB an entity).</summary>
    public const int MaxRowBytes = 524_288;

    /// <summary>Bytes in one property of a row, where an adapter splits the value (Azure: 64 KiB).</summary>
    public const int MaxPropertyBytes = 61_440;

    /// <summary>Rows in a page (Azure: 1,000).</summary>
    public const int MaxPageRows = 1_000;

    /// <summary>Characters in a partition key.</summary>
    public const int MaxPartitionKeyLength = 64;

    /// <summary>Characters in a row key.</summary>
    public const int MaxRowKeyLength = 256;

    /// <summary>Characters in a blob name.</summary>
    public const int MaxBlobNameLength = 256;

    /// <summary>Bytes in one append (Azure: 4 MiB a block).</summary>
    public const int MaxAppendBytes = 4_194_304;

    /// <summary>Appends to one blob (Azure: 50,000 blocks).</summary>
    public const int MaxAppends = 50_000;

    /// <summary>Bytes of a blob created or replaced whole, and of one read.</summary>
    public const int MaxBlobBytes = 67_108_864;

    private static readonly SearchValues<char> LettersAndDigits = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    internal static void CheckKey(string value, int maxLength, string alsoAllowed)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Length > maxLength)
        {
            throw new ArgumentException($"A key has at most {maxLength} characters, not {value.Length}.", nameof(value));
        }

        foreach (var c in value)
        {
            if (!LettersAndDigits.Contains(c) && !alsoAllowed.Contains(c, StringComparison.Ordinal))
            {
                throw new ArgumentException($"A key has only a-z, 0-9 and '{alsoAllowed}', not U+{(int)c:X4}.", nameof(value));
            }
        }
    }

    internal static void CheckBlobName(string value)
    {
        CheckKey(value, MaxBlobNameLength, "-_./");
        var segments = value.Split('/');
        if (segments.Length is < 2 or > 8 || segments.Any(s => s.Length == 0 || s[0] == '.' || s[^1] == '.'))
        {
            throw new ArgumentException("A blob name has 2 to 8 segments joined by '/', none empty and none starting or ending with a dot.", nameof(value));
        }
    }
}
