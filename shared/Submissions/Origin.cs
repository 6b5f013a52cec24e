using System.Text.Json.Serialization;

namespace PasientensMaledata.Submissions;

/// <summary>How a Submission came.</summary>
[JsonDerivedType(typeof(HttpOrigin), "http")]
[JsonDerivedType(typeof(StreamOrigin), "stream")]
public abstract record Origin
{
    /// <summary>The word of the log and of telemetry for it.</summary>
    [JsonIgnore]
    public string Word => this is StreamOrigin ? "stream" : "http";
}

/// <summary>By HTTP.</summary>
/// <param name="CorrelationId">The request's correlation id.</param>
public sealed record HttpOrigin(string CorrelationId) : Origin;

/// <summary>As an event of an event hub. Hub, partition and sequence number name it.</summary>
/// <param name="Hub">The event hub's name.</param>
/// <param name="Partition">The partition's id.</param>
/// <param name="SequenceNumber">Its number within the partition.</param>
/// <param name="Enqueued">When the hub took it, UTC.</param>
public sealed record StreamOrigin(string Hub, string Partition, long SequenceNumber, DateTime Enqueued) : Origin;
