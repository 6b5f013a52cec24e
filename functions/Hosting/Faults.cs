using System.Security.Cryptography;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Answers what no function answered: faults, unknown addresses, wrong methods. Always an OperationOutcome, never the fault's own text.</summary>
public static partial class Faults
{
    /// <summary>What is told of an address where there is nothing.</summary>
    public static Issue NotFound { get; } = Issue.Error("not-found", null, "There is nothing at this address. GET /metadata tells what there is.");

    /// <summary>Runs the rest, and answers what it did not.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (context.Response.HasStarted)
        {
            // What has begun cannot be answered otherwise: it is broken off. Left to the server, the fault's message would be logged.
            Log(logger, e.GetType().Name, e.StackTrace);
            context.Abort();
            return;
        }
        catch (Exception e)
        {
            var (status, issue) = Tell(e);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                // The type and the place, not the message: that may hold what was sent.
                Log(logger, e.GetType().Name, e.StackTrace);
            }

            context.Response.Clear();
            await FhirAnswer.OutcomeAsync(context, status, issue);
            return;
        }

        if (context.Response is { HasStarted: false, ContentType: null } && Tell(context.Response.StatusCode) is { } unanswered)
        {
            await FhirAnswer.OutcomeAsync(context, context.Response.StatusCode, unanswered);
        }
    }

    private static (int Status, Issue Issue) Tell(Exception fault) => fault switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (StatusCodes.Status413PayloadTooLarge,
            Issue.Error("too-long", null, $"The body has more than {Limits.MaxBodyBytes} bytes, counted after decompression. Send several smaller ones.")),
        BadHttpRequestException bad => (bad.StatusCode, Issue.Error("structure", null, "The request breaks HTTP, or its body ended early.")),
        InvalidDataException => (StatusCodes.Status400BadRequest, Issue.Error("structure", null, "The body is not what its Content-Encoding says.")),
        StorageUnavailableException => (StatusCodes.Status503ServiceUnavailable, Issue.Error("transient", null, "Storage did not answer. Try again.")),
        CryptographicException => (StatusCodes.Status500InternalServerError, Issue.Error("exception", null, "What is stored cannot be opened. The operator is told.")),
        _ => (StatusCodes.Status500InternalServerError, Issue.Error("exception", null, "A fault of the service. The operator is told.")),
    };

    private static Issue? Tell(int status) => status switch
    {
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => Issue.Error("not-supported", null, "This address does not take this method; the header Allow tells which it takes. GET /metadata tells more."),
        StatusCodes.Status415UnsupportedMediaType => Issue.Error("not-supported", null, "The body's content type or encoding is not read. Send application/fhir+json, plain or gzip."),
        >= 400 => Issue.Error("processing", null, "The request was not understood."),
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "{Fault} {Where}")]
    private static partial void Log(ILogger logger, string fault, string? where);
}
