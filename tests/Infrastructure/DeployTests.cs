using System.Diagnostics;
using PasientensMaledata.Packaging;
using PasientensMaledata.Tests.Hosting;

namespace PasientensMaledata.Tests.Infrastructure;

/// <summary><c>./deploy</c> as far as it goes without a subscription, and the costs.</summary>
public sealed class DeployTests
{
    [Fact]
    public void The_page_has_the_table_that_the_arithmetic_gives() =>
        Assert.Contains(Costs.Table(), File.ReadAllText(Path.Combine(Package.Root, "docs", "deploy.md")), StringComparison.Ordinal);

    [Fact]
    public void What_does_not_depend_on_patients_is_the_same_and_the_rest_grows_with_them()
    {
        var (small, large) = (Costs.Month(1_000), Costs.Month(2_000));
        foreach (var (a, b) in small.Zip(large))
        {
            Assert.InRange(b.Dollars, a.Dollars, 2 * a.Dollars);
        }

        // 1,000 patients × 3 events × 30 days × $0.05 per 10,000 appends.
        Assert.Equal(0.45m, small.Single(l => l.What == "Log appends").Dollars);
    }

    [Theory]
    [InlineData(0, "--help", "Usage")]
    [InlineData(2, "--environment moon", "test or production")]
    [InlineData(2, "", "test or production")]
    [InlineData(2, "--fast", "There is no option --fast")]
    public async Task The_command_line_is_read_whole_or_refused(int code, string line, string saying)
    {
        var (exit, said) = await RunAsync(line);
        Assert.Equal(code, exit);
        Assert.Contains(saying, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_prints_the_plan_without_a_subscription()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Bicep's package is for Linux on x64.");
        var (exit, said) = await RunAsync("--environment production --dry-run --lock-log");
        Assert.Equal(0, exit);
        foreach (var line in new[] { "Microsoft.Web/sites\n", "Microsoft.KeyVault/vaults\n", "  4  Microsoft.Storage/storageAccounts\n", "LOCK the log", "nothing was changed" })
        {
            Assert.Contains(line, said, StringComparison.Ordinal);
        }
    }

    private static async Task<(int Code, string Said)> RunAsync(string line)
    {
        var start = new ProcessStartInfo(Path.Combine(Package.Root, "deploy"), line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said + await errors);
    }
}
