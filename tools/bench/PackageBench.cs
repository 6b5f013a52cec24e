using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>What a cold start costs: how much has to be fetched, and how long the program takes from its start to its first answers.</summary>
internal static class PackageBench
{
    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await options.Output.WriteLineAsync("package: size and cold start");

        // A quick run takes the program as it was built, and no package is made.
        var root = options.IsQuick ? null : Root();
        var sizes = new Table("in the zip", "files", "MB");
        if (root is not null)
        {
            await MakeAsync(root, cancellationToken);
            Weigh(root, sizes);
        }

        var starts = Math.Max(2, options.Rounds);
        var message = IngestBench.Rounds(options with { Rounds = 1, WarmUps = 0, Observations = 200 }, mixed: false, 2, GatewayKind.KomLink)[0][0];
        var sameBytes = Path.Combine(options.Folder, "same-bytes");
        await File.WriteAllTextAsync(sameBytes, "{}", cancellationToken);
        List<(string What, Func<string, Task<ServiceProcess>> StartAsync, bool IsFloor, List<double[]> Found)> programs =
        [
            ("the same as ./run starts it", folder => ServiceProcess.StartAsync(folder, cancellationToken), false, []),
            ("floor", _ => ServiceProcess.StartSameBytesAsync(sameBytes, cancellationToken), true, []),
        ];
        if (root is not null)
        {
            programs.Insert(0, ("the package", folder => ServiceProcess.StartPackagedAsync(Path.Combine(root, "artifacts", "package", "PasientensMaledata.Functions"), folder, cancellationToken), false, []));
        }

        // In turns, so that what else the machine does meets all of them; the first start of each is not counted.
        for (var i = -1; i < starts; i++)
        {
            foreach (var program in programs)
            {
                var figures = await StartAsync(program.What, program.StartAsync, program.IsFloor);
                if (i >= 0)
                {
                    program.Found.Add(figures);
                }
            }
        }

        var times = new Table("program", "first answer, ms", "first Bundle stored, ms", "first search, ms", "CPU until then, ms", "memory then, MB");
        foreach (var program in programs)
        {
            times.Add([program.What, .. Enumerable.Range(0, 5).Select(i => program.IsFloor && i is 1 or 2 ? "-" : i == 4 ? Figures.Tenths(Figures.Median(program.Found.Select(f => f[4]))) : Figures.Spread([.. program.Found.Select(f => f[i])]))]);
        }

        return new(
            "package",
            "One Bundle of 100 simulated Observations, and a search for them.",
            $"Each program is started {starts} times on an empty folder, in turns, after one start that is not counted, so that its files are in the system's cache; median (least-most), each time from the start of the process. What Azure adds is left out: finding an instance, fetching the zip, the Functions host. Floor: ASP.NET Core alone, which answers the same bytes at once; of size: the runtime, which every program that brings its own has.",
            root is null ? [times] : [sizes, times],
            []);

        async Task<double[]> StartAsync(string what, Func<string, Task<ServiceProcess>> startAsync, bool isFloor)
        {
            var began = Stopwatch.GetTimestamp();
            await using var service = await startAsync(Path.Combine(options.Folder, $"start-{Guid.NewGuid():N}"));
            if (isFloor)
            {
                return [service.StartUp.TotalMilliseconds, 0, 0, service.Cpu.TotalMilliseconds, service.Memory / 1e6];
            }

            using var client = new HttpClient { BaseAddress = service.Address };
            using var content = new ReadOnlyMemoryContent(message.Body);
            content.Headers.ContentType = new("application/fhir+json");
            using var answer = await client.PostAsync("", content, cancellationToken);
            var created = (await answer.Content.ReadAsStringAsync(cancellationToken)).Split("\"created\"").Length - 1;
            var stored = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            using var search = await client.PostAsync("Observation/_search", new FormUrlEncodedContent([new("patient.identifier", message.Person.Number)]), cancellationToken);
            var total = (int?)JsonNode.Parse(await search.Content.ReadAsStringAsync(cancellationToken))!["total"];
            return created == message.Entries.Count && total == created
                ? [service.StartUp.TotalMilliseconds, stored, Stopwatch.GetElapsedTime(began).TotalMilliseconds, service.Cpu.TotalMilliseconds, service.Memory / 1e6]
                : throw new WrongAnswerException($"{what}: of {message.Entries.Count} sent {created} were stored and {total} found.");
        }
    }

    private static async Task MakeAsync(string root, CancellationToken cancellationToken)
    {
        using var make = Process.Start(new ProcessStartInfo(Path.Combine(root, "package")) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = make.StandardError.ReadToEndAsync(cancellationToken);
        var said = await make.StandardOutput.ReadToEndAsync(cancellationToken);
        await make.WaitForExitAsync(cancellationToken);
        if (make.ExitCode != 0)
        {
            throw new InvalidOperationException($"./package failed. {said} {await errors}");
        }
    }

    private static void Weigh(string root, Table sizes)
    {
        using var zip = ZipFile.OpenRead(Path.Combine(root, "artifacts", "pmd.zip"));
        using var described = zip.GetEntry("PasientensMaledata.Functions.deps.json")!.Open();
        var runtime = JsonNode.Parse(described)!["targets"]!.AsObject().Single(t => t.Key.Contains('/', StringComparison.Ordinal)).Value!.AsObject()
            .Where(l => l.Key.StartsWith("runtimepack.", StringComparison.Ordinal))
            .SelectMany(l => Files(l.Value!["runtime"]).Concat(Files(l.Value!["native"]))).ToHashSet(StringComparer.Ordinal);
        var files = zip.Entries.ToLookup(e => runtime.Contains(e.FullName) ? "the runtime: the floor" : e.FullName.StartsWith("PasientensMaledata", StringComparison.Ordinal) ? "the program" : e.FullName.EndsWith(".json", StringComparison.Ordinal) ? "host.json, function.json" : "libraries");
        foreach (var part in files.OrderByDescending(f => f.Sum(e => e.CompressedLength)))
        {
            sizes.Add(part.Key, $"{part.Count()}", Figures.Tenths(part.Sum(e => e.CompressedLength) / 1e6));
        }

        sizes.Add("all", $"{zip.Entries.Count}", Figures.Tenths(new FileInfo(Path.Combine(root, "artifacts", "pmd.zip")).Length / 1e6));
    }

    private static IEnumerable<string> Files(JsonNode? kind) => kind?.AsObject().Select(f => f.Key) ?? [];

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "package")) || !File.Exists(Path.Combine(folder.FullName, "host.json")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The bench of the package runs in a checkout.");
        }

        return folder.FullName;
    }
}
