using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions;

/// <summary>The calls that look up.</summary>
public static class SearchFunctions
{
    private const string FormType = "application/x-www-form-urlencoded";
    private const string PageParameter = "_page";

    /// <summary><c>POST /Observation/_search</c></summary>
    public static async Task SearchAsync(HttpContext context, Service service)
    {
        if (await ReadParametersAsync(context, allowResource: false) is not { } parameters)
        {
            return;
        }

        if (await ReadQueryAsync(context, service, QueryKind.Search, parameters) is not { } read)
        {
            return;
        }

        var patient = await service.Reader.OpenAsync(await service.Directory.FindAsync(read.Patient, context.RequestAborted), context.RequestAborted);
        var found = await service.Reader.SearchAsync(patient, read.Query!, Visibility.Everything, null, null, context.RequestAborted);

        // No identifier of a person stands in a URL: the links say all but the patient.
        var shown = parameters.Where(p => !p.Key.StartsWith("patient", StringComparison.Ordinal) && !p.Key.StartsWith("subject", StringComparison.Ordinal)).ToList();
        var link = found.After is null || patient.Key is not { } key ? null : new PageLink(key, Known(shown), found.After, found.AsOf);
        await AnswerAsync(context, service, read.Query!, found, Self(context.Request, Known(shown)), link, read.Remarks);
    }

    /// <summary><c>GET /Observation</c>: a further page, or the advice to POST.</summary>
    public static async Task PageAsync(HttpContext context, Service service)
    {
        // Some clients ask for every address in a format.
        if (context.Request.Query.Keys.Any(k => k is not (PageParameter or "_format" or "_pretty")) || context.Request.Query[PageParameter] is not [{ } token])
        {
            await AdviseToPostAsync(context);
            return;
        }

        var link = PageLink.Read(token, service.Ring.Current.Page, Service.Caller.ToString(), service.Time.GetUtcNow(), out var expired);
        if (link is null || expired)
        {
            await FhirAnswer.OutcomeAsync(context, expired ? StatusCodes.Status410Gone : StatusCodes.Status400BadRequest, expired
                ? Issue.Error("expired", null, $"This page link has lived its {Limits.PageLinkLifetime.TotalMinutes:0} minutes. Search again.")
                : Issue.Error("invalid", null, "This page link is none of ours, was changed, or was given to someone else. Search again."));
            return;
        }

        var query = QueryReader.ReadRest(QueryKind.Search, link.Parameters, [], []);
        var patient = await service.Reader.OpenAsync(link.Patient, context.RequestAborted);
        var found = await service.Reader.SearchAsync(patient, query, Visibility.Everything, link.After, link.AsOf, context.RequestAborted);
        await AnswerAsync(context, service, query, found, Self(context.Request, link.Parameters), found.After is null ? null : link with { After = found.After }, []);
    }

    /// <summary>Answers a look-up by GET: 405.</summary>
    internal static Task AdviseToPostAsync(HttpContext context)
    {
        context.Response.Headers.Allow = "POST";
        return FhirAnswer.OutcomeAsync(context, StatusCodes.Status405MethodNotAllowed, Issue.Error("not-supported", null, "Look up with POST /Observation/_search or POST /Observation/$lastn and the parameters in the form: a person number does not belong in a URL."));
    }

    /// <summary><c>POST /Observation/$lastn</c></summary>
    public static async Task LastAsync(HttpContext context, Service service)
    {
        if (await ReadParametersAsync(context, allowResource: true) is not { } parameters
            || await ReadQueryAsync(context, service, QueryKind.LastN, parameters) is not { } read)
        {
            return;
        }

        var patient = await service.Reader.OpenAsync(await service.Directory.FindAsync(read.Patient, context.RequestAborted), context.RequestAborted);
        var found = await service.Reader.LastAsync(patient, read.Query!, Visibility.Everything, context.RequestAborted);
        await AnswerAsync(context, service, read.Query!, found, null, null, read.Remarks);
    }

