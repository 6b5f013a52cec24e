using System.Diagnostics;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>Events through the trigger's route, as the Functions host posts them.</summary>
internal static class StreamBench
{
    // As many as host.json lets the host put together.
    private const int Batch = Limits.MaxBatchEvents;

    // Batches under way at the same time: the host has one for each partition.
    private const int Partitions = 4;

    private static readonly int[] People = [1, 100, 1_000];

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var events = Math.Max(Batch, options.Observations / 10);
        var rates = new Table($"events of one Observation, batches of {Batch}", "events/s", "ms p50", "ms p95", "server CPU us/event", "the same by HTTP as Bundles of 64, Obs./s");
        var requests = new Table("1,000 events", "requests to rows", "point reads", "ranges", "batches", "appends of the log");
        foreach (var people in People)
        {
            var name = people == 1 ? "1 patient" : $"{Figures.Whole(people)} patients";
            await options.Output.WriteLineAsync($"stream, {name}: making {options.Rounds + options.WarmUps} rounds of {Figures.Whole(events)} events");
            var rounds = Rounds(options, people, events);
            var (perSecond, milliseconds, cpu) = await ThroughRouteAsync(options, people, rounds, cancellationToken);
            var byHttp = await ByHttpAsync(options, people, rounds, cancellationToken);
            rates.Add(name, Figures.Spread(perSecond), Figures.Tenths(Figures.Percentile(milliseconds, 0.5)), Figures.Tenths(Figures.Percentile(milliseconds, 0.95)), Figures.Whole(Figures.Median(cpu)), Figures.Spread(byHttp));
            await CountAsync(options, name, [.. rounds.SelectMany(r => r).Take(1_000)], people, requests, cancellationToken);
        }

