using System.CommandLine;
using System.Globalization;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Statistics;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd statistics</c>: usage statistics of the access log, for those who measure and for people.</summary>
internal static class StatisticsCommand
{
    private static readonly Option<DateOnly> From = Date("--from", "First day, UTC, such as 2026-01-01.");

    private static readonly Option<DateOnly> To = Date("--to", "Last day, included. A day that is not over is exported as it stands, and marked so.");

    private static readonly Option<bool> Again = new("--again") { Description = "Make again what is there already. The bytes are the same." };

    private static readonly Option<DateOnly> Month = new("--month")
    {
        Description = "The month, such as 2026-01.",
        HelpName = "YYYY-MM",
        Required = true,
        CustomParser = result => Read(result, "yyyy-MM", "a month such as 2026-01"),
    };

    private static readonly Option<FileInfo?> Out = new("--out") { Description = "The file; statistikk-YYYY-MM.html in this folder where nothing is said.", HelpName = "FILE" };

    public static Command Create()
    {
        var export = new Command(
            "export",
            "Writes raw/ (a row for each event, under pseudonyms: personal data) of the days, and open/ (tables without small counts) of the months they lie in that are closed. Started again, it goes on where it was.")
        {
            From, To, Again, StorageOptions.Data, StorageOptions.Storage,
        };
        export.SetAction(async (parsed, stop) =>
        {
            if (parsed.GetValue(To) < parsed.GetValue(From))
            {
                await Console.Error.WriteLineAsync("--to is to be the day of --from, or later.");
                return ExitCodes.WrongUsage;
            }

            return await StorageOptions.UseAsync(parsed, (storage, ring) => ExportAsync(parsed, storage, ring, stop), stop);
        });

        var report = new Command("report", "Writes a month's key figures as a page for people, in Norwegian. Its table of organisations has exact figures: it is not for publishing.")
        {
            Month, Out, StorageOptions.Data, StorageOptions.Storage,
        };
        report.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => ReportAsync(parsed, storage, ring, stop), stop));
        return new Command("statistics", "Usage statistics, made from the access log alone.") { export, report };
    }

    private static async Task<int> ExportAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var export = await OpenAsync(storage, ring, stop);
        await storage.LogAsync(
            OperatorEvent.Of(TimeProvider.System, null, OperatorEvent.StatisticsExport, "", 0, string.Create(CultureInfo.InvariantCulture, $"{parsed.GetValue(From):yyyy-MM-dd} {parsed.GetValue(To):yyyy-MM-dd}")), stop);
        var done = await export.RunAsync(parsed.GetValue(From), parsed.GetValue(To), parsed.GetValue(Again), new Lines(), stop);
        Console.WriteLine($"Done: {done.Days} days of raw/, {done.Months.Count} months of open/.");
        if (done.NotYet.Count > 0)
        {
            Console.WriteLine($"open/ waits for the log to reach nine days past the month: {string.Join(", ", done.NotYet)}.");
        }

        if (done.RefusedYears.Count == 0)
        {
            return ExitCodes.Done;
        }

        await Console.Error.WriteLineAsync(
            $"raw/ of {string.Join(", ", done.RefusedYears)} cannot be made any more: the key of its pseudonyms is destroyed {YearKeys.KeptDays} days after the year. open/ can.");
        return ExitCodes.Failed;
    }

    private static async Task<int> ReportAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var month = parsed.GetValue(Month);
        var export = await OpenAsync(storage, ring, stop);
        if (await export.ReportAsync(month, new Lines(), stop) is not { } page)
        {
            await Console.Error.WriteLineAsync($"The log has nothing of {month.ToString("yyyy-MM", CultureInfo.InvariantCulture)}.");
            return ExitCodes.Failed;
        }

        var file = parsed.GetValue(Out)?.FullName ?? Path.GetFullPath($"statistikk-{month.ToString("yyyy-MM", CultureInfo.InvariantCulture)}.html");
        await File.WriteAllTextAsync(file, page, stop);
        Console.WriteLine($"Done: {file}");
        return ExitCodes.Done;
    }

    private static async Task<StatisticsExport> OpenAsync(OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var reader = new LogReader(storage.Blobs);
        var log = new EventSource(await reader.SizeAsync(stop), reader.ReadSequenceAsync);
        return new(storage.Blobs, ring, log, LoggedTexts.Participants, TimeProvider.System);
    }

    private static Option<DateOnly> Date(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "YYYY-MM-DD",
        Required = true,
        CustomParser = result => Read(result, "yyyy-MM-dd", "a day such as 2026-01-31"),
    };

    private static DateOnly Read(System.CommandLine.Parsing.ArgumentResult result, string form, string example)
    {
        if (DateOnly.TryParseExact(result.Tokens[0].Value, form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return day;
        }

        result.AddError($"'{result.Tokens[0].Value}' is not {example}.");
        return default;
    }

    /// <summary>A line at every tenth part.</summary>
    private sealed class Lines : IProgress<ExportProgress>
    {
        private (string What, long Tenth) told;

        public void Report(ExportProgress value)
        {
            var tenth = value.Of == 0 ? 10 : value.Events * 10 / value.Of;
            if (told != (value.What, tenth))
            {
                told = (value.What, tenth);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.What}: {value.Events:N0} of {value.Of:N0} events"));
            }
        }
    }
}
