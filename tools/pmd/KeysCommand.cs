using System.CommandLine;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd keys rotate</c>: a new directory key or master key, while the service runs.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var directory = new Command("directory", "The key that hashes person numbers: every row of the directory is written anew under a new one.") { StorageOptions.Data, StorageOptions.Storage };
        directory.SetAction((parsed, stop) => StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, "keys rotate directory", "", 1), stop);
                Console.WriteLine(ring.Current.PreviousDirectory is null ? "A new directory key is published." : "A rotation that was interrupted goes on.");
                await new KeyRotation(storage.Partitions, ring, TimeProvider.System).RotateDirectoryAsync(new Lines(), stop);
                Console.WriteLine("Done: the old key is forgotten.");
                return ExitCodes.Done;
            },
            stop));

        var master = new Command("master", "The key that wraps all others: every data key is wrapped anew under a new one.") { StorageOptions.Data, StorageOptions.Storage };
        master.SetAction((parsed, stop) => StorageOptions.UseAsync(parsed, (storage, ring) => RotateMasterAsync(storage, ring, stop), stop));

        var page = new Command("page", "The key that seals page links: those given out lead nowhere from then on, and the callers search again.") { StorageOptions.Data, StorageOptions.Storage };
        page.SetAction((parsed, stop) => StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                if (!await ring.ReplaceAsync(ring.Current.WithNextPage(), stop))
                {
                    await Console.Error.WriteLineAsync("Another process changed the keys at the same time. Start again.");
                    return ExitCodes.Failed;
                }

                await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, "keys rotate page", "", 1), stop);
                Console.WriteLine("Done: running services use the new key within five seconds.");
                return ExitCodes.Done;
            },
            stop));

        return new Command("keys", "Keys.") { new Command("rotate", "Replaces a key while the service runs. Started again, it goes on where it was. Logged.") { directory, master, page } };
    }

    private static async Task<int> RotateMasterAsync(OpenedStorage storage, KeyRing ring, CancellationToken stop)
    {
        // Two keys: a rotation is under way, or the operator has put the new one into the secret.
        if (ring.Master.Count == 1)
        {
            if (storage.HasMasterSecret)
            {
                await Console.Error.WriteLineAsync("The master key is a secret that this program cannot write. Put a second, higher numbered key of 32 random bytes into it, restart the service with it, and start this command again.");
                return ExitCodes.Failed;
            }

            await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, "keys rotate master", "", 1), stop);
            ring.Master.WithNext().WriteFile(storage.MasterKeysFile);
            Console.WriteLine("A new master key is made.");
        }
        else
        {
            await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, null, "keys rotate master", "", 1), stop);
            Console.WriteLine("The newest of the master keys is put to use.");
        }

        await new KeyRotation(storage.Partitions, ring, TimeProvider.System).RewrapAsync(new Lines(), stop);
        await YearKeys.RewrapAsync(storage.Blobs, ring.Master, stop);
        if (storage.HasMasterSecret)
        {
            Console.WriteLine("Done: the older master keys open nothing any more. Take them out of the secret.");
        }
        else
        {
            ring.Master.CurrentOnly().WriteFile(storage.MasterKeysFile);
            Console.WriteLine("Done: the old master key is forgotten.");
        }

        return ExitCodes.Done;
    }

    /// <summary>A line every sixteenth part.</summary>
    private sealed class Lines : IProgress<RotationProgress>
    {
        public void Report(RotationProgress value)
        {
            if (value.Partitions % (value.Of / 16) == 0)
            {
                Console.WriteLine($"{value.Partitions * 100 / value.Of,3} % gone through, {value.Rewritten} rows written anew");
            }
        }
    }
}
