using System.Buffers.Binary;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>One event on its way into the tree.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Time">When, UTC.</param>
/// <param name="At">Its line.</param>
internal readonly record struct PlacedEvent(long Index, DateTime Time, JournalLine At);

/// <summary>
/// The chain of one patient's events: gives each its number and the hash of the one before, and writes its row. The head of the chain is replaced in the
/// same batch as the rows, so that two who write at once, or one who writes again after a crash, end in the same rows.
/// </summary>
internal static class PatientChain
{
    private const int HeadSize = 8 + 8 + 8 + TreeHash.Size;

    // Room for the head, within what a batch may hold.
    private const int MaxRows = StorageLimits.MaxBatchOperations - 1;
    private const int MaxBytes = StorageLimits.MaxBatchBytes - 4096;

    /// <summary>Writes the rows that are not there yet. Gives the hash of each event's leaf.</summary>
    /// <param name="partitions">Where the rows lie.</param>
    /// <param name="epoch">The derivation that this belongs to.</param>
    /// <param name="patient">Whose.</param>
    /// <param name="events">The events, in the order of the log; none of the patient's between them is left out.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<byte[][]> WriteAsync(IPartitions partitions, long epoch, PatientKey patient, IReadOnlyList<PlacedEvent> events, CancellationToken cancellationToken)
    {
        var partition = EventRow.Partition(patient);
        var headKey = new RowKey($"head.{EventLine.Hex(patient)}");
        var hashes = new byte[events.Count][];
        for (var done = 0; done < events.Count;)
        {
            var stored = await partitions.ReadAsync(partition, headKey, cancellationToken);
            var head = stored is { } row ? Head.Parse(row.Value.Span) : new(epoch, -1, 0, null);
            if (head.Epoch > epoch)
            {
                throw new StorageUnavailableException("All rows are being derived anew by another process.");
            }

            if (head.Epoch < epoch)
            {
                head = new(epoch, -1, 0, null);
            }

            if (head.Index >= events[done].Index)
            {
                hashes[done] = await ReadHashAsync(partitions, partition, events[done], cancellationToken);
                done++;
                continue;
            }

            List<RowOperation> operations = [];
            var (next, bytes) = (done, 0);
            while (next < events.Count && operations.Count < MaxRows)
            {
                var placed = events[next];
                var entry = new LeafEntry(head.Serial + 1, head.Hash);
                var eventRow = new EventRow(placed.Index, placed.Time, entry, placed.At, placed.At.Line.Length);
                var value = eventRow.Format();
                if (operations.Count > 0 && bytes + value.Length > MaxBytes)
                {
                    break;
                }

                bytes += value.Length + 64;
                operations.Add(RowOperation.Insert(eventRow.Key, value));
                hashes[next] = entry.Hash(placed.At.Line.Span);
                head = new(epoch, placed.Index, entry.Serial, hashes[next]);
                next++;
            }

            operations.Add(stored is { } old ? RowOperation.Replace(headKey, old.Version, head.Format()) : RowOperation.Insert(headKey, head.Format()));
            if (await CommitAsync(partitions, partition, operations, cancellationToken))
            {
                done = next;
            }
        }

        return hashes;
    }

    // False where the head has moved: another process, or this one before its answer was lost.
    private static async Task<bool> CommitAsync(IPartitions partitions, PartitionKey partition, List<RowOperation> operations, CancellationToken cancellationToken)
    {
        var result = await partitions.CommitAsync(partition, operations, null, cancellationToken);
        if (result.Outcome == CommitOutcome.Committed)
        {
            return true;
        }

        if (result.Outcome != CommitOutcome.Exists || result.ConflictIndex == operations.Count - 1)
        {
            return false;
        }

        // Rows that an earlier derivation left: equal ones stay, others are put right.
        List<RowOperation> remaining = [];
        foreach (var operation in operations.SkipLast(1))
        {
            if (await partitions.ReadAsync(partition, operation.Key, cancellationToken) is not { } row)
            {
                remaining.Add(operation);
            }
            else if (!row.Value.Span.SequenceEqual(operation.Value.Span))
            {
                remaining.Add(RowOperation.Replace(operation.Key, row.Version, operation.Value));
            }
        }

        remaining.Add(operations[^1]);
        return (await partitions.CommitAsync(partition, remaining, null, cancellationToken)).Outcome == CommitOutcome.Committed;
    }

    private static async Task<byte[]> ReadHashAsync(IPartitions partitions, PartitionKey partition, PlacedEvent placed, CancellationToken cancellationToken)
    {
        var key = new EventRow(placed.Index, placed.Time, default, placed.At, 0).Key;
        var row = await partitions.ReadAsync(partition, key, cancellationToken)
            ?? throw new InvalidDataException($"The row of event {placed.Index} is gone. Derive all rows anew with ./pmd log rebuild.");
        return EventRow.Parse(row).Entry.Hash(placed.At.Line.Span);
    }

    /// <summary>The last event of a patient that has a row.</summary>
    private readonly record struct Head(long Epoch, long Index, long Serial, byte[]? Hash)
    {
        public byte[] Format()
        {
            var value = new byte[HeadSize];
            BinaryPrimitives.WriteInt64BigEndian(value, Epoch);
            BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(8), Index);
            BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(16), Serial);
            Hash!.CopyTo(value, 24);
            return value;
        }

        public static Head Parse(ReadOnlySpan<byte> value) =>
            value.Length == HeadSize
                ? new(BinaryPrimitives.ReadInt64BigEndian(value), BinaryPrimitives.ReadInt64BigEndian(value[8..]), BinaryPrimitives.ReadInt64BigEndian(value[16..]), value[24..].ToArray())
                : throw new InvalidDataException("The head of a patient's events is damaged. Derive all rows anew with ./pmd log rebuild.");
    }
}
