using System.CommandLine;
using System.Globalization;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd log export</c>: an organisation's own part of the access log, as FHIR AuditEvents. Itself logged.</summary>
internal static class LogExportCommand
{
    private const int ProgressEvery = 10_000;

    private static readonly Option<string> Organisation = new("--organisation") { Description = "Organisation number of a Controller or of a consumer: events in which it is the one who looked, who sent, or who answers for what was stored.", Required = true, HelpName = "N" };
    private static readonly Option<DateTimeOffset> From = new("--from") { Description = "First day or time, such as 2026-01-01.", Required = true, CustomParser = ReadTime, HelpName = "TIME" };
    private static readonly Option<DateTimeOffset> To = new("--to") { Description = "The day or time that ends it, not part of it.", Required = true, CustomParser = ReadTime, HelpName = "TIME" };
    private static readonly Option<string> Because = new("--because") { Description = "Why: it stands in the access log.", Required = true, HelpName = "TEXT" };
    private static readonly Option<string?> Out = new("--out") { Description = "The file to write; standard output where none is named.", HelpName = "FILE" };

    public static Command Create()
    {
        var command = new Command("export", "Writes an organisation's own part of the log as FHIR R4 AuditEvents, a line each (NDJSON). Logged.") { Organisation, From, To, Because, Out, StorageOptions.Data, StorageOptions.Storage };
        command.Validators.Add(result =>
        {
            if (result.TextOf(Organisation) is { } organisation && !OrganisationNumber.TryParse(organisation, out _))
            {
                result.AddError("--organisation is to be an organisation number: nine digits.");
            }
        });
        command.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => ExportAsync(parsed, storage, ring, stop), stop));
        return command;
    }

    private static async Task<int> ExportAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var log = LogCommand.Open(storage, ring);
        var (from, to, organisation) = (parsed.GetValue(From).UtcDateTime, parsed.GetValue(To).UtcDateTime, parsed.GetValue(Organisation)!);
        var now = DateTime.UtcNow;

        // Written first: what is exported was logged as exported, whatever happens then.
        await log.Journal.AppendAsync(
            new AccessEvent
            {
                Id = Guid.NewGuid(),
                CorrelationId = "",
                Time = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
                Action = AccessAction.Operation,
                Outcome = AccessOutcome.Permitted,
                Operation = new(string.Create(CultureInfo.InvariantCulture, $"log export {organisation} {from:yyyy-MM-dd'T'HH:mm'Z'} {to:yyyy-MM-dd'T'HH:mm'Z'}"), parsed.GetValue(Because)!, 0),
            },
            stop);

        await using var output = parsed.GetValue(Out) is { } file ? new FileStream(file, FileMode.CreateNew) : Console.OpenStandardOutput();
        var (read, written) = (0L, 0L);
        try
        {
            await foreach (var (index, logged) in log.Reader.ReadSequenceAsync(0, long.MaxValue, stop))
            {
                read++;
                if (read % ProgressEvery == 0)
                {
                    await Console.Error.WriteLineAsync($"{read} events read, {written} written");
                }

                if (logged.Time >= from && logged.Time < to && AuditEventWriter.PartOf(logged, organisation) is { } part)
                {
                    output.Write(AuditEventWriter.Line(part, string.Create(CultureInfo.InvariantCulture, $"{part.Time.Ticks:x16}{index:x16}")));
                    written++;
                }
            }
        }
        catch (InvalidDataException e)
        {
            await Console.Error.WriteLineAsync($"{e.Message} ./pmd verify-log tells more. {written} events were written before it.");
            return ExitCodes.Failed;
        }

        await Console.Error.WriteLineAsync($"Done: {written} AuditEvents of {read} events.");
        return ExitCodes.Done;
    }

    private static DateTimeOffset ReadTime(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        result.AddError($"{result.Tokens[0].Value} is no time. Write 2026-01-01 or 2026-01-01T08:00:00+01:00.");
        return default;
    }
}
