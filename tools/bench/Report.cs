using System.Text;

namespace PasientensMaledata.Bench;

/// <summary>A bench whose answers were wrong: its figures are not told.</summary>
public sealed class WrongAnswerException : Exception
{
    /// <summary>Without a text.</summary>
    public WrongAnswerException()
    {
    }

    /// <param name="message">What was wrong.</param>
    public WrongAnswerException(string message)
        : base(message)
    {
    }

    /// <param name="message">What was wrong.</param>
    /// <param name="innerException">Why.</param>
    public WrongAnswerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>What a bench found.</summary>
/// <param name="Bench">Its name.</param>
/// <param name="Data">The data set.</param>
/// <param name="Method">How it was measured.</param>
/// <param name="Tables">The figures.</param>
/// <param name="Aims">What was aimed at, and whether it was reached.</param>
internal sealed record Report(string Bench, string Data, string Method, IReadOnlyList<Table> Tables, IReadOnlyList<string> Aims)
{
    public string ToMarkdown(IReadOnlyList<(string What, string Value)> machine)
    {
        var text = new StringBuilder();
        text.AppendLine($"Machine: {string.Join("; ", machine.Select(m => $"{m.What} {m.Value}"))}").AppendLine();
        text.AppendLine($"Data: {Data}").AppendLine();
        text.AppendLine($"Method: {Method}").AppendLine();
        foreach (var table in Tables)
        {
            text.AppendLine(table.ToMarkdown());
        }

        foreach (var aim in Aims)
        {
            text.AppendLine($"- {aim}");
        }

        return text.ToString().TrimEnd() + Environment.NewLine;
    }
}

/// <summary>A table; its first column is text, the others are figures.</summary>
internal sealed class Table(params string[] columns)
{
    private readonly List<string[]> rows = [];

    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        rows.Add(cells);
    }

    // Aligned, so that it reads in a terminal as on a page.
    public string ToMarkdown()
    {
        var widths = columns.Select((c, i) => Math.Max(3, rows.Select(r => r[i].Length).Append(c.Length).Max())).ToArray();
        var text = new StringBuilder();
        text.AppendLine(Line(columns));
        text.AppendLine($"|{string.Join("|", widths.Select((w, i) => i == 0 ? new string('-', w + 2) : new string('-', w + 1) + ":"))}|");
        rows.ForEach(r => text.AppendLine(Line(r)));
        return text.ToString();

        string Line(string[] cells) => $"| {string.Join(" | ", cells.Select((c, i) => i == 0 ? c.PadRight(widths[i]) : c.PadLeft(widths[i])))} |";
    }
}

/// <summary>The page that shows the figures: each bench's block stands between its own markers.</summary>
internal static class PerformancePage
{
    public static void Write(string path, string bench, string block)
    {
        var page = File.ReadAllText(path);
        var (begin, end) = ($"<!-- bench {bench} -->", $"<!-- end {bench} -->");
        var from = page.IndexOf(begin, StringComparison.Ordinal);
        var to = page.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from)
        {
            throw new InvalidDataException($"{path} has no place for {bench}: '{begin}' and '{end}' are missing.");
        }

        File.WriteAllText(path, $"{page[..(from + begin.Length)]}\n\n{block.ReplaceLineEndings("\n").TrimEnd()}\n\n{page[to..]}");
    }
}
