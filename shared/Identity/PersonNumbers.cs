using System.Text.RegularExpressions;

namespace PasientensMaledata.Identity;

/// <summary>Person numbers inside texts, told by their form and control digits alone.</summary>
public static partial class PersonNumbers
{
    /// <summary>The text with <c>***</c> for every person number in it.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="except">Numbers that stay; null for none.</param>
    public static string Hide(string text, IReadOnlySet<string>? except = null) =>
        text.Length < 11 ? text : ElevenDigits().Replace(text, m => except?.Contains(m.Value) != true && IsNumber(m.Value) ? "***" : m.Value);

    private static bool IsNumber(string digits) =>
        NationalId.TryParse(digits, null, NationalIdPolicy.Strict, out _, out _) || NationalId.TryParse(digits, null, NationalIdPolicy.Synthetic, out _, out _);

    [GeneratedRegex("(?<![0-9])[0-9]{11}(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex ElevenDigits();
}
