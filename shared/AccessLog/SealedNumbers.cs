using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.AccessLog;

/// <summary>Person numbers as an event holds them: AES-256-GCM under a key derived in the ring, in base64. Without the ring nobody is known by them.</summary>
public static class SealedNumbers
{
    private static readonly byte[] BelongsTo = "numbers in the log"u8.ToArray();

    /// <summary>Seals them, in order.</summary>
    public static string Close(IEnumerable<NationalId> numbers, KeyRing ring)
    {
        using var seal = new Seal(ring.Current.LoggedNumbers);
        return Convert.ToBase64String(seal.Close(Encoding.ASCII.GetBytes(string.Join(' ', numbers.Select(n => n.Digits))), BelongsTo));
    }

    /// <summary>Opens them; none where there are none.</summary>
    /// <exception cref="CryptographicException">They were sealed by another ring, or changed.</exception>
    public static IReadOnlyList<NationalId> Open(string sealedNumbers, KeyRing ring)
    {
        if (sealedNumbers.Length == 0)
        {
            return [];
        }

        using var seal = new Seal(ring.Current.LoggedNumbers);
        var bytes = new byte[sealedNumbers.Length];
        return Convert.TryFromBase64String(sealedNumbers, bytes, out var length) && seal.TryOpen(bytes.AsSpan(0, length), BelongsTo) is { } text
            ? [.. Encoding.ASCII.GetString(text).Split(' ').Select(Read)]
            : throw new CryptographicException("The numbers of an event of the access log cannot be opened with this key ring.");
    }

    private static NationalId Read(string digits) =>
        NationalId.TryParse(digits, null, NationalIdPolicy.Lenient, out var number, out _) ? number : throw new CryptographicException("An event of the access log holds a number that is none.");
}
