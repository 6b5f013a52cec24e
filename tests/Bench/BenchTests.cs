using PasientensMaledata.Bench;

namespace PasientensMaledata.Tests.Bench;

public class BenchTests
{
    public static TheoryData<string> Names => [.. Benches.All.Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_bench_runs_and_finds_the_answers_right(string name)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var result = await BenchCommand.RunAsync([name, "--quick"], output, errors, TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (result, errors.ToString()));
        Assert.Contains("Machine: CPU", output.ToString());
        Assert.DoesNotContain("NaN", output.ToString());
        Assert.Contains($"<!-- bench {name} -->", await File.ReadAllTextAsync(Path.Combine(Checkout(), "docs", "performance.md"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_wrong_answer_gives_no_figures()
    {
        await using var service = await Functions.TestService.StartAsync();
        service.Clock.AutoAdvanceAmount = TimeSpan.FromMilliseconds(1);
        using var load = new LoadGenerator(service.Client.BaseAddress!);
        var call = new Call("Observation/_search", "patient.identifier=none"u8.ToArray(), "application/x-www-form-urlencoded");
        await Assert.ThrowsAsync<WrongAnswerException>(() => load.ForAsync(call, 0.05, 2, (_, _) => { }, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("--rounds 0")]
    [InlineData("--stored many")]
    [InlineData("cpu --url http://127.0.0.1:1/")]
    public async Task A_wrong_command_line_is_told(string line)
    {
        using var errors = new StringWriter();
        Assert.Equal(2, await BenchCommand.RunAsync(line.Split(' '), TextWriter.Null, errors, TestContext.Current.CancellationToken));
        Assert.NotEmpty(errors.ToString());
    }

    [Fact]
    public void Percentiles_are_nearest_ranks()
    {
        double[] values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        Assert.Equal([1, 5, 10, 10], new[] { 0.0, 0.5, 0.95, 1.0 }.Select(p => Figures.Percentile(values, p)));
        Assert.Equal(2, Figures.Median([3, 1, 2]));
    }

    [Fact]
    public void A_page_gets_a_benchs_block_between_its_markers_and_keeps_the_rest()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "before\n<!-- bench a -->\nold\n<!-- end a -->\nafter\n");
        PerformancePage.Write(path, "a", "| new |\n");
        PerformancePage.Write(path, "a", "| newer |\n");
        Assert.Equal("before\n<!-- bench a -->\n\n| newer |\n\n<!-- end a -->\nafter\n", File.ReadAllText(path));
        Assert.Throws<InvalidDataException>(() => PerformancePage.Write(path, "b", ""));
        File.Delete(path);
    }

    private static string Checkout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PasientensMaledata.Functions.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
