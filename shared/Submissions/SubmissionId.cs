using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace PasientensMaledata.Submissions;

/// <summary>
/// Id of a Submission: <c>h-</c> and the time of receipt with 64 random bits, where it came by HTTP; <c>s-</c> and the day of enqueueing with hub,
/// partition and sequence number, where it is an event, so that an event that is delivered again has the same. Holds the day, by which it is found.
/// </summary>
public readonly partial record struct SubmissionId
{
    private readonly string? value;

    private SubmissionId(string value) => this.value = value;

    /// <summary>The day, UTC, of receipt or of enqueueing.</summary>
    public DateOnly Day => DateOnly.ParseExact(ToString().AsSpan(2, 8), "yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>A new one, for a request received now.</summary>
    public static SubmissionId New(DateTime received) =>
        new(string.Create(CultureInfo.InvariantCulture, $"h-{received:yyyyMMdd'-'HHmmssfff}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}"));

    /// <summary>That of an event.</summary>
    public static SubmissionId Of(StreamOrigin origin) =>
        new(string.Create(CultureInfo.InvariantCulture, $"s-{origin.Enqueued:yyyyMMdd}-{Short(origin.Hub)}-{Short(origin.Partition)}-{origin.SequenceNumber}"));

    /// <summary>Reads one; false where the text is none.</summary>
    public static bool TryParse(string? text, out SubmissionId id)
    {
        id = default;
        if (text is null || !Form().IsMatch(text) || !DateOnly.TryParseExact(text.AsSpan(2, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            || (text[0] == 's' && !long.TryParse(text.AsSpan(text.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return false;
        }

        id = new(text);
        return true;
    }

    /// <summary>The id as text.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default SubmissionId has no text.");

    /// <summary>A name of any form, in few characters that may stand in an id. Partitions are small numbers and stay as they are.</summary>
    internal static string Short(string name) =>
        name.Length is > 0 and <= 4 && name.All(char.IsAsciiDigit) ? name : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4));

    [GeneratedRegex("^(h-[0-9]{8}-[0-9]{9}-[0-9a-f]{16}|s-[0-9]{8}-[0-9a-f]{1,8}-[0-9a-f]{1,8}-[0-9]{1,19})\\z")]
    private static partial Regex Form();
}
