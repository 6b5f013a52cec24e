using System.CommandLine;
using PasientensMaledata.Identity;
using PasientensMaledata.Retention;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd export</c>: returns a Controller's Observations. Logged for each patient.</summary>
internal static class ExportCommand
{
    private const string FileName = "observations.ndjson";

    private static readonly Option<string> Controller = new("--controller") { Description = "Organisation number of the Controller.", Required = true, HelpName = "N" };
    private static readonly Option<string> Out = new("--out") { Description = "A folder that is not there yet. What is in it is health data: keep it as such.", Required = true, HelpName = "DIR" };
    private static readonly Option<string> Reason = new("--reason") { Description = "Why: it stands in the access log, and citizens see it.", Required = true, HelpName = "TEXT" };
    private static readonly Option<bool> History = new("--history") { Description = "Superseded versions too, each after its current one." };

    public static Command Create()
    {
        var command = new Command("export", $"Writes all Observations of a Controller, a line each (NDJSON), and a manifest.json with their number and SHA-256 when all are written. Logged for each patient. The service may run meanwhile.")
        {
            Controller, Out, Reason, History, StorageOptions.Data, StorageOptions.Storage,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (!OrganisationNumber.TryParse(parsed.GetValue(Controller), out var controller))
        {
            await Console.Error.WriteLineAsync("--controller is no organisation number: nine digits, the last a control digit.");
            return ExitCodes.WrongUsage;
        }

        return await StorageOptions.UseAsync(parsed, (storage, ring) => ExportAsync(parsed, controller, storage, ring, stop), stop);
    }

    private static async Task<int> ExportAsync(ParseResult parsed, OrganisationNumber controller, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var folder = parsed.GetValue(Out)!;
        if (Directory.Exists(folder) || File.Exists(folder))
        {
            await Console.Error.WriteLineAsync($"{folder} is there already. Name a folder that is not, or take it away: an export that was stopped is begun anew.");
            return ExitCodes.Failed;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var log = LogCommand.Open(storage, ring);
        ExportManifest manifest;
        await using (var file = new FileStream(Path.Combine(folder, FileName), FileMode.CreateNew))
        {
            manifest = await new ControllerExport(storage.Partitions, ring, log.Journal, TimeProvider.System)
                .RunAsync(controller, parsed.GetValue(History), parsed.GetValue(Reason)!, FileName, file, new Parts(), stop);
        }

        // Last: where it stands, the export is whole.
        await File.WriteAllTextAsync(Path.Combine(folder, "manifest.json"), manifest.Format(), stop);
        Console.WriteLine($"Done: {manifest.Observations} Observations of {manifest.Patients} patients, {manifest.Versions} lines, SHA-256 {manifest.Sha256}.");
        return ExitCodes.Done;
    }
}

/// <summary>Tells how much of the directory is gone through, now and then.</summary>
internal sealed class Parts : IProgress<int>
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);
    private long last = TimeProvider.System.GetTimestamp();

    public void Report(int value)
    {
        if (TimeProvider.System.GetElapsedTime(last) >= Between)
        {
            last = TimeProvider.System.GetTimestamp();
            Console.Error.WriteLine($"{value} of 256 parts of the patients");
        }
    }
}
