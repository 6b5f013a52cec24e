using System.Buffers;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;

namespace PasientensMaledata.Functions;

/// <summary>The calls that read one Observation.</summary>
public static class ReadFunctions
{
    /// <summary><c>GET /Observation/{id}</c></summary>
    public static async Task ReadAsync(HttpContext context, Service service)
    {
        if (await service.Reader.ReadAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted) is not { } found)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is no such Observation. Ids are those that answers carry, not those that were sent."));
            return;
        }

        await AnswerAsync(context, StatusCodes.Status200OK, found);
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
