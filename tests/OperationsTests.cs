using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Storage;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests;

/// <summary>The runbooks: one for each alert, and every command in them is one that works.</summary>
public sealed partial class OperationsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    [Fact]
    public void Each_alert_has_a_runbook_of_its_name_and_each_runbook_an_alert()
    {
        var bicep = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "modules", "alerts.bicep"));
        var alerts = RuleNames().Matches(bicep).Select(m => m.Groups[1].Value).Append("budget").ToList();
        Assert.True(alerts.Count > 5 && bicep.Contains("Microsoft.Consumption/budgets", StringComparison.Ordinal));
        var part = Page[Page.IndexOf("\n## Runbooks\n", StringComparison.Ordinal)..];
        part = part[..part.IndexOf("\n## ", 5, StringComparison.Ordinal)];
        Assert.Equal(alerts.Order(), Runbooks().Matches(part).Select(m => m.Groups[1].Value).Order());
        foreach (var runbook in part.Split("\n### ").Skip(1))
        {
            Assert.All(["**Meaning.**", "**Look.**", "**Do.**", "**Wake**"], w => Assert.Contains(w, runbook, StringComparison.Ordinal));
        }
    }

    /// <summary>In the order of the page, on one folder that a service has filled and that another works on meanwhile.</summary>
    [Fact]
    public async Task Every_command_of_the_page_runs_as_it_stands()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are those of a Unix shell.");
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, ".data");
        using var service = ServiceProcess.Start(["--port", "0", "--data", data]);
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
        var (person, other) = (SyntheticNumbers.Number(74_001), SyntheticNumbers.Number(74_002));
        var id = await SendAsync(client, SecuredService.Of(person, "1", SecuredService.Gateway));
        await SendAsync(client, SecuredService.Of(other, "2"));
        var wrong = HeartRate(other);
        wrong["status"] = "no-such-status";
        await SendAsync(client, wrong);
        File.Copy(Path.Combine(Repository.Root, "docs", "participants.example.json"), Path.Combine(folder.Path, "participants.json"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "number.txt"), other + "\n");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "pmd"), $"#!/bin/sh\nexec '{Repository.Root}/pmd' \"$@\"\n");
        Dictionary<string, string> variables = new()
        {
            ["ID"] = id,
            ["ORGNR"] = SecuredService.Municipality,
            ["KEY"] = "a key of a policy",
            ["NAMESPACE"] = "example.servicebus.windows.net",
            ["HUB"] = "measurements",
            ["SENDER"] = "eksempel-gateway",
        };
        (_, var listed) = await RunAsync(folder.Path, "./pmd refused list", variables);
        variables["REFUSED"] = SubmissionIds().Match(listed).Value;

        // What is written to is another file each time: commands overwrite none.
        var commands = Blocks().Matches(Page).SelectMany(b => b.Groups[1].Value.Split('\n')).Where(l => l.Contains("./pmd ", StringComparison.Ordinal) && !l.Contains("./pmd simulate", StringComparison.Ordinal)).ToList();
        Assert.True(commands.Count > 20, "Too few commands were found to prove anything.");
        foreach (var command in commands)
        {
            foreach (var old in Directory.EnumerateFiles(folder.Path, "*.ndjson"))
            {
                File.Delete(old);
            }

            var (code, said) = await RunAsync(folder.Path, command, variables);

            // What is wrong in itself is refused again, and said so.
            var expected = command.StartsWith("./pmd refused replay", StringComparison.Ordinal) && said.Contains("1 were refused again", StringComparison.Ordinal) ? 1 : 0;
            Assert.True(code == expected, $"{command} ended with {code}: {said}");
            Assert.DoesNotContain(person, said, StringComparison.Ordinal);
        }

        // They did what the page says of them.
        Assert.Equal(410, (int)(await client.GetAsync($"Observation/{id}")).StatusCode);
        Assert.True(File.Exists(Path.Combine(folder.Path, "returned", "manifest.json")));
        service.Signal("INT");
        Assert.Equal(0, await service.ExitAsync());
    }

    private static async Task<string> SendAsync(HttpClient client, System.Text.Json.Nodes.JsonObject observation)
    {
        using var content = new StringContent(observation.ToJsonString(), Encoding.UTF8, "application/fhir+json");
        using var answer = await client.PostAsync("Observation", content);
        return answer.Headers.Location?.ToString().Split('/')[^3] ?? "";
    }

    private static async Task<(int Code, string Said)> RunAsync(string folder, string command, Dictionary<string, string> variables)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"chmod +x pmd; {command}");
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    [GeneratedRegex(@"^    name: '([a-z-]+)'$", RegexOptions.Multiline)]
    private static partial Regex RuleNames();

    [GeneratedRegex(@"^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Runbooks();

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex("h-[0-9]{8}-[0-9]{9}-[0-9a-f]{16}")]
    private static partial Regex SubmissionIds();
}
