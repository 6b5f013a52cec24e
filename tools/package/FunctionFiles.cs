using System.Text.Json.Nodes;
using PasientensMaledata.Functions;

namespace PasientensMaledata.Packaging;

/// <summary>The <c>function.json</c> of each function, made from the tables <see cref="Routes"/> and <see cref="Triggers"/>.</summary>
public static class FunctionFiles
{
    /// <summary>All of them, by the function's name.</summary>
    public static IEnumerable<(string Name, JsonObject Content)> All(IEnumerable<Route> routes, IEnumerable<Trigger> triggers) =>
        routes.Select(r => (r.Name, Of(r))).Concat(triggers.Select(t => (t.Name, Of(t))));

    /// <summary>
    /// An HTTP function. Exactly one binding in and one out, else the host would not hand on the request as it is. Who calls is the program's own
    /// judgement, so the host asks for no key.
    /// </summary>
    public static JsonObject Of(Route route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return new()
        {
            ["bindings"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "httpTrigger",
                    ["direction"] = "in",
                    ["name"] = "request",
                    ["authLevel"] = "anonymous",
                    ["methods"] = new JsonArray(route.Method.ToLowerInvariant()),
                    ["route"] = route.Path == "/" ? "/" : route.Path[1..],
                },
                new JsonObject { ["type"] = "http", ["direction"] = "out", ["name"] = "response" }),
        };
    }

    /// <summary>A function that the host calls.</summary>
    public static JsonObject Of(Trigger trigger) => trigger switch
    {
        // Retried until it succeeds: the host checkpoints past a batch whose retries are used up, and its events would be lost.
        EventHubTrigger => new()
        {
            ["bindings"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "eventHubTrigger",
                    ["direction"] = "in",
                    ["name"] = EventHubTrigger.Binding,
                    ["eventHubName"] = $"%{EventHubTrigger.HubSetting}%",
                    ["consumerGroup"] = $"%{EventHubTrigger.ConsumerGroupSetting}%",
                    ["connection"] = EventHubTrigger.ConnectionSetting,
                    ["cardinality"] = "many",

                    // Without it the host asks for objects, and fails on a body that is no JSON before the program sees it.
                    ["dataType"] = "binary",
                }),
            ["retry"] = new JsonObject
            {
                ["strategy"] = "exponentialBackoff",
                ["maxRetryCount"] = -1,
                ["minimumInterval"] = EventHubTrigger.RetryFrom.ToString("c"),
                ["maximumInterval"] = EventHubTrigger.RetryTo.ToString("c"),
            },
        },
        TimerTrigger timer => new()
        {
            ["bindings"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "timerTrigger",
                    ["direction"] = "in",
                    ["name"] = "timer",
                    ["schedule"] = timer.Schedule,
                    ["useMonitor"] = true,
                }),
        },
        _ => throw new ArgumentException($"{trigger?.Name} is of a kind without a binding.", nameof(trigger)),
    };
}
