using System.Security.Cryptography;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>A file of an export, as its manifest tells of it.</summary>
/// <param name="Name">Its blob.</param>
/// <param name="Rows">Rows in it, without the head.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its hash, in hexadecimal.</param>
internal sealed record ExportFile(BlobName Name, long Rows, long Bytes, string Sha256)
{
    /// <summary>Writes a file and tells of it.</summary>
    public static async Task<ExportFile> WriteAsync(IBlobs blobs, BlobName name, ReadOnlyMemory<byte> content, long rows, CancellationToken cancellationToken)
    {
        await PutAsync(blobs, name, content, cancellationToken);
        return new(name, rows, content.Length, Convert.ToHexStringLower(SHA256.HashData(content.Span)));
    }

    /// <summary>Makes a blob have this content. What has it already is left alone; anything else goes first, so that the file keeps its name.</summary>
    public static async Task PutAsync(IBlobs blobs, BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            if (await blobs.CreateAsync(name, content, cancellationToken))
            {
                return;
            }

            if (await ReadAsync(blobs, name, cancellationToken) is { } existing && existing.Span.SequenceEqual(content.Span))
            {
                return;
            }

            // Read past the end, so that what has lost its bytes has a version too.
            if (await blobs.ReadAsync(name, StorageLimits.MaxBlobBytes, 1, cancellationToken) is { Version: var version })
            {
                await blobs.DeleteAsync(name, version, cancellationToken);
            }
        }

        throw new StorageUnavailableException($"The file {name} is written by others again and again.");
    }

    /// <summary>Reads a whole file; null where it is not there, or was taken out of the folder or changed by hand: what follows from the log is made again.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(IBlobs blobs, BlobName name, CancellationToken cancellationToken)
    {
        try
        {
            return (await blobs.ReadAsync(name, 0, StorageLimits.MaxBlobBytes, cancellationToken))?.Content;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
