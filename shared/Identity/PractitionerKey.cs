using System.Diagnostics.CodeAnalysis;
using System.Text;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Identity;

/// <summary>
/// Keyed pseudonym of a practitioner's person number: 128 bits, so that also one without HPR number can be logged and blocked. The same person has
/// the same key for ever; the number cannot be had from it without the practitioner key. The default value is nobody.
/// </summary>
public readonly record struct PractitionerKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 16;

    private readonly UInt128 value;

    private PractitionerKey(UInt128 value) => this.value = value;

    /// <summary>The key of a person.</summary>
    /// <param name="number">The practitioner's person number.</param>
    /// <param name="practitionerKey">The ring's practitioner key.</param>
    public static PractitionerKey Of(NationalId number, byte[] practitionerKey)
    {
        Span<byte> ascii = stackalloc byte[32];
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(practitionerKey, ascii[..Encoding.ASCII.GetBytes(number.Digits, ascii)], hash);
        return new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash));
    }

    /// <summary>Reads 32 hexadecimal characters.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PractitionerKey key)
    {
        UInt128 value = default;
        var accepted = text is { Length: 32 } && UInt128.TryParse(text, System.Globalization.NumberStyles.AllowHexSpecifier, null, out value) && value != 0;
        key = accepted ? new(value) : default;
        return accepted;
    }

    /// <summary>32 hexadecimal characters.</summary>
    public override string ToString() => value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}
