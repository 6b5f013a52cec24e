using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;

namespace PasientensMaledata.Tests.Statistics;

/// <summary>The five questions of <c>docs/statistics.md</c>, run as they stand there.</summary>
public sealed partial class QuestionsTests(QuestionsTests.Exported exported) : IClassFixture<QuestionsTests.Exported>
{
    public static TheoryData<int> Questions => [1, 2, 3, 4, 5];

    [Theory]
    [MemberData(nameof(Questions))]
    public void DuckDB_gives_the_answer_of_the_page(int question)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Block(question, "sql").Replace("FROM 'raw/", $"FROM '{exported.Folder}/raw/", StringComparison.Ordinal).Replace("FROM 'open/", $"FROM '{exported.Folder}/open/", StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        List<string> lines = [string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(reader.GetName))];
        while (reader.Read())
        {
            lines.Add(string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(i => Text(reader.GetValue(i)))));
        }

        Assert.Equal(Block(question, "text"), string.Join('\n', lines));
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void Python_gives_the_answer_of_the_page(int question) => Run("python3", "-", Block(question, "python"), Block(question, "text"));

    [Theory]
    [MemberData(nameof(Questions))]
    public void R_gives_the_answer_of_the_page(int question) => Run("Rscript", "-", Block(question, "r"), Block(question, "text"));

    private static string Text(object value) => value is DateOnly date ? date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private void Run(string program, string argument, string code, string expected)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, argument) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = exported.Folder })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not on this machine: what the page says of it was not run.");
            return;
        }

        using (process)
        {
            process.StandardInput.Write(code);
            process.StandardInput.Close();
            Assert.Equal(expected, process.StandardOutput.ReadToEnd().Trim().ReplaceLineEndings("\n"));
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    private static string Block(int question, string language)
    {
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "statistics.md"));
        var section = page.Split($"\n### {question}. ")[1].Split("\n### ")[0].Split("\n## ")[0];
        return Blocks().Matches(section).Single(m => m.Groups[1].Value == language).Groups[2].Value.Trim();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PasientensMaledata.Functions.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    /// <summary>The simulated February of the page.</summary>
    public sealed class Exported : IAsyncLifetime
    {
        private StatisticsWorld world = null!;

        public string Folder => Path.Combine(world.Folder, "statistics");

        public async ValueTask InitializeAsync()
        {
            var start = new DateOnly(2026, 2, 1);
            var (_, events) = StatisticsWorld.Simulate(400, 120, start, 40);
            world = await StatisticsWorld.OpenAsync(events);
            await world.Export().RunAsync(start, start.AddDays(27), again: false, null, StatisticsWorld.Stop);
            if (Environment.GetEnvironmentVariable("PMD_KEEP_STATISTICS") is { Length: > 0 } copy)
            {
                foreach (var (path, content) in world.Files())
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy, path))!);
                    await File.WriteAllBytesAsync(Path.Combine(copy, path), content);
                }
            }
        }

        public ValueTask DisposeAsync() => world.DisposeAsync();
    }
}
