using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Observations;

internal static class JsonStrings
{
    /// <summary>Whether an element says nothing: an empty string, or what holds nothing else. Empty strings are taken as absent (FHIR R4 json: none is allowed).</summary>
    public static bool IsEmpty(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return JsonMarshal.GetRawUtf8Value(element).Length == 2;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (!IsEmpty(member.Value))
                    {
                        return false;
                    }
                }

                return true;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    if (!IsEmpty(item))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>A member's name in UTF-8; in place, unless it was sent with escapes.</summary>
    public static ReadOnlySpan<byte> Name(JsonProperty member)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(member);
        return raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(member.Name) : raw;
    }

    /// <summary>The text of a JSON string; null where the element is none, or holds a lone surrogate, which no text can.</summary>
    public static string? Get(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            // What is known has no escapes.
            return KnownTexts.Find(JsonMarshal.GetRawUtf8Value(element)[1..^1]) ?? element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
