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
    [InlineData(2, "--environment", "--environment needs a value")]
    [InlineData(2, "--environment --dry-run", "--environment needs a value")]
    [InlineData(2, "--environment test --group", "--group needs a value")]
    [InlineData(2, "--environment test --hosting iis --dry-run", "custom or dotnet-isolated")]
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

    [Fact]
    public async Task A_dry_run_tells_how_the_program_will_run()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Bicep's package is for Linux on x64.");
        var (exit, said) = await RunAsync("--environment test --dry-run --hosting dotnet-isolated");
        Assert.Equal(0, exit);
        Assert.Contains("./package --hosting dotnet-isolated", said, StringComparison.Ordinal);
        Assert.Contains("policies stay unlocked", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "", 0, "hosting=custom logIsLocked=false", 0)]
    [InlineData("--hosting dotnet-isolated --lock-log", "pmd-test", "", 0, "hosting=dotnet-isolated logIsLocked=false", 4)]
    [InlineData("--lock-log", "no", "", 1, null, 0)]
    [InlineData("--lock-log", "pmd-test", "journal", 0, "hosting=custom logIsLocked=true", 3)]
    [InlineData("--lock-log", "", "journal sequence tile checkpoint", 0, "hosting=custom logIsLocked=true", 0)]
    public async Task With_a_subscription_it_deploys_uploads_locks_what_is_asked_for_and_confirmed_and_asks_whether_it_answers(
        string options, string answer, string locked, int code, string? parameters, int locks)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Bicep's package is for Linux on x64.");
        using var folder = new Storage.TemporaryFolder();
        foreach (var (name, script) in new[] { ("az", Az), ("curl", Curl) })
        {
            var path = Path.Combine(folder.Path, name);
            await File.WriteAllTextAsync(path, script);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
        }

        var (exit, said) = await RunAsync($"--environment test {options}", answer, new()
        {
            ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}",
            ["CALLS"] = Path.Combine(folder.Path, "calls"),
            ["LOCKED"] = locked,
            ["PMD_PACKAGE"] = "true",
        });
        Assert.True(exit == code, said);
        var calls = await File.ReadAllLinesAsync(Path.Combine(folder.Path, "calls"));
        Assert.Equal(locks, calls.Count(c => c.Contains(" lock ", StringComparison.Ordinal)));
        Assert.All(calls.Where(c => c.Contains(" lock ", StringComparison.Ordinal)), c => Assert.Contains("--if-match tag-", c, StringComparison.Ordinal));
        if (parameters is null)
        {
            Assert.DoesNotContain(calls, c => c.Contains("group create", StringComparison.Ordinal));
            Assert.Contains("Nothing was done.", said, StringComparison.Ordinal);
            return;
        }

        var order = new[] { "deployment group create", "config-zip", "/health", "/metadata" }.Select(step => Array.FindIndex(calls, c => c.Contains(step, StringComparison.Ordinal))).ToList();
        Assert.Equal(order.Order(), order);
        Assert.DoesNotContain(-1, order);
        Assert.Contains(parameters, calls[order[0]], StringComparison.Ordinal);
        Assert.Contains("--name the-app --src", calls[order[1]], StringComparison.Ordinal);
        Assert.Contains("Deployed: https://pmd.test.example.org", said, StringComparison.Ordinal);
    }

    // Stands in for the Azure CLI: writes down how it is called, and answers what ./deploy asks of it.
    private const string Az = """
        #!/usr/bin/env bash
        echo "az $*" >>"$CALLS"
        container=$(sed -n 's/.*--container-name \([a-z]*\).*/\1/p' <<<"$*")
        case "$*" in
          *"storage account list"*) echo pmdtestlog ;;
          *"immutability-policy show"*"--query state"*) case " $LOCKED " in *" $container "*) echo Locked ;; *) echo Unlocked ;; esac ;;
          *"immutability-policy show"*"--query etag"*) echo "tag-$container" ;;
          *"group create"*) echo '{}' ;;
          *outputs.appName*) echo the-app ;;
          *outputs.publicUrl*) echo https://pmd.test.example.org ;;
          *outputs.logAccount*) echo pmdtestlog ;;
        esac
        """;

    private const string Curl = """
        #!/usr/bin/env bash
        echo "curl $*" >>"$CALLS"
        """;

    private static async Task<(int Code, string Said)> RunAsync(string line, string answer = "", Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Path.Combine(Package.Root, "deploy"), line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        if (answer.Length > 0)
        {
            // Only where it asks: one that ends without reading has closed its end.
            await process.StandardInput.WriteLineAsync(answer);
        }

        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said + await errors);
    }
}
