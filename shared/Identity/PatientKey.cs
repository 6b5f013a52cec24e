using System.Buffers.Binary;
using System.Security.Cryptography;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Identity;

/// <summary>
/// Random 128-bit handle of a patient. Every partition, log event and setting uses it; nothing of a person number is in it, so it survives a change
/// of number and tells nothing when seen alone.
/// </summary>
public readonly record struct PatientKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 16;

    private readonly UInt128 value;

    private PatientKey(UInt128 value) => this.value = value;

    /// <summary>A new key from the operating system's random source.</summary>
    public static PatientKey NewRandom()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads the first 16 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public static PatientKey Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Writes the key as 16 bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, value);

    /// <summary>The patient's partition.</summary>
    public PartitionKey Partition
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Size];
            Write(bytes);
            return new($"patient-{Convert.ToHexStringLower(bytes)}");
        }
    }
}
