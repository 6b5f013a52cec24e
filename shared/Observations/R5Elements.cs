using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace PasientensMaledata.Observations;

/// <summary>Where in an Observation an element of R5 stands.</summary>
internal enum R5Place
{
    Observation,
    Component,
    ReferenceRange,
}

/// <summary>What an element of R5 holds. Apart from the last, R4 knows the type.</summary>
internal enum R5Type
{
    Canonical,
    PrimitiveExtension,
    Reference,
    Attachment,
    CodeableConcept,
    TriggeredBy,
}

/// <summary>An element that R5 has and R4 has not.</summary>
internal sealed record R5Element(R5Place Place, string Name, R5Type Type)
{
    public JsonEncodedText Encoded { get; } = JsonEncodedText.Encode(Name);
}

/// <summary>
/// What FHIR R5 added to Observation. The national API accepts R5 beside R4, so these are let through as sent; nothing is read out of them.
/// </summary>
internal static class R5Elements
{
    public static ImmutableArray<R5Element> All { get; } =
    [
        new(R5Place.Observation, "instantiatesCanonical", R5Type.Canonical),
        new(R5Place.Observation, "_instantiatesCanonical", R5Type.PrimitiveExtension),
        new(R5Place.Observation, "instantiatesReference", R5Type.Reference),
        new(R5Place.Observation, "triggeredBy", R5Type.TriggeredBy),
        new(R5Place.Observation, "bodyStructure", R5Type.Reference),
        new(R5Place.Observation, "valueAttachment", R5Type.Attachment),
        new(R5Place.Observation, "valueReference", R5Type.Reference),
        new(R5Place.Component, "valueAttachment", R5Type.Attachment),
        new(R5Place.Component, "valueReference", R5Type.Reference),
        new(R5Place.ReferenceRange, "normalValue", R5Type.CodeableConcept),
    ];

    private static readonly SearchValues<byte> Lengths = SearchValues.Create([.. All.Select(e => (byte)e.Name.Length)]);

    /// <summary>Members of an R5 Attachment that R4's has not.</summary>
    public static bool IsOfAttachment(ReadOnlySpan<char> name) => name is "width" or "height" or "frames" or "duration" or "pages";

    /// <summary>The element of R5 that a member is, or null. The names are few and most members start otherwise.</summary>
    public static R5Element? Find(R5Place place, JsonProperty member)
    {
        var name = JsonStrings.Name(member);
        if (name.Length > byte.MaxValue || !Lengths.Contains((byte)name.Length))
        {
            return null;
        }

        foreach (var element in All)
        {
            if (element.Place == place && name.SequenceEqual(element.Encoded.EncodedUtf8Bytes))
            {
                return element;
            }
        }

        return null;
    }

    /// <summary>Whether any element of R5 is there.</summary>
    public static bool AreIn(JsonElement observation)
    {
        foreach (var member in observation.EnumerateObject())
        {
            if (Find(R5Place.Observation, member) is not null
                || (member.NameEquals("component"u8) && AreInList(member.Value, R5Place.Component))
                || (member.NameEquals("referenceRange"u8) && AreInList(member.Value, R5Place.ReferenceRange)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AreInList(JsonElement list, R5Place place)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (var member in item.EnumerateObject())
            {
                if (Find(place, member) is not null
                    || (place == R5Place.Component && member.NameEquals("referenceRange"u8) && AreInList(member.Value, R5Place.ReferenceRange)))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
