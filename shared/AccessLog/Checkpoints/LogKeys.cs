using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.AccessLog.Checkpoints;

/// <summary>
/// The log's signing key and the public keys of all that it has had, in one blob: the public ones open, so that whoever has the blobs can verify; the
/// private one sealed under the key ring, or absent where it is a secret from outside.
/// </summary>
/// <param name="blobs">Where the blob lies.</param>
/// <param name="ring">What seals the private key.</param>
/// <param name="name">The log's name, when its first key is made.</param>
/// <param name="secret">The text of the signing key, where it is a secret from outside; null where it is kept here.</param>
public sealed class LogKeys(IBlobs blobs, KeyRing ring, string name, string? secret)
{
    /// <summary>The name where nothing is said: a log on somebody's own machine.</summary>
    public const string DefaultName = "maledata.localhost/access-log";

    private static readonly BlobName Blob = new("keys/log");
    private static readonly byte[] BelongsTo = "keys/log"u8.ToArray();

    /// <summary>Opens the signing key; makes it the first time. The caller disposes of it.</summary>
    /// <exception cref="FormatException">The secret is no signing key.</exception>
    /// <exception cref="CryptographicException">The key cannot be opened, or is of another log's name.</exception>
    public async Task<LogSigner> OpenSignerAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var read = await blobs.ReadAsync(Blob, 0, StorageLimits.MaxBlobBytes, cancellationToken);
            var stored = read is { } range ? Parse(range.Content.Span) : null;
            var signer = secret is not null ? LogSigner.Parse(secret) : stored?.Sealed is { } closed ? Open(closed) : LogSigner.Generate(stored?.Verifiers[^1].Name ?? name);
            if (stored is not null && stored.Verifiers.Any(v => v.Name != signer.Verifier.Name))
            {
                signer.Dispose();
                throw new CryptographicException("The signing key is of another name than the log, whose name never changes.");
            }

            if (stored?.Verifiers[0].ToString() == signer.Verifier.ToString())
            {
                return signer;
            }

            // Published before anything is signed by it.
            if (await StoreAsync(signer, stored, read?.Version, cancellationToken))
            {
                return signer;
            }

            signer.Dispose();
        }

        throw new StorageUnavailableException("The log's keys are changed again and again.");
    }

    /// <summary>Makes a new signing key. Its predecessors' public keys stay: what they signed is verified for ever.</summary>
    /// <exception cref="InvalidOperationException">The signing key is a secret from outside.</exception>
    public async Task<LogVerifierKey> RotateAsync(CancellationToken cancellationToken)
    {
        if (secret is not null)
        {
            throw new InvalidOperationException("The signing key is a secret that this program cannot write.");
        }

        using (await OpenSignerAsync(cancellationToken))
        {
            // There is one to rotate.
        }

        var read = await blobs.ReadAsync(Blob, 0, StorageLimits.MaxBlobBytes, cancellationToken);
        var stored = Parse(read!.Value.Content.Span);
        using var signer = LogSigner.Generate(stored.Verifiers[0].Name);
        return await StoreAsync(signer, stored, read.Value.Version, cancellationToken)
            ? signer.Verifier
            : throw new StorageUnavailableException("The log's keys were changed by another process. Start again.");
    }

    /// <summary>The public keys, newest first; none where nothing was signed yet.</summary>
    public static async Task<IReadOnlyList<LogVerifierKey>> ReadVerifiersAsync(IBlobs blobs, CancellationToken cancellationToken) =>
        await blobs.ReadAsync(Blob, 0, StorageLimits.MaxBlobBytes, cancellationToken) is { } read ? Parse(read.Content.Span).Verifiers : [];

    private async Task<bool> StoreAsync(LogSigner signer, Stored? stored, BlobVersion? version, CancellationToken cancellationToken)
    {
        using var seal = new Seal(ring.Current.Log);
        var saved = new Saved(
            [signer.Verifier.ToString(), .. (stored?.Verifiers ?? []).Select(v => v.ToString()).Where(v => v != signer.Verifier.ToString())],
            secret is null ? seal.Close(Encoding.UTF8.GetBytes(signer.Format()), BelongsTo) : null);
        var content = JsonSerializer.SerializeToUtf8Bytes(saved);
        return version is { } known ? await blobs.ReplaceAsync(Blob, known, content, cancellationToken) : await blobs.CreateAsync(Blob, content, cancellationToken);
    }

    private LogSigner Open(byte[] closed)
    {
        using var seal = new Seal(ring.Current.Log);
        return LogSigner.Parse(Encoding.UTF8.GetString(seal.TryOpen(closed, BelongsTo) ?? throw new CryptographicException("The log's signing key cannot be opened: it was changed, or sealed by another ring.")));
    }

    private static Stored Parse(ReadOnlySpan<byte> content)
    {
        var saved = JsonSerializer.Deserialize<Saved>(content);
        List<LogVerifierKey> verifiers = [];
        foreach (var text in saved?.Verifiers ?? [])
        {
            verifiers.Add(LogVerifierKey.TryParse(text, out var key) ? key : throw new CryptographicException("The log's keys are damaged."));
        }

        return verifiers.Count > 0 ? new(verifiers, saved!.Sealed) : throw new CryptographicException("The log's keys are damaged.");
    }

    private sealed record Stored(IReadOnlyList<LogVerifierKey> Verifiers, byte[]? Sealed);

    private sealed record Saved(IReadOnlyList<string> Verifiers, byte[]? Sealed);
}
