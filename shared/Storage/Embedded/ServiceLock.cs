using System.Globalization;
using System.Text;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Held by the one service that works on a folder. It is a lock of the operating system on <c>service.lock</c>, so that it goes with its
/// process, however that ends. Commands take none and work beside the service.
/// </summary>
public sealed class ServiceLock : IDisposable
{
    private const string FileName = "service.lock";

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
        catch (IOException) when (IsHeld(path))
        {
            refusal = $"Another service ({ReadHolder(path)}) works on {folder}. Stop it first, or give this one a folder of its own.";
            return null;
        }

        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}")));
        file.Flush();
        refusal = null;
        return new ServiceLock(file);
    }

    /// <summary>Lets the next service in.</summary>
    public void Dispose() => file.Dispose();

    // A file that others may have open is in nobody's way, so that only the lock can have refused it.
    private static bool IsHeld(string path)
    {
        try
        {
            using var shared = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return true;
        }
        catch (IOException)
        {
            return OperatingSystem.IsWindows();
        }
    }

    private static string ReadHolder(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var holder = reader.ReadToEnd();
            return holder.Length == 0 ? "starting" : holder;
        }
        catch (IOException)
        {
            return "of unknown process";
        }
    }
}
