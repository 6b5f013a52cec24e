using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PasientensMaledata.Tests.Statistics;

public sealed partial class ReportTests
{
    private static readonly DateOnly Start = new(2026, 2, 1);

    [Fact]
    public async Task The_report_is_a_page_of_its_own_in_Norwegian_that_says_what_it_is()
    {
        var page = await PageAsync(400, 120);
        var html = XDocument.Parse(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal).Replace("<meta charset=\"utf-8\">", "<meta charset=\"utf-8\"/>", StringComparison.Ordinal)
            .Replace("initial-scale=1\">", "initial-scale=1\"/>", StringComparison.Ordinal)).Root!;
        Assert.Equal("nb", html.Attribute("lang")!.Value);
        Assert.Equal("Pasientens måledata: bruk i februar 2026", html.Descendants("h1").Single().Value);
        Assert.Contains("Ikke for offentliggjøring", page);
        Assert.DoesNotContain("Foreløpige tall", page);

        // Nothing is fetched, and nothing runs.
        Assert.DoesNotMatch(Fetches(), page);

        // Every picture has a name and the same figures in a table; every table has a caption and heads; headings go down by one.
        var ids = html.Descendants().Attributes("id").Select(a => a.Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(html.Descendants().Where(e => e.Name.LocalName == "svg"), svg => Assert.All(svg.Attribute("aria-labelledby")!.Value.Split(' '), id => Assert.Contains(id, ids)));
        Assert.All(html.Descendants("table"), table =>
        {
            Assert.NotEmpty(table.Element("caption")!.Value);
            Assert.All(table.Descendants("th"), th => Assert.NotNull(th.Attribute("scope")));
        });
        Assert.All(html.Descendants("h2"), h => Assert.NotEmpty(h.Value));
    }

    [Fact]
    public async Task A_month_that_is_not_over_is_preliminary_and_one_that_the_log_has_not_is_none()
    {
        var (_, events) = StatisticsWorld.Simulate(40, 10, Start, 10);
        await using var world = await StatisticsWorld.OpenAsync(events);
        Assert.Contains("Foreløpige tall", await world.Export().ReportAsync(Start, null, StatisticsWorld.Stop));
        Assert.Null(await world.Export().ReportAsync(new(2025, 12, 1), null, StatisticsWorld.Stop));
    }

    // Many look-ups of one practitioner are not shown, and are not said to be few.
    [Fact]
    public async Task What_is_not_shown_is_not_said_to_be_small()
    {
        var (_, events) = StatisticsWorld.Simulate(40, 1, Start, 10);
        Assert.True(events.Count(e => e.Practitioner is not null) >= 5);
        await using var world = await StatisticsWorld.OpenAsync(events);
        var page = await world.Export().ReportAsync(Start, null, StatisticsWorld.Stop);
        Assert.Contains("<dt>Oppslag</dt><dd>ikke vist</dd>", page);
    }

    [Fact]
    public async Task A_real_browser_shows_the_report_without_a_fault()
    {
        using var folder = new PasientensMaledata.Tests.Storage.TemporaryFolder();
        var (file, picture) = (Path.Combine(folder.Path, "report.html"), Path.Combine(folder.Path, "report.png"));
        await File.WriteAllTextAsync(file, await PageAsync(400, 120), StatisticsWorld.Stop);
        var dom = Chromium("--dump-dom", $"file://{file}");
        Assert.Contains("<rect", dom);
        Assert.Matches(@"<svg[^>]*role=""img""", dom);
        Chromium($"--screenshot={picture}", "--window-size=390,2400", $"file://{file}");
        Assert.True(new FileInfo(picture).Length > 20_000);
    }

    private static async Task<string> PageAsync(int patients, int practitioners)
    {
        var (_, events) = StatisticsWorld.Simulate(patients, practitioners, Start, 40);
        await using var world = await StatisticsWorld.OpenAsync(events);
        return (await world.Export().ReportAsync(Start, null, StatisticsWorld.Stop))!;
    }

    private static string Chromium(params string[] arguments)
    {
        var start = new ProcessStartInfo("chromium") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("chromium is not on this machine: no browser has shown the report.");
            return "";
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output + (errors.Result.Contains("CONSOLE", StringComparison.Ordinal) ? throw new InvalidOperationException(errors.Result) : "");
        }
    }

    [GeneratedRegex(@"<script|<link|<img|@import|url\(|src=|https?://", RegexOptions.IgnoreCase)]
    private static partial Regex Fetches();
}
