using System.Text;
using System.Text.Json;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>Storing by HTTP.</summary>
internal static class IngestBench
{
    private const int BundleSize = 100;
    private const int Clients = 4;
    private const string FhirJson = "application/fhir+json";

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var table = new Table("bundles of 100", "Observations/s", "ms p50", "ms p95", "server CPU us/Obs.", "floor Obs./s", "share of floor");
        var aims = new List<string>();
        foreach (var (name, mixed, people) in new (string, bool, int)[] { ("one patient each", false, 200), ("100 random of 1,000 patients", true, 1000) })
        {
            await options.Output.WriteLineAsync($"ingest, {name}: making {options.Rounds + options.WarmUps} rounds of {Figures.Whole(options.Observations)} Observations");
            // A server that runs already may have met the messages of another run, and what is known costs less than what is new.
            var rounds = options.Url is null
                ? Rounds(options, mixed, options.IsQuick ? people / 50 : people, GatewayKind.KomLink)
                : Rounds(options, mixed, people, GatewayKind.Batch, TimeProvider.System.GetUtcNow().Ticks);
            var folder = Path.Combine(options.Folder, $"ingest-{(mixed ? "mixed" : "own")}");
            await using var service = options.Url is null ? await ServiceProcess.StartAsync(folder, cancellationToken) : null;
            using var load = new LoadGenerator(options.Url ?? service!.Address);
            var rates = new List<double>();
            var times = new List<double>();
            var cpu = new List<double>();
            for (var i = 0; i < rounds.Count; i++)
            {
                var calls = rounds[i].Select(m => new Call("", m.Body, FhirJson)).ToList();
                var before = service?.Cpu ?? default;
                var round = await load.AllAsync(calls, Clients, options.Url is null ? CheckOwn : CheckOther, cancellationToken);
                var rate = calls.Count * BundleSize / round.Seconds;
                await options.Output.WriteLineAsync($"  round {i}{(i < options.WarmUps ? " (not counted)" : "")}: {Figures.Whole(rate)} Observations/s");
                if (i >= options.WarmUps)
                {
                    rates.Add(rate);
                    times.AddRange(round.Milliseconds);
                    cpu.Add(((service?.Cpu ?? default) - before).TotalMicroseconds / (calls.Count * BundleSize));
                }
            }

            await CheckStoredAsync(load, rounds, options, cancellationToken);
            times.Sort();
            var floor = options.Url is null ? await FloorAsync(options, mixed, rounds, cancellationToken) : null;
            table.Add(
                name, Figures.Spread(rates), Figures.Tenths(Figures.Percentile(times, 0.5)), Figures.Tenths(Figures.Percentile(times, 0.95)),
                service is null ? "-" : Figures.Whole(Figures.Median(cpu)), floor is null ? "-" : Figures.Spread(floor), floor is null ? "-" : Figures.Percent(Figures.Median(rates) / Figures.Median(floor)));
            aims.Add(Figures.Aim($"5,000 Observations/s, {name}", Figures.Median(rates) >= 5000));
            if (floor is not null)
            {
                aims.Add(Figures.Aim($"half the floor, {name}", Figures.Median(rates) * 2 >= Figures.Median(floor)));
            }
        }

        var sample = Rounds(options with { Observations = 2 * BundleSize, Rounds = 1, WarmUps = 0 }, mixed: true, 4, GatewayKind.KomLink)[0];
        return new(
            "ingest",
            $"{options.Rounds} rounds of {Figures.Whole(options.Observations)} simulated Observations of about {Figures.Whole(sample.Average(m => m.Body.Length / (double)BundleSize))} bytes, all new, after {options.WarmUps} that are not counted.",
            $"{Clients} clients post bundles of {BundleSize} to the service in a process of its own, load generator on the same machine; median of the rounds (least-most). "
                + "Every entry is checked to be created, and the number stored is asked for at the end. Floor: in one process, each Observation parsed by Firely and the same rows written to SQLite with the same settings, "
                + $"a prepared transaction for each 100 Observations, {Clients} workers.",
            [table],
            aims);
    }

    /// <summary>Messages of rounds; the first is for warming up.</summary>
    internal static List<List<SimulatedMessage>> Rounds(BenchOptions options, bool mixed, int people, GatewayKind gateway, long seed = 17)
    {
        var simulation = new Simulation(new(people, 5000, seed, new DateOnly(2010, 1, 4), null, FaultRates.None));
        var perRound = Math.Max(1, options.Observations / BundleSize);
        return [.. simulation.Load(BundleSize, mixed, gateway).Take(perRound * (options.Rounds + options.WarmUps)).Chunk(perRound).Select(c => c.ToList())];
    }

    // Counting a phrase costs less than parsing; it stands once in each entry's outcome.
    private static void CheckOwn(Call call, ReadOnlySpan<byte> answer)
    {
        if (answer.Count("\"code\":\"created\""u8) != BundleSize)
        {
            throw new WrongAnswerException($"Not every entry was created: {Encoding.UTF8.GetString(answer[..Math.Min(500, answer.Length)])}");
        }
    }

    private static void CheckOther(Call call, ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        using var json = JsonDocument.ParseValue(ref reader);
        if (json.RootElement.GetProperty("entry").EnumerateArray().Count(e => e.GetProperty("response").GetProperty("status").GetString()!.StartsWith("20", StringComparison.Ordinal)) != BundleSize)
        {
            throw new WrongAnswerException("Not every entry was stored.");
        }
    }

    private static async Task CheckStoredAsync(LoadGenerator load, List<List<SimulatedMessage>> rounds, BenchOptions options, CancellationToken cancellationToken)
    {
        var number = rounds[0][0].Person.Number;
        var expected = rounds.SelectMany(r => r).SelectMany(m => FirelyParse.Split(m.Body)).Count(o => o.Span.IndexOf(Encoding.ASCII.GetBytes(number)) >= 0);
        var form = $"{options.Form.Replace("{number}", number, StringComparison.Ordinal).Split('&')[0]}&_summary=count";
        using var json = JsonDocument.Parse(await load.CallAsync(new("Observation/_search", Encoding.ASCII.GetBytes(form), "application/x-www-form-urlencoded"), cancellationToken));
        if (json.RootElement.GetProperty("total").GetInt32() is var total && total != expected)
        {
            throw new WrongAnswerException($"{total} Observations of a patient are stored, not {expected}.");
        }
    }

    // One round's rows are recorded in this process, then written again and again.
    private static async Task<IReadOnlyList<double>> FloorAsync(BenchOptions options, bool mixed, List<List<SimulatedMessage>> rounds, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Folder, $"floor-{(mixed ? "mixed" : "own")}");
        var messages = new List<FloorMessage>();
        await using (var store = await Store.OpenAsync(folder, new ForgetfulPartitions()))
        {
            foreach (var message in rounds[0])
            {
                await store.SubmitAsync(message.Body, cancellationToken);
            }

            foreach (var message in rounds[^1])
            {
                store.Counted.Written = new();
                await store.SubmitAsync(message.Body, cancellationToken);
                messages.Add(new(FirelyParse.Split(message.Body), [.. IngestFloor.RowsOf(store.Counted.Written)]));
            }
        }

        var rates = new List<double>();
        for (var i = 0; i <= options.Rounds; i++)
        {
            var rate = IngestFloor.Run(folder, messages, Clients);
            await options.Output.WriteLineAsync($"  floor {i}{(i == 0 ? " (not counted)" : "")}: {Figures.Whole(rate)} Observations/s");
            if (i > 0)
            {
                rates.Add(rate);
            }
        }

        return rates;
    }
}
