using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions;

public sealed class SubmitBundleTests
{
    private static readonly string Ola = SyntheticNumbers.Number(1);
    private static readonly string Kari = SyntheticNumbers.Number(2);

    private static string? Word(JsonNode entry) => (string?)entry["response"]!["outcome"]!["issue"]![0]!["details"]!["coding"]![0]!["code"];

    private static string? EntryStatus(JsonNode entry) => (string?)entry["response"]!["status"];

    [Fact]
    public async Task A_collection_is_answered_entry_by_entry_with_the_bare_200()
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), Weight(Kari, "2")));
        Assert.Equal(200, answer.StatusCode);
        Assert.Equal("batch-response", (string?)answer.Json["type"]);
        Assert.Equal(["200", "200"], answer.Entries.Select(EntryStatus));
        Assert.All(answer.Entries, e =>
        {
            Assert.Matches("^Observation/[a-z2-7]{52}/_history/1$", (string?)e["response"]!["location"]);
            Assert.Equal("W/\"1\"", (string?)e["response"]!["etag"]);
            Assert.Equal("2026-11-20T12:00:00.000Z", (string?)e["response"]!["lastModified"]);
            Assert.Equal("created", Word(e));
        });
    }

    [Fact]
    public async Task A_batch_echoes_fullUrl_in_order()
    {
        await using var service = await TestService.StartAsync();
        var put = HeartRate(Ola);
        put["id"] = "hr-1";
        var answer = await service.PostAsync("/", Batch(("POST", HeartRate(Ola, "1")), ("PUT", put)));
        Assert.Equal(["urn:uuid:00000000-0000-4000-8000-000000000000", "urn:uuid:00000000-0000-4000-8000-000000000001"], answer.Entries.Select(e => (string?)e["fullUrl"]));
        Assert.All(answer.Entries, e => Assert.Equal("created", Word(e)));
    }

    [Fact]
    public async Task A_bad_entry_does_not_harm_its_neighbours_and_says_where_it_is_wrong()
    {
        await using var service = await TestService.StartAsync();
        var bad = HeartRate(Ola, "2");
        bad.Remove("status");
        var answer = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), bad, Weight(Ola, "3")));
        Assert.Equal(["200", "422", "200"], answer.Entries.Select(EntryStatus));
        var issue = answer.Entries[1]["response"]!["outcome"]!["issue"]![0]!;
        Assert.Equal("error", (string?)issue["severity"]);
        Assert.Equal("Observation.status", (string?)issue["expression"]![0]);
        Assert.Equal(2, (await service.SearchAsync($"patient.identifier={Ola}")).Observations.Count);
    }

    [Fact]
    public async Task An_entry_that_is_too_deep_or_broken_in_any_way_does_not_harm_its_neighbours()
    {
        await using var service = await TestService.StartAsync();
        var deep = string.Concat(Enumerable.Repeat("[", 500)) + string.Concat(Enumerable.Repeat("]", 500));
        var body = $$$"""{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":{{{deep}}}}},7,null,{},{"resource":[]},{"resource":{}},{"resource":{"resourceType":7}},{"resource":{{{HeartRate(Ola, "1").ToJsonString()}}}}]}""";
        var answer = await service.SendAsync(HttpMethod.Post, "/", body);
        Assert.Equal(200, answer.StatusCode);
        Assert.Equal(["422", "422", "422", "422", "422", "422", "422", "200"], answer.Entries.Select(EntryStatus));
    }

    [Fact]
    public async Task What_is_no_Observation_is_ignored_and_says_so()
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), new JsonObject { ["resourceType"] = "Patient" }));
        Assert.Equal(["200", "200"], answer.Entries.Select(EntryStatus));
        Assert.Equal("ignored", Word(answer.Entries[1]));
        Assert.Null(answer.Entries[1]["response"]!["location"]);
    }

    [Fact]
    public async Task A_transaction_is_refused_with_the_reason()
    {
        await using var service = await TestService.StartAsync();
        var bundle = Batch(("POST", HeartRate(Ola)));
        bundle["type"] = "transaction";
        var answer = await service.PostAsync("/", bundle);
        Assert.Equal(400, answer.StatusCode);
        Assert.Equal("Bundle.type", (string?)answer.Issues[0]["expression"]![0]);
        Assert.Contains("batch", (string?)answer.Issues[0]["diagnostics"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("{", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 400)]
    [InlineData("\"x\"", 400)]
    [InlineData("{}", 400)]
    [InlineData("""{"resourceType":"Observation"}""", 400)]
    [InlineData("""{"resourceType":"Bundle"}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"document"}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":7}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":{}}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"batch"}""", 200)]
    public async Task A_body_that_is_no_Bundle_of_ours_is_refused_with_an_OperationOutcome(string body, int status)
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.SendAsync(HttpMethod.Post, "/", body);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == 200 ? "Bundle" : "OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Fact]
    public async Task Two_readings_with_the_same_time_and_different_ids_are_both_kept()
    {
        await using var service = await TestService.StartAsync();
        await service.PostAsync("/", Collection(HeartRate(Ola, "1"), HeartRate(Ola, "2")));
        Assert.Equal(2, (await service.SearchAsync($"patient.identifier={Ola}")).Observations.Count);
    }

    [Fact]
    public async Task The_same_content_again_is_known_and_names_the_same_id()
    {
        await using var service = await TestService.StartAsync();
        var first = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), HeartRate(Ola), Weight(Ola, "3")));
        var again = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), HeartRate(Ola), Weight(Ola, "3")));
        Assert.All(again.Entries, e => Assert.Equal("known", Word(e)));
        Assert.Equal(first.Entries.Select(e => (string?)e["response"]!["location"]), again.Entries.Select(e => (string?)e["response"]!["location"]));
        Assert.Equal(3, (await service.SearchAsync($"patient.identifier={Ola}")).Observations.Count);
    }

    [Fact]
    public async Task Other_content_under_the_same_identifier_is_a_conflict_told_as_such()
    {
        await using var service = await TestService.StartAsync();
        await service.PostAsync("/", Collection(HeartRate(Ola, "1", value: 70)));
        var answer = await service.PostAsync("/", Collection(HeartRate(Ola, "1", value: 90), HeartRate(Ola, "2")));
        Assert.Equal(["409", "200"], answer.Entries.Select(EntryStatus));
        Assert.Equal("Observation.identifier[0]", (string?)answer.Entries[0]["response"]!["outcome"]!["issue"]![0]!["expression"]![0]);
        Assert.Equal(70, (int)(await service.SearchAsync($"patient.identifier={Ola}&code=8867-4&_sort=-date")).Observations.Select(o => o["valueQuantity"]!["value"]!).Min(v => (int)v)!);
    }

    [Fact]
    public async Task The_same_identity_twice_in_one_Bundle_is_stored_once()
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.PostAsync("/", Collection(HeartRate(Ola, "1"), HeartRate(Ola, "1"), HeartRate(Ola, "1", value: 99)));
        Assert.Equal(["created", "known", "conflict"], answer.Entries.Select(Word));
        Assert.Single((await service.SearchAsync($"patient.identifier={Ola}")).Observations);
    }

    [Theory]
    [InlineData("5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f", "5D1F0C2E-6A0B-4F43-9F53-0A6B8C1D2E3F")]
    [InlineData("urn:uuid:5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f", "5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f")]
    [InlineData("urn:oid:2.16.578.1.12.4.1.99.1", "urn:oid:2.16.578.1.12.4.1.99.1")]
    public async Task A_globally_unique_identifier_is_the_same_however_it_is_written(string one, string other)
    {
        await using var service = await TestService.StartAsync();
        var first = HeartRate(Ola, one);
        await service.PostAsync("/", Collection(first));
        var second = HeartRate(Ola, other, value: 99);
        Assert.Equal("409", EntryStatus((await service.PostAsync("/", Collection(second))).Entries[0]));
    }

    [Fact]
    public async Task A_device_that_sends_its_store_again_through_another_gateway_makes_no_duplicates()
    {
        await using var service = await TestService.StartAsync();
        JsonObject Reading() => With(HeartRate(Ola), "device", new JsonObject { ["identifier"] = new JsonObject { ["system"] = "http://komlink.nhn.no/devices/serial", ["value"] = "A-17" } });
        await service.PostAsync("/", Collection(Reading()));
        var again = Collection(Weight(Ola), Reading());
        again["identifier"] = new JsonObject { ["system"] = "https://example.org/bundle", ["value"] = "2" };
        Assert.Equal(["created", "known"], (await service.PostAsync("/", again)).Entries.Select(Word));
    }

    [Fact]
    public async Task Equal_readings_without_any_id_are_both_kept_in_one_Bundle_and_known_when_it_is_sent_again()
    {
        await using var service = await TestService.StartAsync();
        JsonObject Bundle(string id) => With(Collection(HeartRate(Ola), HeartRate(Ola)), "identifier", new JsonObject { ["system"] = "https://example.org/bundle", ["value"] = id });
        Assert.Equal(["created", "created"], (await service.PostAsync("/", Bundle("1"))).Entries.Select(Word));
        Assert.Equal(["known", "known"], (await service.PostAsync("/", Bundle("1"))).Entries.Select(Word));
        Assert.Equal(["created", "created"], (await service.PostAsync("/", Bundle("2"))).Entries.Select(Word));
    }

    [Fact]
    public async Task Sixty_four_clients_that_send_the_same_thousand_at_once_store_each_once_and_hear_the_same_ids()
    {
        await using var service = await TestService.StartAsync();
        var bundles = Enumerable.Range(0, 10).Select(b => Collection(Enumerable.Range(0, 100).Select(i => HeartRate(Ola, $"{b}-{i}"))).ToJsonString()).ToList();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            var locations = new List<string>();
            foreach (var bundle in bundles)
            {
                var answer = await service.SendAsync(HttpMethod.Post, "/", bundle);
                Assert.Equal(200, answer.StatusCode);
                Assert.All(answer.Entries, e => Assert.Equal("200", EntryStatus(e)));
                locations.AddRange(answer.Entries.Select(e => (string)e["response"]!["location"]!));
            }

            return locations;
        }));
        Assert.All(answers, a => Assert.Equal(answers[0], a));
        Assert.Equal(1000, answers[0].Distinct().Count());
        Assert.Equal(1000, (int)(await service.SearchAsync($"patient.identifier={Ola}&_summary=count")).Json["total"]!);
    }

    internal static JsonObject With(JsonObject resource, string name, JsonNode value)
    {
        resource[name] = value;
        return resource;
    }
}
