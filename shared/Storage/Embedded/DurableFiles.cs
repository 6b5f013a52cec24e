using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PasientensMaledata.Storage.Embedded;

/// <summary>Files and names of files that survive loss of power once a call has returned.</summary>
internal static class DurableFiles
{
    /// <summary>Writes a new file and flushes it to disk. Its name is not flushed: <see cref="Move"/> it.</summary>
    public static async ValueTask WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, FileOptions.None, content.Length);
        await RandomAccess.WriteAsync(file, content, 0, cancellationToken);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Gives a file a name at once and wholly, over one that had it.</summary>
    public static void Move(string from, string to)
    {
        CreateFolder(Path.GetDirectoryName(to)!);
        File.Move(from, to, overwrite: true);
        FlushFolder(Path.GetDirectoryName(to)!);
    }

    /// <summary>Creates an empty file, over one that had the name.</summary>
    public static void CreateEmpty(string path)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        using (OpenForAppend(path, FileMode.Create))
        {
        }

        FlushFolder(Path.GetDirectoryName(path)!);
    }

    public static SafeFileHandle OpenForAppend(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder)!;
        CreateFolder(parent);
        Directory.CreateDirectory(folder);
        FlushFolder(parent);
    }

    // A new name is durable only when its folder is flushed, which .NET has no call for. Windows needs none.
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"The folder {folder} cannot be opened to be flushed (errno {Marshal.GetLastPInvokeError()}).");
        }

        var flushed = Flush(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (flushed != 0)
        {
            throw new IOException($"The folder {folder} cannot be flushed (errno {error}).");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
