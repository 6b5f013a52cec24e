using System.Net;
using Microsoft.AspNetCore.Http.Features;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// The calls by which the Functions host triggers functions: <c>POST /Name</c>. There is no token in them. That they come from the host is known by
/// what every call from outside carries and they do not, and by loopback; besides, no HTTP function has an address that matches theirs. To anyone
/// else they are not there.
/// </summary>
public static partial class TriggerCalls
{
    /// <summary>Bytes of a call: a full batch of the largest events, each 1 MiB and coded as base64, and what the host tells of them.</summary>
    public const long MaxBodyBytes = 160L * 1024 * 1024;

    /// <summary>Maps them.</summary>
    /// <param name="app">The program.</param>
    /// <param name="triggers">The functions; none where there is no host.</param>
    public static void Map(IEndpointRouteBuilder app, IEnumerable<Trigger> triggers)
    {
        foreach (var trigger in triggers)
        {
            // All methods, so that a wrong one does not tell that there is something here.
            app.Map($"/{trigger.Name}", _ => throw new InvalidOperationException("A trigger was called past its guard.")).WithMetadata(trigger);
        }
    }

    /// <summary>Answers triggers, or that there is none; what is no trigger goes on.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next, Service service)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Trigger>() is not { } trigger)
        {
            await next(context);
            return;
        }

        if (!IsFromHost(context.Request))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Faults.NotFound);
            return;
        }

        if (trigger is EventHubTrigger hub)
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = MaxBodyBytes;
            }

            await hub.Receive(context, service);
            return;
        }

        try
        {
            await ((TimerTrigger)trigger).Run(service, context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or TimeoutException)
        {
            // What is stored is damaged, or too much. Those messages name a blob and a place, and nobody.
            Failed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PasientensMaledata"), trigger.Name, e.Message);
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status500InternalServerError, Issue.Error("exception", null, "The work came to no end. The operator is told."));
            return;
        }

        // The host takes a JSON object for success; without a body it would wait until its time-out.
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}", context.RequestAborted);
    }

    /// <summary>Whether a request can only be the host's own.</summary>
    public static bool IsFromHost(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && request.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && OpenMode.IsLoopbackHost(request.Host.Host)

        // A web page cannot send this without asking first (CORS), and is never answered.
        && request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true
        && !IsFromOutside(request);

    /// <summary>Whether a request came to the host from outside: it adds these to each that it hands on, and to no trigger call.</summary>
    public static bool IsFromOutside(HttpRequest request) =>
        request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase))
        || request.Headers.ContainsKey("x-ms-invocation-id");

    [LoggerMessage(LogLevel.Error, "{Trigger}: {What}")]
    private static partial void Failed(ILogger logger, string trigger, string what);
}
