using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Functions.Streaming;

/// <summary>The function that takes events.</summary>
public static partial class StreamFunctions
{
    // The host's, and the same each time it tries a batch.
    private const string InvocationHeader = "X-Azure-Functions-InvocationId";

    /// <summary><c>POST /IngestStream</c>, from the Functions host.</summary>
    public static async Task IngestAsync(HttpContext context, Service service)
    {
        var answer = await ReceiveAsync(context, service);

        // Always a JSON object: an empty answer is one that the host waits for until it kills the process.
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { Outputs = new { }, Logs = new[] { answer.Log }, ReturnValue = (object?)null }), context.RequestAborted);
    }

    private static async Task<BatchAnswer> ReceiveAsync(HttpContext context, Service service)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = Limits.MaxBatchBytes;
        try
        {
            var (rented, length) = await FhirBody.ReadBytesAsync(context.Request, Limits.MaxBatchBytes, context.RequestAborted);
            EventBatch batch;
            try
            {
                batch = EventBatch.Read(rented.AsSpan(0, length));
            }
            finally
            {
                // It held what is said of patients.
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            }

            Signals.StreamBatch.Record(batch.Events.Count);
            return await service.Stream.ReceiveAsync(batch, context.Request.Headers[InvocationHeader].ToString(), context.RequestAborted);
        }
        catch (JsonException e)
        {
            return new(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            return new(e.StatusCode, $"The batch breaks HTTP or has more than {Limits.MaxBatchBytes} bytes. Lower maxEventBatchSize in host.json.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The type and the place, not the message: that may hold what was sent.
            Log(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PasientensMaledata"), e.GetType().Name, e.StackTrace);
            return new(StatusCodes.Status500InternalServerError, "A fault of the service; the batch is to be tried again.");
        }
    }

    [LoggerMessage(LogLevel.Error, "{Fault} {Where}")]
    private static partial void Log(ILogger logger, string fault, string? where);
}
