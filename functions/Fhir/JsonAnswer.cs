using System.Buffers;
using System.Text.Json;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>Writes answers that are none of FHIR's: plain JSON.</summary>
public static class JsonAnswer
{
    /// <summary>Writes one, whole before any of it is sent.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, OperationOutcomeWriter.Options))
        {
            write(json);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";

        // What is said of a patient is kept by nobody on the way.
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }
}
