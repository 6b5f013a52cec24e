using System.Buffers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions;

/// <summary>The calls that read one Observation.</summary>
public static class ReadFunctions
{
    /// <summary><c>GET /Observation/{id}</c></summary>
    public static async Task ReadAsync(HttpContext context, Service service)
    {
        if (context.Request.RouteValues["id"] is string and ['_' or '$', ..])
        {
            await SearchFunctions.AdviseToPostAsync(context);
            return;
        }

        var id = (string)context.Request.RouteValues["id"]!;
        if (await LookUpCall.OpenAsync(context, service, AccessAction.Read, service.Reader.PatientOf(id), null) is not { } call)
        {
            return;
        }

        if (await service.Reader.ReadAsync(call.Patient, id, call.Visibility, context.RequestAborted) is not { } found)
        {
            await call.LogAsync(null, [], context.RequestAborted);
            await AbsentAsync(context, service, call, id);
            return;
        }

        await call.LogAsync(null, [found], context.RequestAborted);
        await AnswerAsync(context, StatusCodes.Status200OK, found);
    }

    /// <summary><c>GET /Observation/{id}/_history/{version}</c></summary>
    public static async Task ReadVersionAsync(HttpContext context, Service service)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        if (await LookUpCall.OpenAsync(context, service, AccessAction.History, service.Reader.PatientOf(id), null) is not { } call)
        {
            return;
        }

        if (!int.TryParse((string)context.Request.RouteValues["version"]!, System.Globalization.NumberStyles.None, null, out var version)
            || await service.Reader.ReadVersionAsync(call.Patient, id, version, call.Visibility, context.RequestAborted) is not { } found)
        {
            await call.LogAsync(null, [], context.RequestAborted);
            await AbsentAsync(context, service, call, id);
            return;
        }

        await call.LogAsync(null, [found], context.RequestAborted);
        await AnswerAsync(context, StatusCodes.Status200OK, found);
    }

    /// <summary><c>GET /Observation/{id}/_history</c></summary>
    public static async Task HistoryAsync(HttpContext context, Service service)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        if (await LookUpCall.OpenAsync(context, service, AccessAction.History, service.Reader.PatientOf(id), null) is not { } call)
        {
            return;
        }

        var found = await service.Reader.ReadHistoryAsync(call.Patient, id, call.Visibility, context.RequestAborted);
        await call.LogAsync(null, found, context.RequestAborted);
        if (found.Count == 0)
        {
            await AbsentAsync(context, service, call, id);
            return;
        }

        FhirFormat.TryChoose(context.Request, out var withR5);
        using var body = new AnswerBuffer();
        BundleWriter.WriteHistory(body, found, Addresses.Base(context.Request), withR5);
        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, body.Written);
    }

    // FHIR R4 http#read: 410 where it is known to be deleted; only to one who might have seen it.
    private static async Task AbsentAsync(HttpContext context, Service service, LookUpCall call, string id)
    {
        if (await service.Reader.WasDeletedAsync(call.Patient, id, call.Visibility, context.RequestAborted))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status410Gone, Issue.Error("deleted", null, "This Observation was deleted. If you keep a copy, take it away: it was not this patient's."));
            return;
        }

        await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is no such Observation, or no such version of it. Ids are those that answers carry, not those that were sent."));
    }

    /// <summary>Writes an Observation, with its version and time.</summary>
    internal static async Task AnswerAsync(HttpContext context, int status, FoundObservation found)
    {
        var row = new ObservationRow(found.Row.Span);
        context.Response.Headers.ETag = $"W/\"{row.Version}\"";
        context.Response.Headers.LastModified = row.LastUpdated.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        var body = new ArrayBufferWriter<byte>(found.Row.Length * 2);
        FhirFormat.TryChoose(context.Request, out var withR5);
        using (var seal = found.Head.Person.OpenSeal())
        {
            row.WriteAnswer(body, seal, found.Id, withR5);
        }

        await FhirAnswer.BodyAsync(context, status, body.WrittenMemory);
    }
}
