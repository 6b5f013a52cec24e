using Microsoft.AspNetCore.Http.Features;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// The calls by which the Functions host triggers functions: <c>POST /Name</c>. There is no token in them; that they come from the host is known by
/// the port, which is on loopback, and by what every call from outside carries and they do not.
/// </summary>
public static class TriggerCalls
{
    /// <summary>Bytes of a call: a full batch of the largest events, each 1 MiB and coded as base64, and what the host tells of them.</summary>
    public const long MaxBodyBytes = 160L * 1024 * 1024;

    /// <summary>Maps them.</summary>
    /// <param name="app">The program.</param>
    /// <param name="service">The parts.</param>
    /// <param name="triggers">The functions.</param>
    public static void Map(IEndpointRouteBuilder app, Service service, IEnumerable<Trigger> triggers)
    {
        foreach (var trigger in triggers)
        {
            app.MapPost($"/{trigger.Name}", context => AnswerAsync(context, service, trigger)).WithMetadata(trigger);
        }
    }

    /// <summary>Whether a request came to the host from outside: it adds these to each that it hands on, and to no trigger call.</summary>
    public static bool IsFromOutside(HttpRequest request) =>
        request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase))
        || request.Headers.ContainsKey("x-ms-invocation-id");

    private static async Task AnswerAsync(HttpContext context, Service service, Trigger trigger)
    {
        if (IsFromOutside(context.Request))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is nothing at this address. GET /metadata tells what there is."));
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

        await ((TimerTrigger)trigger).Run(service, context.RequestAborted);

        // The host takes a JSON object for success; without a body it would wait until its time-out.
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}", context.RequestAborted);
    }
}
