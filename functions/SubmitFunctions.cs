using System.Buffers;
using System.Text.Json;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions;

/// <summary>The calls that store.</summary>
public static class SubmitFunctions
{
    /// <summary><c>POST /</c></summary>
    public static async Task BundleAsync(HttpContext context, Service service)
    {
        if (await SubmitCall.OpenAsync(context, service) is not { } call)
        {
            return;
        }

        using var body = await FhirBody.ReadAsync(context);
        if (body.Problem is { } problem)
        {
            await FhirAnswer.OutcomeAsync(context, body.Status, problem);
            return;
        }

        var bundle = BundleReader.Read(body.Root, body.Bytes, call.Sender);
        if (bundle.Refusal is { } refusal)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, refusal);
            return;
        }

        var stored = await service.Submissions.SubmitAsync(bundle.Source!, [.. bundle.Entries.Where(e => e.Observation is not null).Select(e => e.Observation!)], call.Admit, context.RequestAborted);
        var next = 0;
        var results = bundle.Entries.Select(e => (e, e.Result ?? stored[next++])).ToList();
        if (stored.Length > 0 && Array.TrueForAll(stored, r => r.Outcome == EntryOutcome.Unavailable))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status503ServiceUnavailable, Issue.Error("transient", null, "Storage did not answer, and nothing is known to be stored. Send the Bundle again: what was stored after all will be answered as known."));
            return;
        }

        var answer = new ArrayBufferWriter<byte>(512 * Math.Max(1, results.Count));
        BundleWriter.WriteResponses(answer, results);
        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, answer.WrittenMemory);
    }

    /// <summary><c>POST /Observation</c></summary>
    public static async Task CreateAsync(HttpContext context, Service service)
    {
        Token? ifNoneExist = null;
        if (context.Request.Headers["If-None-Exist"] is { Count: > 0 } criteria)
        {
            ifNoneExist = criteria is [{ } criterion] ? BundleReader.ReadIfNoneExist(criterion) : null;
            if (ifNoneExist is null)
            {
                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null, "If-None-Exist is to be identifier=system|value, and nothing else."));
                return;
            }
        }

        await SubmitAsync(context, service, (element, bytes) => new(element, bytes, IfNoneExist: ifNoneExist));
    }

    /// <summary><c>PUT /Observation/{id}</c></summary>
    public static async Task UpdateAsync(HttpContext context, Service service)
    {
        int? ifMatch = null;
        if (context.Request.Headers.IfMatch is { Count: > 0 } tags && (ifMatch = tags is [{ } tag] ? BundleReader.ReadIfMatch(tag) : null) is null)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null, "If-Match is to be W/\"n\", n being a version."));
            return;
        }

        await SubmitAsync(context, service, (element, bytes) => new(element, bytes, IsPut: true, IfMatch: ifMatch), (string)context.Request.RouteValues["id"]!);
    }

    private static async Task SubmitAsync(HttpContext context, Service service, Func<JsonElement, ReadOnlyMemory<byte>, SubmittedObservation> submitted, string? id = null)
    {
        if (await SubmitCall.OpenAsync(context, service) is not { } call)
        {
            return;
        }

        using var body = await FhirBody.ReadAsync(context);
        if ((body.Problem ?? WhyNotStored(body.Root, id)) is { } problem)
        {
            await FhirAnswer.OutcomeAsync(context, body.Problem is null ? StatusCodes.Status400BadRequest : body.Status, problem);
            return;
        }

        if (BundleReader.IsTooDeep(body.Root))
        {
            await AnswerAsync(context, service, new(EntryOutcome.Refused, null, 0, default, [Issue.Error("too-long", "Observation", $"The Observation is nested deeper than {Limits.MaxJsonDepth} levels.")]));
            return;
        }

        var results = await service.Submissions.SubmitAsync(new(call.Sender, "", null, ""), [submitted(body.Root, body.Bytes)], call.Admit, context.RequestAborted);
        await AnswerAsync(context, service, results[0]);
    }

    private static Issue? WhyNotStored(JsonElement root, string? id)
    {
        if (!BundleReader.IsText(root))
        {
            return BundleReader.Unreadable("Observation");
        }

        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("resourceType", out var type) || type.ValueKind != JsonValueKind.String || !type.ValueEquals("Observation"))
        {
            return Issue.Error("structure", "Observation", "The body is to be a FHIR Observation. A Bundle is sent to the base.");
        }

        // FHIR R4 http#update: the body has an id, and it is the one in the URL.
        return id is null || (root.TryGetProperty("id", out var inBody) && inBody.ValueKind == JsonValueKind.String && inBody.ValueEquals(id))
            ? null
            : Issue.Error("invariant", "Observation.id", "The Observation is to have the id that stands in the URL.");
    }

    private static async Task AnswerAsync(HttpContext context, Service service, EntryResult result)
    {
        var status = result.Outcome == EntryOutcome.Created ? StatusCodes.Status201Created : int.Parse(BundleWriter.StatusOf(result.Outcome), System.Globalization.CultureInfo.InvariantCulture);
        if (result.Id is not null && result.IsStored)
        {
            context.Response.Headers.Location = $"{Addresses.Base(context.Request)}/Observation/{result.Id}/_history/{result.Version}";
            context.Response.Headers.ETag = $"W/\"{result.Version}\"";
            context.Response.Headers.LastModified = result.LastUpdated.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            var wanted = context.Request.Headers["Prefer"].ToString();
            if (wanted.Contains("return=minimal", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.StatusCode = status;
                return;
            }
        }

        await FhirAnswer.OutcomeAsync(context, status, BundleWriter.WordFor(result.Outcome), BundleWriter.IssuesOf(result, []));
    }
}
