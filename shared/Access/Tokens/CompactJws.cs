using System.Buffers.Text;
using System.Text.Json;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// A JWS in compact serialization (RFC 7515 7.1) of which header and payload are JSON objects, read strictly: no padding, no member twice, nothing
/// critical that is not known here. Nothing is verified by reading it.
/// </summary>
internal sealed class CompactJws
{
    private const int MaxDepth = 16;

    private CompactJws(string signed, JsonElement header, JsonElement payload, byte[] signature) =>
        (Signed, Header, Payload, Signature) = (signed, header, payload, signature);

    /// <summary>What the signature is over: header and payload as sent, with the dot between them.</summary>
    public string Signed { get; }

    /// <summary>The header, an object.</summary>
    public JsonElement Header { get; }

    /// <summary>The payload, an object.</summary>
    public JsonElement Payload { get; }

    /// <summary>The signature's bytes.</summary>
    public byte[] Signature { get; }

    /// <summary>Reads it; null where it is none.</summary>
    public static CompactJws? TryRead(string text)
    {
        var first = text.IndexOf('.', StringComparison.Ordinal);
        var last = text.LastIndexOf('.');
        if (last == first || text.AsSpan(first + 1, last - first - 1).Contains('.'))
        {
            return null;
        }

        return Decode(text.AsSpan(0, first)) is { } header && Decode(text.AsSpan(first + 1, last - first - 1)) is { } payload && Decode(text.AsSpan(last + 1)) is { } signature
            && Object(header) is { } head && Object(payload) is { } body
            // RFC 7515 4.1.11: what is critical and not understood makes the JWS invalid. Nothing critical is understood here.
            && !head.TryGetProperty("crit", out _)
            ? new(text[..last], head, body, signature)
            : null;
    }

    /// <summary>A member that is a string; null where it is absent or something else.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A member that is a whole number, written as one; null where it is absent or something else.</summary>
    public static long? Whole(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    // RFC 7515 2: base64url with all trailing '=' omitted, and no line breaks or white space.
    internal static byte[]? Decode(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return null;
            }
        }

        return Base64Url.IsValid(text, out _) ? Base64Url.DecodeFromChars(text) : null;
    }

    private static JsonElement? Object(byte[] json)
    {
        try
        {
            using var document = StrictDocument.Parse(json, MaxDepth);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            // No such JSON.
        }

        return null;
    }
}
