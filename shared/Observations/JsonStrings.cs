using System.Runtime.InteropServices;
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

    /// <summary>The text of a JSON string; null where the element is none, or holds a lone surrogate, which no text can.</summary>
    public static string? Get(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