        var readable = await ReadableAsync(options, cancellationToken);
        var delays = new Table("from the post of an event to its being found by search", "ms p50", "ms p99", "ms most", "events");
        delays.Add($"while {Figures.Whole(LoadPerSecond)} events/s come besides", Figures.Tenths(Figures.Percentile(readable, 0.5)), Figures.Tenths(Figures.Percentile(readable, 0.99)), Figures.Tenths(readable[^1]), $"{readable.Count}");
        return new(
            "stream",
            $"{options.Rounds} rounds of {Figures.Whole(events)} events, each a Bundle with one simulated Observation, all new, after {options.WarmUps} that are not counted.",
            $"Batches are posted to the trigger's route of the service in a process of its own, from {Partitions} partitions at once, as the Functions host posts them; the event hub, its host and their delays are left out. "
                + "Every batch is checked to be all created. Requests to storage are counted in process. For the delay a patient of whom nothing is stored is sent for every fiftieth of a second, and searched for until found.",
            [rates, requests, delays],
            [Figures.Aim("p99 from post to readable within 1 s", Figures.Percentile(readable, 0.99) < 1_000)]);
    }

    private const int LoadPerSecond = 320;

    private static List<List<SimulatedMessage>> Rounds(BenchOptions options, int people, int events, long seed = 23)
    {
        var simulation = new Simulation(new(people, 9_000, seed, new DateOnly(2000, 1, 3), null, FaultRates.None));
        return [.. simulation.Load(1, mixed: true).Take(events * (options.Rounds + options.WarmUps)).Chunk(events).Select(c => c.ToList())];
    }

    private static Call Post(IReadOnlyList<SimulatedMessage> messages, long first, string partition) =>
        new("IngestStream", HostBatch.Write([.. messages.Select(m => new HostEvent(m.Body))], partition, first, TimeProvider.System.GetUtcNow()), "application/json");

    private static void Check(Call call, ReadOnlySpan<byte> answer)
    {
        // In words: "64 events: 64 created."
        if (answer.IndexOf(" created."u8) < 0 || answer.IndexOf(","u8) < 0 || Encoding.UTF8.GetString(answer) is var text && text.Contains("refused", StringComparison.Ordinal))
        {
            throw new WrongAnswerException($"Not every event was created: {Encoding.UTF8.GetString(answer)}");
        }
    }

    private static async Task<(List<double> PerSecond, List<double> Milliseconds, List<double> Cpu)> ThroughRouteAsync(BenchOptions options, int people, List<List<SimulatedMessage>> rounds, CancellationToken cancellationToken)
    {
        await using var service = await ServiceProcess.StartAsync(Path.Combine(options.Folder, $"stream-{people}"), cancellationToken);
        using var load = new LoadGenerator(service.Address);
        var (rates, times, cpu) = (new List<double>(), new List<double>(), new List<double>());
        var number = 1L;
        for (var i = 0; i < rounds.Count; i++)
        {
            var calls = rounds[i].Chunk(Batch).Select((c, at) => Post(c, number + (at * Batch), $"{at % Partitions}")).ToList();
            number += rounds[i].Count;
            var before = service.Cpu;
            var round = await load.AllAsync(calls, Partitions, Check, cancellationToken);
            var rate = rounds[i].Count / round.Seconds;
            await options.Output.WriteLineAsync($"  round {i}{(i < options.WarmUps ? " (not counted)" : "")}: {Figures.Whole(rate)} events/s");
            if (i >= options.WarmUps)
            {
                rates.Add(rate);
                times.AddRange(round.Milliseconds);
                cpu.Add((service.Cpu - before).TotalMicroseconds / rounds[i].Count);
            }
        }

        times.Sort();
        return (rates, times, cpu);
    }

    // The same Observations, packed by 64 into Bundles.
    private static async Task<List<double>> ByHttpAsync(BenchOptions options, int people, List<List<SimulatedMessage>> rounds, CancellationToken cancellationToken)
    {
        await using var service = await ServiceProcess.StartAsync(Path.Combine(options.Folder, $"stream-http-{people}"), cancellationToken);
        using var load = new LoadGenerator(service.Address);
        var rates = new List<double>();
        for (var i = 0; i < rounds.Count; i++)
        {
            var calls = rounds[i].Chunk(Batch).Select(c => new Call("", Packed(c), "application/fhir+json")).ToList();
            var round = await load.AllAsync(calls, Partitions, (_, answer) =>
            {
                if (answer.IndexOf("\"code\":\"refused\""u8) >= 0)
                {
                    throw new WrongAnswerException("An entry was refused.");
                }
            }, cancellationToken);
            if (i >= options.WarmUps)
            {
                rates.Add(rounds[i].Count / round.Seconds);
            }
        }

        return rates;
    }

    private static byte[] Packed(IEnumerable<SimulatedMessage> messages)
    {
        var body = new StringBuilder("{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
        body.AppendJoin(',', messages.SelectMany(m => FirelyParse.Split(m.Body)).Select(o => $"{{\"resource\":{Encoding.UTF8.GetString(o.Span)}}}"));
        return Encoding.UTF8.GetBytes(body.Append("]}").ToString());
    }

    private static async Task CountAsync(BenchOptions options, string name, List<SimulatedMessage> messages, int people, Table table, CancellationToken cancellationToken)
    {
        await using var store = await Store.OpenAsync(Path.Combine(options.Folder, $"stream-count-{people}"));
        var number = 1L;
        foreach (var batch in messages.Chunk(Batch))
        {
            var read = EventBatch.Read(HostBatch.Write([.. batch.Select(m => new HostEvent(m.Body))], "0", number, TimeProvider.System.GetUtcNow()));
            number += batch.Length;
            if (await store.Service.Stream.ReceiveAsync(read, "", cancellationToken) is { Status: not 200 } wrong)
            {
                throw new WrongAnswerException(wrong.Log);
            }
        }

        var c = store.Counted;
        table.Add(name, $"{c.Requests}", $"{c.Reads}", $"{c.Ranges}", $"{c.Commits}", $"{store.Service.Journal.Written.Appends}");
    }

    // A probe of a new patient in a batch every fiftieth of a second, searched for until it is found.
    private static async Task<List<double>> ReadableAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await options.Output.WriteLineAsync("stream: from post to readable");
        await using var service = await ServiceProcess.StartAsync(Path.Combine(options.Folder, "stream-readable"), cancellationToken);
        using var load = new LoadGenerator(service.Address);
        var seconds = options.IsQuick ? 0.3 : Math.Max(20, options.RoundSeconds * 4);
        var turns = (int)(seconds * 50);
        var perTurn = Math.Max(1, LoadPerSecond / 50);
        var others = new Simulation(new(200, 9_000, 29, new DateOnly(2000, 1, 3), null, FaultRates.None)).Load(1, mixed: true).Take(turns * perTurn).Chunk(perTurn).ToList();
        var probes = new Simulation(new(turns, 30, 31, new DateOnly(2026, 1, 5), null, FaultRates.None)).Load(1, mixed: false).Take(turns).ToList();

        // Once, so that what is measured is not the compiling.
        foreach (var warm in Rounds(options, 100, Batch, seed: 37)[0].Chunk(Batch))
        {
            await load.CallAsync(Post(warm, 1_000_000_000, "9"), cancellationToken);
            await FindAsync(load, warm[0].Person.Number, cancellationToken);
        }

        var began = Stopwatch.GetTimestamp();
        var delays = await Task.WhenAll(probes.Select(async (probe, i) =>
        {
            var wait = TimeSpan.FromMilliseconds(i * 20) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, cancellationToken);
            }

            var posted = Stopwatch.GetTimestamp();
            var post = load.CallAsync(Post([.. others[i], probe], 1 + (i * (perTurn + 1L)), $"{i % Partitions}"), cancellationToken);
            while (!await FindAsync(load, probe.Person.Number, cancellationToken))
            {
                await Task.Delay(5, cancellationToken);
            }

            var found = Stopwatch.GetElapsedTime(posted).TotalMilliseconds;
            Check(null!, await post);
            return found;
        }));
        return [.. delays.Order()];
    }

    private static async Task<bool> FindAsync(LoadGenerator load, string number, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await load.CallAsync(new("Observation/_search", Encoding.ASCII.GetBytes($"patient.identifier={number}&_summary=count"), "application/x-www-form-urlencoded"), cancellationToken));
        return json.RootElement.GetProperty("total").GetInt32() > 0;
    }
}
