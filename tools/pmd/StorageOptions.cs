using System.CommandLine;
using System.Security.Cryptography;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary>The options that say which storage a command works on, the same as those of <c>./run</c>.</summary>
internal static class StorageOptions
{
    public static readonly Option<string> Data = new("--data") { Description = "Folder of the embedded storage and the master keys.", DefaultValueFactory = _ => ".data", HelpName = "DIR" };

    public static readonly Option<string> Storage = new("--storage") { Description = "Where rows and blobs are; azure is told where by PMD_STORAGE_CONNECTION or PMD_STORAGE_ACCOUNT.", DefaultValueFactory = _ => "embedded" };

    public static readonly Option<NationalIdPolicy> Numbers = new("--numbers") { Description = "Which person numbers are accepted.", DefaultValueFactory = _ => NationalIdPolicy.Lenient };

    static StorageOptions() => Storage.AcceptOnlyFromAmong([.. OpenedStorage.Kinds]);

    /// <summary>Opens the storage and its keys, does the work, and tells what went wrong in words.</summary>
    public static Task<int> UseAsync(ParseResult parsed, Func<OpenedStorage, KeyRing, Task<int>> work, CancellationToken stop) =>
        UseStorageAsync(parsed, async storage => await work(storage, await KeyRing.OpenAsync(storage.Blobs, storage.ReadMasterKeys, stop)), stop);

    /// <summary>The same without the keys: for who needs to trust none.</summary>
    public static async Task<int> UseStorageAsync(ParseResult parsed, Func<OpenedStorage, Task<int>> work, CancellationToken stop)
    {
        var folder = parsed.GetValue(Data)!;
        if (parsed.GetValue(Storage) == "embedded" && !File.Exists(Path.Combine(folder, "master-keys.json")))
        {
            await Console.Error.WriteLineAsync($"There is no data in {Path.GetFullPath(folder)}. Name the service's folder with --data.");
            return ExitCodes.Failed;
        }

        try
        {
            await using var storage = OpenedStorage.Open(parsed.GetValue(Storage)!, folder, Environment.GetEnvironmentVariable, TimeProvider.System);
            return await work(storage);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. Start the command again to go on where it was.");
            return ExitCodes.Interrupted;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or StorageUnavailableException or CryptographicException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
    }
}
