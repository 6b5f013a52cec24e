using PasientensMaledata.Functions.Streaming;

namespace PasientensMaledata.Functions;

/// <summary>A function that the host calls, not a client.</summary>
/// <param name="Name">The function's name; the host calls <c>POST /Name</c>.</param>
/// <param name="Meaning">What it does.</param>
public abstract record Trigger(string Name, string Meaning);

/// <summary>A function that is called by the clock. Two processes may run it at once: it must bear that.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Schedule">When: NCRONTAB, six fields, UTC.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Run">Does it.</param>
public sealed record TimerTrigger(string Name, string Schedule, string Meaning, Func<Service, CancellationToken, Task> Run) : Trigger(Name, Meaning);

/// <summary>
/// A function that is called with events of the hub, at least once each. The host goes on past a batch whatever is answered, so that a bad event is
/// put aside by the function itself, and only a fault of the whole batch is answered with anything but 2xx: then the batch comes again.
/// </summary>
/// <param name="Name">The function's name.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Receive">Reads the host's body, and answers a JSON object: an empty body would stall the partition.</param>
public sealed record EventHubTrigger(string Name, string Meaning, Func<HttpContext, Service, Task> Receive) : Trigger(Name, Meaning)
{
    /// <summary>Name of the trigger binding: the events stand under it.</summary>
    public const string Binding = "events";

    /// <summary>The first pause before a batch is tried again, without end (maxRetryCount -1).</summary>
    public static readonly TimeSpan RetryFrom = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan RetryTo = TimeSpan.FromMinutes(1);

    /// <summary>The app setting that names the hub.</summary>
    public const string HubSetting = "EventHubName";

    /// <summary>The app setting that names the consumer group.</summary>
    public const string ConsumerGroupSetting = "EventHubConsumerGroup";

    /// <summary>What the app settings of the connection begin with.</summary>
    public const string ConnectionSetting = "EventHubConnection";
}

/// <summary>
/// Every function that the host calls, in one table: beside <see cref="Routes"/> it is what <c>function.json</c>, the isolated worker and the
/// custom handler's routing are made from or held against.
/// </summary>
public static class Triggers
{
    /// <summary>The table.</summary>
    public static IReadOnlyList<Trigger> All { get; } =
    [
        new EventHubTrigger("IngestStream", "Receives events: each holds what is sent by HTTP, a Bundle or an Observation.", StreamFunctions.IngestAsync),
        new TimerTrigger("SequenceLog", "*/5 * * * * *", "Gives the access log's newest events their place, and signs.", (service, stop) => service.SequenceAsync(everything: false, stop)),
        new TimerTrigger("SequenceWholeLog", "0 15 2 * * *", "The same, having looked at every journal there is.", (service, stop) => service.SequenceAsync(everything: true, stop)),
        new TimerTrigger("VerifyLog", "0 0 4 * * *", "Recomputes the whole access log, and holds what it promises against that.", LogFunctions.VerifyAsync),
        new TimerTrigger("DeleteRefused", "0 30 2 * * *", "Deletes what was refused longer ago than it is kept.", (service, stop) => service.DeleteOldRefusedAsync(stop)),
        new TimerTrigger("DeleteExpired", "0 45 2 * * *", "Deletes what its Controller has had kept as long as it is to be.", (service, stop) => service.DeleteExpiredAsync(stop)),
        new TimerTrigger("ExportStatistics", "0 30 3 * * *", "Exports usage statistics of the days and months that are closed.", StatisticsFunctions.ExportAsync),
    ];
}
