using System.Buffers;
using System.Text.Json;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>Writes answers.</summary>
public static class FhirAnswer
{
    /// <summary>When to try again where storage does not answer.</summary>
    public const string RetryAfterSeconds = "5";

    /// <summary>An OperationOutcome.</summary>
    public static Task OutcomeAsync(HttpContext context, int status, params IReadOnlyList<Issue> issues) => OutcomeAsync(context, status, null, issues);

    /// <summary>An OperationOutcome whose first issue's details hold a word.</summary>
    public static async Task OutcomeAsync(HttpContext context, int status, string? word, IReadOnlyList<Issue> issues)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, OperationOutcomeWriter.Options))
        {
            OperationOutcomeWriter.Write(json, issues, word);
        }

        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        await BodyAsync(context, status, body.WrittenMemory);
    }

    /// <summary>A body of FHIR JSON.</summary>
    public static async Task BodyAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = FhirFormat.TryChoose(context.Request, out var withR5) && withR5
            ? $"{FhirFormat.Json}; charset=utf-8; fhirVersion=5.0"
            : $"{FhirFormat.Json}; charset=utf-8";

        // What is said of a patient is kept by nobody on the way.
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
