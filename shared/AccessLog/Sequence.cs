using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>Whole lines of one journal, in the place that the sequence gives them.</summary>
/// <param name="Journal">Which journal.</param>
/// <param name="From">Their first byte in it.</param>
/// <param name="To">The byte after their last.</param>
/// <param name="Lines">How many they are.</param>
/// <param name="Late">How many of them are older than <see cref="Sequence.LateAfter"/>.</param>
public readonly record struct SequencedRange(JournalName Journal, long From, long To, int Lines, int Late);

/// <summary>One commit to the order of the log.</summary>
/// <param name="First">Index of its first event.</param>
/// <param name="At">When it was sequenced, UTC.</param>
/// <param name="Ranges">The lines, in their order.</param>
public sealed record SequenceRecord(long First, DateTime At, IReadOnlyList<SequencedRange> Ranges)
{
    /// <summary>Index of the event after its last.</summary>
    public long Next => First + Ranges.Sum(r => (long)r.Lines);
}

/// <summary>Where a record of the sequence begins: a commit at the right one is what decides.</summary>
/// <param name="Blob">Number of the blob.</param>
/// <param name="Offset">Byte in it.</param>
/// <param name="Records">Records before it in this blob.</param>
public readonly record struct SequencePlace(int Blob, long Offset, int Records);

/// <summary>
/// The committed order of the log: blobs <c>sequence/(number).ndjson</c>, a record a line. An append is at the position up to which the whole sequence
/// was read, so of two that commit at once one is refused. A full blob ends with a line that leads to the next, after which nothing is
/// appended to it.
/// </summary>
/// <param name="blobs">Where it lies.</param>
public sealed class Sequence(IBlobs blobs)
{
    /// <summary>Records in one blob.</summary>
    public const int MaxRecords = 10_000;

    /// <summary>Ranges in one record.</summary>
    public const int MaxRanges = 90;

    /// <summary>An event that is sequenced so long after its time is late.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromMinutes(1);

    private const int Version = 1;
    private const string Prefix = "sequence/";
    private const int PieceBytes = 1_048_576;

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>Reads the records from a position on, each with the position after it.</summary>
    /// <exception cref="InvalidDataException">The sequence is damaged.</exception>
    public async IAsyncEnumerable<(SequenceRecord Record, SequencePlace Next)> ReadAsync(SequencePlace from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var at = from;
        while (await blobs.ReadAsync(Blob(at.Blob), at.Offset, PieceBytes, cancellationToken) is { Content.Length: > 0 } piece)
        {
            var rest = piece.Content;
            var isSealed = false;
            while (!isSealed && rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                var line = Parse(rest.Span[..end], Blob(at.Blob), at.Offset);
                rest = rest[(end + 1)..];
                if (line.ContinuesIn is { } next)
                {
                    at = new(next, 0, 0);
                    isSealed = true;
                    continue;
                }

                at = new(at.Blob, at.Offset + end + 1, at.Records + 1);
                yield return (line.ToRecord(Blob(at.Blob)), at);
            }

            if (!isSealed && rest.Length == piece.Content.Length)
            {
                throw new InvalidDataException($"{Blob(at.Blob)} has no whole line at byte {at.Offset}.");
            }
        }
    }

    /// <summary>Commits a record, if the sequence still ends at the position; where it goes on afterwards. Null where another commit was first.</summary>
    /// <exception cref="StorageUnavailableException">It is not known whether it was committed: reading on from the position shows.</exception>
    public async Task<SequencePlace?> AppendAsync(SequencePlace at, SequenceRecord record, CancellationToken cancellationToken)
    {
        if (at.Records >= MaxRecords)
        {
            // Whoever seals it seals it alike; if it is sealed already, the next blob decides.
            if (!await AppendLineAsync(at, new Line { V = Version, ContinuesIn = at.Blob + 1 }, cancellationToken) && !await IsSealedAsync(at, cancellationToken))
            {
                return null;
            }

            at = new(at.Blob + 1, 0, 0);
        }

        var line = Line.Of(record);
        return await AppendLineAsync(at, line, cancellationToken) ? new(at.Blob, at.Offset + Bytes(line).Length, at.Records + 1) : null;
    }

    /// <summary>How many events are sequenced.</summary>
    public async Task<long> SizeAsync(CancellationToken cancellationToken)
    {
        var at = await LastBlobAsync(cancellationToken);
        long size = 0;
        await foreach (var (record, _) in ReadAsync(at, cancellationToken))
        {
            size = record.Next;
        }

        return size;
    }

