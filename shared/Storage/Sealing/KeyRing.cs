using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PasientensMaledata.Storage.Sealing;

/// <summary>
/// The keys that hash and seal, apart from the patients' own: one blob, wrapped by the master key. <see cref="Current"/> is replaced when another
/// process has rotated a key.
/// </summary>
public sealed class KeyRing
{
    /// <summary>How often a running process looks whether the ring has changed.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);

    private static readonly BlobName Name = new("keys/ring");
    private static readonly byte[] BelongsTo = "keys/ring"u8.ToArray();

    private readonly IBlobs blobs;
    private readonly Func<MasterKeys> readMaster;
    private volatile Keys current;
    private volatile MasterKeys master;
    private BlobVersion version;

    private KeyRing(IBlobs blobs, Func<MasterKeys> readMaster, MasterKeys master, Keys current, BlobVersion version) =>
        (this.blobs, this.readMaster, this.master, this.current, this.version) = (blobs, readMaster, master, current, version);

    /// <summary>The keys in force.</summary>
    public Keys Current => current;

    /// <summary>The master keys in force.</summary>
    public MasterKeys Master => master;

    /// <summary>Opens the ring; makes it the first time.</summary>
    /// <param name="blobs">Where it lies.</param>
    /// <param name="readMaster">Reads the master keys, again at every <see cref="RefreshAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CryptographicException">The master key is not the one the ring was wrapped with, or the ring was changed.</exception>
    public static async Task<KeyRing> OpenAsync(IBlobs blobs, Func<MasterKeys> readMaster, CancellationToken cancellationToken)
    {
        var master = readMaster();
        if (await blobs.ReadAsync(Name, 0, StorageLimits.MaxBlobBytes, cancellationToken) is not { } blob)
        {
            await blobs.CreateAsync(Name, master.Wrap(Keys.Generate().Format(), BelongsTo), cancellationToken);
            blob = await blobs.ReadAsync(Name, 0, StorageLimits.MaxBlobBytes, cancellationToken)
                ?? throw new StorageUnavailableException("The key ring was created, yet cannot be read.");
        }

        return new(blobs, readMaster, master, Open(master, blob), blob.Version);
    }

    /// <summary>Reads the ring again where it has changed.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var read = await blobs.ReadAsync(Name, 0, StorageLimits.MaxBlobBytes, cancellationToken)
            ?? throw new CryptographicException("The key ring is gone.");
        if (read.Version != version)
        {
            var newMaster = readMaster();
            current = Open(newMaster, read);
            master = newMaster;
            version = read.Version;
        }
    }

    /// <summary>Replaces the keys, wrapped under the current master key as it is read now; false when another process was first.</summary>
    public async Task<bool> ReplaceAsync(Keys keys, CancellationToken cancellationToken)
    {
        var newMaster = readMaster();
        if (!await blobs.ReplaceAsync(Name, version, newMaster.Wrap(keys.Format(), BelongsTo), cancellationToken))
        {
            return false;
        }

        await RefreshAsync(cancellationToken);
        return true;
    }

    private static Keys Open(MasterKeys master, BlobRange blob) =>
        Keys.Parse(master.Unwrap(blob.Content.Span, BelongsTo)
            ?? throw new CryptographicException("The key ring cannot be opened: its master key is not the one given, or the ring was changed."));

    /// <summary>The keys themselves, 32 bytes each.</summary>
    /// <param name="DirectoryNumber">Number of the directory key.</param>
    /// <param name="Directory">Hashes person numbers.</param>
    /// <param name="PreviousDirectory">The directory key before it, while rows under it remain; null otherwise.</param>
    /// <param name="Identity">Hashes what tells one Observation from another. Never rotated: ids are for ever.</param>
    /// <param name="Content">Hashes content. Never rotated: known content stays known.</param>
    /// <param name="Id">Hides the PatientKey in an id. Never rotated.</param>
    /// <param name="Page">Seals page links.</param>
    public sealed record Keys(int DirectoryNumber, byte[] Directory, byte[]? PreviousDirectory, byte[] Identity, byte[] Content, byte[] Id, byte[] Page)
    {
        /// <summary>Makes the keyed pseudonyms of practitioners. Derived from the identity key, so never rotated: Blocks go by them.</summary>
        [JsonIgnore]
        public byte[] Practitioner { get; } = Identity is { Length: 32 } ? HKDF.Expand(HashAlgorithmName.SHA256, Identity, 32, "practitioner"u8.ToArray()) : [];

        /// <summary>Seals what was refused. Derived from the identity key, so never rotated.</summary>
        [JsonIgnore]
        public byte[] Refused { get; } = Identity is { Length: 32 } ? HKDF.Expand(HashAlgorithmName.SHA256, Identity, 32, "refused"u8.ToArray()) : [];

        /// <summary>Seals the signing key of the access log. Derived likewise.</summary>
        [JsonIgnore]
        public byte[] Log { get; } = Identity is { Length: 32 } ? HKDF.Expand(HashAlgorithmName.SHA256, Identity, 32, "log"u8.ToArray()) : [];

        /// <summary>Seals the person numbers of events of the access log. Derived likewise.</summary>
        [JsonIgnore]
        public byte[] LoggedNumbers { get; } = Identity is { Length: 32 } ? HKDF.Expand(HashAlgorithmName.SHA256, Identity, 32, "numbers in the log"u8.ToArray()) : [];

        /// <summary>New keys from the operating system's random source.</summary>
        public static Keys Generate() => new(1, Random(), null, Random(), Random(), Random(), Random());

        /// <summary>With a new directory key; the present one becomes the previous.</summary>
        public Keys WithNextDirectory() => this with { DirectoryNumber = DirectoryNumber + 1, Directory = Random(), PreviousDirectory = Directory };

        /// <summary>With a new page key: links that were given out lead nowhere from then on.</summary>
        public Keys WithNextPage() => this with { Page = Random() };

        internal byte[] Format() => JsonSerializer.SerializeToUtf8Bytes(this);

        internal static Keys Parse(ReadOnlySpan<byte> text) =>
            JsonSerializer.Deserialize<Keys>(text) is { } keys
                && new[] { keys.Directory, keys.Identity, keys.Content, keys.Id, keys.Page }.All(k => k is { Length: 32 })
                ? keys
                : throw new CryptographicException("The key ring is not whole.");

        private static byte[] Random() => RandomNumberGenerator.GetBytes(32);
    }
}
