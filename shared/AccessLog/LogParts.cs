using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.AccessLog;

/// <summary>The parts of the access log over one storage, made once for a process.</summary>
/// <param name="Blobs">Journals, sequence, tiles, checkpoints.</param>
/// <param name="Partitions">The patients' rows.</param>
/// <param name="Journal">Where this process writes events, before it answers.</param>
/// <param name="Sequencer">Gives them their place.</param>
/// <param name="Checkpoints">What was published.</param>
/// <param name="Reader">Reads them in their order.</param>
/// <param name="Keys">What signs.</param>
public sealed record LogParts(IBlobs Blobs, IPartitions Partitions, Journal Journal, Sequencer Sequencer, CheckpointStore Checkpoints, LogReader Reader, LogKeys Keys)
{
    /// <summary>Makes them.</summary>
    /// <param name="blobs">Blobs.</param>
    /// <param name="partitions">Rows.</param>
    /// <param name="ring">What seals the signing key.</param>
    /// <param name="setting">The environment: <c>PMD_LOG_NAME</c>, the log's name; <c>PMD_LOG_KEY</c>, its signing key where that is a secret from outside.</param>
    /// <param name="time">The clock.</param>
    public static LogParts Over(IBlobs blobs, IPartitions partitions, KeyRing ring, Func<string, string?> setting, TimeProvider time)
    {
        var keys = new LogKeys(blobs, ring, setting("PMD_LOG_NAME") is { Length: > 0 } name ? name : LogKeys.DefaultName, setting("PMD_LOG_KEY") is { Length: > 0 } secret ? secret : null);
        return new(blobs, partitions, new(blobs, time), new(blobs, partitions, keys, time), new(blobs, partitions), new(blobs), keys);
    }

    /// <summary>The tree as it is derived, for one request; null where nothing is.</summary>
    public async Task<TreeReader?> OpenTreeAsync(CancellationToken cancellationToken) =>
        await LogState.ReadAsync(Partitions, cancellationToken) is { } state ? new(Blobs, state.OpenEdge()) : null;
}
