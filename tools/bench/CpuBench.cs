using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>What the service's own work costs beside the parse.</summary>
internal static class CpuBench
{
    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await options.Output.WriteLineAsync($"cpu: {options.Rounds} rounds of {Figures.Whole(options.Observations)} Observations");
        var table = new Table("step", "us/Observation", "of the parse", "bytes allocated");
        var messages = IngestBench.Rounds(options with { Rounds = 1, WarmUps = 0 }, mixed: false, 50, GatewayKind.KomLink)[0];
        var single = messages.Select(m => FirelyParse.Split(m.Body)).ToList();
        var count = single.Sum(s => s.Count);
        await using var store = await Store.OpenAsync(Path.Combine(options.Folder, "cpu"), new ForgetfulPartitions());
        var keys = store.Service.Ring.Current;
        var person = PasientensMaledata.Identity.Person.NewRandom(PatientKey.NewRandom());
        using var seal = person.OpenSeal();

        var steps = new (string Name, Func<Task> Run)[]
        {
            ("Firely parse", () => Each(single, o => FirelyParse.Parse(o.Span))),
            ("JSON of the body, and its entries", () =>
            {
                foreach (var message in messages)
                {
                    using var json = JsonDocument.Parse(message.Body, BundleReader.JsonOptions);
                    BundleReader.Read(json.RootElement, message.Body, SenderId.Development);
                }

                return Task.CompletedTask;
            }),
            ("checks, the parse among them", () => Parsed(single, (element, _) =>
            {
                if (!ObservationChecks.Check(element, NationalIdPolicy.Lenient, TimeProvider.System.GetUtcNow()).IsAccepted)
                {
                    throw new WrongAnswerException("An Observation of the load was refused.");
                }
            })),
            ("reading and content hash", () => Parsed(single, (element, bytes) => ObservationDocument.Read(element, bytes).HashContent(keys.Content))),
            ("reading, edits, compression, sealing", () => Parsed(single, (element, bytes) => Write(element, bytes, seal))),
            ("JSON parse of each alone, in the three above", () => Parsed(single, (_, _) => { })),
            ("all, storage left out", async () =>
            {
                foreach (var message in messages)
                {
                    await store.SubmitAsync(message.Body, cancellationToken);
                }
            }),
        };

        var costs = new List<(double Micros, double Bytes)>();
        foreach (var (name, run) in steps)
        {
            await run();
            var rounds = new List<double>();
            var bytes = 0.0;
            for (var i = 0; i < options.Rounds; i++)
            {
                var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
                await run();
                rounds.Add((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
                bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count;
            }

            costs.Add((Figures.Median(rounds), bytes));
            await options.Output.WriteLineAsync($"  {name}: {Figures.Tenths(costs[^1].Micros)} us");
            table.Add(name, Figures.Tenths(costs[^1].Micros), Figures.Percent(costs[^1].Micros / costs[0].Micros), Figures.Whole(bytes));
        }

        var beyond = costs[^1].Micros - costs[0].Micros;
        table.Add("all beyond the Firely parse", Figures.Tenths(beyond), Figures.Percent(beyond / costs[0].Micros), Figures.Whole(costs[^1].Bytes - costs[0].Bytes));
        return new(
            "cpu",
            $"{Figures.Whole(count)} simulated Observations in bundles of 100, one patient each.",
            $"CPU time of the process, garbage collection included, over {options.Rounds} rounds; the median. Storage is one that forgets; HTTP is left out. Every Observation is checked to be accepted.",
            [table],
            [Figures.Aim("beyond the parse at most half of it", beyond * 2 <= costs[0].Micros)]);
    }

    private static Task Each(IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> observations, Action<ReadOnlyMemory<byte>> run)
    {
        foreach (var observation in observations.SelectMany(o => o))
        {
            run(observation);
        }

        return Task.CompletedTask;
    }

    private static Task Parsed(IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> observations, Action<JsonElement, ReadOnlyMemory<byte>> run) =>
        Each(observations, o =>
        {
            using var json = JsonDocument.Parse(o);
            run(json.RootElement, o);
        });

    private static void Write(JsonElement element, ReadOnlyMemory<byte> bytes, Seal seal)
    {
        var document = ObservationDocument.Read(element, bytes);
        var effective = EffectiveTime.Read(element, out _);
        ObservationRow.Write(
            new(default, 1, DateTime.UnixEpoch, DateTime.UnixEpoch, effective, "heartrate", 0, ObservationStatus.Final, document.Codings, document.Categories, SenderId.Development, "", "", "", null),
            document,
            seal);
    }
}
