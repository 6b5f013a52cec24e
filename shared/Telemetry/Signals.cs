using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PasientensMaledata.Telemetry;

/// <summary>
/// Everything that this program measures of itself, in one table: <c>docs/operations.md</c> lists it, and the alerts query it. Dimensions are words of
/// fixed lists, never what a caller sent: nothing here can hold a person. Where nobody listens an instrument costs one comparison.
/// </summary>
public static class Signals
{
    /// <summary>Name of the meter and of the source of activities.</summary>
    public const string Name = "PasientensMaledata";

    /// <summary>Name of <see cref="Lag"/>.</summary>
    public const string LagName = "pmd.log.lag";

    private static readonly Meter Meter = new(Name);

    /// <summary>Activities: one for each storage request and each append to the access log, within a request.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>What dimensions may be called: ours, and those of ASP.NET Core that hold nothing of a caller's.</summary>
    public static IReadOnlyList<string> Dimensions { get; } =
    [
        "action", "decision", "of", "operation", "origin", "outcome", "reason", "route", "store",
        "error.type", "http.request.method", "http.response.status_code", "http.route", "network.protocol.version", "url.scheme",
    ];

    /// <summary>Entries of Submissions.</summary>
    public static Counter<long> Submissions { get; } = Meter.CreateCounter<long>(
        "pmd.submissions", "{entry}", "Entries of Submissions, by outcome (the word that the Sender is told; denied where the whole call was) and origin (http, stream).");

    /// <summary>Entries that were refused.</summary>
    public static Counter<long> Refused { get; } = Meter.CreateCounter<long>(
        "pmd.refused", "{entry}", "Entries that were refused, by reason (a code of FHIR's issue-type) and origin.");

    /// <summary>Look-ups.</summary>
    public static Counter<long> LookUps { get; } = Meter.CreateCounter<long>(
        "pmd.lookups", "{lookup}", "Look-ups, as they are logged, by action and decision (permitted, or the refusal's reason class).");

    /// <summary>Calls whose caller was not known.</summary>
    public static Counter<long> UnknownCallers { get; } = Meter.CreateCounter<long>(
        "pmd.access.unknown_callers", "{call}", "Calls whose caller was not known, by route and reason. They are not in the access log.");

    /// <summary>Look-ups past a cap.</summary>
    public static Counter<long> Capped { get; } = Meter.CreateCounter<long>(
        "pmd.access.capped", "{lookup}", "Look-ups refused because a cap was reached, by whose: of (practitioner, client).");

    /// <summary>Storage requests.</summary>
    public static Counter<long> StorageRequests { get; } = Meter.CreateCounter<long>(
        "pmd.storage.requests", "{request}", "Storage requests, by store (rows, blobs), operation and outcome (done, declined, unavailable, cancelled, failed).");

    /// <summary>How long they took.</summary>
    public static Histogram<double> StorageDuration { get; } = Meter.CreateHistogram<double>(
        "pmd.storage.duration", "s", "How long storage requests took, tries included, by store, operation and outcome.", advice: new() { HistogramBucketBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10] });

    /// <summary>Rows of a batch.</summary>
    public static Histogram<int> StorageBatch { get; } = Meter.CreateHistogram<int>("pmd.storage.batch", "{row}", "Rows written by one atomic batch.", advice: Sizes);

    /// <summary>Writes of a flush.</summary>
    public static Histogram<int> StorageGroup { get; } = Meter.CreateHistogram<int>("pmd.storage.group", "{write}", "Writes that shared one flush to disk, in the embedded storage.", advice: Sizes);

    /// <summary>Events of a batch.</summary>
    public static Histogram<int> StreamBatch { get; } = Meter.CreateHistogram<int>("pmd.stream.batch", "{event}", "Events in one batch from the hub.", advice: Sizes);

    /// <summary>Events of an append.</summary>
    public static Histogram<int> LogBatch { get; } = Meter.CreateHistogram<int>("pmd.log.batch", "{event}", "Events of the access log that shared one append.", advice: Sizes);

    /// <summary>Events that were given their place.</summary>
    public static Counter<long> Sequenced { get; } = Meter.CreateCounter<long>("pmd.log.sequenced", "{event}", "Events of the access log that were given their place.");

    /// <summary>Verifications of the log.</summary>
    public static Counter<long> VerifyRuns { get; } = Meter.CreateCounter<long>("pmd.log.verify.runs", "{run}", "Nightly verifications of the access log, by outcome (whole, fault, unfinished).");

    /// <summary>Verifications that found a fault.</summary>
    public static Counter<long> VerifyFailures { get; } = Meter.CreateCounter<long>("pmd.log.verify.failures", "{run}", "Nightly verifications that found the access log not to be what its checkpoints say.");

    private static InstrumentAdvice<int> Sizes => new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    /// <summary>How long what is written to the access log may lack its place. Asked whenever it is exported, so that it grows while nothing is done.</summary>
    /// <param name="lag">Tells it.</param>
    /// <returns>Ends it when disposed of.</returns>
    public static IDisposable Lag(Func<TimeSpan> lag)
    {
        var meter = new Meter(Name);
        meter.CreateObservableGauge(LagName, () => lag().TotalSeconds, "s", "How long ago the last whole pass of the sequencer began: what is younger may lack its place.");
        return meter;
    }
}
