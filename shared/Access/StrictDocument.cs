using System.Text.Json;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Access;

/// <summary>JSON from outside that may be read freely once it is parsed: no member stands twice, and every text is one.</summary>
public static class StrictDocument
{
    /// <summary>
    /// Parses it. What is well-formed JSON and yet no text (half of a surrogate pair, bytes that are not UTF-8) is refused here, since the parser throws
    /// another exception for it: where it compares names, or only where a value is read.
    /// </summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="maxDepth">Levels of nesting that are accepted.</param>
    /// <exception cref="JsonException">It is not such JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, int maxDepth) => JsonShape.IsText(json.Span)
        ? JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = maxDepth })
        : throw new JsonException("The text is not well-formed.");
}