    /// <summary>The start of the last blob that holds a record whose index is at most this, or of the first blob.</summary>
    public async Task<SequencePlace> FindAsync(long index, CancellationToken cancellationToken)
    {
        var (low, high) = (0, (await LastBlobAsync(cancellationToken)).Blob);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (await FirstOfAsync(middle, cancellationToken) is { } first && first <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return new(low, 0, 0);
    }

    internal static BlobName Blob(int number) => new(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:d8}.ndjson"));

    private async Task<bool> IsSealedAsync(SequencePlace at, CancellationToken cancellationToken)
    {
        var read = await blobs.ReadAsync(Blob(at.Blob), at.Offset, PieceBytes, cancellationToken);
        return read is { Content: var content } && content.Span.IndexOf((byte)'\n') is var end and >= 0
            && Parse(content.Span[..end], Blob(at.Blob), at.Offset).ContinuesIn == at.Blob + 1;
    }

    private async Task<long?> FirstOfAsync(int number, CancellationToken cancellationToken)
    {
        await foreach (var (record, _) in ReadAsync(new(number, 0, 0), cancellationToken))
        {
            return record.First;
        }

        return null;
    }

    // The last blob that holds something: an empty one was made by a commit that did not come to be.
    private async Task<SequencePlace> LastBlobAsync(CancellationToken cancellationToken)
    {
        var last = 0;
        await foreach (var item in blobs.ListAsync(Prefix, cancellationToken))
        {
            if (item.Length > 0 && int.TryParse(item.Name.ToString().AsSpan(Prefix.Length, 8), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                last = number;
            }
        }

        return new(last, 0, 0);
    }

    private async Task<bool> AppendLineAsync(SequencePlace at, Line line, CancellationToken cancellationToken)
    {
        var bytes = Bytes(line);
        var outcome = await blobs.AppendAsync(Blob(at.Blob), at.Offset, bytes, cancellationToken);
        if (outcome == AppendOutcome.Missing && at.Offset == 0)
        {
            await blobs.CreateAppendableAsync(Blob(at.Blob), cancellationToken);
            outcome = await blobs.AppendAsync(Blob(at.Blob), 0, bytes, cancellationToken);
        }

        return outcome == AppendOutcome.Appended;
    }

    private static byte[] Bytes(Line line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, Json), (byte)'\n'];

    private static Line Parse(ReadOnlySpan<byte> text, BlobName blob, long offset)
    {
        try
        {
            if (JsonSerializer.Deserialize<Line>(text, Json) is { V: Version } line)
            {
                return line;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new InvalidDataException($"{blob} has no record of the sequence at byte {offset}.");
    }

    /// <summary>A record as it is written.</summary>
    private sealed record Line
    {
        [JsonPropertyName("v")]
        public int V { get; init; }

        [JsonPropertyName("first")]
        [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
        public long First { get; init; }

        [JsonPropertyName("at")]
        public string? At { get; init; }

        [JsonPropertyName("ranges")]
        public IReadOnlyList<Part>? Ranges { get; init; }

        [JsonPropertyName("next")]
        public int? ContinuesIn { get; init; }

        public static Line Of(SequenceRecord record) => new()
        {
            V = Version,
            First = record.First,
            At = record.At.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            Ranges = [.. record.Ranges.Select(r => new Part(r.Journal.ToString(), r.From, r.To, r.Lines, r.Late))],
        };

        public SequenceRecord ToRecord(BlobName blob) =>
            Ranges is { Count: > 0 and <= MaxRanges } && DateTime.TryParse(At, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var at)
                ? new(First, at, [.. Ranges.Select(r => r.ToRange(blob))])
                : throw new InvalidDataException($"{blob} has a record of the sequence without ranges or time.");
    }

    private sealed record Part(
        [property: JsonPropertyName("journal")] string Journal,
        [property: JsonPropertyName("from")] long From,
        [property: JsonPropertyName("to")] long To,
        [property: JsonPropertyName("lines")] int Lines,
        [property: JsonPropertyName("late")] int Late)
    {
        public SequencedRange ToRange(BlobName blob) =>
            JournalName.TryParse(Journal, out var name) && From >= 0 && To > From && Lines > 0
                ? new(name, From, To, Lines, Late)
                : throw new InvalidDataException($"{blob} has a range that is none.");
    }
}
