using System.Text;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Pseudonyms of one calendar year: 96 bits of a keyed hash, in hexadecimal. The key is used for nothing else; once it is gone nobody can make a
/// pseudonym again, nor tell which of another year is the same person.
/// </summary>
/// <param name="key">The year's key, 32 bytes.</param>
internal sealed class Pseudonyms(byte[] key)
{
    private const int Length = 12;

    /// <summary>Of a patient; empty for none.</summary>
    public string Of(PatientKey? patient)
    {
        if (patient is not { } known)
        {
            return "";
        }

        Span<byte> content = stackalloc byte[1 + PatientKey.Size];
        content[0] = (byte)'p';
        known.Write(content[1..]);
        return Hash(content);
    }

    /// <summary>Of a practitioner.</summary>
    public string Of(PractitionerKey practitioner)
    {
        Span<byte> content = stackalloc byte[1 + (2 * PractitionerKey.Size)];
        content[0] = (byte)'h';
        Encoding.ASCII.GetBytes(practitioner.ToString(), content[1..]);
        return Hash(content);
    }

    private string Hash(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(key, content, hash);
        return Convert.ToHexStringLower(hash[..Length]);
    }
}
