using System.Globalization;
using System.Text;
using System.Text.Json;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// How far the log is derived from its journals and its sequence. All of it can be derived again: without it, that begins from nothing.
/// </summary>
/// <param name="Epoch">When this derivation from nothing began, in ticks: what an earlier one left is not built upon, and an earlier one yields.</param>
/// <param name="Position">Where the sequence goes on.</param>
/// <param name="Size">Events derived.</param>
/// <param name="Edge">The tree's right edge, by level.</param>
/// <param name="Version">The row's version.</param>
internal sealed record LogState(long Epoch, SequencePlace Position, long Size, IReadOnlyList<byte[]> Edge, RowVersion Version)
{
    /// <summary>Where it lies.</summary>
    public static readonly PartitionKey Partition = new("access-log");

    private static readonly RowKey Key = new("state.access-log");

    public TreeEdge OpenEdge() => TreeEdge.Parse(Size, Edge);

    /// <summary>Reads it; null where nothing is derived.</summary>
    public static async Task<LogState?> ReadAsync(IPartitions partitions, CancellationToken cancellationToken)
    {
        if (await partitions.ReadAsync(Partition, Key, cancellationToken) is not { } row)
        {
            return null;
        }

        var state = JsonSerializer.Deserialize<Saved>(row.Value.Span) ?? throw new InvalidDataException("The state of the log is damaged.");
        return new(state.Epoch, new(state.Blob, state.Offset, state.Records), state.Size, state.Edge, row.Version);
    }

    /// <summary>Reads it, or begins from nothing.</summary>
    public static async Task<LogState> OpenAsync(IPartitions partitions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            if (await ReadAsync(partitions, cancellationToken) is { } state)
            {
                return state;
            }

            await partitions.CommitAsync(Partition, [RowOperation.Insert(Key, Nothing(now.Ticks).Format())], null, cancellationToken);
        }

        throw new StorageUnavailableException("The state of the log was made, yet cannot be read.");
    }

    /// <summary>Forgets what is derived, so that all is derived anew.</summary>
    public static async Task ForgetAsync(IPartitions partitions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var state = await OpenAsync(partitions, now, cancellationToken);
            if (state.Size == 0
                || await partitions.CommitAsync(Partition, [RowOperation.Replace(Key, state.Version, Nothing(Math.Max(now.Ticks, state.Epoch + 1)).Format())], null, cancellationToken) is { Outcome: CommitOutcome.Committed })
            {
                return;
            }
        }

        throw new StorageUnavailableException("The state of the log is changed again and again.");
    }

    /// <summary>Puts the state after a record in place of this one; null where another process was first.</summary>
    public async Task<LogState?> AdvanceAsync(IPartitions partitions, SequenceRecord record, SequencePlace next, TreeEdge edge, CancellationToken cancellationToken)
    {
        var advanced = this with { Position = next, Size = edge.Size, Edge = edge.Format() };
        List<RowOperation> operations = [RowOperation.Replace(Key, Version, advanced.Format())];
        foreach (var journal in record.Ranges.GroupBy(r => r.Journal))
        {
            var key = OffsetKey(journal.Key);
            var value = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Epoch} {journal.Max(r => r.To)}"));
            operations.Add(await partitions.ReadAsync(Partition, key, cancellationToken) is { } row ? RowOperation.Replace(key, row.Version, value) : RowOperation.Insert(key, value));
        }

        // One that has gone on meanwhile is not this one: whoever works by it has to look anew at what is sequenced.
        return await partitions.CommitAsync(Partition, operations, null, cancellationToken) is { Outcome: CommitOutcome.Committed }
            && await ReadAsync(partitions, cancellationToken) is { } read && read.Epoch == Epoch && read.Position == next
            ? read
            : null;
    }

    /// <summary>Up to which byte the journals of an hour are derived.</summary>
    public async Task<IReadOnlyDictionary<JournalName, long>> OffsetsAsync(IPartitions partitions, DateTime hour, CancellationToken cancellationToken)
    {
        Dictionary<JournalName, long> offsets = [];
        var prefix = string.Create(CultureInfo.InvariantCulture, $"j.{hour:yyyy.MM.dd.HH}.");
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(Partition, new(prefix), new(prefix + "~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                var name = row.Key.ToString()[2..];
                if (Encoding.ASCII.GetString(row.Value.Span).Split(' ') is [var epoch, var offset] && long.Parse(epoch, CultureInfo.InvariantCulture) == Epoch
                    && JournalName.TryParse($"{name[..13].Replace('.', '/')}/{name[14..]}", out var journal))
                {
                    offsets[journal] = long.Parse(offset, CultureInfo.InvariantCulture);
                }
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
        return offsets;
    }

    private static RowKey OffsetKey(JournalName journal) => new($"j.{journal.ToString().Replace('/', '.')}");

    private static LogState Nothing(long epoch) => new(epoch, new(0, 0, 0), 0, [], default);

    private byte[] Format() => JsonSerializer.SerializeToUtf8Bytes(new Saved(Epoch, Position.Blob, Position.Offset, Position.Records, Size, Edge));

    private sealed record Saved(long Epoch, int Blob, long Offset, int Records, long Size, IReadOnlyList<byte[]> Edge);
}
