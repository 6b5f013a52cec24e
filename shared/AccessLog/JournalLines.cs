using System.Runtime.CompilerServices;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>One line of a journal.</summary>
/// <param name="Journal">Which journal.</param>
/// <param name="From">Its first byte in it.</param>
/// <param name="Line">The line, without its end.</param>
public readonly record struct JournalLine(JournalName Journal, long From, ReadOnlyMemory<byte> Line);

/// <summary>Reads the lines of journals, a piece at a time.</summary>
internal static class JournalLines
{
    // A line is at most an append, so a piece of twice that holds a whole one.
    private const int PieceBytes = 1_048_576;
    private const int MaxPieceBytes = StorageLimits.MaxAppendBytes * 2;

    /// <summary>Reads the whole lines from a byte to another.</summary>
    /// <exception cref="InvalidDataException">The journal is shorter, or does not end a line there.</exception>
    public static async IAsyncEnumerable<JournalLine> ReadAsync(IBlobs blobs, JournalName journal, long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var piece = PieceBytes;
        while (from < to)
        {
            var read = await blobs.ReadAsync(journal.Blob, from, (int)Math.Min(piece, to - from), cancellationToken);
            var rest = read?.Content ?? default;
            if (rest.Length < Math.Min(piece, to - from))
            {
                throw new InvalidDataException($"{journal.Blob} ends before byte {to}, to which it is sequenced.");
            }

            var before = from;
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                yield return new(journal, from, rest[..end]);
                from += end + 1;
                rest = rest[(end + 1)..];
            }

            if (from == before)
            {
                piece = piece < MaxPieceBytes && to - from > piece ? MaxPieceBytes : throw new InvalidDataException($"{journal.Blob} has no end of a line at byte {to}.");
            }
        }
    }

    /// <summary>Where the whole lines from a byte on end, and how many they are; at most so many bytes, but one line at least.</summary>
    public static async Task<(long To, int Lines, int Late)> MeasureAsync(IBlobs blobs, JournalName journal, long from, int maxBytes, DateTime lateBefore, CancellationToken cancellationToken)
    {
        var (to, lines, late) = (from, 0, 0);
        var read = await blobs.ReadAsync(journal.Blob, from, maxBytes, cancellationToken);
        if (read is { } first && first.Content.Span.LastIndexOf((byte)'\n') < 0 && first.Length - from > maxBytes)
        {
            read = await blobs.ReadAsync(journal.Blob, from, MaxPieceBytes, cancellationToken);
        }

        var rest = read?.Content ?? default;
        while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            if (EventLine.TryPlace(rest.Span[..end], out _, out var time) && time < lateBefore)
            {
                late++;
            }

            to += end + 1;
            lines++;
            rest = rest[(end + 1)..];
        }

        return (to, lines, late);
    }
}
