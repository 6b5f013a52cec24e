namespace PasientensMaledata.Storage;

/// <summary>Name of a partition: 1 to 64 characters of <c>a-z 0-9 -</c>. Holds no person number.</summary>
public readonly record struct PartitionKey
{
    private readonly string? value;

    /// <param name="value">The name.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or has another character.</exception>
    public PartitionKey(string value)
    {
        StorageLimits.CheckPartitionKey(value);
        this.value = value;
    }

    /// <summary>The name as text.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default PartitionKey has no name.");
}

/// <summary>
/// Key of a row in its partition: 1 to 256 characters of <c>a-z 0-9 . - _ ~</c>; rows are ordered by it, ordinally.
/// Ends with something unique to the partition, because the emulator looks rows up by row key alone.
/// </summary>
public readonly record struct RowKey : IComparable<RowKey>
{
    private readonly string? value;

    /// <param name="value">The key.</param>
    /// <exception cref="ArgumentException">The key is empty, too long or has another character.</exception>
    public RowKey(string value)
    {
        StorageLimits.CheckRowKey(value);
        this.value = value;
    }

    /// <inheritdoc/>
    public int CompareTo(RowKey other) => string.CompareOrdinal(value, other.value);

    /// <summary>The key as text.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default RowKey has no text.");
}

/// <summary>Opaque version of a row: another after every change, never used again for the same row.</summary>
/// <param name="Tag">The adapter's own text (an ETag on Azure).</param>
public readonly record struct RowVersion(string Tag);

/// <summary>A stored row.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Version">Its version when it was read.</param>
/// <param name="Value">Its bytes, at most <see cref="StorageLimits.MaxRowBytes"/>.</param>
public readonly record struct Row(RowKey Key, RowVersion Version, ReadOnlyMemory<byte> Value);

/// <summary>
/// Part of a range in key order. May be short, or empty, though more follows: only a null <paramref name="Continuation"/> is the end.
/// </summary>
/// <param name="Rows">The rows of this page.</param>
/// <param name="Continuation">Opaque text with which the next page is asked for; null at the end.</param>
public readonly record struct RowPage(IReadOnlyList<Row> Rows, string? Continuation);

/// <summary>What one operation of a batch does.</summary>
public enum RowAction
{
    /// <summary>Insert; conflicts when a row has the key.</summary>
    Insert,

    /// <summary>Replace the whole value; conflicts when the row is absent or has another version.</summary>
    Replace,

    /// <summary>Delete; conflicts when the row is absent or has another version.</summary>
    Delete,
}

/// <summary>One operation of a batch. Each row stands at most once in a batch.</summary>
public readonly record struct RowOperation
{
    private RowOperation(RowAction action, RowKey key, RowVersion version, ReadOnlyMemory<byte> value) =>
        (Action, Key, Version, Value) = (action, key, version, value);

    /// <summary>What is done.</summary>
    public RowAction Action { get; }

    /// <summary>To which row.</summary>
    public RowKey Key { get; }

    /// <summary>The version the row must have; unset for an insert.</summary>
    public RowVersion Version { get; }

    /// <summary>The new value; empty for a delete.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>Insert if absent.</summary>
    public static RowOperation Insert(RowKey key, ReadOnlyMemory<byte> value) => new(RowAction.Insert, key, default, value);

    /// <summary>Replace if the row still has this version.</summary>
    public static RowOperation Replace(RowKey key, RowVersion version, ReadOnlyMemory<byte> value) => new(RowAction.Replace, key, version, value);

    /// <summary>Delete if the row still has this version.</summary>
    public static RowOperation Delete(RowKey key, RowVersion version) => new(RowAction.Delete, key, version, default);
}

/// <summary>
/// How a batch ended. A lost answer is not an outcome but a <see cref="StorageUnavailableException"/>: it may have been committed. What nothing
/// was done by is the last attempt: an earlier one whose answer was lost may be what it conflicts with.
/// </summary>
public enum CommitOutcome
{
    /// <summary>Every operation was done, durably.</summary>
    Committed,

    /// <summary>Nothing was done: an inserted row exists (<see cref="CommitResult.ConflictIndex"/>).</summary>
    Exists,

    /// <summary>Nothing was done: a row to replace or delete is absent.</summary>
    Missing,

    /// <summary>Nothing was done: a row to replace or delete has another version.</summary>
    Changed,

    /// <summary>Nothing was done: the batch's <c>commitBy</c> had passed before it could be committed.</summary>
    TooLate,
}

/// <summary>The answer to a batch.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ConflictIndex">Index of an operation that conflicts (the first by Azure's count); -1 where none does.</param>
public readonly record struct CommitResult(CommitOutcome Outcome, int ConflictIndex)
{
    /// <summary>Every operation was done.</summary>
    public static readonly CommitResult Committed = new(CommitOutcome.Committed, -1);

    /// <summary>Nothing was done, the time had passed.</summary>
    public static readonly CommitResult TooLate = new(CommitOutcome.TooLate, -1);
}
