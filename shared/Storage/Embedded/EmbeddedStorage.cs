namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Storage in a folder of this machine, for one that has no cloud account: rows in <c>rows.db</c>, blobs as files under <c>blobs/</c> with their
/// lengths in <c>blobs.db</c>. What was answered for survives a killed process and a loss of power, where the disk keeps what it says that it
/// has flushed. Several processes may have the folder open (an operator's command beside the service); a second service is
/// kept away by <see cref="ServiceLock"/>. The folder must lie on a local disk. Thread-safe.
/// </summary>
public sealed class EmbeddedStorage : IAsyncDisposable
{
    private static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(5);

    private readonly EmbeddedPartitions partitions;
    private readonly EmbeddedBlobs blobs;

    private EmbeddedStorage(EmbeddedPartitions partitions, EmbeddedBlobs blobs) => (this.partitions, this.blobs) = (partitions, blobs);

    /// <summary>The rows.</summary>
    public IPartitions Partitions => partitions;

    /// <summary>The blobs.</summary>
    public IBlobs Blobs => blobs;

    /// <summary>Transactions in which rows were committed; each is one flush to disk, for as many batches as waited.</summary>
    public long RowCommits => partitions.Commits;

    /// <summary>Transactions in which changes of blobs were committed; each is one flush to disk.</summary>
    public long BlobCommits => blobs.Commits;

    /// <summary>Flushes of appended bytes to disk, beside those of commits.</summary>
    public long BlobFlushes => blobs.Flushes;

    /// <summary>Appends begun before the folder was opened, never answered for, that were cut off.</summary>
    public long TornTails => blobs.TornTails;

    /// <summary>What SQLite says of both databases: <c>journal_mode</c> and <c>synchronous</c>, as <c>wal/2</c>.</summary>
    public IReadOnlyList<string> Durability =>
        [$"{partitions.JournalMode}/{partitions.Synchronous}", $"{blobs.JournalMode}/{blobs.Synchronous}"];

    /// <summary>Opens the folder, which is made if it is not there, and finishes or takes back what a killed process left half done.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="time">The clock that a batch's time to commit by is held against.</param>
    /// <exception cref="InvalidDataException">What lies there is damaged, would not be durable, or is of a later version of this program.</exception>
    /// <exception cref="StorageUnavailableException">The folder cannot be used now: busy, full, or not ours to write.</exception>
    public static EmbeddedStorage Open(string folder, TimeProvider time) => Open(folder, time, DefaultBusyTimeout);

    /// <inheritdoc cref="Open(string, TimeProvider)"/>
    /// <param name="folder">The folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="busyTimeout">How long to wait for another process before storage counts as unavailable.</param>
    internal static EmbeddedStorage Open(string folder, TimeProvider time, TimeSpan busyTimeout)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(time);
        folder = Path.GetFullPath(folder);
        try
        {
            DurableFiles.CreateFolder(folder);
            var partitions = new EmbeddedPartitions(Path.Combine(folder, "rows.db"), time, busyTimeout);
            try
            {
                return new EmbeddedStorage(
                    partitions, new EmbeddedBlobs(Path.Combine(folder, "blobs.db"), Path.Combine(folder, "blobs"), time, busyTimeout));
            }
            catch
            {
                partitions.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"The folder {folder} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Does what waits, then closes. Reads and writes that come later throw <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        partitions.Dispose();
        blobs.Dispose();
        return ValueTask.CompletedTask;
    }
}
