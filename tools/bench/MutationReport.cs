using System.Globalization;
using System.Text.Json;

namespace PasientensMaledata.Bench;

/// <summary>
/// Tells what mutation testing found, from its JSON report (the mutation testing report schema): a row for each folder, each survivor by name, and the
/// table into <c>docs/testing.md</c>. What is excused stands at its line in the source, with the reason, and is counted as excused.
/// </summary>
internal static class MutationReport
{
    public const string CommandName = "mutants";

    // What the tool itself passes over; every other reason is an excuse that stands in the source.
    private const string PassedOver = "Removed by ";
    private const string All = "all";
    private static readonly string[] Columns = ["folder", "mutants", "killed", "survived", "excused", "made once", "score %"];

    /// <summary>Tells, and writes the page; 0 where none survived, else 1.</summary>
    public static int Tell(string report, string? page, TextWriter output)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(report));
        var mutants = json.RootElement.GetProperty("files").EnumerateObject().SelectMany(f => f.Value.GetProperty("mutants").EnumerateArray().Select(m => new Mutant(f.Name, f.Value.GetProperty("source").GetString()!, m))).ToList();
        foreach (var survivor in mutants.Where(m => m.IsAlive).OrderBy(m => m.File, StringComparer.Ordinal).ThenBy(m => m.Line))
        {
            output.WriteLine($"survived: {survivor.File}:{survivor.Line} {survivor.Kind}: {survivor.Source}");
        }

        var counted = mutants.Where(m => m.IsKilled || m.IsAlive || m.IsExcused || m.IsMadeOnce).ToList();
        var rows = counted.GroupBy(m => m.Folder).Select(g => new Row(g.Key, g.Count(), g.Count(m => m.IsKilled), g.Count(m => m.IsAlive), g.Count(m => m.IsExcused), g.Count(m => m.IsMadeOnce))).ToList();
        output.WriteLine($"{Environment.NewLine}{Markdown(rows)}");
        if (page is not null)
        {
            // A run of one folder leaves what is told of the others.
            PerformancePage.Write(page, "mutate", Markdown([.. rows, .. Read(page).Where(r => rows.TrueForAll(n => n.Folder != r.Folder))]));
        }

        return counted.Count > 0 && counted.TrueForAll(m => !m.IsAlive) ? 0 : 1;
    }

    private static string Markdown(List<Row> rows)
    {
        var table = new Table(Columns);
        foreach (var row in rows.OrderBy(r => r.Folder, StringComparer.Ordinal).Append(new(All, rows.Sum(r => r.Mutants), rows.Sum(r => r.Killed), rows.Sum(r => r.Survived), rows.Sum(r => r.Excused), rows.Sum(r => r.MadeOnce))))
        {
            table.Add([row.Folder, .. new[] { row.Mutants, row.Killed, row.Survived, row.Excused, row.MadeOnce }.Select(n => n.ToString(CultureInfo.InvariantCulture)), (100.0 * row.Killed / Math.Max(1, row.Killed + row.Survived)).ToString("0.0", CultureInfo.InvariantCulture)]);
        }

        return table.ToMarkdown();
    }

    private static IEnumerable<Row> Read(string page) =>
        File.ReadLines(page).SkipWhile(l => !l.Contains("<!-- bench mutate -->", StringComparison.Ordinal)).TakeWhile(l => !l.Contains("<!-- end mutate -->", StringComparison.Ordinal))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)).Where(c => c.Length == Columns.Length + 2 && c[1] != All && int.TryParse(c[2], CultureInfo.InvariantCulture, out _))
            .Select(c => new Row(c[1], Number(c[2]), Number(c[3]), Number(c[4]), Number(c[5]), Number(c[6])));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Row(string Folder, int Mutants, int Killed, int Survived, int Excused, int MadeOnce);

    private sealed class Mutant(string file, string source, JsonElement json)
    {
        private readonly string status = json.GetProperty("status").GetString()!;
        private readonly string[] lines = source.Split('\n');

        // From the folder of the project on, wherever it was checked out.
        public string File { get; } = file[(file.LastIndexOf("shared/", StringComparison.Ordinal) is var at and >= 0 ? at : 0)..];

        public string Folder => Path.GetDirectoryName(File)!.Replace('\\', '/');

        public int Line => json.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32();

        public string Kind => json.GetProperty("mutatorName").GetString()!;

        public string Source => lines[Line - 1].Trim();

        public bool IsKilled => status is "Killed" or "Timeout";

        public bool IsAlive => status is "Survived" or "NoCoverage" && !IsStatic;

        /// <summary>Whether it is in what a process makes once, before any mutant is switched on: so it was not tried, and says nothing of the tests.</summary>
        public bool IsMadeOnce => status == "Survived" && IsStatic;

        private bool IsStatic { get; } = json.TryGetProperty("static", out var made) && made.ValueKind == JsonValueKind.True;

        public bool IsExcused { get; } =
            json.GetProperty("status").GetString() == "Ignored" && json.TryGetProperty("statusReason", out var reason) && !reason.GetString()!.StartsWith(PassedOver, StringComparison.Ordinal);
    }
}
