using System.Globalization;
using System.Text.RegularExpressions;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// Name of one journal blob: <c>journal/yyyy/MM/dd/HH/(process)-(n).ndjson</c>, the hour being UTC. The text of it, as the sequence has it, is without
/// <c>journal/</c> and <c>.ndjson</c>.
/// </summary>
public readonly partial record struct JournalName : IComparable<JournalName>
{
    private const string Prefix = "journal/";
    private const string Suffix = ".ndjson";

    private readonly string text;

    private JournalName(string text) => this.text = text;

    /// <summary>The blob.</summary>
    public BlobName Blob => new($"{Prefix}{text}{Suffix}");

    /// <summary>The hour in which it was begun, UTC.</summary>
    public DateTime Hour => DateTime.ParseExact(text[..13], "yyyy/MM/dd/HH", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>A journal of a process.</summary>
    /// <param name="time">When it is begun, UTC.</param>
    /// <param name="process">The process' id: characters of <c>a-z 0-9</c>.</param>
    /// <param name="number">Which of its journals.</param>
    public static JournalName Of(DateTime time, string process, int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{time:yyyy/MM/dd/HH}/{process}-{number}"));

    /// <summary>What the names of journals of an hour begin with.</summary>
    public static string HourPrefix(DateTime time) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time:yyyy/MM/dd/HH}/");

    /// <summary>What the names of all begin with.</summary>
    public static string AllPrefix => Prefix;

    /// <summary>Reads the text of a name.</summary>
    public static bool TryParse(string text, out JournalName name)
    {
        var accepted = Form().IsMatch(text) && DateTime.TryParseExact(text[..13], "yyyy/MM/dd/HH", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        name = accepted ? new(text) : default;
        return accepted;
    }

    /// <summary>Reads the name of a blob.</summary>
    public static bool TryParse(BlobName blob, out JournalName name)
    {
        var text = blob.ToString();
        name = default;
        return text.StartsWith(Prefix, StringComparison.Ordinal) && text.EndsWith(Suffix, StringComparison.Ordinal) && TryParse(text[Prefix.Length..^Suffix.Length], out name);
    }

    /// <inheritdoc/>
    public int CompareTo(JournalName other) => string.CompareOrdinal(text, other.text);

    /// <inheritdoc/>
    public override string ToString() => text ?? throw new InvalidOperationException("A default JournalName has no text.");

    [GeneratedRegex("^[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}/[a-z0-9]{1,40}-[0-9]{1,9}$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
