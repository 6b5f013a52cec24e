using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// An event as it lies with its patient: partition <c>log-(PatientKey)</c>, row <c>e.(inverted time).(index)</c>, so that the newest are one range read.
/// Derived from journals and sequence.
/// </summary>
/// <param name="Index">Index in the log.</param>
/// <param name="Time">When, UTC.</param>
/// <param name="Entry">Its place among the patient's events.</param>
/// <param name="At">Where it is journalled, with its line; the line is empty where it is longer than <see cref="MaxLineBytes"/>.</param>
/// <param name="LineLength">Bytes of the line.</param>
public sealed record EventRow(long Index, DateTime Time, LeafEntry Entry, JournalLine At, int LineLength)
{
    /// <summary>Longest line that is in the row itself.</summary>
    public const int MaxLineBytes = 65_536;

    /// <summary>Before all events.</summary>
    public static readonly RowKey First = new("e.");

    /// <summary>After all events.</summary>
    public static readonly RowKey End = new("e.~");

    private const byte Version = 1;

    /// <summary>The row's key.</summary>
    public RowKey Key => KeyOf(Id);

    /// <summary>The event's name among its patient's: time and index, 32 hexadecimal characters.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Time.Ticks:x16}{Index:x16}");

    /// <summary>Where a patient's events lie.</summary>
    public static PartitionKey Partition(PatientKey patient) => new($"log-{EventLine.Hex(patient)}");

    /// <summary>The key of the row of an event by its name.</summary>
    public static RowKey KeyOf(string id) =>
        new($"e.{Inverted(long.Parse(id.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))}.{id.AsSpan(16)}");

    /// <summary>The key before those of all events at or before a time, newest first.</summary>
    public static RowKey KeyBefore(DateTime time) => new($"e.{Inverted(time.Ticks)}.");

    /// <summary>Whether a text is of the form of an event's name.</summary>
    public static bool IsId([NotNullWhen(true)] string? text) =>
        text is { Length: 32 } && text.All(char.IsAsciiHexDigitLower)
        && long.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks;

    /// <summary>The row's value.</summary>
    public byte[] Format()
    {
        var journal = Encoding.ASCII.GetBytes(At.Journal.ToString());
        var line = LineLength <= MaxLineBytes ? At.Line : default;
        var value = new byte[1 + 8 + TreeHash.Size + 8 + 4 + 1 + journal.Length + line.Length];
        value[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(1), Entry.Serial);
        Entry.Previous?.CopyTo(value, 9);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(41), At.From);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(49), LineLength);
        value[53] = (byte)journal.Length;
        journal.CopyTo(value, 54);
        line.CopyTo(value.AsMemory(54 + journal.Length));
        return value;
    }

    /// <summary>Reads a row.</summary>
    /// <exception cref="InvalidDataException">It is no row of an event.</exception>
    public static EventRow Parse(Row row)
    {
        var key = row.Key.ToString();
        var value = row.Value.Span;
        if (key.Length != 35 || key[18] != '.' || value.Length < 54 || value[0] != Version || value.Length < 54 + value[53]
            || !long.TryParse(key.AsSpan(2, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var inverted) || inverted < 0
            || DateTime.MaxValue.Ticks - inverted is not (>= 0 and var ticks)
            || !long.TryParse(key.AsSpan(19), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index)
            || !JournalName.TryParse(Encoding.ASCII.GetString(value.Slice(54, value[53])), out var journal))
        {
            throw new InvalidDataException("This is no row of an event.");
        }

        var serial = BinaryPrimitives.ReadInt64BigEndian(value[1..]);
        return new(
            index,
            new(ticks, DateTimeKind.Utc),
            new(serial, serial > 1 ? value.Slice(9, TreeHash.Size).ToArray() : null),
            new(journal, BinaryPrimitives.ReadInt64BigEndian(value[41..]), row.Value[(54 + value[53])..]),
            BinaryPrimitives.ReadInt32BigEndian(value[49..]));
    }

    /// <summary>The event's line: from the row, or from its journal where it is long.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> LineAsync(IBlobs blobs, CancellationToken cancellationToken)
    {
        if (LineLength <= MaxLineBytes)
        {
            return At.Line;
        }

        var read = await blobs.ReadAsync(At.Journal.Blob, At.From, LineLength, cancellationToken);
        return read is { Content: var line } && line.Length == LineLength ? line : throw new InvalidDataException($"{At.Journal.Blob} has no whole line at byte {At.From}.");
    }

    private static string Inverted(long ticks) => (DateTime.MaxValue.Ticks - ticks).ToString("x16", CultureInfo.InvariantCulture);
}
