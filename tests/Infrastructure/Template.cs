using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using PasientensMaledata.Tests.Hosting;

namespace PasientensMaledata.Tests.Infrastructure;

/// <summary>The template that Bicep makes of infra-bicep/, built once.</summary>
public sealed class Template
{
    private static readonly string Bicep = typeof(Template).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Bicep").Value!;

    public Template()
    {
        (Said, Json) = Build("build", "main.bicep");
        Resources = [.. Find(Json)];
    }

    /// <summary>What the compiler and the linter said.</summary>
    public string Said { get; }

    public JsonNode Json { get; }

    /// <summary>Every resource, those of modules and nested ones among them.</summary>
    public IReadOnlyList<JsonNode> Resources { get; }

    public IEnumerable<JsonNode> Of(string type) => Resources.Where(r => (string?)r["type"] == type);

    /// <summary>The module deployments that stand in main.bicep, by their name.</summary>
    public JsonNode Module(string name) => Resources.Single(r => (string?)r["type"] == "Microsoft.Resources/deployments" && (string?)r["name"] == name);

    /// <summary>The value that main.bicep gives a module's parameter.</summary>
    public JsonNode? Given(string module, string parameter) => Module(module)["properties"]!["parameters"]![parameter]?["value"];

    public static (string Said, JsonNode Json) Build(string command, string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Bicep), "Bicep's package is for Linux on x64.");
        var output = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Bicep, [command, Path.Combine(Package.Root, "infra-bicep", file), "--outfile", output]) { RedirectStandardError = true, RedirectStandardOutput = true };
            start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var said = process.StandardOutput.ReadToEnd() + errors.Result;
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, said);
            return (said, JsonNode.Parse(File.ReadAllText(output))!);
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static IEnumerable<JsonNode> Find(JsonNode template)
    {
        var resources = template["resources"] switch
        {
            JsonArray list => list.Select(r => r!),
            JsonObject named => named.Select(r => r.Value!),
            _ => [],
        };
        foreach (var resource in resources.Where(r => (bool?)r["existing"] != true))
        {
            yield return resource;
            if (resource["properties"] is JsonObject properties && properties["template"] is { } inner)
            {
                foreach (var nested in Find(inner))
                {
                    yield return nested;
                }
            }
        }
    }
}
