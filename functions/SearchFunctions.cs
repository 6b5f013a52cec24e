using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
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

        if (await LookUpCall.OpenAsync(context, service, AccessAction.Search, await service.Directory.FindAsync(read.Patient, context.RequestAborted), read.Patient) is not { } call)
        {
            return;
        }

        var found = await service.Reader.SearchAsync(call.Patient, read.Query!, call.Visibility, null, null, context.RequestAborted);

        // No identifier of a person stands in a URL: the links say all but the patient.
        var shown = parameters.Where(p => !p.Key.StartsWith("patient", StringComparison.Ordinal) && !p.Key.StartsWith("subject", StringComparison.Ordinal)).ToList();
        var link = found.After is null || call.Patient.Key is not { } key ? null : new PageLink(key, Known(shown), found.After, found.AsOf);
        await AnswerAsync(context, service, call, read.Query!, found, Self(context.Request, Known(shown)), link, read.Remarks);
    }

    /// <summary><c>GET /Observation</c>: a further page, or the advice to POST.</summary>
    public static async Task PageAsync(HttpContext context, Service service)
    {
        // Some clients ask for every address in a format.
        if (context.Request.Query.Keys.Any(k => k is not (PageParameter or "_format" or "_pretty")) || context.Request.Query[PageParameter] is not [{ } token])
        {
            await (RequestCaller.Of(context) is CitizenCaller
                ? FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("invalid", null, $"A page link stands alone: {PageParameter}, once, and nothing beside it."))
                : AdviseToPostAsync(context));
            return;
        }

        var link = PageLink.Read(token, service.Ring.Current.Page, LookUpCall.BindingOf(RequestCaller.Of(context), service), service.Time.GetUtcNow(), out var expired);
        if (link is null || expired)
        {
            await FhirAnswer.OutcomeAsync(context, expired ? StatusCodes.Status410Gone : StatusCodes.Status400BadRequest, expired
                ? Issue.Error("expired", null, $"This page link has lived its {Limits.PageLinkLifetime.TotalMinutes:0} minutes. Search again.")
                : Issue.Error("invalid", null, "This page link is none of ours, was changed, or was given to someone else. Search again."));
            return;
        }

        // Decided anew: a setting made since the page before holds here.
        if (await LookUpCall.OpenAsync(context, service, RequestCaller.Of(context) is CitizenCaller ? AccessAction.CitizenView : AccessAction.Page, link.Patient, null) is not { } call)
        {
            return;
        }

        var query = QueryReader.ReadRest(QueryKind.Search, link.Parameters, [], []);
        var found = await service.Reader.SearchAsync(call.Patient, query, call.Visibility, link.After, link.AsOf, context.RequestAborted);
        await AnswerAsync(context, service, call, query, found, Self(context.Request, link.Parameters), found.After is null ? null : link with { After = found.After }, []);
    }

    /// <summary>Answers a look-up by GET: 405.</summary>
    internal static Task AdviseToPostAsync(HttpContext context)
    {
        context.Response.Headers.Allow = "POST";
        return FhirAnswer.OutcomeAsync(context, StatusCodes.Status405MethodNotAllowed, Issue.Error("not-supported", null, "Look up with POST /Observation/_search or POST /Observation/$lastn and the parameters in the form: a person number does not belong in a URL."));
    }

    /// <summary><c>GET /citizen/Observation</c>: the citizen's own, and further pages of them. The token is the patient.</summary>
    public static async Task CitizenSearchAsync(HttpContext context, Service service)
    {
        if (context.Request.Query.ContainsKey(PageParameter))
        {
            await PageAsync(context, service);
            return;
        }

        if (await ReadCitizenQueryAsync(context, QueryKind.Search) is not var (parameters, read)
            || await OpenOwnAsync(context, service) is not { } call)
        {
            return;
        }

        var found = await service.Reader.SearchAsync(call.Patient, read.Query!, call.Visibility, null, null, context.RequestAborted);
        var link = found.After is null || call.Patient.Key is not { } key ? null : new PageLink(key, Known(parameters), found.After, found.AsOf);
        await AnswerAsync(context, service, call, read.Query!, found, Self(context.Request, Known(parameters)), link, read.Remarks);
    }

    /// <summary><c>GET /citizen/Observation/$lastn</c></summary>
    public static async Task CitizenLastAsync(HttpContext context, Service service)
    {
        if (await ReadCitizenQueryAsync(context, QueryKind.LastN) is not var (_, read)
            || await OpenOwnAsync(context, service) is not { } call)
        {
            return;
        }

        var found = await service.Reader.LastAsync(call.Patient, read.Query!, call.Visibility, context.RequestAborted);
        await AnswerAsync(context, service, call, read.Query!, found, null, null, read.Remarks);
    }

    private static async Task<LookUpCall?> OpenOwnAsync(HttpContext context, Service service)
    {
        var citizen = (CitizenCaller)RequestCaller.Of(context);
        return await LookUpCall.OpenAsync(context, service, AccessAction.CitizenView, await service.Directory.FindAsync(citizen.Subject, context.RequestAborted), citizen.Subject);
    }

    private static async Task<(List<KeyValuePair<string, string>> Parameters, ReadQuery Read)?> ReadCitizenQueryAsync(HttpContext context, QueryKind kind)
    {
        if (await ReadParametersAsync(context, allowResource: false) is not { } parameters)
        {
            return null;
        }

        var (errors, remarks) = (new List<Issue>(), new List<Issue>());
        var query = QueryReader.ReadRest(kind, parameters, errors, remarks);
        return await CheckAsync(context, new(errors.Count > 0 ? null : query, default, errors, remarks)) is { } read ? (parameters, read) : null;
    }

    /// <summary><c>POST /Observation/$lastn</c></summary>
    public static async Task LastAsync(HttpContext context, Service service)
    {
        if (await ReadParametersAsync(context, allowResource: true) is not { } parameters
            || await ReadQueryAsync(context, service, QueryKind.LastN, parameters) is not { } read)
        {
            return;
        }

        if (await LookUpCall.OpenAsync(context, service, AccessAction.Last, await service.Directory.FindAsync(read.Patient, context.RequestAborted), read.Patient) is not { } call)
        {
            return;
        }

        var found = await service.Reader.LastAsync(call.Patient, read.Query!, call.Visibility, context.RequestAborted);
        await AnswerAsync(context, service, call, read.Query!, found, null, null, read.Remarks);
    }

    private static async Task AnswerAsync(HttpContext context, Service service, LookUpCall call, ObservationQuery query, LookUp found, string? self, PageLink? link, IReadOnlyList<Issue> remarks)
    {
        if (found.TooCostly)
        {
            await call.LogAsync(query, [], context.RequestAborted);
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
            : $"{baseUrl}{(call.Citizen is null ? "" : "/citizen")}/Observation?{PageParameter}={link.Format(service.Ring.Current.Page, call.BoundTo, service.Time.GetUtcNow())}";
        FhirFormat.TryChoose(context.Request, out var withR5);
        using var body = new AnswerBuffer();
        BundleWriter.WriteSearchSet(body, found, baseUrl, self ?? $"{baseUrl}{context.Request.Path}", next, [.. remarks, .. call.Remarks], withR5);
        await call.LogAsync(query, found.Observations, context.RequestAborted);
        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, call.Citizen is { } citizen ? WithoutStaffNumbers(body.Written, citizen) : body.Written);
    }

    private static ReadOnlyMemory<byte> WithoutStaffNumbers(ReadOnlyMemory<byte> bundle, CitizenCaller citizen)
    {
        var node = JsonNode.Parse(bundle.Span)!;
        StaffNumbers.Remove(node, new HashSet<string>(StringComparer.Ordinal) { citizen.Subject.Digits });
        var cleaned = new ArrayBufferWriter<byte>(bundle.Length);
        using (var json = new Utf8JsonWriter(cleaned, OperationOutcomeWriter.Options))
        {
            node.WriteTo(json);
        }

        return cleaned.WrittenMemory;
    }

    private static async Task<ReadQuery?> ReadQueryAsync(HttpContext context, Service service, QueryKind kind, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        return await CheckAsync(context, QueryReader.Read(kind, parameters, CallHeaders.Patient(context.Request, service.Access.Rules), service.Policy));
    }

    private static async Task<ReadQuery?> CheckAsync(HttpContext context, ReadQuery read)
    {
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
        QueryHelpers.AddQueryString($"{Addresses.Base(request)}{(request.Path.StartsWithSegments("/citizen") ? "/citizen/Observation" : "/Observation/_search")}", parameters.Select(p => KeyValuePair.Create(p.Key, (string?)p.Value)));
}
