using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations;

/// <summary>
/// Observation.id on the wire: base32 (RFC 4648 alphabet, lower case, unpadded) of the identity and of the PatientKey hidden by a keyed hash of the
/// identity; 52 characters. A read by id needs no look-up table, and ids of one patient have nothing in common. It proves nothing: access is decided
/// for it as for a search.
/// </summary>
public static class ObservationId
{
    /// <summary>Characters of an id.</summary>
    public const int Length = 52;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int Bytes = ObservationIdentity.Size + PatientKey.Size;

    /// <summary>The id of an Observation.</summary>
    public static string Format(PatientKey patient, ObservationIdentity identity, byte[] idKey) =>
        string.Create(Length, (patient, identity, idKey), static (text, state) =>
        {
            Span<byte> bytes = stackalloc byte[Bytes];
            state.identity.Write(bytes);
            state.patient.Write(bytes[ObservationIdentity.Size..]);
            Hide(bytes, state.idKey);
            int buffer = 0, bits = 0, next = 0;
            foreach (var b in bytes)
            {
                buffer = ((buffer << 8) | b) & 0xfff;
                bits += 8;
                while (bits >= 5)
                {
                    bits -= 5;
                    text[next++] = Alphabet[(buffer >> bits) & 31];
                }
            }

            // 256 bits end with one bit in the last character; the four below it are zero.
            text[next] = Alphabet[(buffer << (5 - bits)) & 31];
        });

    /// <summary>Reads an id; false for anything that is not of our form. That it is of our form does not say that there is such an Observation.</summary>
    public static bool TryParse(ReadOnlySpan<char> id, byte[] idKey, out PatientKey patient, out ObservationIdentity identity)
    {
        (patient, identity) = (default, default);
        Span<byte> bytes = stackalloc byte[Bytes];
        if (!TryDecode(id, bytes))
        {
            return false;
        }

        Hide(bytes, idKey);
        identity = ObservationIdentity.Read(bytes);
        patient = PatientKey.Read(bytes[ObservationIdentity.Size..]);
        return true;
    }

    /// <summary>Whether a text has the form of our ids.</summary>
    public static bool HasForm(ReadOnlySpan<char> id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        return TryDecode(id, bytes);
    }

    private static bool TryDecode(ReadOnlySpan<char> id, Span<byte> bytes)
    {
        if (id.Length != Length)
        {
            return false;
        }

        int buffer = 0, bits = 0, next = 0;
        foreach (var c in id)
        {
            var digit = c switch { >= 'a' and <= 'z' => c - 'a', >= '2' and <= '7' => c - '2' + 26, _ => -1 };
            if (digit < 0)
            {
                return false;
            }

            buffer = ((buffer << 5) | digit) & 0xfff;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[next++] = (byte)((buffer >> bits) & 0xff);
            }
        }

        return (buffer & ((1 << bits) - 1)) == 0;
    }

    private static void Hide(Span<byte> bytes, byte[] idKey)
    {
        Span<byte> mask = stackalloc byte[32];
        KeyedHash.Compute(idKey, bytes[..ObservationIdentity.Size], mask);
        for (var i = 0; i < PatientKey.Size; i++)
        {
            bytes[ObservationIdentity.Size + i] ^= mask[i];
        }
    }
}
