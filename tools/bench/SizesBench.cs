using System.Buffers;
using System.Text;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>What things weigh: requests to storage, bytes stored and allocated, memory, start-up.</summary>
internal static class SizesBench
{
    private const int Clients = 4;

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await options.Output.WriteLineAsync($"sizes: {Figures.Whole(options.Observations)} Observations");
        var folder = Path.Combine(options.Folder, "sizes");
        var requests = new Table("operation", "requests", "point reads", "ranges", "rows in them", "batches");
        var weights = new Table("what", "figure");
        var own = IngestBench.Rounds(options with { Rounds = 1, WarmUps = 1 }, mixed: false, options.IsQuick ? 4 : 200, GatewayKind.KomLink);
        var mixed = IngestBench.Rounds(options with { Rounds = 1, WarmUps = 0, Observations = 200 }, mixed: true, 1000, GatewayKind.KomLink, seed: 19);
        var sent = own[0].Sum(m => (long)m.Body.Length);
        var count = own[0].Sum(m => m.Entries.Count);
        string number;
        await using (var store = await Store.OpenAsync(folder))
        {
            await CountAsync("bundle of 100, a new patient", () => store.SubmitAsync(own[0][0].Body, cancellationToken));
            foreach (var message in own[0].Skip(1))
            {
                await store.SubmitAsync(message.Body, cancellationToken);
            }

            number = own[0][0].Person.Number;
            await CountAsync("bundle of 100, a known patient", () => store.SubmitAsync(own[1][0].Body, cancellationToken));
            await CountAsync("the same again", () => ResendAsync(store, own[1][0], cancellationToken));
            await CountAsync("bundle of 100 random of 1,000 new patients", () => store.SubmitAsync(mixed[0][0].Body, cancellationToken));
            NationalId.TryParse(number, null, NationalIdPolicy.Synthetic, out var id, out _);
            var query = QueryReader.ReadRest(QueryKind.Search, [new("_count", "100")], [], []);
            string? found = null;
            await CountAsync("search, newest 100", async () => found = (await SearchAsync()).Observations[0].Id);
            await CountAsync("$lastn", async () => await store.Service.Reader.LastAsync(await store.OpenPatientAsync(id, cancellationToken), QueryReader.ReadRest(QueryKind.LastN, [], [], []), Visibility.Everything, cancellationToken));
            await CountAsync("read by id", async () => _ = await store.Service.Reader.ReadAsync(await store.Service.Reader.OpenAsync(store.Service.Reader.PatientOf(found!), cancellationToken), found!, Visibility.Everything, cancellationToken) ?? throw new WrongAnswerException("What was found cannot be read."));

            var output = new ArrayBufferWriter<byte>(1 << 20);
            var turns = options.IsQuick ? 5 : 500;
            long before = 0;
            for (var i = -turns; i < turns; i++)
            {
                before = i == 0 ? GC.GetTotalAllocatedBytes(precise: true) : before;
                output.ResetWrittenCount();
                BundleWriter.WriteSearchSet(output, await SearchAsync(), "http://localhost", "http://localhost", null, [], withR5: false);
            }

            weights.Add("bytes allocated per Observation returned, HTTP left out", Figures.Whole((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)turns / Math.Min(100, own[0].Count(m => m.Person.Number == number) * 100)));

            async Task<LookUp> SearchAsync() => await store.Service.Reader.SearchAsync(await store.OpenPatientAsync(id, cancellationToken), query, Visibility.Everything, null, null, cancellationToken);

            async Task CountAsync(string what, Func<Task> run)
            {
                store.Counted.Reset();
                await run();
                var c = store.Counted;
                requests.Add(what, $"{c.Requests}", $"{c.Reads}", $"{c.Ranges}", $"{c.RowsRead}", $"{c.Commits}");
            }
        }

        await WeighFileAsync();
        var starts = new List<double>();
        for (var i = 0; i < Math.Max(2, options.Rounds); i++)
        {
            await using var service = await ServiceProcess.StartAsync(folder, cancellationToken);
            starts.Add(service.StartUp.TotalMilliseconds);
            if (i == 0)
            {
                weights.Add("memory after start, MB", Figures.Tenths(service.Memory / 1e6));
            }
        }

        weights.Add("start to first answer, ms", Figures.Whole(Figures.Median(starts)));
        await LoadAsync();
        return new(
            "sizes",
            $"{Figures.Whole(count)} simulated Observations of about {Figures.Whole(sent / (double)count)} bytes, bundles of 100.",
            "Requests to storage are counted at the port, in process. Bytes stored: the files of rows after closing, for as many Observations; memory: of the service's own process.",
            [requests, weights],
            []);

        async Task WeighFileAsync()
        {
            var alone = Path.Combine(options.Folder, "sizes-alone");
            await using (var store = await Store.OpenAsync(alone))
            {
                foreach (var message in own[0])
                {
                    await store.SubmitAsync(message.Body, cancellationToken);
                }
            }

            var stored = Directory.GetFiles(alone, "rows.db*").Sum(f => new FileInfo(f).Length);
            weights.Add("bytes sent per Observation", Figures.Whole(sent / (double)count));
            weights.Add("bytes stored per Observation", Figures.Whole(stored / (double)count));
        }

        async Task LoadAsync()
        {
            await using var service = await ServiceProcess.StartAsync(Path.Combine(options.Folder, "sizes-load"), cancellationToken);
            using var load = new LoadGenerator(service.Address);
            await load.AllAsync([.. own.SelectMany(r => r).Select(m => new Call("", m.Body, "application/fhir+json"))], Clients, (_, _) => { }, cancellationToken);
            await load.ForAsync(new("Observation/_search", Encoding.ASCII.GetBytes($"patient.identifier={number}&_count=100"), "application/x-www-form-urlencoded"), options.RoundSeconds, 8, (_, _) => { }, cancellationToken);
            weights.Add($"memory after {Figures.Whole(2 * count)} stored and {options.RoundSeconds:0.#} s of searches, MB", Figures.Tenths(service.Memory / 1e6));
            weights.Add("most memory meanwhile, MB", Figures.Tenths(service.PeakMemory / 1e6));
        }
    }

    private static async Task ResendAsync(Store store, SimulatedMessage message, CancellationToken cancellationToken)
    {
        using var json = System.Text.Json.JsonDocument.Parse(message.Body, BundleReader.JsonOptions);
        var bundle = BundleReader.Read(json.RootElement, message.Body, SenderId.Development);
        var results = await store.Service.Submissions.SubmitAsync(bundle.Source!, [.. bundle.Entries.Select(e => e.Observation!)], store.Service.Access.Sender(Development.System).Admit!, cancellationToken);
        if (results.Any(r => r.Outcome != EntryOutcome.Known))
        {
            throw new WrongAnswerException("What was sent again is not known.");
        }
    }
}
