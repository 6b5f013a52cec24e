using System.Globalization;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Held by the one service that works on a folder. It is a lock of the operating system on <c>service.lock</c>, so that it goes with its
/// process, however that ends. Commands take none and work beside the service.
/// </summary>
public sealed class ServiceLock : IDisposable
{
    private const string FileName = "service.lock";
    private const string HolderFileName = "service.process";

    private readonly FileStream file;

    private ServiceLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock, or says why it is not to be had.</summary>
    /// <param name="folder">The folder, made if it is not there.</param>
    /// <param name="refusal">Why the lock was refused, for the operator to read; null when it was taken.</param>
    /// <returns>The lock, to be disposed of when the service ends; null when another service has it.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static ServiceLock? TryTake(string folder, out string? refusal)
    {
        folder = Path.GetFullPath(folder);
        DurableFiles.CreateFolder(folder);
        var path = Path.Combine(folder, FileName);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            refusal = $"Another service ({ReadHolder(folder)}) works on {folder}. Stop it first, or give this one a folder of its own.";
            return null;
        }

        // Beside the lock, because nobody else can read a file that is locked.
        File.WriteAllText(
            Path.Combine(folder, HolderFileName),
            string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}"));
        refusal = null;
        return new ServiceLock(file);
    }

    /// <summary>Lets the next service in.</summary>
    public void Dispose() => file.Dispose();

    // The error of flock(2), EWOULDBLOCK, and that of Windows, ERROR_SHARING_VIOLATION; any other is a fault of the folder.
    private static bool IsHeldByAnother(IOException fault) =>
        fault.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);

    private static string ReadHolder(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, HolderFileName));
        }
        catch (IOException)
        {
            return "just starting";
        }
    }
}
