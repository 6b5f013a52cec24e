using System.Text;

namespace PasientensMaledata.Functions.Access;

/// <summary>What a look-up says of itself in headers, besides its token: kept in the log, length-limited, and never trusted.</summary>
public static class CallHeaders
{
    private const int MaxSourceSystem = 512;

    /// <summary>The values of the access basis, under either name (the sister services use both).</summary>
    public static IEnumerable<string?> Basis(HttpRequest request) => request.Headers["nhn-access-basis"].Concat(request.Headers["hit-access-basis"]);

    /// <summary>Name and version of the health record, by <c>nhn-source-system</c>; empty where it says none.</summary>
    public static string SourceSystem(HttpRequest request) => Printable(request.Headers["nhn-source-system"].ToString(), MaxSourceSystem);

    /// <summary>A text without control characters, cut to a length, for the log.</summary>
    public static string Printable(string? text, int length)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var kept = new StringBuilder(Math.Min(text.Length, length));
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > length)
            {
                break;
            }

            if (!Rune.IsControl(rune))
            {
                kept.Append(rune);
            }
        }

        return kept.ToString();
    }
}
