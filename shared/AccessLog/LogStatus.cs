using System.Text.Json;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>How far the log is sequenced, as the last pass of whichever process left it.</summary>
/// <param name="SequencedUntil">When that pass began: what was durable before it has its place.</param>
/// <param name="Size">Events that have their place.</param>
public sealed record LogStatus(DateTimeOffset SequencedUntil, long Size)
{
    private static readonly RowKey Key = new("pass.access-log");

    /// <summary>How long what is written may lack its place, at a time.</summary>
    public TimeSpan Lag(DateTimeOffset now) => now > SequencedUntil ? now - SequencedUntil : TimeSpan.Zero;

    /// <summary>Reads it; null where nothing was ever sequenced.</summary>
    public static async Task<LogStatus?> ReadAsync(IPartitions partitions, CancellationToken cancellationToken) =>
        await partitions.ReadAsync(LogState.Partition, Key, cancellationToken) is { } row ? JsonSerializer.Deserialize<LogStatus>(row.Value.Span) : null;

    internal async Task WriteAsync(IPartitions partitions, CancellationToken cancellationToken)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(this);
        var row = await partitions.ReadAsync(LogState.Partition, Key, cancellationToken);

        // Where another pass was first, its own time is as good.
        await partitions.CommitAsync(LogState.Partition, [row is { } old ? RowOperation.Replace(Key, old.Version, value) : RowOperation.Insert(Key, value)], null, cancellationToken);
    }
}
