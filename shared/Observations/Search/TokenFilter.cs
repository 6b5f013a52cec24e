using System.Text;
using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Search;

/// <summary>
/// One token of a search (FHIR R4 search#token): <c>code</c> in any system, <c>system|code</c>, <c>|code</c> without a system, <c>system|</c> any code of it.
/// Case matters.
/// </summary>
public readonly struct TokenFilter
{
    private readonly byte[]? system;
    private readonly byte[]? code;

    /// <param name="system">The system; empty for none; null for any.</param>
    /// <param name="code">The code; null for any.</param>
    public TokenFilter(string? system, string? code)
    {
        this.system = system is null ? null : Encoding.UTF8.GetBytes(system);
        this.code = code is null ? null : Encoding.UTF8.GetBytes(code);
    }

    /// <summary>Whether a coding matches; an absent part of it is empty.</summary>
    public bool Matches(ReadOnlySpan<byte> codingSystem, ReadOnlySpan<byte> codingCode) =>
        (system is null || codingSystem.SequenceEqual(system)) && (code is null || codingCode.SequenceEqual(code));

    /// <summary>Whether a line of the catalogue matches.</summary>
    public bool Matches(CatalogueLine line) => Matches(Encoding.UTF8.GetBytes(line.System), Encoding.UTF8.GetBytes(line.Code));

    /// <summary>Whether any of these codings matches any of these tokens.</summary>
    public static bool AnyMatches(ReadOnlySpan<TokenFilter> tokens, ObservationRow.Tokens codings)
    {
        while (codings.MoveNext())
        {
            foreach (var token in tokens)
            {
                if (token.Matches(codings.System, codings.Value))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Reads a comma-separated list (any of them); <c>\,</c> <c>\|</c> <c>\$</c> and <c>\\</c> stand for the character (FHIR R4 search#escaping). Null where it names nothing.</summary>
    public static TokenFilter[]? ParseList(string text)
    {
        var tokens = new List<TokenFilter>();
        foreach (var part in SplitUnescaped(text, ','))
        {
            var sides = SplitUnescaped(part, '|');
            if (sides.Count > 2 || sides.TrueForAll(s => s.Length == 0))
            {
                return null;
            }

            tokens.Add(sides is [var bare] ? new(null, Unescape(bare)) : new(Unescape(sides[0]), sides[1].Length == 0 ? null : Unescape(sides[1])));
        }

        return [.. tokens];
    }

    internal static List<string> SplitUnescaped(string text, char separator)
    {
        var parts = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == separator)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] == '\\' && i + 1 < text.Length ? text[++i] : text[i]);
        }

        return plain.ToString();
    }
}
