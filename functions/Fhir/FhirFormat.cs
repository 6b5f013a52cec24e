using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>Which form of FHIR is spoken (FHIR R4 http#mime-type): JSON always, 4.0 or 5.0 by the <c>fhirVersion</c> parameter.</summary>
public static class FhirFormat
{
    /// <summary>The media type.</summary>
    public const string Json = "application/fhir+json";

    private const string FormatItem = "pmd.format";

    private static readonly string[] Versions = ["4.0", "5.0"];

    /// <summary>What an answer is to be, by <c>_format</c> or Accept. Null where nothing acceptable is among it (406).</summary>
    /// <param name="request">The request.</param>
    /// <param name="withR5">Whether R5 was asked for.</param>
    public static bool TryChoose(HttpRequest request, out bool withR5)
    {
        withR5 = false;
        if (request.HttpContext.Items[FormatItem] is string format || request.Query["_format"] is [{ Length: > 0 } _] && (format = request.Query["_format"].ToString()) is not null)
        {
            // A '+' in a query is a space to most decoders.
            var asked = format.Replace(' ', '+');
            if (asked is "json" or "application/json" or "text/json" or Json)
            {
                return true;
            }

            return MediaTypeHeaderValue.TryParse(asked, out var type) && IsJson(type) && TryVersion(type, out withR5);
        }

        var accept = new RequestHeaders(request.Headers).Accept;
        if (accept.Count == 0)
        {
            return request.Headers.Accept.Count == 0 || request.Headers.Accept.All(string.IsNullOrWhiteSpace);
        }

        // Of equally wanted ones the more specific says more of what is wanted.
        foreach (var range in accept.Where(a => a.Quality is null or > 0).OrderByDescending(a => a.Quality ?? 1).ThenBy(a => a.MatchesAllTypes).ThenBy(a => a.MatchesAllSubTypes))
        {
            if ((IsJson(range) || range.MatchesAllTypes || (range.Type == "application" && range.MatchesAllSubTypes)) && TryVersion(range, out withR5))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Uses a <c>_format</c> from the form; false where it asks for what is not spoken.</summary>
    public static bool TryUse(HttpContext context, string format)
    {
        context.Items[FormatItem] = format;
        if (TryChoose(context.Request, out _))
        {
            return true;
        }

        context.Items.Remove(FormatItem);
        return false;
    }

    /// <summary>Why a body of this content type is not read (415); null where it is FHIR JSON in UTF-8.</summary>
    public static string? WhyNotRead(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
        {
            return $"The request has no content type, or none that can be read. Send {Json}.";
        }

        if (!IsJson(type))
        {
            return $"Only FHIR as JSON is read. Send {Json}.";
        }

        if (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
        {
            return "JSON is in UTF-8 (RFC 8259 8.1); leave charset out or send utf-8.";
        }

        return TryVersion(type, out _) ? null : "fhirVersion is to be 4.0 or 5.0.";
    }

    private static bool IsJson(MediaTypeHeaderValue type) =>
        type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        || type.MediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/json+fhir", StringComparison.OrdinalIgnoreCase);

    private static bool TryVersion(MediaTypeHeaderValue type, out bool withR5)
    {
        var version = type.Parameters.FirstOrDefault(p => p.Name.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase))?.Value.ToString().Trim('"');
        withR5 = version == Versions[1];
        return version is null || Array.IndexOf(Versions, version) >= 0;
    }
}
