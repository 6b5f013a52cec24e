using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SubmitBundleTests;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Messages that a careless server would lose, double or half-store in silence.</summary>
public sealed class NothingLostTests
{
    private static readonly string Ola = SyntheticNumbers.Number(81);

    private static async Task<int> CountAsync(TestService service) => (await service.SearchAsync($"patient.identifier={Ola}")).Observations.Count;

    [Theory]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":A}],"entry":[{"resource":B}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","type":"batch","entry":[{"resource":A}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entries":[{"resource":A}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":A,"resource":B}]}""", 422)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resourse":A}]}""", 422)]
    public async Task What_stands_twice_or_is_misspelt_in_a_Bundle_is_refused(string body, int status)
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.SendAsync(HttpMethod.Post, "/", body.Replace("A}", HeartRate(Ola, "1").ToJsonString() + "}", StringComparison.Ordinal).Replace("A,", HeartRate(Ola, "1").ToJsonString() + ",", StringComparison.Ordinal).Replace("B}", HeartRate(Ola, "2").ToJsonString() + "}", StringComparison.Ordinal));
        Assert.Equal(status, answer.StatusCode == 200 ? int.Parse((string)answer.Entries[0]["response"]!["status"]!, System.Globalization.CultureInfo.InvariantCulture) : answer.StatusCode);
        Assert.Equal(0, await CountAsync(service));
    }

    [Fact]
    public async Task An_Observation_with_very_many_categories_is_stored_and_found_by_each()
    {
        await using var service = await TestService.StartAsync();
        var observation = HeartRate(Ola, "1");
        observation["category"] = new JsonArray([.. Enumerable.Range(0, 13).Select(c => new JsonObject { ["coding"] = new JsonArray([.. Enumerable.Range(0, 20).Select(i => new JsonObject { ["code"] = $"c{c}-{i}" })]) })]);
        Assert.Equal(201, (await service.PostAsync("/Observation", observation)).StatusCode);
        Assert.Single((await service.SearchAsync($"patient.identifier={Ola}&category=c12-19")).Observations);
    }

    [Theory]
    [InlineData("valueQuantity", """{"value":"","unit":""}""")]
    [InlineData("dataAbsentReason", """{"text":""}""")]
    [InlineData("component", """[{"code":{"text":""}}]""")]
    [InlineData("hasMember", """[{"display":""}]""")]
    public async Task A_vital_sign_whose_only_result_is_empty_strings_is_refused(string name, string value)
    {
        await using var service = await TestService.StartAsync();
        var observation = HeartRate(Ola, "1");
        observation.Remove("valueQuantity");
        observation[name] = JsonNode.Parse(value);
        Assert.Equal(422, (await service.PostAsync("/Observation", observation)).StatusCode);
    }

    [Fact]
    public async Task Equal_readings_with_different_ids_are_both_kept_and_each_is_known_again()
    {
        await using var service = await TestService.StartAsync();
        foreach (var status in new[] { 201, 200 })
        {
            Assert.Equal(status, (await service.PostAsync("/Observation", With(HeartRate(Ola), "id", "a1"))).StatusCode);
            Assert.Equal(status, (await service.PostAsync("/Observation", With(HeartRate(Ola), "id", "a2"))).StatusCode);
        }

        Assert.Equal(2, await CountAsync(service));
    }

    [Fact]
    public async Task Readings_without_ids_are_known_in_whatever_order_they_are_packed()
    {
        await using var service = await TestService.StartAsync();
        await service.PostAsync("/", Collection(HeartRate(Ola), Weight(Ola), HeartRate(Ola)));
        await service.PostAsync("/", Collection(Weight(Ola), HeartRate(Ola), HeartRate(Ola)));
        await service.PostAsync("/Observation", HeartRate(Ola));
        Assert.Equal(3, await CountAsync(service));
    }

    [Theory]
    [InlineData("5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f", "POST")]
    [InlineData("plain", "POST")]
    [InlineData("plain", "PUT")]
    [InlineData(null, "POST")]
    public async Task What_is_read_and_sent_back_is_known(string? id, string method)
    {
        await using var service = await TestService.StartAsync();
        var sent = HeartRate(Ola);
        if (id is not null)
        {
            sent["id"] = id;
        }

        await service.PostAsync("/", Batch((method, sent)));
        var read = (await service.SearchAsync($"patient.identifier={Ola}")).Observations[0].DeepClone().AsObject();
        Assert.Equal(200, (await service.PostAsync("/Observation", read)).StatusCode);
        Assert.Equal(1, await CountAsync(service));
    }

    [Fact]
    public async Task Narrative_of_contained_resources_is_left_out_and_extensions_keep_their_places()
    {
        await using var service = await TestService.StartAsync();
        var observation = HeartRate(Ola, "1");
        observation["contained"] = JsonNode.Parse("""[{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Kari</div>"},"name":[{"given":["","x"],"_given":[{"id":"a"},null]}]}]""");
        observation["performer"] = JsonNode.Parse("""[{"reference":"#p"}]""");
        Assert.Equal(201, (await service.PostAsync("/Observation", observation)).StatusCode);
        var contained = (await service.SearchAsync($"patient.identifier={Ola}")).Observations[0]["contained"]![0]!;
        Assert.Null(contained["text"]);
        Assert.Equal("""[null,"x"]""", contained["name"]![0]!["given"]!.ToJsonString());
    }

    [Theory]
    [InlineData("effectivePeriod", """{"end":"2099"}""", 422)]
    [InlineData("effectivePeriod", """{"start":"2026-11-19","end":"2030-01-01"}""", 422)]
    [InlineData("effectiveTiming", """{"event":["2026-11-01","2030-01-01"]}""", 422)]
    [InlineData("effectivePeriod", """{"start":"2026-11-19","end":"2026"}""", 201)]
    public async Task No_time_of_a_measurement_lies_far_ahead(string name, string value, int status)
    {
        await using var service = await TestService.StartAsync();
        Assert.Equal(status, (await service.PostAsync("/Observation", With(HeartRate(Ola, "1", effective: null), name, JsonNode.Parse(value)!))).StatusCode);
    }

    [Theory]
    [InlineData("gzip", 400)]
    [InlineData("br", 415)]
    [InlineData("zstd", 415)]
    [InlineData("gzip, gzip", 415)]
    public async Task A_body_coded_in_a_way_that_is_not_read_is_refused_and_the_correlation_id_stays(string encoding, int status)
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.SendAsync(HttpMethod.Post, "/", "xxxxx", headers: [("Content-Encoding", encoding), ("correlation-id", "A5/+=")]);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("A5/+=", answer.Header("correlation-id"));
    }

    [Fact]
    public async Task A_line_or_headers_that_are_too_long_are_answered_in_FHIRs_own_words()
    {
        await using var service = await TestService.StartAsync();
        Assert.Equal("too-long", (string?)(await service.GetAsync($"/{new string('a', 33_000)}")).Issues[0]["code"]);
        Assert.Equal("too-long", (string?)(await service.GetAsync("/metadata", ("x-long", new string('a', 70_000)))).Issues[0]["code"]);
    }
}
