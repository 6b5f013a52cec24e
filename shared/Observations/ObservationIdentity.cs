using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Observations;

/// <summary>
/// What tells one Observation of a patient from another: 128 bits of a keyed hash over the PatientKey and what the sender said. The same measurement
/// sent again has the same identity; <c>default</c> is none.
/// </summary>
public readonly record struct ObservationIdentity
{
    /// <summary>Bytes of an identity.</summary>
    public const int Size = 16;

    private readonly UInt128 value;

    private ObservationIdentity(UInt128 value) => this.value = value;

    /// <summary>Reads the first 16 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public static ObservationIdentity Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads 32 hexadecimal characters, as in a row key.</summary>
    public static bool TryParse([NotNullWhen(true)] ReadOnlySpan<char> hex, out ObservationIdentity identity)
    {
        identity = default;
        if (hex.Length != 32 || !UInt128.TryParse(hex, System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
        {
            return false;
        }

        identity = new(value);
        return true;
    }

    /// <summary>Writes the identity as 16 bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, value);

    /// <summary>The first 8 bytes in hexadecimal, as the access log has it.</summary>
    public string LogForm => ToString()[..16];

    /// <summary>32 hexadecimal characters, as in a row key.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
