using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Tests.Storage;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Person numbers and names are in the Observations that answers give, and nowhere else.</summary>
public sealed class PrivacyTests
{
    private static readonly string[] Names = ["Kjerringa Motstraums", "Aasmund Fraegdagjaevar", "Huldra Skogsnuva"];

    [Fact]
    public async Task No_person_number_or_name_that_was_sent_is_found_in_files_logs_links_or_refusals()
    {
        using var folder = new TemporaryFolder();
        var persons = Enumerable.Range(0, 6).Select(_ => NewPerson()).ToList();
        using var process = ServiceProcess.Start(["--port", "0", "--data", folder.Path]);
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await process.ReadyAsync()}/") };
        var beside = new StringBuilder();

        async Task<string> SendAsync(string method, string path, string? body, string contentType = "application/fhir+json")
        {
            using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, contentType) };
            request.Headers.Add("Prefer", "handling=lenient");
            using var response = await client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            beside.AppendLine(response.Headers.ToString()).AppendLine(response.Content.Headers.ToString());
            var json = JsonNode.Parse(text)!;
            foreach (var entry in json["entry"]?.AsArray() ?? [])
            {
                if ((string?)entry!["resource"]?["resourceType"] == "Observation")
                {
                    entry.AsObject().Remove("resource");
                }
            }

            if ((string?)json["resourceType"] != "Observation")
            {
                beside.AppendLine(json.ToJsonString());
            }

            return text;
        }

        Task<string> SearchAsync(string form) => SendAsync("POST", "Observation/_search", form, "application/x-www-form-urlencoded");

        foreach (var (person, i) in persons.Select((p, i) => (p, i)))
        {
            var named = Collection(Enumerable.Range(0, 40).Select(n => WithNames(HeartRate(person, $"{n}", value: 60 + n), i))).ToJsonString();
            await SendAsync("POST", "", named);
            await SendAsync("POST", "", named);
            var correction = WithNames(HeartRate(person, "1", value: 99), i);
            correction["status"] = "corrected";
            await SendAsync("POST", "Observation", correction.ToJsonString());
            await SendAsync("POST", "Observation", WithNames(HeartRate(person, "2", value: 1), i).ToJsonString());

            // Refused, with the number and the name in every place where a message could repeat them.
            var wrong = WithNames(HeartRate(person), i);
            wrong["status"] = person;
            wrong[person] = Names[i % 3];
            wrong["effectiveDateTime"] = person;
            wrong["component"] = new JsonArray(new JsonObject { [Names[i % 3]] = person, ["valueQuantity"] = new JsonObject { ["value"] = person } });
            await SendAsync("POST", "Observation", wrong.ToJsonString());
            await SendAsync("POST", "", Collection(wrong.DeepClone().AsObject()).ToJsonString());
            await SendAsync("POST", "", $$"""{"resourceType":"Bundle","type":"{{person}}"}""");
            await SendAsync("POST", "", $"{{\"{person}\":");
            await SendAsync("POST", $"{person}/{Names[i % 3]}", "{}");
            await SendAsync("GET", $"Observation/{person}", null);
            await SendAsync("GET", $"Observation?patient.identifier={person}", null);
            await SendAsync("POST", $"Observation/_search?patient={person}", "", "application/x-www-form-urlencoded");
            await SendAsync("PUT", $"Observation/{person}", wrong.ToJsonString());

            await SearchAsync($"patient.identifier={person}&_count=3&name={Names[i % 3]}&{person}=1&x:{person}=2");
            await SearchAsync($"patient.identifier={person},{persons[0]}");
            await SearchAsync($"patient.identifier={person}x");
            await SearchAsync($"patient={person}&date={person}x&status={Names[0]}&code:{person}=1&_sort={person}");
            await SearchAsync($"subject.name={Names[i % 3]}&patient.identifier={person}");

            // The Observations themselves hold both, and are not what is looked through.
            var found = await SearchAsync($"patient.identifier={person}&_count=3");
            Assert.Contains(person, found, StringComparison.Ordinal);
            Assert.Contains(Names[i % 3], found, StringComparison.Ordinal);
            var page = JsonNode.Parse(found)!["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!;
            await SendAsync("GET", (string)page["url"]!, null);
            await SendAsync("GET", $"{page["url"]}{person}", null);
        }

        process.Signal("INT");
        Assert.Equal(0, await process.ExitAsync());
        var needles = persons.Concat(Names).Concat(Names.SelectMany(n => n.Split(' '))).SelectMany(Forms).ToList();
        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).ToList();
        Assert.True(files.Sum(f => new FileInfo(f).Length) > 50_000, "Too little was stored to prove anything.");
        foreach (var (place, content) in files.Select(f => (f, File.ReadAllBytes(f))).Append(("logs", Encoding.UTF8.GetBytes(process.Said))).Append(("answers", Encoding.UTF8.GetBytes(beside.ToString()))))
        {
            Assert.All(needles, n => Assert.True(content.AsSpan().IndexOf(n.Bytes) < 0, $"{n.Form} of a number or name in {place}"));
        }

        Assert.DoesNotContain(files, f => persons.Exists(p => f.Contains(p, StringComparison.Ordinal)));
    }

    private static JsonObject WithNames(JsonObject observation, int i)
    {
        var name = Names[i % 3];
        observation["subject"]!["display"] = name;
        observation["performer"] = new JsonArray(new JsonObject { ["display"] = name });
        observation["note"] = new JsonArray(new JsonObject { ["text"] = $"{name} was sitting." });
        observation["text"] = new JsonObject { ["status"] = "generated", ["div"] = $"<div xmlns=\"http://www.w3.org/1999/xhtml\">{name}</div>" };
        return observation;
    }

    // Base64 of what stands in something longer has one of three forms; its first and last characters depend on the neighbours.
    private static IEnumerable<(string Form, byte[] Bytes)> Forms(string text)
    {
        var ascii = Encoding.ASCII.GetBytes(text);
        yield return ("ASCII", ascii);
        yield return ("UTF-16", Encoding.Unicode.GetBytes(text));
        yield return ("UTF-16 BE", Encoding.BigEndianUnicode.GetBytes(text));
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(ascii)));
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(ascii)));
        for (var before = 0; before < 3; before++)
        {
            var encoded = Convert.ToBase64String([.. new byte[before], .. ascii]);
            var first = ((before * 8) + 5) / 6;
            var last = (before + ascii.Length) * 8 / 6;
            yield return ("base64", Encoding.ASCII.GetBytes(encoded[first..last]));
        }
    }
}
