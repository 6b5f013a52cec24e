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

    // The mark that excuses a mutant, followed by its kinds, a colon and the reason.
    private const string Excuse = "Stryker disable";

    /// <summary>Tells, and writes the page; 0 where none survived, else 1.</summary>
    public static int Tell(string report, string? page, TextWriter output)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(report));
        var mutants = json.RootElement.GetProperty("files").EnumerateObject().SelectMany(f => f.Value.GetProperty("mutants").EnumerateArray().Select(m => new Mutant(f.Name, f.Value.GetProperty("source").GetString()!, m))).ToList();
        foreach (var survivor in mutants.Where(m => m.IsAlive).OrderBy(m => m.File, StringComparer.Ordinal).ThenBy(m => m.Line))
        {
            output.WriteLine($"survived: {survivor.File}:{survivor.Line} {survivor.Kind}: {survivor.Source}");
        }

        var table = new Table("folder", "mutants", "killed", "survived", "excused", "made once", "score %");
        var counted = mutants.Where(m => m.IsKilled || m.IsAlive || m.IsExcused || m.IsMadeOnce).ToList();
        foreach (var folder in counted.GroupBy(m => m.Folder).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            Add(folder.Key, [.. folder]);
        }

        Add("all", counted);
        var block = table.ToMarkdown();
        output.WriteLine($"{Environment.NewLine}{block}");
        if (page is not null)
        {
            PerformancePage.Write(page, "mutate", block);
        }

        return counted.Count > 0 && counted.All(m => !m.IsAlive) ? 0 : 1;

        void Add(string name, List<Mutant> of)
        {
            var (killed, alive) = (of.Count(m => m.IsKilled), of.Count(m => m.IsAlive));
            table.Add(name, $"{of.Count}", $"{killed}", $"{alive}", $"{of.Count(m => m.IsExcused)}", $"{of.Count(m => m.IsMadeOnce)}", (100.0 * killed / Math.Max(1, killed + alive)).ToString("0.0", CultureInfo.InvariantCulture));
        }
    }

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

        public bool IsExcused => status == "Ignored" && Enumerable.Range(Math.Max(0, Line - 4), Math.Min(4, Line)).Any(i => lines[i].Contains(Excuse, StringComparison.Ordinal));
    }
}
