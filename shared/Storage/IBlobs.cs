namespace PasientensMaledata.Storage;

/// <summary>
/// Name of a blob: 2 to 8 segments of <c>a-z 0-9 - _ . =</c> joined by <c>/</c>, at most 256 characters; no segment starts or ends with a dot.
/// The first segment is the container on Azure: 3 to 63 of <c>a-z 0-9</c> and single <c>-</c> between them. Holds no person number.
/// </summary>
public readonly record struct BlobName
{
    private readonly string? value;

    /// <param name="value">The name.</param>
    /// <exception cref="ArgumentException">The name is not of this form.</exception>
    public BlobName(string value)
    {
        StorageLimits.CheckBlobName(value);
        this.value = value;
    }

    /// <summary>The name as text.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default BlobName has no text.");
}

/// <summary>Opaque version of a blob's content.</summary>
/// <param name="Tag">The adapter's own text (an ETag on Azure).</param>
public readonly record struct BlobVersion(string Tag);

/// <summary>Bytes of a blob from an offset.</summary>
/// <param name="Content">The bytes; shorter than asked, or empty, at the end.</param>
/// <param name="Length">Length of the whole blob when it was read.</param>
/// <param name="Version">Its version when it was read.</param>
public readonly record struct BlobRange(ReadOnlyMemory<byte> Content, long Length, BlobVersion Version);

/// <summary>A blob in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its committed length.</param>
public readonly record struct BlobItem(BlobName Name, long Length);

/// <summary>How an append ended.</summary>
public enum AppendOutcome
{
    /// <summary>The bytes lie durably at the position asked for.</summary>
    Appended,

    /// <summary>Nothing was written: the blob's length is not the position asked for.</summary>
    WrongPosition,

    /// <summary>Nothing was written: there is no such appendable blob.</summary>
    Missing,
}

/// <summary>
/// Named bytes. Promises what Azure Blob Storage promises and no more. Nothing under <c>journal/ sequence/ tile/ checkpoint/</c> is ever replaced
/// or deleted: asked to, it throws <see cref="InvalidOperationException"/>. Broken limits are an <see cref="ArgumentException"/>; storage that
/// stays away is a <see cref="StorageUnavailableException"/>. Where the answer to an attempt is lost, the adapter tries again, and then meets what
/// the first attempt did: a taken name, a wrong position or another version may be the caller's own doing, which reading back shows.
/// </summary>
public interface IBlobs
{
    /// <summary>Creates a whole blob if the name is free; false when it is taken (nothing is changed).</summary>
    ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Creates an empty blob that can be appended to, if the name is free; false when it is taken (nothing is changed).</summary>
    ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken);

    /// <summary>
    /// Appends 1 to <see cref="StorageLimits.MaxAppendBytes"/> at the expected position, the blob's length. A blob takes at most
    /// <see cref="StorageLimits.MaxAppends"/> of them. Cancelled, it may or may not have been done.
    /// </summary>
    ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads at most <paramref name="maxBytes"/> from an offset; null when there is no such blob. An offset at or past the end gives no bytes.</summary>
    ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Lists blobs whose name starts with a prefix, in ordinal order. The prefix holds at least the first segment and its <c>/</c>.</summary>
    IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Replaces a whole blob if it still has this version; false when it is absent or has another.</summary>
    ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Deletes a blob if it still has this version; false when it is absent or has another.</summary>
    ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken);
}
