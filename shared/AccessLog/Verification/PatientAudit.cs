using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>
/// Follows every patient's chain through the log, and then holds their rows against it. Of a patient it keeps three numbers: how many events, the hash of
/// the last leaf (which the hashes of all before it are in), and a hash of where each event lies.
/// </summary>
internal sealed class PatientAudit(IBlobs blobs, IPartitions partitions)
{
    private readonly Dictionary<string, Chain> chains = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public int Patients => chains.Count;

    /// <summary>Takes the next event; gives the hash of its leaf.</summary>
    public byte[] Add(AuditedLine line, string patient)
    {
        if (!chains.TryGetValue(patient, out var chain))
        {
            chains[patient] = chain = new();
        }

        chain.Serial++;
        chain.Last = GrowingTree.Leaf(chain.Serial, chain.Last, line.SequencedAt, line.Line.Span);
        chain.Places = Place(chain.Places, line.Index, line.Journal, line.From, line.Line.Length);
        return chain.Last;
    }

    /// <summary>The row of the latest event that is not held against a chain, because it was derived meanwhile; null where there is none.</summary>
    public (string Row, long Index)? Latest { get; private set; }

    /// <summary>Holds the rows of every patient against their chain.</summary>
    /// <param name="size">Events that have rows; rows of later ones may be there already: <see cref="Latest"/>.</param>
    /// <param name="progress">Takes how many patients are done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task VerifyRowsAsync(long size, Action<long> progress, CancellationToken cancellationToken)
    {
        var done = 0L;
        await Parallel.ForEachAsync(
            chains,
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (patient, stop) =>
            {
                await VerifyRowsAsync(patient.Key, patient.Value, size, stop);
                progress(Interlocked.Increment(ref done));
            });
    }

    private async Task VerifyRowsAsync(string patient, Chain chain, long size, CancellationToken cancellationToken)
    {
        var partition = new PartitionKey($"log-{patient}");
        List<SeenRow> rows = [];
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(partition, new("e."), new("e.~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                var seen = await ReadAsync(partition, row, cancellationToken);
                if (seen.Index < size)
                {
                    rows.Add(seen);
                    continue;
                }

                lock (gate)
                {
                    Latest = Latest is { } latest && latest.Index >= seen.Index ? latest : ($"row {partition} {seen.Key}", seen.Index);
                }
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);

        rows.Sort((a, b) => a.Serial != b.Serial ? a.Serial.CompareTo(b.Serial) : a.Index.CompareTo(b.Index));
        byte[]? last = null;
        var places = Chain.NoPlaces;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (row.Serial != i + 1)
            {
                throw Fault(partition, row.Key, row.Index, "The patient's events are numbered from 1, each once.", $"{i + 1}", $"{row.Serial}");
            }

            if (!(row.Previous ?? []).AsSpan().SequenceEqual(last ?? []))
            {
                throw Fault(partition, row.Key, row.Index, "The row does not hold the hash of the patient's event before it.", Hex(last), Hex(row.Previous));
            }

            last = row.Leaf;
            places = Place(places, row.Index, row.Journal, row.From, row.Length);
        }

        if (rows.Count != chain.Serial)
        {
            throw new FaultFoundException(new($"row {partition}", 0, -1, "The patient has another number of events than the journals say.", $"{chain.Serial}", $"{rows.Count}"));
        }

        if (!last!.AsSpan().SequenceEqual(chain.Last))
        {
            throw Fault(partition, rows[^1].Key, rows[^1].Index, "The patient's rows lead to another event than the journals do.", Hex(chain.Last), Hex(last));
        }

        if (!places.AsSpan().SequenceEqual(chain.Places))
        {
            throw new FaultFoundException(new($"row {partition}", 0, -1, "A row says of an event that it lies elsewhere, or has another index, than the sequence says."));
        }
    }

    private async ValueTask<SeenRow> ReadAsync(PartitionKey partition, Row row, CancellationToken cancellationToken)
    {
        var key = row.Key.ToString();
        var value = row.Value;
        if (key.Length != 35 || key[18] != '.' || value.Length < 62 || value.Span[0] != 1 || value.Length < 62 + value.Span[61]
            || !long.TryParse(key.AsSpan(2, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var inverted)
            || !long.TryParse(key.AsSpan(19), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var invertedIndex) || invertedIndex < 0)
        {
            throw Fault(partition, row.Key, -1, "The row is no row of an event.");
        }

        var index = long.MaxValue - invertedIndex;
        var serial = BinaryPrimitives.ReadInt64BigEndian(value.Span[1..]);
        var previous = value[9..41];
        var from = BinaryPrimitives.ReadInt64BigEndian(value.Span[41..]);
        var length = BinaryPrimitives.ReadInt32BigEndian(value.Span[49..]);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(value.Span[53..]);
        var journal = Encoding.ASCII.GetString(value.Span.Slice(62, value.Span[61]));
        var line = value[(62 + value.Span[61])..];
        if (length > 65_536 && line.Length == 0)
        {
            line = from >= 0 && length <= StorageLimits.MaxBlobBytes && await ReadLongAsync(journal, from, length, cancellationToken) is { } read ? read : default;
        }

        var isFirst = serial == 1;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks || ticks % TimeSpan.TicksPerMillisecond != 0 || line.Length != length || EventHead.Read(line.Span) is not { } head || isFirst != (previous.Span.IndexOfAnyExcept((byte)0) < 0))
        {
            throw Fault(partition, row.Key, index, "The row does not hold the event's line.");
        }

        if (partition.ToString() != $"log-{head.Patient}" || DateTime.MaxValue.Ticks - inverted != head.Time.Ticks)
        {
            throw Fault(partition, row.Key, index, "The row lies with another patient or at another time than its event says.");
        }

        var before = isFirst ? null : previous.ToArray();
        return new(row.Key, index, serial, before, GrowingTree.Leaf(serial, before, SequenceAudit.Text(new DateTime(ticks)), line.Span), journal, from, length);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadLongAsync(string journal, long from, int length, CancellationToken cancellationToken)
    {
        try
        {
            return (await blobs.ReadAsync(new(SequenceAudit.BlobOf(journal)), from, length, cancellationToken))?.Content;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static byte[] Place(byte[] places, long index, string journal, long from, int length) =>
        SHA256.HashData([.. places, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{index} {journal} {from} {length}"))]);

    private static string Hex(byte[]? hash) => hash is null ? "none" : Convert.ToHexStringLower(hash);

    private static FaultFoundException Fault(PartitionKey partition, RowKey key, long index, string what, string expected = "", string found = "") =>
        new(new($"row {partition} {key}", 0, index, what, expected, found));

    private sealed class Chain
    {
        public static readonly byte[] NoPlaces = [];

        public long Serial { get; set; }

        public byte[]? Last { get; set; }

        public byte[] Places { get; set; } = NoPlaces;
    }

    private readonly record struct SeenRow(RowKey Key, long Index, long Serial, byte[]? Previous, byte[] Leaf, string Journal, long From, int Length);
}
