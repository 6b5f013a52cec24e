using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd simulate</c>: people who do not exist measure themselves, and gateways send it.</summary>
internal static class SimulateCommand
{
    private static readonly Option<Uri> Url = new("--url")
    {
        Description = "The service's FHIR base.",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:7071"),
        CustomParser = ReadUrl,
    };

    private static readonly Option<int> Patients = CheckedOptions.Whole("--patients", "Number of people.", 100, 1, 1_000_000);
    private static readonly Option<int> Days = CheckedOptions.Whole("--days", "Days that they measure.", 30, 1, 36_500);
    private static readonly Option<long> Seed = new("--seed") { Description = "From what all randomness follows: the same seed and options give the same bytes.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Start = new("--start") { Description = $"The first day, YYYY-MM-DD; {SimulationOptions.DefaultStart:yyyy-MM-dd} where nothing else is said.", HelpName = "DATE" };
    private static readonly Option<string> Until = new("--until") { Description = "Nothing lies after this: 'now', or a time such as 2026-05-01T12:00:00Z. Without --start, the days end there.", HelpName = "TIME" };
    private static readonly Option<double?> Rate = new("--rate") { Description = "Observations per second at most; no bound where nothing is said.", HelpName = "R", Validators = { MoreThanNothing } };
    private static readonly Option<int> Clients = CheckedOptions.Whole("--clients", "Messages under way at once.", 4, 1, 256);
    private static readonly Option<bool> LookUps = new("--lookups") { Description = "Practitioners of several roles look up meanwhile." };
    private static readonly Option<int> PractitionerCount = CheckedOptions.Whole("--practitioners", "With --lookups: how many.", 10, 1, 10_000);
    private static readonly Option<double> Duplicates = CheckedOptions.Share("--duplicates", "Share of messages sent twice.", FaultRates.Usual.Duplicates);
    private static readonly Option<double> Late = CheckedOptions.Share("--late", "Share of messages held back for hours or days.", FaultRates.Usual.Late);
    private static readonly Option<double> Corrections = CheckedOptions.Share("--corrections", "Share of Observations corrected afterwards.", FaultRates.Usual.Corrections);
    private static readonly Option<double> ClockFaults = CheckedOptions.Share("--clock-faults", "Share of Observations dated by a wrong clock.", FaultRates.Usual.ClockFaults);
    private static readonly Option<double> WrongUnits = CheckedOptions.Share("--wrong-units", "Share of Observations in a unit that is not the profile's.", FaultRates.Usual.WrongUnits);
    private static readonly Option<bool> NoFaults = new("--no-faults") { Description = "All these shares are 0." };
    private static readonly Option<Uri> TokenFrom = new("--token-from") { Description = "Gateway and practitioners sign in with tokens of ./pmd issuer, which answers here: for a service with --auth required.", HelpName = "URL", CustomParser = ReadUrl };
    private static readonly Option<bool> Print = new("--print") { Description = "Write the messages to standard output, a line each, and send nothing." };

    public static Command Create()
    {
        var command = new Command("simulate", "Sends what synthetic people measure at home, as gateways send it, with the mistakes that gateways make.")
        {
            Url, Patients, Days, Seed, Start, Until, Rate, Clients, LookUps, PractitionerCount,
            Duplicates, Late, Corrections, ClockFaults, WrongUnits, NoFaults, TokenFrom, Print,
        };
        command.SetAction((parsed, stop) => RunAsync(parsed, TimeProvider.System, stop));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, TimeProvider time, CancellationToken stop)
    {
        if (ReadOptions(parsed, time, out var wrong) is not { } options)
        {
            await Console.Error.WriteLineAsync(wrong);
            return ExitCodes.WrongUsage;
        }

        var simulation = new Simulation(options);
        if (parsed.GetValue(Print))
        {
            return PrintAll(simulation, stop);
        }

        using var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        using var signing = parsed.GetValue(TokenFrom) is { } issuer ? new SigningIn(handler, issuer, TimeProvider.System) : null;
        using var client = new HttpClient(signing ?? (HttpMessageHandler)handler) { BaseAddress = parsed.GetValue(Url) };
        if (await WhyNotThereAsync(client, signing, stop) is { } absent)
        {
            await Console.Error.WriteLineAsync(absent);
            return stop.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Failed;
        }

        return await SendAsync(simulation, client, parsed, time, stop);
    }

    private static async Task<int> SendAsync(Simulation simulation, HttpClient client, ParseResult parsed, TimeProvider time, CancellationToken stop)
    {
        var tally = new Tally();
        var started = time.GetTimestamp();
        using var atWork = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var lookUps = parsed.GetValue(LookUps)
            ? new Practitioners(client, tally, simulation.People, simulation.Options.Seed, time).RunAsync(parsed.GetValue(PractitionerCount), atWork.Token)
            : Task.CompletedTask;
        var progress = new Progress(simulation.Options, tally, time, Console.Error, !Console.IsErrorRedirected).RunAsync(atWork.Token);
        var interrupted = false;
        try
        {
            await new Delivery(client, tally, time).RunAsync(simulation.Messages(), parsed.GetValue(Clients), parsed.GetValue(Rate), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            interrupted = true;
        }

        var took = time.GetElapsedTime(started);
        await atWork.CancelAsync();
        await Task.WhenAll(lookUps, progress);
        if (interrupted)
        {
            await Console.Error.WriteLineAsync("Stopped. What was answered so far:");
        }

        Console.Write(tally.Text(took));
        return interrupted ? ExitCodes.Interrupted : tally.Undelivered > 0 ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static int PrintAll(Simulation simulation, CancellationToken stop)
    {
        using var output = Console.OpenStandardOutput();
        foreach (var message in simulation.Messages())
        {
            if (stop.IsCancellationRequested)
            {
                return ExitCodes.Interrupted;
            }

            try
            {
                output.Write(message.Body.Span);
                output.WriteByte((byte)'\n');
            }
            catch (IOException)
            {
                // Whoever reads has seen enough, as head does.
                return ExitCodes.Done;
            }
        }

        return ExitCodes.Done;
    }

    private static async Task<string?> WhyNotThereAsync(HttpClient client, SigningIn? signing, CancellationToken stop)
    {
        try
        {
            using var response = await client.GetAsync("metadata", HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (OperationCanceledException)
        {
            return stop.IsCancellationRequested ? "Stopped." : $"{client.BaseAddress} did not answer in time.";
        }
        catch (HttpRequestException e)
        {
            return $"Nothing answers at {client.BaseAddress} ({e.HttpRequestError}). Start the service with ./run, or name another with --url.";
        }

        try
        {
            await (signing?.StartAsync(stop) ?? Task.CompletedTask);
            return null;
        }
        catch (OperationCanceledException)
        {
            return stop.IsCancellationRequested ? "Stopped." : "The issuer did not answer in time.";
        }
        catch (HttpRequestException e)
        {
            return $"No token can be had: {e.Message} Start the issuer with ./pmd issuer, or name another with --token-from.";
        }
    }

    private static SimulationOptions? ReadOptions(ParseResult parsed, TimeProvider time, out string? wrong)
    {
        wrong = null;
        var days = parsed.GetValue(Days);
        DateTimeOffset? until = null;
        if (parsed.GetValue(Until) is { } end)
        {
            until = end == "now" ? time.GetUtcNow() : DateTimeOffset.TryParse(end, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var stated) ? stated : null;
            if (until is null)
            {
                wrong = $"--until is to be 'now' or a time such as 2026-05-01T12:00:00Z, not '{end}'.";
                return null;
            }
        }

        var start = until is { } last ? SimulationOptions.FirstDay(last, days) : SimulationOptions.DefaultStart;
        if (parsed.GetValue(Start) is { } first && !DateOnly.TryParseExact(first, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out start))
        {
            wrong = $"--start is to be a date such as {SimulationOptions.DefaultStart:yyyy-MM-dd}, not '{first}'.";
            return null;
        }

        if (start.Year is < 1971 or > 2200)
        {
            wrong = "The days are to begin between 1971 and 2200.";
            return null;
        }

        var faults = parsed.GetValue(NoFaults)
            ? FaultRates.None
            : new FaultRates(parsed.GetValue(Duplicates), parsed.GetValue(Late), parsed.GetValue(Corrections), parsed.GetValue(ClockFaults), parsed.GetValue(WrongUnits));
        return new(parsed.GetValue(Patients), days, parsed.GetValue(Seed), start, until, faults);
    }

    internal static Uri? ReadUrl(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        result.AddError($"An address is to be of a form such as http://127.0.0.1:7071, not '{text}'.");
        return null;
    }

    private static void MoreThanNothing(OptionResult result)
    {
        if (result.Tokens.Count > 0 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is not (> 0 and <= 1_000_000))
        {
            result.AddError("--rate is to be more than 0, and at most 1000000.");
        }
    }
}
