namespace PasientensMaledata.Bench;

/// <summary>A bench.</summary>
/// <param name="Name">By which it is asked for.</param>
/// <param name="Measures">What it measures.</param>
/// <param name="TakesUrl">Whether it can measure a server that runs already.</param>
/// <param name="RunAsync">Measures.</param>
internal sealed record BenchEntry(string Name, string Measures, bool TakesUrl, Func<BenchOptions, CancellationToken, Task<Report>> RunAsync);

/// <summary>Every bench. A new one is a file and a line here, and a place on the page.</summary>
internal static class Benches
{
    public static IReadOnlyList<BenchEntry> All { get; } =
    [
        new("ingest", "storing by HTTP, bundles of 100 from 4 clients, beside parse and write alone", TakesUrl: true, IngestBench.RunAsync),
        new("stream", "events through the trigger's route, from post to readable, and requests to storage", TakesUrl: false, StreamBench.RunAsync),
        new("cpu", "the service's own CPU time for each Observation, beside Firely's parse", TakesUrl: false, CpuBench.RunAsync),
        new("search", "the newest 100 of one patient, among ever more of others", TakesUrl: true, SearchBench.RunAsync),
        new("access", "what knowing the caller costs a look-up: token, proof, decision, and requests to storage, beside open mode", TakesUrl: false, AccessBench.RunAsync),
        new("sizes", "requests to storage, bytes stored and allocated, memory, start-up", TakesUrl: false, SizesBench.RunAsync),
        new("package", "the package for Azure: its size, and from its start to its first answers", TakesUrl: false, PackageBench.RunAsync),
        new("statistics", "exporting a simulated year of the access log, beside Parquet.Net alone", TakesUrl: false, StatisticsBench.RunAsync),
        new("log", "look-ups with and without the access log, events in one append, sequencing, verifying a million events", TakesUrl: false, LogBench.RunAsync),
        new("tamper", "ten thousand changes of an access log of ten thousand events, each of which is to be found", TakesUrl: false, TamperBench.RunAsync),
    ];
}
