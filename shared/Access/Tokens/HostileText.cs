using System.Globalization;
using System.Text;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// Names and words out of a token. The trust framework (section 5) has every value treated as hostile: what could command a terminal, a log viewer or the
/// direction of writing is taken out.
/// </summary>
internal static class HostileText
{
    /// <summary>The text without control and format characters, cut to a length, between two characters as people see them.</summary>
    public static string Clean(string text, int limit)
    {
        // Stryker disable once Linq : how much room is made at first
        var clean = new StringBuilder(Math.Min(text.Length, limit));
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsHostile(rune))
            {
                continue;
            }

            if (clean.Length + rune.Utf16SequenceLength > limit)
            {
                break;
            }

            clean.Append(rune.ToString());
        }

        return clean.ToString().Trim();
    }

    /// <summary>Whether there is nothing to take out.</summary>
    public static bool IsClean(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsHostile(rune))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsHostile(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
