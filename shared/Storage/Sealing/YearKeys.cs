using System.Globalization;
using System.Security.Cryptography;

namespace PasientensMaledata.Storage.Sealing;

/// <summary>
/// A random key of 32 bytes for each calendar year and purpose, wrapped by the master key, in a blob of its own. It is made when first asked for, and
/// destroyed <see cref="KeptDays"/> days after the year: then nobody can make what it made again.
/// </summary>
/// <param name="blobs">Where the keys lie.</param>
/// <param name="ring">Has the master keys.</param>
/// <param name="purpose">What the keys are for: a word, which is part of the blobs' names.</param>
/// <param name="time">The clock.</param>
public sealed class YearKeys(IBlobs blobs, KeyRing ring, string purpose, TimeProvider time)
{
    /// <summary>Days that a key is kept after its year.</summary>
    public const int KeptDays = 90;

    private const string Folder = "keys/years/";

    /// <summary>The first moment at which a year's key must not be used any more.</summary>
    public static DateTimeOffset EndOf(int year) => new DateTimeOffset(year + 1, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(KeptDays);

    /// <summary>The year's key; null where its time is over, also where it has not been destroyed yet.</summary>
    /// <exception cref="CryptographicException">The key cannot be opened by the master keys given.</exception>
    public async Task<byte[]?> FindAsync(int year, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() >= EndOf(year))
        {
            return null;
        }

        var name = NameOf(year);
        if (await ReadAsync(name, cancellationToken) is not { } blob)
        {
            await blobs.CreateAsync(name, ring.Master.Wrap(RandomNumberGenerator.GetBytes(32), BelongsTo(name)), cancellationToken);
            blob = await ReadAsync(name, cancellationToken) ?? throw new StorageUnavailableException("A year's key was created, yet cannot be read.");
        }

        return ring.Master.Unwrap(blob.Content.Span, BelongsTo(name)) ?? throw new CryptographicException($"The key {name} cannot be opened: its master key is not the one given, or it was changed.");
    }

    /// <summary>Destroys the keys whose time is over.</summary>
    /// <returns>Their years.</returns>
    public async Task<IReadOnlyList<int>> DestroyOldAsync(CancellationToken cancellationToken)
    {
        var destroyed = new List<int>();
        await foreach (var item in blobs.ListAsync($"{Folder}{purpose}-", cancellationToken))
        {
            var year = int.Parse(item.Name.ToString().AsSpan()[^4..], CultureInfo.InvariantCulture);
            if (time.GetUtcNow() >= EndOf(year) && await ReadAsync(item.Name, cancellationToken) is { } blob && await blobs.DeleteAsync(item.Name, blob.Version, cancellationToken))
            {
                destroyed.Add(year);
            }
        }

        return destroyed;
    }

    /// <summary>Wraps all years' keys, of every purpose, under the current master key, as its rotation asks for.</summary>
    public static async Task RewrapAsync(IBlobs blobs, MasterKeys master, CancellationToken cancellationToken)
    {
        await foreach (var item in blobs.ListAsync(Folder, cancellationToken))
        {
            var done = false;
            while (!done && await blobs.ReadAsync(item.Name, 0, StorageLimits.MaxBlobBytes, cancellationToken) is { } blob)
            {
                if (MasterKeys.NumberOf(blob.Content.Span) == master.Current)
                {
                    break;
                }

                var key = master.Unwrap(blob.Content.Span, BelongsTo(item.Name)) ?? throw new CryptographicException($"The key {item.Name} cannot be opened by the master keys given.");
                done = await blobs.ReplaceAsync(item.Name, blob.Version, master.Wrap(key, BelongsTo(item.Name)), cancellationToken);
            }
        }
    }

    private BlobName NameOf(int year) => new(string.Create(CultureInfo.InvariantCulture, $"{Folder}{purpose}-{year:0000}"));

    private static byte[] BelongsTo(BlobName name) => System.Text.Encoding.ASCII.GetBytes(name.ToString());

    private ValueTask<BlobRange?> ReadAsync(BlobName name, CancellationToken cancellationToken) => blobs.ReadAsync(name, 0, StorageLimits.MaxBlobBytes, cancellationToken);
}
