using System.CommandLine;
using PasientensMaledata.Retention;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd restore</c>: what is done after tables are restored from a backup.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var settings = new Command("settings", "Does again, from the access log, what the restored tables lack: privacy settings, deletions, joined numbers. The service does so itself before it opens; this tells what it will do, or why it stays closed.")
        {
            StorageOptions.Data, StorageOptions.Storage,
        };
        settings.SetAction((parsed, stop) => StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                try
                {
                    var done = await new LogReplay(storage.Partitions, ring, LogCommand.Open(storage, ring), TimeProvider.System).OpenAsync(stop);
                    Console.WriteLine($"Done: {done.Events} events were looked at; {done.Settings} settings, {done.Deletions} deletions and {done.Joinings} joinings were done again.");
                    return ExitCodes.Done;
                }
                catch (InvalidDataException e)
                {
                    await Console.Error.WriteLineAsync($"{e.Message} ./pmd verify-log tells more. Until it is mended the service stays closed.");
                    return ExitCodes.Failed;
                }
            },
            stop));
        return new Command("restore", "After tables are restored from a backup.") { settings };
    }
}
