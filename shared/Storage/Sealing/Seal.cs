using System.Security.Cryptography;

namespace PasientensMaledata.Storage.Sealing;

/// <summary>
/// AES-256-GCM with a random 96-bit nonce, laid out as nonce, tag, ciphertext. What the bytes belong to is authenticated with them, so that a sealed
/// value cannot be moved to another place unseen.
/// </summary>
public sealed class Seal : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Bytes a sealed value is longer than its content.</summary>
    public const int Overhead = NonceSize + TagSize;

    // Random bytes are fetched for so many nonces at once: a call for 12 of them costs as much as the sealing.
    private const int NoncesAtOnce = 64;

    [ThreadStatic]
    private static byte[]? nonces;

    [ThreadStatic]
    private static int noncesUsed;

    private readonly AesGcm aes;

    /// <param name="key">32 bytes.</param>
    public Seal(ReadOnlySpan<byte> key) => aes = new AesGcm(key, TagSize);

    /// <summary>Seals <paramref name="content"/> into <paramref name="destination"/>, which is <see cref="Overhead"/> longer.</summary>
    public void Close(ReadOnlySpan<byte> content, ReadOnlySpan<byte> belongsTo, Span<byte> destination)
    {
        var nonce = destination[..NonceSize];
        FillNonce(nonce);
        aes.Encrypt(nonce, content, destination[Overhead..], destination[NonceSize..Overhead], belongsTo);
    }

    /// <summary>Seals into a new array.</summary>
    public byte[] Close(ReadOnlySpan<byte> content, ReadOnlySpan<byte> belongsTo)
    {
        var closed = new byte[content.Length + Overhead];
        Close(content, belongsTo, closed);
        return closed;
    }

    /// <summary>Opens into <paramref name="destination"/>, which is <see cref="Overhead"/> shorter; false when the value was changed, moved or sealed by another key.</summary>
    public bool TryOpen(ReadOnlySpan<byte> closed, ReadOnlySpan<byte> belongsTo, Span<byte> destination)
    {
        if (closed.Length < Overhead)
        {
            return false;
        }

        try
        {
            aes.Decrypt(closed[..NonceSize], closed[Overhead..], closed[NonceSize..Overhead], destination, belongsTo);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Opens into a new array; null when the value was changed, moved or sealed by another key.</summary>
    public byte[]? TryOpen(ReadOnlySpan<byte> closed, ReadOnlySpan<byte> belongsTo)
    {
        if (closed.Length < Overhead)
        {
            return null;
        }

        var content = new byte[closed.Length - Overhead];
        return TryOpen(closed, belongsTo, content) ? content : null;
    }

    /// <inheritdoc/>
    public void Dispose() => aes.Dispose();

    private static void FillNonce(Span<byte> nonce)
    {
        var mine = nonces ??= new byte[NoncesAtOnce * NonceSize];
        if (noncesUsed % NoncesAtOnce == 0)
        {
            RandomNumberGenerator.Fill(mine);
            noncesUsed = 0;
        }

        mine.AsSpan(noncesUsed++ * NonceSize, NonceSize).CopyTo(nonce);
    }
}
