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

    /// <summary>Bytes of values after which an adapter ends a page early (Azure: 4 MiB an answer).</summary>
    public const int MaxPageBytes = 4_194_304;

    /// <summary>How long one attempt to reach storage over the network lasts at most; storage is told to give it up no later.</summary>
    public static readonly TimeSpan MaxAttempt = TimeSpan.FromSeconds(4);

    /// <summary>First segments under which nothing is ever replaced or deleted.</summary>
    public static readonly IReadOnlyList<string> ProtectedPrefixes = ["journal/", "sequence/", "tile/", "checkpoint/"];

    private const string LettersAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> PartitionKeyCharacters = SearchValues.Create(LettersAndDigits + "-");
    private static readonly SearchValues<char> RowKeyCharacters = SearchValues.Create(LettersAndDigits + ".-_~");
    private static readonly SearchValues<char> BlobNameCharacters = SearchValues.Create(LettersAndDigits + "-_./=");

    internal static void CheckPartitionKey(string value) => CheckCharacters(value, MaxPartitionKeyLength, PartitionKeyCharacters);

    internal static void CheckRowKey(string value) => CheckCharacters(value, MaxRowKeyLength, RowKeyCharacters);

    internal static void CheckBlobName(string value)
    {
        CheckCharacters(value, MaxBlobNameLength, BlobNameCharacters);
        var segments = value.Split('/');
        if (segments.Length is < 2 or > 8 || segments.Any(s => s.Length == 0 || s[0] == '.' || s[^1] == '.'))
        {
            throw new ArgumentException("A blob name has 2 to 8 segments joined by '/', none empty and none starting or ending with a dot.", nameof(value));
        }

        CheckContainer(segments[0], nameof(value));
    }

    internal static void CheckBlobPrefix(string prefix)
    {
        CheckCharacters(prefix, MaxBlobNameLength, BlobNameCharacters);
        var slash = prefix.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1)
        {
            throw new ArgumentException("A prefix holds at least the first segment and its '/'.", nameof(prefix));
        }

        CheckContainer(prefix[..slash], nameof(prefix));
    }

    internal static void CheckPage(int maxRows) => CheckWithin(maxRows, 1, MaxPageRows, "rows in a page", nameof(maxRows));

    internal static void CheckBatch(IReadOnlyList<RowOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        CheckWithin(operations.Count, 1, MaxBatchOperations, "operations in a batch", nameof(operations));
        var total = 0;
        HashSet<RowKey>? seen = null;
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            CheckWithin(operation.Value.Length, 0, MaxRowBytes, "bytes in a row", nameof(operations));
            total += operation.Key.ToString().Length + operation.Value.Length;
            if (operation.Action != RowAction.Insert && string.IsNullOrEmpty(operation.Version.Tag))
            {
                throw new ArgumentException($"Operation {i} replaces or deletes without a version.", nameof(operations));
            }

            // Callers mostly send rows in key order, where a duplicate shows beside its twin; only then is no set needed.
            if (seen is null && i > 0 && operations[i - 1].Key.CompareTo(operation.Key) >= 0)
            {
                seen = [.. operations.Take(i).Select(o => o.Key)];
            }

            if (seen?.Add(operation.Key) == false)
            {
                throw new ArgumentException($"Operation {i} is the second on its row; a row stands once in a batch.", nameof(operations));
            }
        }

        CheckWithin(total, 1, MaxBatchBytes, "bytes in a batch", nameof(operations));
    }

    internal static void CheckContent(ReadOnlyMemory<byte> content) =>
        CheckWithin(content.Length, 0, MaxBlobBytes, "bytes in a whole blob", nameof(content));

    internal static void CheckAppend(long position, ReadOnlyMemory<byte> bytes)
    {
        CheckWithin(bytes.Length, 1, MaxAppendBytes, "bytes in an append", nameof(bytes));
        ArgumentOutOfRangeException.ThrowIfNegative(position);
    }

    internal static void CheckBlobRead(long offset, int maxBytes)
    {
        CheckWithin(maxBytes, 1, MaxBlobBytes, "bytes in a read", nameof(maxBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
    }

    internal static void CheckMayChange(BlobName name)
    {
        foreach (var prefix in ProtectedPrefixes)
        {
            if (name.ToString().StartsWith(prefix, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"Nothing under {prefix} is ever replaced or deleted.");
            }
        }
    }

    internal static ArgumentException TooManyAppends(BlobName name) =>
        new($"A blob takes at most {MaxAppends} appends, and {name} has had them.", nameof(name));

    // Azure's rule for the names of containers, which first segments are there.
    private static void CheckContainer(string segment, string parameter)
    {
        if (segment.Length is < 3 or > 63 || segment.AsSpan().IndexOfAny('.', '_') >= 0
            || segment[0] == '-' || segment[^1] == '-' || segment.Contains("--", StringComparison.Ordinal))
        {
            throw new ArgumentException("A first segment has 3 to 63 of a-z, 0-9 and single '-' between them.", parameter);
        }
    }

    private static void CheckCharacters(string value, int maxLength, SearchValues<char> allowed)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Length > maxLength)
        {
            throw new ArgumentException($"A name has at most {maxLength} characters, not {value.Length}.", nameof(value));
        }

        var wrong = value.AsSpan().IndexOfAnyExcept(allowed);
        if (wrong >= 0)
        {
            throw new ArgumentException($"A name may not have U+{(int)value[wrong]:X4}, as it has at {wrong}.", nameof(value));
        }
    }

    private static void CheckWithin(int figure, int least, int most, string ofWhat, string parameter)
    {
        if (figure < least || figure > most)
        {
            throw new ArgumentException($"Not within {least} to {most} {ofWhat}: {figure}.", parameter);
        }
    }
}
