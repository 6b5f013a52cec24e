using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Bench;

/// <summary>The newest 100 of a patient who has many, among ever more of others.</summary>
internal static class SearchBench
{
    private const int Wanted = 100;
    private const int OfOther = 1000;
    private const string Form = "application/x-www-form-urlencoded";
    private static readonly int[] ClientCounts = [1, 8, 32];

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Folder, "search");
        var target = new Simulation(new(1, 9000, 23, new DateOnly(2000, 1, 3), null, FaultRates.None));
        var number = target.People[0].Number;
        var others = new Simulation(new(Math.Max(1, (options.Stored[^1] - options.OfPatient) / OfOther) + 1, 4000, 29, new DateOnly(2012, 1, 2), null, FaultRates.None));
        using var rest = others.Load(options.IsQuick ? 100 : OfOther, mixed: false).GetEnumerator();
        var table = new Table("stored", "what", "clients", "requests/s", "ms p50", "ms p95", "ms p99", "KB");
        var medians = new Dictionary<(int Stored, int Clients), (double Rate, double P50, double P99)>();
        var stored = 0;
        foreach (var size in options.Url is null ? options.Stored : [options.OfPatient])
        {
            if (options.Url is null)
            {
                stored = await FillAsync(options, folder, target, rest, stored, size, cancellationToken);
            }
            else
            {
                using var sending = new LoadGenerator(options.Url);
                foreach (var message in target.Load(100, mixed: false, GatewayKind.Batch).Take(options.OfPatient / 100))
                {
                    await sending.CallAsync(new("", message.Body, "application/fhir+json"), cancellationToken);
                }
            }

            await using var service = options.Url is null ? await ServiceProcess.StartAsync(folder, cancellationToken) : null;
            using var load = new LoadGenerator(options.Url ?? service!.Address);
            var search = new Call("Observation/_search", Encoding.ASCII.GetBytes(options.Form.Replace("{number}", number, StringComparison.Ordinal)), Form);
            foreach (var clients in ClientCounts)
            {
                medians[(size, clients)] = await MeasureAsync("search", search, clients, Wanted);
            }

            if (options.Url is null)
            {
                await MeasureAsync("search, gzip", search with { IsGzipWanted = true }, 8, Wanted);
                await MeasureAsync("$lastn", new("Observation/$lastn", Encoding.ASCII.GetBytes($"patient.identifier={number}"), Form), 8, null);
                await FloorsAsync(size, load, search);
            }

            async Task<(double, double, double)> MeasureAsync(string what, Call call, int clients, int? wanted)
            {
                var sample = await load.CallAsync(call, cancellationToken);
                CheckFully(sample, call.IsGzipWanted, wanted, newestFirst: what != "$lastn");
                return await RoundsAsync(options, table, Figures.Whole(size), what, load, call, clients, sample.Length, cancellationToken);
            }

            async Task FloorsAsync(int storedNow, LoadGenerator own, Call call)
            {
                var file = Path.Combine(options.Folder, "answer.json");
                await File.WriteAllBytesAsync(file, await own.CallAsync(call, cancellationToken), cancellationToken);
                if (storedNow == options.Stored[^1])
                {
                    await using var floor = await ServiceProcess.StartSameBytesAsync(file, cancellationToken);
                    using var again = new LoadGenerator(floor.Address);
                    foreach (var clients in ClientCounts)
                    {
                        await RoundsAsync(options, table, "floor", "Kestrel, same bytes", again, call, clients, (int)new FileInfo(file).Length, cancellationToken);
                    }
                }
            }
        }

        if (options.Url is null)
        {
            await ReadFloorAsync(options, folder, number, table, cancellationToken);
        }

        var (least, most) = (medians.Keys.Min(k => k.Stored), medians.Keys.Max(k => k.Stored));
        var aims = new List<string>
        {
            Figures.Aim("1,000 searches/s at 8 clients", medians[(most, 8)].Rate >= 1000),
            Figures.Aim("p99 of 10 ms at 8 clients", medians[(most, 8)].P99 <= 10),
        };
        if (least < most)
        {
            aims.Add(Figures.Aim(
                $"p50 grows at most by 1.2 from {Figures.Whole(least)} to {Figures.Whole(most)} stored (1 client: {Figures.Hundredths(Growth(1))}, 8: {Figures.Hundredths(Growth(8))}, 32: {Figures.Hundredths(Growth(32))})",
                ClientCounts.All(c => Growth(c) <= 1.2)));
        }

        return new(
            "search",
            $"One patient with {Figures.Whole(options.OfPatient)} Observations; {string.Join(", ", options.Stored.Select(s => Figures.Whole(s)))} stored in all, the others' patients with {Figures.Whole(OfOther)} each.",
            $"The newest {Wanted}, by POST, from the service in a process of its own, load generator on the same machine: {options.Rounds} rounds of {options.RoundSeconds:0.#} s after one that is not counted, median of the rounds; percentiles over all. "
                + "One answer of each kind is parsed and its count and order checked; all others are checked for status and length. Floors: Kestrel that answers the same bytes; the same rows read and unsealed in process.",
            [table],
            aims);

        double Growth(int clients) => medians[(most, clients)].P50 / medians[(least, clients)].P50;
    }

    private static async Task<int> FillAsync(BenchOptions options, string folder, Simulation target, IEnumerator<SimulatedMessage> rest, int stored, int size, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await using var store = await Store.OpenAsync(folder);
        var before = stored;
        if (stored == 0)
        {
            await store.FillAsync(target.Load(100, mixed: false), options.OfPatient, cancellationToken);
            stored = options.OfPatient;
        }

        if (stored < size)
        {
            await store.FillAsync(Rest(), size - stored, cancellationToken);
        }

        await options.Output.WriteLineAsync($"search: {Figures.Whole(size)} stored, {Figures.Whole((size - before) / Stopwatch.GetElapsedTime(began).TotalSeconds)} Observations/s in process");
        return size;

        IEnumerable<SimulatedMessage> Rest()
        {
            while (rest.MoveNext())
            {
                yield return rest.Current;
            }
        }
    }

    private static async Task<(double Rate, double P50, double P99)> RoundsAsync(
        BenchOptions options, Table table, string stored, string what, LoadGenerator load, Call call, int clients, int length, CancellationToken cancellationToken)
    {
        var rates = new List<double>();
        var times = new List<double>();
        for (var i = 0; i <= options.Rounds; i++)
        {
            var round = await load.ForAsync(call, options.RoundSeconds, clients, CheckLength, cancellationToken);
            if (i > 0)
            {
                rates.Add(round.PerSecond);
                times.AddRange(round.Milliseconds);
            }
        }

        times.Sort();
        var (p50, p99) = (Figures.Percentile(times, 0.5), Figures.Percentile(times, 0.99));
        table.Add(
            stored, what, clients.ToString(CultureInfo.InvariantCulture), Figures.Spread(rates), Figures.Hundredths(p50), Figures.Hundredths(Figures.Percentile(times, 0.95)), Figures.Hundredths(p99),
            Figures.Tenths(length / 1000.0));
        await options.Output.WriteLineAsync($"  {what}, {clients} clients: {Figures.Spread(rates)}/s, p50 {Figures.Hundredths(p50)} ms, p99 {Figures.Hundredths(p99)} ms");
        return (Figures.Median(rates), p50, p99);

        // Page links are random, compressed ones of a length that varies by some bytes.
        void CheckLength(Call _, ReadOnlySpan<byte> answer)
        {
            if (Math.Abs(answer.Length - length) > 64 + (length / 100))
            {
                throw new WrongAnswerException($"An answer has {answer.Length} bytes, the first one {length}.");
            }
        }
    }

    private static void CheckFully(byte[] answer, bool isGzip, int? wanted, bool newestFirst)
    {
        using Stream plain = isGzip ? new GZipStream(new MemoryStream(answer), CompressionMode.Decompress) : new MemoryStream(answer);
        using var json = JsonDocument.Parse(plain);
        var times = json.RootElement.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("resource")).Where(r => r.GetProperty("resourceType").GetString() == "Observation")
            .Select(r => DateTimeOffset.Parse(r.GetProperty("effectiveDateTime").GetString()!, CultureInfo.InvariantCulture)).ToList();
        if (times.Count == 0 || (wanted is { } count && times.Count != count))
        {
            throw new WrongAnswerException($"{times.Count} Observations were found, not {wanted}.");
        }

        if (newestFirst && !times.SequenceEqual(times.OrderDescending()))
        {
            throw new WrongAnswerException("The Observations are not newest first.");
        }
    }

    // The same rows, read range by range as they lie, unsealed and written to a buffer; one thread and two.
    private static async Task ReadFloorAsync(BenchOptions options, string folder, string number, Table table, CancellationToken cancellationToken)
    {
        await using var store = await Store.OpenAsync(folder);
        var partitions = store.Counted;
        NationalId.TryParse(number, null, NationalIdPolicy.Synthetic, out var id, out _);
        var patient = await store.Service.Directory.FindAsync(id, cancellationToken) ?? throw new WrongAnswerException("The patient is not there.");
        var query = QueryReader.ReadRest(QueryKind.Search, [new("_count", $"{Wanted}")], [], []);
        var found = await store.Service.Reader.SearchAsync(await store.Service.Reader.OpenAsync(patient, cancellationToken), query, Visibility.Everything, null, null, cancellationToken);
        var head = found.Observations[0].Head;
        var identities = found.Observations.Select(o => new ObservationRow(o.Row.Span).Identity).ToHashSet();
        var ranges = new List<(RowKey From, RowKey To, int Rows)>();
        foreach (var concept in head.Concepts)
        {
            var (from, to) = ObservationKeys.Range(concept, long.MaxValue, long.MinValue, null);
            var page = await partitions.ReadRangeAsync(patient.Partition, from, to, Wanted, null, cancellationToken);
            if (page.Rows.Count(r => identities.Contains(new ObservationRow(r.Value.Span).Identity)) is > 0 and var rows)
            {
                ranges.Add((from, to, rows));
            }
        }

        foreach (var threads in new[] { 1, 2 })
        {
            var rates = new List<double>();
            for (var i = 0; i <= options.Rounds; i++)
            {
                var done = 0L;
                var began = Stopwatch.GetTimestamp();
                Task.WaitAll([.. Enumerable.Range(0, threads).Select(_ => Task.Run(
                    () =>
                    {
                        var output = new ArrayBufferWriter<byte>(1 << 18);
                        while (Stopwatch.GetElapsedTime(began).TotalSeconds < options.RoundSeconds)
                        {
                            output.ResetWrittenCount();
                            using var seal = head.Person.OpenSeal();
                            var count = 0;
                            foreach (var (from, to, rows) in ranges)
                            {
                                foreach (var row in partitions.ReadRangeAsync(patient.Partition, from, to, rows, null, cancellationToken).AsTask().GetAwaiter().GetResult().Rows)
                                {
                                    new ObservationRow(row.Value.Span).WriteAnswer(output, seal, found.Observations[count++].Id, withR5: false);
                                }
                            }

                            if (count != Wanted)
                            {
                                throw new WrongAnswerException($"The floor read {count} rows.");
                            }

                            Interlocked.Increment(ref done);
                        }
                    },
                    cancellationToken))], cancellationToken);
                if (i > 0)
                {
                    rates.Add(done / Stopwatch.GetElapsedTime(began).TotalSeconds);
                }
            }

            var rate = Figures.Median(rates);
            table.Add("floor", "same rows in process", threads.ToString(CultureInfo.InvariantCulture), Figures.Spread(rates), Figures.Hundredths(1000 * threads / rate), "-", "-", "-");
            await options.Output.WriteLineAsync($"  floor, same rows in process, {threads} threads: {Figures.Spread(rates)}/s");
        }
    }
}
