using System.Text.RegularExpressions;
using PasientensMaledata.Functions;

namespace PasientensMaledata.Tests;

/// <summary>Holds the README and docs/ to what the code and the folders are.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Root = Repository.Root;

    public static TheoryData<string> Pages =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md")).Select(p => Path.GetRelativePath(Root, p)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_page_of_limits_has_the_table_of_the_code_and_no_more()
    {
        var rows = TableRows(Read("docs/limits.md")).Select(cells => (cells[0], cells[1], cells[2]));
        Assert.Equal(Limits.All.Select(l => (l.Meaning, l.Figure, l.Past)), rows);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_relative_link_leads_to_something(string page)
    {
        var text = Read(page);
        var folder = Path.GetDirectoryName(Path.Combine(Root, page))!;
        foreach (var target in Links().Matches(text).Select(m => m.Groups[1].Value).Where(t => !t.Contains("://", StringComparison.Ordinal)))
        {
            var (file, heading) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
            var path = Path.GetFullPath(Path.Combine(folder, file));
            Assert.True(file.Length == 0 || File.Exists(path) || Directory.Exists(path), $"{page} links to {target}, which is not there.");
            Assert.True(
                heading is null || Headings(file.Length == 0 ? text : File.ReadAllText(path)).Contains(heading),
                $"{page} links to {target}, and there is no such heading.");
        }
    }

    [Fact]
    public void Every_call_stands_in_the_page_of_the_API_and_the_page_has_no_other()
    {
        var calls = CallCells().Matches(Read("docs/api.md")).Select(m => m.Groups[1].Value).Distinct();
        Assert.Equal(Routes.All.Select(r => $"{r.Method} {r.Path}").Order(StringComparer.Ordinal), calls.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_outcome_word_stands_in_the_page_of_the_API_with_its_status()
    {
        var rows = TableRows(Read("docs/api.md")).ToList();
        foreach (var outcome in Enum.GetValues<PasientensMaledata.Observations.Submissions.EntryOutcome>())
        {
            var word = $"`{PasientensMaledata.Observations.Wire.BundleWriter.WordFor(outcome)}`";
            Assert.Contains(rows, r => r[0] == word && r[1] == PasientensMaledata.Observations.Wire.BundleWriter.StatusOf(outcome));
        }
    }

    [Fact]
    public void The_page_of_access_has_the_refusals_of_the_code_and_no_other()
    {
        var rows = TableRows(Read("docs/access.md").Split("## Refusals")[1].Split("## Settings")[0]).Select(cells => (cells[0], cells[1], cells[2], cells[3]));
        Assert.Equal(PasientensMaledata.Access.Decision.Refusal.All.Select(r => ($"`{r.Word}`", $"{r.Status}", $"`{r.IssueCode}`", r.Advice)), rows);
    }

    [Fact]
    public void The_page_of_the_log_has_the_words_of_actions_that_lines_have_and_no_other()
    {
        var cell = TableRows(Read("docs/log.md")).Single(r => r[0] == "`a`")[1];
        Assert.Equal(
            $"what: {string.Join(", ", Enum.GetValues<PasientensMaledata.AccessLog.AccessAction>().Select(a => $"`{PasientensMaledata.AccessLog.EventWords.Of(a)}`"))}", cell);
    }

    [Fact]
    public void The_map_of_folders_names_folders_that_are_there_and_every_one_at_the_top()
    {
        var named = FolderCells().Matches(Read("README.md")).Select(m => m.Groups[1].Value).ToList();
        Assert.All(named, f => Assert.True(Directory.Exists(Path.Combine(Root, f)), $"The README's map has {f}, which is not there."));

        // What holds source; a built or downloaded folder does not count.
        var top = Directory.EnumerateDirectories(Root).Select(f => Path.GetFileName(f)!).Where(f => f[0] != '.' && f is not ("bin" or "obj" or "node_modules" or "TestResults" or "artifacts"));
        Assert.All(top, f => Assert.Contains(f, named.Select(n => n.Split('/')[0])));
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Root, page));

    // Cells of the tables' rows, without the heads.
    private static IEnumerable<string[]> TableRows(string text)
    {
        var lines = text.Split('\n');
        var inTable = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('|'))
            {
                inTable = false;
            }
            else if (lines[i].StartsWith("|---", StringComparison.Ordinal))
            {
                inTable = true;
            }
            else if (inTable)
            {
                yield return [.. lines[i].Trim('|').Split('|').Select(c => c.Trim())];
            }
        }
    }

    // As the usual viewers make them: lower case, spaces to hyphens, punctuation gone.
    private static HashSet<string> Headings(string text) =>
        [.. HeadingLines().Matches(text).Select(m => Punctuation().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex HeadingLines();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"^\| `((?:GET|POST|PUT|DELETE|PATCH) [^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CallCells();

    [GeneratedRegex(@"^\| `([A-Za-z./-]+)/` \|", RegexOptions.Multiline)]
    private static partial Regex FolderCells();
}
