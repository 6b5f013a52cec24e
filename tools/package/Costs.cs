using System.Globalization;
using System.Text;

namespace PasientensMaledata.Packaging;

/// <summary>
/// What Azure costs, from figures of use and list prices. Prices are approximate US list prices in dollars, without tax; those of an agreement differ.
/// A month is 30 days.
/// </summary>
public static class Costs
{
    private const decimal Days = 30;

    // Use: what one patient causes in a day.
    private const decimal SubmissionsPerDay = 2;
    private const decimal ObservationsPerSubmission = 2;
    private const decimal LookUpsPerDay = 1;

    // Each submission: the directory, the patient's head, and three rows for each Observation. Each look-up: the directory, the head, two ranges.
    private const decimal OperationsPerSubmission = 2 + (3 * ObservationsPerSubmission);
    private const decimal OperationsPerLookUp = 4;
    private const decimal BytesPerObservation = 3_000;
    private const decimal BytesPerEvent = 1_000;
    private const decimal GbSecondsPerRequest = 2 * 0.1m;
    private const decimal TelemetryBytesPerRequest = 1_500;

    // Timers: the sequencer every 5 s writes the order, a tile, a checkpoint and lists the journals; at the worst each time.
    private const decimal SequencerRuns = Days * 86_400 / 5;
    private const decimal WritesPerSequencerRun = 4;
    private const decimal GbSecondsPerTimerRun = 2 * 0.1m;

    // Prices.
    private const decimal BlobWrite = 0.05m / 10_000;
    private const decimal TableOperation = 0.00036m / 10_000;
    private const decimal TableGb = 0.045m;
    private const decimal BlobGb = 0.018m;
    private const decimal ThroughputUnit = 22m;
    private const decimal StreamEvent = 0.028m / 1_000_000;
    private const decimal GbSecond = 0.000026m;
    private const decimal Execution = 0.40m / 1_000_000;
    private const decimal PrivateEndpoint = 7.30m;
    private const decimal Front = 35m;
    private const decimal FrontRequest = 0.01m / 10_000;
    private const decimal TelemetryGb = 2.76m;
    private const decimal AlertRule = 1.50m;
    private const decimal DnsZone = 0.50m;

    /// <summary>Private end points.</summary>
    public const int Endpoints = 7;

    /// <summary>Rules of alerts.</summary>
    public const int Alerts = 7;

    /// <summary>Private DNS zones.</summary>
    public const int Zones = 4;

    private static readonly int[] Sizes = [1_200, 10_000, 100_000];

    /// <summary>The lines of a month's cost for so many patients, after a first year of data.</summary>
    public static IReadOnlyList<(string What, string Arithmetic, decimal Dollars)> Month(int patients)
    {
        var submissions = patients * SubmissionsPerDay * Days;
        var lookUps = patients * LookUpsPerDay * Days;
        var requests = submissions + lookUps;
        var events = requests;
        var year = patients * 365m;
        var rowsGb = year * SubmissionsPerDay * ObservationsPerSubmission * BytesPerObservation / 1e9m;
        var logGb = year * (SubmissionsPerDay + LookUpsPerDay) * BytesPerEvent / 1e9m;
        return
        [
            ("Front door", "base + requests", Front + (requests * FrontRequest)),
            ("Requests, compute", "requests × (0.2 GB-s + execution)", requests * ((GbSecondsPerRequest * GbSecond) + Execution)),
            ("Timers, compute", "518,400 runs × (0.2 GB-s + execution)", SequencerRuns * ((GbSecondsPerTimerRun * GbSecond) + Execution)),
            ("Table operations", "8 per submission, 4 per look-up", ((submissions * OperationsPerSubmission) + (lookUps * OperationsPerLookUp)) * TableOperation),
            ("Log appends", "one per event, where none share", events * BlobWrite),
            ("Timers, blob writes", "518,400 runs × 4, at the worst", SequencerRuns * WritesPerSequencerRun * BlobWrite),
            ("Rows kept", "3,000 bytes per Observation, a year", rowsGb * TableGb),
            ("Log kept", "1,000 bytes per event, a year", logGb * BlobGb),
            ("Event Hubs", "one throughput unit + events, if all came by it", ThroughputUnit + (submissions * StreamEvent)),
            ("Telemetry", "1,500 bytes per request", requests * TelemetryBytesPerRequest / 1e9m * TelemetryGb),
            ("Network and alerts", $"{Endpoints} end points, {Zones} zones, {Alerts} rules", (Endpoints * PrivateEndpoint) + (Zones * DnsZone) + (Alerts * AlertRule)),
        ];
    }

    /// <summary>The table of <c>docs/deploy.md</c>.</summary>
    public static string Table()
    {
        var months = Sizes.Select(Month).ToList();
        var text = new StringBuilder();
        text.Append(Line(["dollars a month", "how", .. Sizes.Select(s => s.ToString("N0", CultureInfo.InvariantCulture) + " patients")]));
        text.Append(Line(["---", "---", .. Sizes.Select(_ => "---:")]).Replace(" ", "", StringComparison.Ordinal));
        for (var i = 0; i < months[0].Count; i++)
        {
            text.Append(Line([months[0][i].What, months[0][i].Arithmetic, .. months.Select(m => Money(m[i].Dollars))]));
        }

        text.Append(Line(["**All**", "", .. months.Select(m => $"**{Money(m.Sum(l => l.Dollars))}**")]));
        text.Append(Line(["**Per patient and year**", "12 months ÷ patients", .. months.Zip(Sizes, (m, s) => $"**{Money(m.Sum(l => l.Dollars) * 12 / s)}**")]));
        return text.ToString();
    }

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";

    private static string Money(decimal dollars) => dollars.ToString("N2", CultureInfo.InvariantCulture);
}
