using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Tests.Observations;

/// <summary>Holds the checks against the messages that the national service and the profiles publish; they are not ours to copy.</summary>
public class OfficialMessagesTests
{
    private const string Variable = "PMD_OFFICIAL_MESSAGES";

    [Fact]
    public void Published_examples_are_accepted_in_development()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(folder), $"{Variable} names no folder with the published examples.");
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (var observation in Observations(document.RootElement))
            {
                var found = ObservationChecks.Check(observation, NationalIdPolicy.Lenient, Message.Now.AddYears(1));
                Assert.True(found.IsAccepted, $"{file}: {string.Join('\n', found.Issues)}");
                TestContext.Current.SendDiagnosticMessage($"{Path.GetFileName(file)}: {string.Join("; ", found.Issues.Select(issue => $"{issue.Severity} {issue.Expression}"))}");
                count++;
            }
        }

        Assert.NotEqual(0, count);
    }

    private static IEnumerable<JsonElement> Observations(JsonElement resource)
    {
        var type = resource.ValueKind == JsonValueKind.Object && resource.TryGetProperty("resourceType", out var name) ? name.GetString() : null;
        return type switch
        {
            "Observation" => [resource],
            "Bundle" when resource.TryGetProperty("entry", out var entries) =>
                entries.EnumerateArray().Where(entry => entry.TryGetProperty("resource", out _)).SelectMany(entry => Observations(entry.GetProperty("resource"))),
            _ => [],
        };
    }
}
