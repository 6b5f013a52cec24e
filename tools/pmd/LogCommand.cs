using System.CommandLine;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd log</c>: what an operator does with the access log.</summary>
internal static class LogCommand
{
    private static readonly Option<string?> Out = new("--out") { Description = "Where the signing key is a secret from outside: the file to write the new one to, readable by you alone.", HelpName = "FILE" };

    public static Command Create()
    {
        var sequence = new Command("sequence", "Gives every journalled event its place, and signs, as the service does every five seconds.") { StorageOptions.Data, StorageOptions.Storage };
        sequence.SetAction((parsed, stop) => RunAsync(parsed, async log => Console.WriteLine($"Done: {await log.Sequencer.RunAsync(everything: true, stop)} events were given their place."), stop));

        var rebuild = new Command("rebuild", "Derives tree and patients' rows anew from journals and sequence. The service may run meanwhile.") { StorageOptions.Data, StorageOptions.Storage };
        rebuild.SetAction((parsed, stop) => RunAsync(
            parsed,
            async log =>
            {
                await log.Sequencer.RebuildAsync(stop);
                Console.WriteLine($"Done: {await log.Reader.SizeAsync(stop)} events are derived.");
            },
            stop));

        var rotate = new Command("rotate-key", "Makes a new signing key. What the old ones signed is verified by their public keys for ever.") { Out, StorageOptions.Data, StorageOptions.Storage };
        rotate.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => RotateAsync(parsed, storage, ring, stop), stop));

        return new Command("log", "The access log.") { LogExportCommand.Create(), sequence, rebuild, rotate };
    }

    private static Task<int> RunAsync(ParseResult parsed, Func<LogParts, Task> work, CancellationToken stop) => StorageOptions.UseAsync(
        parsed,
        async (storage, ring) =>
        {
            try
            {
                await work(Open(storage, ring));
                return ExitCodes.Done;
            }
            catch (InvalidDataException e)
            {
                await Console.Error.WriteLineAsync($"{e.Message} ./pmd verify-log tells more.");
                return ExitCodes.Failed;
            }
        },
        stop);

    private static async Task<int> RotateAsync(ParseResult parsed, OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        var keys = Open(storage, ring).Keys;
        if (!keys.IsFromOutside)
        {
            await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, OperatorEvent.RotateLogKey, "", 1), stop);
            Console.WriteLine($"Done. The log is signed from now on with {await keys.RotateAsync(stop)}");
            return ExitCodes.Done;
        }

        if (parsed.GetValue(Out) is not { } file)
        {
            await Console.Error.WriteLineAsync("The signing key is a secret that this program cannot write. Name a file with --out: the new key is written there, to be put into the secret.");
            return ExitCodes.Failed;
        }

        using var now = await keys.OpenSignerAsync(stop);
        using var next = LogSigner.Generate(now.Verifier.Name);
        await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, OperatorEvent.RotateLogKey, "", 1), stop);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var stream = new StreamWriter(new FileStream(file, options)))
        {
            await stream.WriteLineAsync(next.Format());
        }

        Console.WriteLine($"Put the text of {file} into the secret PMD_LOG_KEY, delete the file, and restart the service. It will sign with {next.Verifier}");
        return ExitCodes.Done;
    }

    internal static LogParts Open(OpenedStorage storage, KeyRing ring) => LogParts.Over(storage.Blobs, storage.Partitions, ring, Environment.GetEnvironmentVariable, TimeProvider.System);
}
