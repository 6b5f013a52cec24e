using System.Text.Json;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>What knowing the caller costs a look-up, beside the same in open mode.</summary>
internal static class AccessBench
{
    private const int Wanted = 10;
    private const int Stored = 100;
    private static readonly int[] ClientCounts = [1, 8];

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var message = new Simulation(new(1, 9_000, 31, new DateOnly(2000, 1, 3), null, FaultRates.None)).Load(Stored, mixed: false).First();
        var number = message.Person.Number;
        await using var world = await AccessWorld.OpenAsync(Path.Combine(options.Folder, "access"), cancellationToken);
        var (requests, aims) = await CountAsync(world, message, cancellationToken);
        var steps = await AccessSteps.MeasureAsync(world, number, options, cancellationToken);
        var lookUps = await LookUpsAsync(world, message, options, cancellationToken);
        return new(
            "access",
            $"One patient with {Stored} simulated Observations. Callers have tokens of HelseID's shape from the development issuer, bound to a key, with attest; the participants are those of the documentation's example.",
            $"The newest {Wanted} of the patient, by POST, from services in processes of their own, load generator on the same machine: {options.Rounds} rounds of about {options.RoundSeconds:0.#} s each in turns, after one that is not counted; percentiles over all. "
                + "Each look-up has a proof of its own, made before the round. Floor: open mode. Steps are measured in this process, one after another, by CPU time with garbage collection; their floor is the cryptography alone. Requests to storage are counted at the port.",
            [lookUps, steps, requests],
            aims);
    }

    private static async Task<Table> LookUpsAsync(AccessWorld world, SimulatedMessage message, BenchOptions options, CancellationToken cancellationToken)
    {
        var table = new Table("look-ups", "clients", "look-ups/s", "ms p50", "ms p95", "ms p99", "server CPU us/look-up", "share of floor");
        var folder = Path.Combine(options.Folder, "access-required");
        await AccessWorld.EnrolAsync(folder, cancellationToken);
        await using var required = await ServiceProcess.StartRequiredAsync(folder, world.Settings, cancellationToken);
        await using var open = await ServiceProcess.StartAsync(Path.Combine(options.Folder, "access-open"), cancellationToken);
        Measured[] both =
        [
            new("token, proof, attest", required, () => world.LookUp(message.Person.Number), world.Submission(message.Body)),
            new("open mode: the floor", open, () => AccessWorld.Form(message.Person.Number), world.Submission(message.Body) with { Credentials = null }),
        ];
        using (both[0])
        using (both[1])
        {
            foreach (var measured in both)
            {
                await measured.Load.CallAsync(measured.Submission, cancellationToken);
                CheckFully(await measured.Load.CallAsync(measured.Call(), cancellationToken));
            }

            foreach (var clients in ClientCounts)
            {
                var results = both.ToDictionary(m => m, _ => new Rounds([], [], []));
                var rate = options.IsQuick ? 100.0 : 1_000.0;
                for (var i = 0; i <= options.Rounds; i++)
                {
                    foreach (var measured in both)
                    {
                        // As many as the floor does in the time, at most: what is slower takes longer.
                        var calls = Enumerable.Range(0, Math.Max(clients, (int)(rate * options.RoundSeconds))).Select(_ => measured.Call()).ToList();
                        var cpu = measured.Service.Cpu;
                        var round = await measured.Load.AllAsync(calls, clients, Check, cancellationToken);
                        if (i > 0)
                        {
                            results[measured].Rates.Add(round.PerSecond);
                            results[measured].Times.AddRange(round.Milliseconds);
                            results[measured].Cpu.Add((measured.Service.Cpu - cpu).TotalMicroseconds / calls.Count);
                        }
                        else if (measured == both[0])
                        {
                            rate = round.PerSecond;
                        }
                    }
                }

                var floor = Figures.Median(results[both[1]].Rates);
                foreach (var measured in both)
                {
                    var (rates, times, cpu) = results[measured];
                    times.Sort();
                    table.Add(
                        measured.What, $"{clients}", Figures.Spread(rates), Figures.Hundredths(Figures.Percentile(times, 0.5)), Figures.Hundredths(Figures.Percentile(times, 0.95)),
                        Figures.Hundredths(Figures.Percentile(times, 0.99)), Figures.Whole(Figures.Median(cpu)), measured == both[1] ? "-" : Figures.Percent(Figures.Median(rates) / floor));
                    await options.Output.WriteLineAsync($"  access, {measured.What}, {clients} clients: {Figures.Spread(rates)}/s");
                }
            }
        }

        return table;
    }

    // In this process, over one storage, so that nothing but the request itself is counted.
    private static async Task<(Table Table, IReadOnlyList<string> Aims)> CountAsync(AccessWorld world, SimulatedMessage message, CancellationToken cancellationToken)
    {
        var table = new Table("requests to storage for a look-up", "all", "point reads", "ranges", "batches", "added");
        await using var app = WebHost.Build(world.Required, 0);
        await app.StartAsync(cancellationToken);
        using var load = new LoadGenerator(new(app.Urls.First() + "/"));
        await load.CallAsync(world.Submission(message.Body), cancellationToken);
        await using var openApp = WebHost.Build(world.Open, 0);
        await openApp.StartAsync(cancellationToken);
        using var openLoad = new LoadGenerator(new(openApp.Urls.First() + "/"));
        var number = message.Person.Number;
        CheckFully(await openLoad.CallAsync(AccessWorld.Form(number), cancellationToken));
        var floor = await Count("open mode: the floor", openLoad, AccessWorld.Form(number), null);

        // Another patient, of whom nothing is stored, makes the practitioner known to the process.
        var ofNobody = new Simulation(new(2, 1, 37, new DateOnly(2000, 1, 3), null, FaultRates.None)).People.Select(p => p.Number).First(n => n != number);
        var nothing = await Count("open mode, of one of whom nothing is stored", openLoad, AccessWorld.Form(ofNobody), null);
        await Count("the same, a practitioner's first in this process", load, world.LookUp(ofNobody), nothing);
        var first = await Count("the first of the patient in the hour", load, world.LookUp(number), floor);
        var next = await Count("each that follows", load, world.LookUp(number), floor);
        await app.StopAsync(cancellationToken);
        await openApp.StopAsync(cancellationToken);
        return (table,
        [
            Figures.Aim("1 request more for each look-up, the proof's row", next - floor <= 1),
            Figures.Aim("2 more than that the first time in the hour that the caller asks for the patient", first - floor <= 3),
        ]);

        async Task<long> Count(string what, LoadGenerator by, Call call, long? beside)
        {
            world.Counted.Reset();
            await by.CallAsync(call, cancellationToken);
            var c = world.Counted;
            table.Add(what, $"{c.Requests}", $"{c.Reads}", $"{c.Ranges}", $"{c.Commits}", beside is { } least ? $"{c.Requests - least}" : "-");
            return c.Requests;
        }
    }

    private static void CheckFully(byte[] answer)
    {
        using var json = JsonDocument.Parse(answer);
        if (!json.RootElement.TryGetProperty("entry", out var entries) || entries.EnumerateArray().Count(e => e.GetProperty("resource").GetProperty("resourceType").ValueEquals("Observation")) != Wanted)
        {
            throw new WrongAnswerException($"A look-up did not give the newest {Wanted}.");
        }
    }

    private static void Check(Call call, ReadOnlySpan<byte> answer)
    {
        if (answer.IndexOf("\"searchset\""u8) < 0 || answer.IndexOf("\"Observation\""u8) < 0)
        {
            throw new WrongAnswerException("A look-up found nothing.");
        }
    }

    private sealed record Measured(string What, ServiceProcess Service, Func<Call> Call, Call Submission) : IDisposable
    {
        public LoadGenerator Load { get; } = new(Service.Address);

        public void Dispose() => Load.Dispose();
    }

    private sealed record Rounds(List<double> Rates, List<double> Times, List<double> Cpu);
}
