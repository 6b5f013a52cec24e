using System.Text.Json;

namespace PasientensMaledata.Observations;

internal static class JsonStrings
{
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
