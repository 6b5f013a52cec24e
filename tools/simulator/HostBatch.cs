using System.Globalization;
using System.Text.Json;

namespace PasientensMaledata.Simulator;

/// <summary>An event to be posted.</summary>
/// <param name="Body">Its body.</param>
/// <param name="Publisher">The publisher endpoint it would have been sent to; null for none.</param>
/// <param name="IsGzip">Whether the body is compressed.</param>
public sealed record HostEvent(ReadOnlyMemory<byte> Body, string? Publisher = null, bool IsGzip = false);

/// <summary>Writes batches of events as the Azure Functions host posts them to a custom handler, for trying out and for tests without an event hub.</summary>
public static class HostBatch
{
    /// <summary>The hub's name in these batches.</summary>
    public const string Hub = "measurements";

    /// <summary>Writes the body of a trigger's POST: cardinality many, dataType binary.</summary>
    /// <param name="events">The events, in order.</param>
    /// <param name="partition">The partition's id.</param>
    /// <param name="firstNumber">Sequence number of the first.</param>
    /// <param name="enqueued">When the hub took them.</param>
    /// <param name="retry">How many times it was tried before; null where the host has no retry policy.</param>
    public static byte[] Write(IReadOnlyList<HostEvent> events, string partition, long firstNumber, DateTimeOffset enqueued, int? retry = null)
    {
        var context = new { IsCheckpointingAfterInvocation = true, FullyQualifiedNamespace = "localhost", EventHubName = Hub, ConsumerGroup = "$Default", PartitionId = partition };

        // Without a zone, as the host writes it.
        var time = enqueued.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var metadata = new Dictionary<string, object>
        {
            ["TriggerPartitionContext"] = context,
            ["PartitionContext"] = context,
            ["PartitionKeyArray"] = Text(events.Select(e => e.Publisher)),
            ["OffsetArray"] = Text(events.Select((_, i) => $"{firstNumber + i}")),
            ["SequenceNumberArray"] = Text(events.Select((_, i) => firstNumber + i)),
            ["EnqueuedTimeUtcArray"] = Text(events.Select(_ => time)),
            ["PropertiesArray"] = Text(events.Select(e => e.IsGzip ? new Dictionary<string, string> { ["content-encoding"] = "gzip" } : [])),
            ["SystemPropertiesArray"] = Text(events.Select(e => e.Publisher is { } publisher ? new Dictionary<string, string> { ["x-opt-publisher"] = publisher } : [])),
        };
        if (retry is { } count)
        {
            metadata["RetryContext"] = new { RetryCount = count, MaxRetryCount = -1, Exception = (object?)null, Instance = (object?)null, State = new { } };
        }

        return JsonSerializer.SerializeToUtf8Bytes(new { Data = new { events = Text(events.Select(e => Convert.ToBase64String(e.Body.Span))) }, Metadata = metadata });

        // The host writes all but objects as JSON in a string.
        static string Text<T>(IEnumerable<T> items) => JsonSerializer.Serialize(items);
    }
}
