using System.Diagnostics;
using System.Text;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>What the access log costs a look-up, and how fast it is sequenced and verified.</summary>
internal static class LogBench
{
    private const int Together = 500;
    private const int OfPatients = 1_000;
    private static readonly int[] ClientCounts = [1, 8, 64];

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var lookUps = await LookUpsAsync(options, cancellationToken);
        var events = options.Stored[^1];
        var (whole, seconds, grown) = await WholeAsync(options, events, cancellationToken);
        return new(
            "log",
            $"A patient with 100 simulated Observations, looked up for {options.RoundSeconds} s, {options.Rounds} rounds after one that is not counted. {Figures.Whole(events)} events of {Figures.Whole(OfPatients)} patients.",
            "Look-ups by HTTP of the newest 10, service and load generator in one process over the embedded storage. The events are journalled by "
                + $"{Together} an append, sequenced in one pass, and verified as ./pmd verify-log does, in this process.",
            [lookUps, whole],
            [
                Figures.Aim($"{Figures.Whole(events)} events verified in {Figures.Tenths(60.0 * events / 1_000_000)} s", seconds <= 60.0 * events / 1_000_000),
                Figures.Aim("memory in use while verifying grows by less than 16 MB after the first quarter", grown < 16),
            ]);
    }

    private static async Task<Table> LookUpsAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var table = new Table("look-ups", "clients", "look-ups/s", "ms p50", "ms p95", "events in an append");
        await using var store = await Store.OpenAsync(Path.Combine(options.Folder, "log-look-ups"));
        var load = new Simulation(new(1, 9_000, 23, new DateOnly(2000, 1, 3), null, FaultRates.None)).Load(10, mixed: false);
        var person = load.First().Person.Number;
        await store.FillAsync(load, 100, cancellationToken);
        var call = new Call("Observation/_search", Encoding.ASCII.GetBytes($"patient.identifier={person}&_count=10"), "application/x-www-form-urlencoded");
        foreach (var isLogged in new[] { true, false })
        {
            var service = isLogged ? store.Service : store.Service with { Log = store.Service.Log with { Journal = new(new NoBlobs(), TimeProvider.System) } };
            await using var app = WebHost.Build(service, 0);
            await app.StartAsync(cancellationToken);
            using var generator = new LoadGenerator(new(app.Urls.First() + "/"));
            foreach (var clients in ClientCounts)
            {
                List<double> rates = [];
                List<double> times = [];
                var before = service.Journal.Written;
                for (var i = 0; i <= options.Rounds; i++)
                {
                    var round = await generator.ForAsync(call, options.RoundSeconds, clients, Check, cancellationToken);
                    if (i == 0)
                    {
                        before = service.Journal.Written;
                        continue;
                    }

                    rates.Add(round.PerSecond);
                    times.AddRange(round.Milliseconds);
                }

                times.Sort();
                var (written, appends) = (service.Journal.Written.Events - before.Events, service.Journal.Written.Appends - before.Appends);
                if (written < times.Count)
                {
                    throw new WrongAnswerException($"{times.Count} look-ups were answered, and {written} logged.");
                }

                table.Add(
                    isLogged ? "with the log" : "without", $"{clients}", Figures.Spread(rates), Figures.Hundredths(Figures.Percentile(times, 0.5)), Figures.Hundredths(Figures.Percentile(times, 0.95)),
                    isLogged ? Figures.Tenths((double)written / appends) : "-");
                await options.Output.WriteLineAsync($"  log, {(isLogged ? "with" : "without")}, {clients} clients: {Figures.Spread(rates)}/s");
            }

            await app.StopAsync(cancellationToken);
        }

        return table;
    }

    private static void Check(Call call, ReadOnlySpan<byte> answer)
    {
        if (answer.IndexOf("\"searchset\""u8) < 0 || answer.IndexOf("\"Observation\""u8) < 0)
        {
            throw new WrongAnswerException("A look-up found nothing.");
        }
    }

    private static async Task<(Table Table, double Seconds, double Grown)> WholeAsync(BenchOptions options, int events, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(options.Folder, "log-whole")).FullName;
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), cancellationToken);
        var log = LogParts.Over(storage.Blobs, storage.Partitions, ring, _ => null, TimeProvider.System);
        var made = new LogEvents(7, OfPatients);
        var began = Stopwatch.GetTimestamp();
        for (var done = 0; done < events; done += Together)
        {
            await log.Journal.AppendAsync([.. Enumerable.Range(0, Math.Min(Together, events - done)).Select(_ => made.Next(DateTime.UtcNow))], cancellationToken);
        }

        var written = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await options.Output.WriteLineAsync($"  log: {Figures.Whole(events)} events are journalled, {Figures.Whole(events / written)}/s");
        began = Stopwatch.GetTimestamp();
        if (await log.Sequencer.RunAsync(everything: true, cancellationToken) is var sequenced && sequenced != events)
        {
            throw new WrongAnswerException($"{events} events were journalled, and {sequenced} sequenced.");
        }

        var ordered = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await options.Output.WriteLineAsync($"  log: they are sequenced, {Figures.Whole(events / ordered)}/s");
        began = Stopwatch.GetTimestamp();
        var verifiers = await LogKeys.ReadVerifiersAsync(log.Blobs, cancellationToken);
        var verdict = await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync(verifiers, null, null, cancellationToken);
        var verified = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (verdict.Fault is not null || verdict.Covered != events)
        {
            throw new WrongAnswerException($"The log is not whole: {verdict.Fault}");
        }

        // Once more, slower: all that is garbage is thrown away before memory is looked at.
        var memory = new Memory();
        await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync(verifiers, null, memory, cancellationToken);
        var table = new Table("access log", "events/s", "seconds", "live MB, first quarter", "live MB, at most");
        table.Add("journalled", Figures.Whole(events / written), Figures.Tenths(written), "-", "-");
        table.Add("sequenced", Figures.Whole(events / ordered), Figures.Tenths(ordered), "-", "-");
        table.Add("verified", Figures.Whole(events / verified), Figures.Tenths(verified), Figures.Tenths(memory.FirstQuarter), Figures.Tenths(memory.Most));
        return (table, verified, memory.Most - memory.FirstQuarter);
    }

    /// <summary>The memory that is in use, looked at when the verifier tells how far it is.</summary>
    private sealed class Memory : IProgress<VerifyProgress>
    {
        private readonly List<double> samples = [];
        private int reports;

        public double FirstQuarter => samples.Take(Math.Max(1, samples.Count / 4)).Max();

        public double Most => samples.Max();

        public void Report(VerifyProgress value)
        {
            lock (samples)
            {
                if (reports++ % 4 == 0)
                {
                    samples.Add(GC.GetTotalMemory(forceFullCollection: true) / 1_048_576.0);
                }
            }
        }
    }

    /// <summary>A journal's blobs that keep nothing.</summary>
    private sealed class NoBlobs : IBlobs
    {
        public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) => new(true);

        public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => new(AppendOutcome.Appended);

        public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
