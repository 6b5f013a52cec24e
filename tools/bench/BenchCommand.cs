using System.CommandLine;
using System.Globalization;

namespace PasientensMaledata.Bench;

/// <summary>The command line of <c>./bench</c>.</summary>
internal static class BenchCommand
{
    private static readonly Argument<string[]> Names = new("name") { Description = $"Which: {string.Join(", ", Benches.All.Select(b => b.Name))}; all where none is named; list tells of them.", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<bool> Quick = new("--quick") { Description = "Tiny sizes, to prove that the benches work. The figures mean nothing and are not written." };
    private static readonly Option<Uri?> Url = new("--url")
    {
        Description = "Measure a server that runs already, by its FHIR base. Its data is added to; messages are batches with PUT.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            result.AddError("--url is to be an address such as http://127.0.0.1:7071.");
            return null;
        },
    };

    private static readonly Option<string> Form = new("--form") { Description = "The search, for another server's dialect; {number} stands for the person number.", DefaultValueFactory = _ => BenchOptions.StandardForm };
    private static readonly Option<string> Stored = new("--stored") { Description = "Observations stored when searching, smallest first.", DefaultValueFactory = _ => "10000,100000,1000000", HelpName = "N,N" };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds that count.", DefaultValueFactory = _ => 5, HelpName = "N" };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Seconds of a round of searches.", DefaultValueFactory = _ => 5, HelpName = "S" };
    private static readonly Option<int> Observations = new("--observations") { Description = "Observations stored in a round.", DefaultValueFactory = _ => 20_000, HelpName = "N" };
    private static readonly Option<string?> Folder = new("--data") { Description = "Where data is laid while it runs, on the disk to be measured; a temporary folder where nothing is said.", HelpName = "DIR" };
    private static readonly Option<bool> NoPage = new("--no-page") { Description = "Leave docs/performance.md as it is; else the tables there are replaced by these, unless --quick or --url is given." };

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var command = new RootCommand("Measures, beside a floor measured in the same run, and checks every answer. Ends with 0 when all answers were right, 1 when one was not.")
        {
            Names, Quick, Url, Form, Stored, Rounds, Seconds, Observations, Folder, NoPage,
        };
        command.SetAction((parsed, stop) => RunAsync(parsed, output, errors, stop));
        var read = command.Parse(arguments);
        if (read.Errors.Count > 0)
        {
            await errors.WriteLineAsync($"{string.Join(Environment.NewLine, read.Errors.Select(e => e.Message))}{Environment.NewLine}See ./bench --help.");
            return 2;
        }

        return await read.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors }, cancellationToken);
    }

    private static async Task<int> RunAsync(ParseResult parsed, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var names = parsed.GetValue(Names) ?? [];
        if (names is ["list"])
        {
            foreach (var bench in Benches.All)
            {
                await output.WriteLineAsync($"  {bench.Name,-8} {bench.Measures}{(bench.TakesUrl ? "; takes --url" : "")}");
            }

            return 0;
        }

        var url = parsed.GetValue(Url);
        var unknown = names.Where(n => Benches.All.All(b => b.Name != n)).ToList();
        var chosen = Benches.All.Where(b => names.Length == 0 ? url is null || b.TakesUrl : names.Contains(b.Name)).ToList();
        if (unknown.Count > 0 || chosen.Any(b => url is not null && !b.TakesUrl))
        {
            await errors.WriteLineAsync(unknown.Count > 0 ? $"There is no bench {unknown[0]}. See ./bench list." : "--url goes with benches that use HTTP alone. See ./bench list.");
            return 2;
        }

        var folder = Directory.CreateDirectory(Path.Combine(parsed.GetValue(Folder) ?? Path.GetTempPath(), $"pmd-bench-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
        try
        {
            if (Read(parsed, folder, output) is not { } options)
            {
                await errors.WriteLineAsync("--stored is to be numbers such as 10000,100000; --rounds, --seconds and --observations are to be more than 0.");
                return 2;
            }

            return await RunAsync(chosen, options, parsed.GetValue(NoPage) ? null : FindPage(), output, errors, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(List<BenchEntry> chosen, BenchOptions options, string? page, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        foreach (var bench in chosen)
        {
            var machine = Machine.Describe();
            try
            {
                var block = (await bench.RunAsync(options, cancellationToken)).ToMarkdown(machine);
                await output.WriteLineAsync($"{Environment.NewLine}{bench.Name}{Environment.NewLine}{Environment.NewLine}{block}");
                if (page is not null && !options.IsQuick && options.Url is null)
                {
                    PerformancePage.Write(page, bench.Name, block);
                }
            }
            catch (WrongAnswerException e)
            {
                await errors.WriteLineAsync($"{bench.Name}: wrong answer, no figures. {e.Message}");
                return 1;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await errors.WriteLineAsync("Stopped.");
                return 130;
            }
        }

        return 0;
    }

    // The page of the checkout that this was built in.
    private static string? FindPage()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var page = Path.Combine(folder.FullName, "docs", "performance.md");
            if (File.Exists(page))
            {
                return page;
            }
        }

        return null;
    }

    private static BenchOptions? Read(ParseResult parsed, string folder, TextWriter output)
    {
        if (parsed.GetValue(Quick))
        {
            return BenchOptions.Quick(folder, output) with { Url = parsed.GetValue(Url), Form = parsed.GetValue(Form)! };
        }

        var stored = parsed.GetValue(Stored)!.Split(',').Select(s => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).ToList();
        var (rounds, seconds, observations) = (parsed.GetValue(Rounds), parsed.GetValue(Seconds), parsed.GetValue(Observations));
        return stored.Min() < 100 || rounds < 1 || seconds <= 0 || observations < 100
            ? null
            : BenchOptions.Full(folder, output) with
            {
                Url = parsed.GetValue(Url),
                Form = parsed.GetValue(Form)!,
                Stored = [.. stored.Order()],
                OfPatient = Math.Min(10_000, stored.Min()),
                Rounds = rounds,
                RoundSeconds = seconds,
                Observations = observations,
            };
    }
}
