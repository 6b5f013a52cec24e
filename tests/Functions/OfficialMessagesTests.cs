using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.SharedService;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What the national service and its profiles publish goes in and comes back. The messages are not ours to copy.</summary>
public sealed class OfficialMessagesTests(SharedService shared) : IClassFixture<SharedService>
{
    private const string Variable = "PMD_OFFICIAL_MESSAGES";

    [Fact]
    public async Task Every_published_message_goes_in_and_comes_back_by_search_as_it_was_sent()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(folder), $"{Variable} names no folder with the published examples.");
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order())
        {
            var text = await File.ReadAllTextAsync(file);
            var message = JsonNode.Parse(text);
            var type = message is JsonObject ? (string?)message["resourceType"] : null;
            var sent = type switch
            {
                "Observation" => [message!],
                "Bundle" => message!["entry"]?.AsArray().Select(e => e!["resource"]).OfType<JsonObject>().Where(r => (string?)r["resourceType"] == "Observation").ToList<JsonNode>() ?? [],
                _ => new List<JsonNode>(),
            };
            if (sent.Count == 0)
            {
                continue;
            }

            var answer = await shared.Service.SendAsync(HttpMethod.Post, type == "Bundle" ? "/" : "/Observation", text);
            Assert.True(answer.StatusCode is 200 or 201, $"{file}: {answer.Text}");
            Parse(answer);
            var locations = type == "Bundle" ? answer.Entries.Select(e => (string?)e["response"]!["location"]) : [answer.Header("Location")];
            Assert.All(answer.Entries, e => Assert.Equal("200", (string?)e["response"]!["status"]));
            foreach (var (observation, location) in sent.Zip(locations.OfType<string>()))
            {
                var id = location.Split('/')[^3];
                var number = (string)observation["subject"]!["identifier"]!["value"]!;
                var code = (string)observation["code"]!["coding"]![0]!["code"]!;
                var found = await shared.Service.SearchAsync($"patient.identifier={number}&code={code}&_id={id}");
                Assert.IsType<Hl7.Fhir.Model.Bundle>(Parse(found));
                var back = Assert.Single(found.Observations);
                Assert.Equal(id, (string?)back["id"]);
                Assert.True(JsonNode.DeepEquals(Plain(observation), Plain(back)), $"{file}\n{Plain(observation)}\n{Plain(back)}");
                count++;
            }

            Assert.Equal(sent.Count, locations.Count());
        }

        Assert.NotEqual(0, count);
    }

    // Without what answers set or leave out: id, meta.versionId and lastUpdated, text, empty strings, the identifier that holds the sent id.
    private static JsonObject Plain(JsonNode resource)
    {
        var plain = resource.DeepClone().AsObject();
        plain.Remove("id");
        plain.Remove("text");
        plain["meta"]?.AsObject().Remove("versionId");
        plain["meta"]?.AsObject().Remove("lastUpdated");
        foreach (var own in plain["identifier"]?.AsArray().Where(i => (string?)i!["system"] == "urn:pmd:sent-id").ToList() ?? [])
        {
            plain["identifier"]!.AsArray().Remove(own);
        }

        WithoutEmpty(plain);
        return plain;
    }

    private static bool WithoutEmpty(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var name in members.Where(m => WithoutEmpty(m.Value)).Select(m => m.Key).ToList())
                {
                    members.Remove(name);
                }

                return members.Count == 0;
            case JsonArray items:
                foreach (var item in items.Where(WithoutEmpty).ToList())
                {
                    items.Remove(item);
                }

                return items.Count == 0;
            default:
                return node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0;
        }
    }
}
