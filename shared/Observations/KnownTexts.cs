using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Observations;

/// <summary>Texts that most Observations have, each made into a string once: to make them again for each Observation costs more than all checks of them.</summary>
internal static class KnownTexts
{
    private static readonly string[] All =
    [
        "Observation", "final", "preliminary", "amended", "corrected", "entered-in-error", "cancelled",
        ConceptCatalog.Loinc, ConceptCatalog.Snomed, ConceptCatalog.Npu, ConceptCatalog.Ucum, ConceptCatalog.CategorySystem, ConceptCatalog.VitalSigns,
        "laboratory", "survey", "urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2", "urn:oid:2.16.578.1.12.4.1.4.3", "urn:oid:2.16.578.1.12.4.1.4.101",
        .. ConceptCatalog.General.Select(profile => profile.Url),
        .. ConceptCatalog.All.SelectMany(concept => concept.Codings.Concat(concept.Parts.SelectMany(part => part.Codings))).Select(coding => coding.Code),
        .. ConceptCatalog.All.SelectMany(concept => concept.Units.Concat(concept.Parts.SelectMany(part => part.Units))),
        .. ConceptCatalog.All.SelectMany(concept => concept.Profiles).Select(profile => profile.Url),
    ];

    // Of four slots three are empty, so that what is not known is mostly told from one look.
    private static readonly int Bits = BitOperations.Log2((uint)All.Length) + 3;
    private static readonly (byte[] Utf8, string Text)?[] Slots = Lay();

    /// <summary>The text of these bytes, where it is one of them; else null.</summary>
    public static string? Find(ReadOnlySpan<byte> utf8)
    {
        for (var slot = Hash(utf8); Slots[slot] is var (bytes, text); slot = Next(slot))
        {
            if (utf8.SequenceEqual(bytes))
            {
                return text;
            }
        }

        return null;
    }

    private static (byte[] Utf8, string Text)?[] Lay()
    {
        var slots = new (byte[] Utf8, string Text)?[1 << Bits];
        foreach (var text in All.Distinct())
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            var slot = Hash(utf8);
            while (slots[slot] is not null)
            {
                slot = Next(slot);
            }

            slots[slot] = (utf8, text);
        }

        return slots;
    }

    private static int Next(int slot) => (slot + 1) & ((1 << Bits) - 1);

    // Texts with the same beginning, such as systems, differ at their ends.
    private static int Hash(ReadOnlySpan<byte> utf8)
    {
        ulong end = 0;
        if (utf8.Length >= 8)
        {
            end = BinaryPrimitives.ReadUInt64LittleEndian(utf8[^8..]);
        }
        else
        {
            foreach (var b in utf8)
            {
                end = (end << 8) | b;
            }
        }

        return unchecked((int)(((end + (ulong)utf8.Length) * 0x9E37_79B9_7F4A_7C15) >> (64 - Bits)));
    }
}
