using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.EndToEnd;

/// <summary>The service as a process of its own, killed without warning.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    [Fact]
    public async Task Every_acknowledged_Observation_is_there_after_kill_9_twenty_times_over()
    {
        var folder = Directory.CreateTempSubdirectory("pmd-kill-").FullName;
        var acknowledged = new ConcurrentDictionary<string, string>();
        var people = Enumerable.Range(60, 8).Select(SyntheticNumbers.Number).ToArray();
        var random = new Random(7);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var service = await StartAsync(folder);
            using var client = new HttpClient { BaseAddress = service.Address };
            var before = acknowledged.Count;
            var enough = before + random.Next(20, 200);
            var round = kill;
            var clients = people.Select(async person =>
            {
                for (var i = 0; ; i++)
                {
                    try
                    {
                        var name = $"{person[^3..]}-{round}-{i}";
                        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Messages.Collection(Messages.HeartRate(person, name), Messages.Weight(person, $"{name}-w")).ToJsonString()));
                        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
                        using var response = await client.PostAsync("/", content);
                        var entries = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["entry"]!.AsArray();
                        Assert.All(entries, e => Assert.Equal("200", (string?)e!["response"]!["status"]));
                        acknowledged[name] = person;
                        acknowledged[$"{name}-w"] = person;
                    }
                    catch (HttpRequestException)
                    {
                        return;
                    }

                    // In the midst of the others' writes.
                    if (acknowledged.Count >= enough)
                    {
                        service.Kill();
                    }
                }
            });
            await Task.WhenAll(clients);
            Assert.True(acknowledged.Count > before);
        }

        output.WriteLine($"{acknowledged.Count} acknowledged");
        using var last = await StartAsync(folder);
        using var reader = new HttpClient { BaseAddress = last.Address };
        foreach (var person in people)
        {
            var found = new HashSet<string>();
            string? next = null;
            do
            {
                using var response = next is null
                    ? await reader.PostAsync("Observation/_search", new FormUrlEncodedContent([KeyValuePair.Create("patient.identifier", person), KeyValuePair.Create("_count", "500")]))
                    : await reader.GetAsync(next);
                var bundle = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
                foreach (var entry in bundle["entry"]!.AsArray())
                {
                    Assert.True(found.Add((string)entry!["resource"]!["identifier"]![0]!["value"]!), "found twice");
                }

                next = (string?)bundle["link"]!.AsArray().SingleOrDefault(l => (string?)l!["relation"] == "next")?["url"];
            }
            while (next is not null);
            Assert.Superset(acknowledged.Where(a => a.Value == person).Select(a => a.Key).ToHashSet(), found);
        }

        last.Kill();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<RunningProcess> StartAsync(string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Routes).Assembly.Location, "--port", "0", "--data", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || k.StartsWith("WEBSITE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("Pasientens måledata is ready on ", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new(process, new(line[(line.LastIndexOf(' ') + 1)..]));
            }
        }

        throw new InvalidOperationException($"The service did not start: {await errors}");
    }

    private sealed record RunningProcess(Process Process, Uri Address) : IDisposable
    {
        public void Kill() => Process.Kill();

        public void Dispose()
        {
            Process.Kill();
            Process.WaitForExit();
            Process.Dispose();
        }
    }
}
