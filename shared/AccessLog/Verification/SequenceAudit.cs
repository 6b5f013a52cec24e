using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>One event as the sequence places it.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Journal">Name of its journal, as the sequence has it.</param>
/// <param name="From">Its first byte there.</param>
/// <param name="LineNumber">Its line there, from 1.</param>
/// <param name="SequencedAt">When it was sequenced, as the sequence has it.</param>
/// <param name="Line">The line, without its end.</param>
internal readonly record struct AuditedLine(long Index, string Journal, long From, long LineNumber, string SequencedAt, ReadOnlyMemory<byte> Line)
{
    public string Blob => SequenceAudit.BlobOf(Journal);
}

/// <summary>Reads sequence and journals as they lie, and believes nothing: every byte of a journal has one place, and none is left out.</summary>
internal sealed class SequenceAudit(IBlobs blobs)
{
    private const int PieceBytes = 4_194_304;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private const string NextHead = """{"v":1,"next":""";

    private readonly Dictionary<string, (long Offset, long Lines)> sequenced = new(StringComparer.Ordinal);

    public static string BlobOf(string journal) => $"journal/{journal}.ndjson";

    public async IAsyncEnumerable<AuditedLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long index = 0;
        await foreach (var (blob, number, text) in RecordsAsync(cancellationToken))
        {
            var (first, at, ranges) = Parse(blob, number, index, text);
            var lateBefore = at.AddMinutes(-1);
            var sequencedAt = Text(at);
            if (first != index)
            {
                throw Fault(blob, number, index, "The record does not go on where the one before ends.", Text(index), Text(first));
            }

            foreach (var range in ranges)
            {
                var (offset, lines) = sequenced.GetValueOrDefault(range.Journal);
                if (range.From != offset)
                {
                    throw Fault(blob, number, index, $"The range of {BlobOf(range.Journal)} does not begin where the one before ends.", $"byte {Text(offset)}", $"byte {Text(range.From)}");
                }

                var (counted, late) = (0L, 0L);
                await foreach (var (from, line) in LinesAsync(range, lines, index, cancellationToken))
                {
                    counted++;
                    late += EventHead.Read(line.Span) is { } head && head.Time < lateBefore ? 1 : 0;
                    yield return new(index++, range.Journal, from, lines + counted, sequencedAt, line);
                }

                if (counted != range.Lines)
                {
                    throw Fault(BlobOf(range.Journal), 0, index, $"{blob}, line {number}, says how many lines there are to byte {range.To}.", Text(range.Lines), Text(counted));
                }

                if (late != range.Late)
                {
                    throw Fault(blob, number, index, $"The record says another number of late events of {BlobOf(range.Journal)}.", Text(late), Text(range.Late));
                }

                sequenced[range.Journal] = (range.To, lines + counted);
            }
        }
    }

    /// <summary>How many events have their place by now, by the records alone.</summary>
    public async Task<long> SizeAsync(CancellationToken cancellationToken)
    {
        var size = 0L;
        await foreach (var (blob, number, text) in RecordsAsync(cancellationToken))
        {
            size += Parse(blob, number, size, text).Ranges.Sum(r => r.Lines);
        }

        return size;
    }

    /// <summary>After all: what is journalled and has no place yet. A journal that is shorter than what was placed of it is a fault.</summary>
    public async Task<long> UnsequencedAsync(CancellationToken cancellationToken)
    {
        var unsequenced = 0L;
        HashSet<string> seen = new(StringComparer.Ordinal);
        await foreach (var item in blobs.ListAsync("journal/", cancellationToken))
        {
            var name = item.Name.ToString();
            var journal = name.StartsWith("journal/", StringComparison.Ordinal) && name.EndsWith(".ndjson", StringComparison.Ordinal) ? name[8..^7] : throw Fault(name, 0, -1, "This is no journal.");
            seen.Add(journal);
            var (offset, lines) = sequenced.GetValueOrDefault(journal);
            if (item.Length < offset)
            {
                throw Fault(name, 0, -1, "The journal is shorter than what was sequenced of it.", $"{offset} bytes", $"{item.Length}");
            }

            if (item.Length > offset)
            {
                await foreach (var (_, line) in LinesAsync(new(journal, offset, item.Length, 0, 0), lines, -1, cancellationToken))
                {
                    lines++;
                    unsequenced++;
                    if (EventHead.Read(line.Span) is null)
                    {
                        throw Fault(name, lines, -1, "The line is no event.");
                    }
                }
            }
        }

        return sequenced.Keys.FirstOrDefault(j => !seen.Contains(j)) is { } gone ? throw Fault(BlobOf(gone), 0, -1, "The journal is gone.") : unsequenced;
    }

    private async IAsyncEnumerable<(string Blob, long Line, ReadOnlyMemory<byte> Text)> RecordsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<string> names = [];
        await foreach (var item in blobs.ListAsync("sequence/", cancellationToken))
        {
            // One without content was made by a commit that did not come to be.
            if (item.Length > 0)
            {
                names.Add(item.Name.ToString());
            }
        }

        for (var i = 0; i < names.Count; i++)
        {
            var expected = $"sequence/{i.ToString("d8", CultureInfo.InvariantCulture)}.ndjson";
            if (names[i] != expected)
            {
                throw Fault(names[i], 0, -1, "The sequence's blobs have no gap and no other names.", expected, names[i]);
            }

            var number = 0L;
            var isSealed = false;
            await foreach (var (_, line) in BlobLinesAsync(names[i], 0, long.MaxValue, 0, -1, cancellationToken))
            {
                number++;
                if (isSealed)
                {
                    throw Fault(names[i], number, -1, "There is a record after the line that leads to the next blob.");
                }

                if (LeadsTo(line) is { } next)
                {
                    isSealed = next == i + 1 ? true : throw Fault(names[i], number, -1, "The line leads to another blob than the next.", Text(i + 1), Text(next));
                    continue;
                }

                yield return (names[i], number, line);
            }

            if (isSealed != i < names.Count - 1 && !(isSealed && i == names.Count - 1))
            {
                throw Fault(names[i], number, -1, "The blob is not the last, and does not lead to the next.");
            }
        }
    }

    private IAsyncEnumerable<(long From, ReadOnlyMemory<byte> Line)> LinesAsync(Range range, long linesBefore, long index, CancellationToken cancellationToken) =>
        BlobLinesAsync(BlobOf(range.Journal), range.From, range.To, linesBefore, index, cancellationToken);

    private async IAsyncEnumerable<(long From, ReadOnlyMemory<byte> Line)> BlobLinesAsync(
        string name, long from, long to, long linesBefore, long index, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobName blob;
        try
        {
            blob = new(name);
        }
        catch (ArgumentException)
        {
            throw Fault("sequence/", 0, index, "A range is of a journal that can have no such name.");
        }

        var piece = PieceBytes;
        while (from < to)
        {
            var read = await blobs.ReadAsync(blob, from, (int)Math.Min(piece, to - from), cancellationToken)
                ?? throw Fault(name, 0, index, "The blob is gone.");
            if (read.Content.Length == 0 && to == long.MaxValue)
            {
                yield break;
            }

            var rest = read.Content;
            var before = from;
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                linesBefore++;
                yield return (from, rest[..end]);
                from += end + 1;
                rest = rest[(end + 1)..];
            }

            if (from == before)
            {
                // A line may be longer than a piece, but not than an append and a piece.
                piece = piece == PieceBytes && rest.Length == PieceBytes ? PieceBytes * 2
                    : throw Fault(name, linesBefore + 1, index, "The line has no end.", to == long.MaxValue ? "" : $"one at byte {to - 1}");
            }
        }
    }

    private static int? LeadsTo(ReadOnlyMemory<byte> line)
    {
        var text = Encoding.UTF8.GetString(line.Span);
        return text.StartsWith(NextHead, StringComparison.Ordinal) && text.EndsWith('}') && int.TryParse(text.AsSpan()[NextHead.Length..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var next) ? next : null;
    }

    private static (long First, DateTime At, List<Range> Ranges) Parse(string blob, long number, long index, ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (DateTime.TryParseExact(root.GetProperty("at").GetString(), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            {
                var first = root.GetProperty("first").GetInt64();
                List<Range> ranges = [];
                foreach (var range in root.GetProperty("ranges").EnumerateArray())
                {
                    ranges.Add(new(
                        range.GetProperty("journal").GetString()!, range.GetProperty("from").GetInt64(), range.GetProperty("to").GetInt64(), range.GetProperty("lines").GetInt64(), range.GetProperty("late").GetInt64()));
                }

                // Letter by letter: a record has one form, so that nothing in it can be changed without meaning something else.
                if (ranges.Count > 0 && ranges.TrueForAll(r => r.To > r.From && r.From >= 0) && Encoding.UTF8.GetString(line.Span) == Form(first, at, ranges))
                {
                    return (first, at, ranges);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            // Told below.
        }

        throw Fault(blob, number, index, "The line is no record of the sequence.");
    }

    private static string Form(long first, DateTime at, List<Range> ranges) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"v":1,"first":{{first}},"at":"{{Text(at)}}","ranges":[{{string.Join(',', ranges.Select(r => $$"""{"journal":"{{r.Journal}}","from":{{Text(r.From)}},"to":{{Text(r.To)}},"lines":{{Text(r.Lines)}},"late":{{Text(r.Late)}}}"""))}}]}""");

    public static string Text(DateTime time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static FaultFoundException Fault(string where, long line, long index, string what, string expected = "", string found = "") =>
        new(new(where, line, index, what, expected, found));

    private readonly record struct Range(string Journal, long From, long To, long Lines, long Late);
}
