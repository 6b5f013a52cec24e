using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace PasientensMaledata.Storage.Azure;

/// <summary>Blobs of one account, or of several by container: whole ones as block blobs, those that are appended to as append blobs. A version is the ETag.</summary>
internal sealed class AzureBlobs(Func<string, BlobServiceClient> accountOf) : IBlobs
{
    private const int NotFound = 404;
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;
    private const int RangeNotSatisfiable = 416;

    // What is larger goes in pieces, each of which has an attempt's time to arrive; the last request then makes them the blob.
    private const int PieceBytes = 4_194_304;

    private const int MaxReadTurns = 10;

    public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        StorageLimits.CheckContent(content);
        var conditions = new BlobRequestConditions { IfNoneMatch = ETag.All };
        return AzureCall.DoAsync("Create a blob", () => CreateInContainerAsync(name, () => UploadAsync(name, content, conditions, cancellationToken), cancellationToken), cancellationToken);
    }

    public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken)
    {
        var options = new AppendBlobCreateOptions { Conditions = new AppendBlobRequestConditions { IfNoneMatch = ETag.All } };
        return AzureCall.DoAsync(
            "Create a blob",
            () => CreateInContainerAsync(
                name,
                () => Container(name).GetAppendBlobClient(NameInContainer(name)).CreateAsync(options, cancellationToken),
                cancellationToken),
            cancellationToken);
    }

    public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        StorageLimits.CheckAppend(position, bytes);
        var options = new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = position } };
        return AzureCall.DoAsync(
            "Append to a blob",
            async () =>
            {
                try
                {
                    using var stream = BinaryData.FromBytes(bytes).ToStream();
                    await Container(name).GetAppendBlobClient(NameInContainer(name)).AppendBlockAsync(stream, options, cancellationToken);
                    return AppendOutcome.Appended;
                }
                catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlockCountExceedsLimit)
                {
                    throw StorageLimits.TooManyAppends(name);
                }
                catch (RequestFailedException e) when (e.Status == PreconditionFailed)
                {
                    return AppendOutcome.WrongPosition;
                }
                catch (RequestFailedException e) when (e.Status == NotFound || e.ErrorCode == BlobErrorCode.InvalidBlobType)
                {
                    return AppendOutcome.Missing;
                }
            },
            cancellationToken);
    }

    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken)
    {
        StorageLimits.CheckBlobRead(offset, maxBytes);
        var blob = Container(name).GetBlobClient(NameInContainer(name));
        var options = new BlobDownloadOptions { Range = new HttpRange(offset, maxBytes) };
        return AzureCall.DoAsync(
            "Read a blob",
            async () =>
            {
                for (var turn = 0; turn < MaxReadTurns; turn++)
                {
                    try
                    {
                        var answer = (await blob.DownloadContentAsync(options, cancellationToken)).Value;
                        return new BlobRange(answer.Content.ToMemory(), WholeLength(answer.Details), Version(answer.Details.ETag));
                    }
                    catch (RequestFailedException e) when (e.Status == RangeNotSatisfiable)
                    {
                        // At the end or past it. How long the blob is, only its properties say; it may have grown meanwhile.
                        var properties = (await blob.GetPropertiesAsync(null, cancellationToken)).Value;
                        if (properties.ContentLength <= offset)
                        {
                            return new BlobRange(default, properties.ContentLength, Version(properties.ETag));
                        }
                    }
                    catch (RequestFailedException e) when (e.Status == NotFound)
                    {
                        return (BlobRange?)null;
                    }
                }

                throw new StorageUnavailableException($"The end of the blob {name} was moved again and again while it was read.");
            },
            cancellationToken);
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StorageLimits.CheckBlobPrefix(prefix);
        var slash = prefix.IndexOf('/', StringComparison.Ordinal);
        var container = prefix[..slash];
        var options = new GetBlobsOptions { Prefix = prefix.Length == slash + 1 ? null : prefix[(slash + 1)..] };
        var pages = accountOf(container).GetBlobContainerClient(container).GetBlobsAsync(options, cancellationToken).AsPages();
        await using var pageReader = pages.GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(pageReader, cancellationToken))
        {
            foreach (var item in pageReader.Current.Values)
            {
                yield return new BlobItem(new BlobName($"{container}/{item.Name}"), item.Properties.ContentLength ?? 0);
            }
        }
    }

    public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        StorageLimits.CheckMayChange(name);
        StorageLimits.CheckContent(content);
        var conditions = new BlobRequestConditions { IfMatch = new ETag(version.Tag) };
        return AzureCall.DoAsync(
            "Replace a blob", () => IfVersionAsync(() => UploadAsync(name, content, conditions, cancellationToken)), cancellationToken);
    }

    public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken)
    {
        StorageLimits.CheckMayChange(name);
        var conditions = new BlobRequestConditions { IfMatch = new ETag(version.Tag) };
        return AzureCall.DoAsync(
            "Delete a blob",
            () => IfVersionAsync(
                () => Container(name).GetBlobClient(NameInContainer(name)).DeleteAsync(DeleteSnapshotsOption.None, conditions, cancellationToken)),
            cancellationToken);
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<Page<global::Azure.Storage.Blobs.Models.BlobItem>> pages, CancellationToken cancellationToken) =>
        await AzureCall.DoAsync(
            "List blobs",
            async () =>
            {
                try
                {
                    return await pages.MoveNextAsync();
                }
                catch (RequestFailedException e) when (e.Status == NotFound)
                {
                    return false;
                }
            },
            cancellationToken);

    private static async Task<bool> IfVersionAsync(Func<Task> change)
    {
        try
        {
            await change();
            return true;
        }
        catch (RequestFailedException e) when (e.Status is NotFound or PreconditionFailed || e.ErrorCode == BlobErrorCode.InvalidBlobType)
        {
            return false;
        }
    }

    private async Task<bool> CreateInContainerAsync(BlobName name, Func<Task> create, CancellationToken cancellationToken)
    {
        for (var isContainerNew = false; ; isContainerNew = true)
        {
            try
            {
                await create();
                return true;
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound && !isContainerNew)
            {
                await Container(name).CreateIfNotExistsAsync(PublicAccessType.None, null, null, cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status == PreconditionFailed
                || e.ErrorCode == BlobErrorCode.BlobAlreadyExists || e.ErrorCode == BlobErrorCode.InvalidBlobType)
            {
                return false;
            }
        }
    }

    private async Task UploadAsync(BlobName name, ReadOnlyMemory<byte> content, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = conditions,
            TransferOptions = new StorageTransferOptions { InitialTransferSize = PieceBytes, MaximumTransferSize = PieceBytes, MaximumConcurrency = 2 },
        };
        using var stream = BinaryData.FromBytes(content).ToStream();
        await Container(name).GetBlobClient(NameInContainer(name)).UploadAsync(stream, options, cancellationToken);
    }

    private BlobContainerClient Container(BlobName name)
    {
        var text = name.ToString();
        var container = text[..text.IndexOf('/', StringComparison.Ordinal)];
        return accountOf(container).GetBlobContainerClient(container);
    }

    private static string NameInContainer(BlobName name)
    {
        var text = name.ToString();
        return text[(text.IndexOf('/', StringComparison.Ordinal) + 1)..];
    }

    // A range is answered with "bytes 0-9/100"; without one the content is the whole.
    private static long WholeLength(BlobDownloadDetails details) =>
        details.ContentRange is { } range && range.LastIndexOf('/') is var slash and >= 0
            ? long.Parse(range.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture)
            : details.ContentLength;

    private static BlobVersion Version(ETag tag) => new(tag.ToString());
}