    private static async Task AnswerAsync(HttpContext context, Service service, ObservationQuery query, LookUp found, string? self, PageLink? link, IReadOnlyList<Issue> remarks)
    {
        if (found.TooCostly)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("too-costly", null, query.CountOnly
                ? $"More than {Limits.MaxCountedMatches} Observations match. Narrow the search by date or code."
                : $"More than {Limits.MaxSortedMatches} Observations match, and oldest first needs them all. Narrow the search by date or code, or take the newest first."));
            return;
        }

        // Without _count the client does not page: it is told that there is more. With it, it gets a link.
        if (link is not null && query.Count is null)
        {
            remarks = [.. remarks, Issue.Warning("incomplete", null, $"There are more: this answer has the first {found.Observations.Count}. Page with _count and the next links, or narrow the search by date or code.")];
        }

        var baseUrl = Addresses.Base(context.Request);
        var next = link is null || query.Count is null
            ? null
            : $"{baseUrl}/Observation?{PageParameter}={link.Format(service.Ring.Current.Page, Service.Caller.ToString(), service.Time.GetUtcNow())}";
        FhirFormat.TryChoose(context.Request, out var withR5);
        using var body = new AnswerBuffer();
        BundleWriter.WriteSearchSet(body, found, baseUrl, self ?? $"{baseUrl}{context.Request.Path}", next, remarks, withR5);
        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, body.Written);
    }

    private static async Task<ReadQuery?> ReadQueryAsync(HttpContext context, Service service, QueryKind kind, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        var header = context.Request.Headers["X-Pmd-Patient"];
        var read = QueryReader.Read(kind, parameters, header.Count > 1 ? string.Join(',', header.ToArray()) : header.ToString(), service.Policy);
        var strict = context.Request.Headers["Prefer"].ToString().Replace("\"", "", StringComparison.Ordinal).Contains("handling=strict", StringComparison.OrdinalIgnoreCase);
        var errors = strict ? [.. read.Errors, .. read.Remarks.Where(r => r.Code == "not-supported").Select(r => r with { Severity = IssueSeverity.Error })] : read.Errors;
        if (errors.Count == 0)
        {
            return read;
        }

        await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, errors);
        return null;
    }

    // The form's parameters, and those of the query that name no person; null where the answer is given.
    private static async Task<List<KeyValuePair<string, string>>?> ReadParametersAsync(HttpContext context, bool allowResource)
    {
        var request = context.Request;
        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in request.Query)
        {
            if (name.StartsWith("patient", StringComparison.OrdinalIgnoreCase) || name.StartsWith("subject", StringComparison.OrdinalIgnoreCase))
            {
                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("security", null, "The patient stands in the URL, where proxies and logs keep it. Put it in the form."));
                return null;
            }

            parameters.AddRange(values.Select(v => KeyValuePair.Create(name, v ?? "")));
        }

        var isForm = MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase);
        if (!isForm && allowResource && FhirFormat.WhyNotRead(request) is null)
        {
            using var body = await FhirBody.ReadAsync(context);
            if ((body.Problem ?? ReadResource(body.Root, parameters)) is { } problem)
            {
                await FhirAnswer.OutcomeAsync(context, body.Problem is null ? StatusCodes.Status400BadRequest : body.Status, problem);
                return null;
            }

            return parameters;
        }

        if (!isForm && request.ContentLength != 0 && context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status415UnsupportedMediaType, Issue.Error("not-supported", null, $"The parameters are to be sent as {FormType}."));
            return null;
        }

        var (rented, length) = await FhirBody.ReadBytesAsync(request, Limits.MaxBodyBytes, context.RequestAborted);
        if (length > Limits.MaxSearchFormBytes)
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status413PayloadTooLarge, Issue.Error("too-long", null, $"The form has more than {Limits.MaxSearchFormBytes} bytes."));
            return null;
        }

        foreach (var parameter in new QueryStringEnumerable(Encoding.UTF8.GetString(rented.AsSpan(0, length))))
        {
            parameters.Add(new(parameter.DecodeName().ToString(), parameter.DecodeValue().ToString()));
        }

        ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        // FHIR R4 http#parameters: in a search by POST, _format stands in the form.
        if (parameters.Find(p => p.Key == "_format") is { Value: { Length: > 0 } format } && !FhirFormat.TryUse(context, format))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status406NotAcceptable, Issue.Error("not-supported", null, $"Answers are {FhirFormat.Json}; _format asks for something else."));
            return null;
        }

        if (parameters.Count > Limits.MaxSearchParameters)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("too-costly", null, $"A search has at most {Limits.MaxSearchParameters} parameters."));
            return null;
        }

        return parameters;
    }

    // FHIR R4 operations: a Parameters resource; each part becomes a parameter of the same name.
    private static Issue? ReadResource(JsonElement root, List<KeyValuePair<string, string>> parameters)
    {
        if (!BundleReader.IsText(root))
        {
            return BundleReader.Unreadable("Parameters");
        }

        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("resourceType", out var type) || type.ValueKind != JsonValueKind.String || !type.ValueEquals("Parameters"))
        {
            return Issue.Error("structure", "Parameters", "The body is to be a form or a FHIR Parameters.");
        }

        var parts = root.TryGetProperty("parameter", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToList() : [];
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts.Count > Limits.MaxSearchParameters || ReadPart(parts[i]) is not { } parameter)
            {
                return Issue.Error("value", $"Parameters.parameter[{i}]", "A parameter is to have a name and one value: a string, code, integer, Coding, or an Identifier for the patient.");
            }

            parameters.Add(parameter);
        }

        return null;
    }

    private static KeyValuePair<string, string>? ReadPart(JsonElement part)
    {
        if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var values = part.EnumerateObject().Where(m => m.Name.StartsWith("value", StringComparison.Ordinal)).ToList();
        if (values is not [var only])
        {
            return null;
        }

        var key = name.GetString()!;
        var value = only.Value;
        if (only.Name == "valueReference" && value.ValueKind == JsonValueKind.Object && value.TryGetProperty("identifier", out var identifier))
        {
            value = identifier;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return new(key, value.GetString()!);
            case JsonValueKind.Number:
                return new(key, value.GetRawText());
            case JsonValueKind.Object when only.Name is "valueIdentifier" or "valueReference":
                return new(key is "patient" or "subject" ? $"{key}.identifier" : key, Token(value, "value"));
            case JsonValueKind.Object when only.Name == "valueCoding":
                return new(key, Token(value, "code"));
            default:
                return null;
        }
    }

    private static string Token(JsonElement value, string member)
    {
        var system = value.TryGetProperty("system", out var stated) && stated.ValueKind == JsonValueKind.String ? stated.GetString() : null;
        var code = value.TryGetProperty(member, out stated) && stated.ValueKind == JsonValueKind.String ? stated.GetString() : "";
        return system is null ? Escape(code!) : $"{Escape(system)}|{Escape(code!)}";
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal);

    private static List<KeyValuePair<string, string>> Known(List<KeyValuePair<string, string>> parameters)
    {
        var known = new List<KeyValuePair<string, string>>();
        foreach (var parameter in parameters)
        {
            var remarks = new List<Issue>();
            QueryReader.ReadRest(QueryKind.Search, [parameter], [], remarks);
            // A person number in a wrong place does not go on into a link.
            if (remarks.Count == 0 && parameter.Key is not ("_format" or "_pretty") && !NationalId.TryParse(parameter.Value.Split('|')[^1], null, NationalIdPolicy.Strict, out _, out _)
                && !NationalId.TryParse(parameter.Value.Split('|')[^1], null, NationalIdPolicy.Synthetic, out _, out _))
            {
                known.Add(parameter);
            }
        }

        return known;
    }

    private static string Self(HttpRequest request, IReadOnlyList<KeyValuePair<string, string>> parameters) =>
        QueryHelpers.AddQueryString($"{Addresses.Base(request)}/Observation/_search", parameters.Select(p => KeyValuePair.Create(p.Key, (string?)p.Value)));
}
