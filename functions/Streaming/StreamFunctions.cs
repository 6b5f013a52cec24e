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
        var answer = await ReceiveAsync(
            () => ReadAsync(context), service, context.Request.Headers[InvocationHeader].ToString(), context.RequestServices.GetRequiredService<ILoggerFactory>(), context.RequestAborted);

        // Always a JSON object: an empty answer is one that the host waits for until it kills the process.
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { Outputs = new { }, Logs = new[] { answer.Log }, ReturnValue = (object?)null }), context.RequestAborted);
    }

    /// <summary>Receives a batch, whatever brings it. What goes wrong is an answer, and nothing of what was sent goes into a log.</summary>
    /// <param name="readAsync">Reads the batch.</param>
    /// <param name="service">The parts.</param>
    /// <param name="invocation">The host's id of the invocation, the same when it is tried again.</param>
    /// <param name="logging">Where a fault goes.</param>
    /// <param name="cancellationToken">The host left.</param>
    internal static async Task<BatchAnswer> ReceiveAsync(Func<Task<EventBatch>> readAsync, Service service, string invocation, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        if (!service.Gate.IsOpen)
        {
            return new(StatusCodes.Status503ServiceUnavailable, "Closed until privacy settings have been read from the access log; the batch is to be tried again.");
        }

        try
        {
            var batch = await readAsync();
            Signals.StreamBatch.Record(batch.Events.Count);
            return await service.Stream.ReceiveAsync(batch, invocation, cancellationToken);
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
            Log(logging.CreateLogger("PasientensMaledata"), e.GetType().Name, e.StackTrace);
            return new(StatusCodes.Status500InternalServerError, "A fault of the service; the batch is to be tried again.");
        }
    }

    private static async Task<EventBatch> ReadAsync(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = Limits.MaxBatchBytes;
        var (rented, length) = await FhirBody.ReadBytesAsync(context.Request, Limits.MaxBatchBytes, context.RequestAborted);
        try
        {
            return EventBatch.Read(rented.AsSpan(0, length));
        }
        finally
        {
            // It held what is said of patients.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Fault} {Where}")]
    private static partial void Log(ILogger logger, string fault, string? where);
}
