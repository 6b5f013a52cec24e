using System.Globalization;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary><c>POST /Observation</c>, and what <c>POST /</c> says of entries that are wrong in themselves.</summary>
public sealed class CreateTests(SharedService shared) : IClassFixture<SharedService>
{
    private TestService Service => shared.Service;

    [Fact]
    public async Task A_new_Observation_is_201_and_the_same_again_200_with_the_same_place()
    {
        var sent = HeartRate(NewPerson(), "1");
        var first = await Service.PostAsync("/Observation", sent);
        Assert.Equal(201, first.StatusCode);
        Assert.Matches($"^{Service.Client.BaseAddress}Observation/[a-z2-7]{{52}}/_history/1$", first.Header("Location"));
        Assert.Equal("W/\"1\"", first.Header("ETag"));
        var again = await Service.PostAsync("/Observation/", sent);
        Assert.Equal(200, again.StatusCode);
        Assert.Equal(first.Header("Location"), again.Header("Location"));
        Assert.Equal(first.Header("ETag"), again.Header("ETag"));
        Assert.Equal(first.Header("Last-Modified"), again.Header("Last-Modified"));
        Assert.All([first, again], a => Assert.IsType<OperationOutcome>(Parse(a)));

        var read = await Service.GetAsync(new Uri(first.Header("Location")!).PathAndQuery);
        var stored = DateTimeOffset.Parse((string)read.Json["meta"]!["lastUpdated"]!, CultureInfo.InvariantCulture);
        Assert.Equal(stored.ToString("R"), first.Header("Last-Modified"));
        Assert.Equal(stored.ToString("R"), read.Header("Last-Modified"));
    }

    [Fact]
    public async Task Other_content_under_the_same_identifier_is_409_and_says_where()
    {
        var person = NewPerson();
        await Service.PostAsync("/Observation", HeartRate(person, "1"));
        var answer = await Service.PostAsync("/Observation", HeartRate(person, "1", value: 99));
        Assert.Equal(["Observation.identifier[0]"], Refused(409, answer, "PUT").Issue[0].Expression);
        Assert.Null(answer.Header("Location"));
        Assert.Equal(201, (await Service.PostAsync("/Observation", HeartRate(NewPerson(), "1", value: 99))).StatusCode);
    }

    [Theory]
    [InlineData("status", null, "Observation.status")]
    [InlineData("status", "\"done\"", "Observation.status")]
    [InlineData("status", "7", "Observation.status")]
    [InlineData("code", null, "Observation.code")]
    [InlineData("code", "{}", "Observation.code")]
    [InlineData("code", "{\"coding\":[{\"system\":\"http://loinc.org\"}]}", "Observation.code")]
    [InlineData("subject", null, "Observation.subject.identifier.value")]
    [InlineData("subject", "{\"reference\":\"Patient/17\"}", "Observation.subject.identifier.value")]
    [InlineData("subject", "{\"identifier\":{\"value\":\"not digits\"}}", "Observation.subject.identifier.value")]
    [InlineData("valueQuantity", null, "Observation.value")]
    [InlineData("valueQuantity", "{\"value\":\"71\",\"unit\":\"/min\"}", "Observation.valueQuantity.value")]
    [InlineData("valueString", "\"two values\"", "Observation.valueString")]
    [InlineData("effectiveDateTime", "\"2026-13-01\"", "Observation.effectiveDateTime")]
    [InlineData("effectiveDateTime", "\"2026-11-20T08:00:00\"", "Observation.effectiveDateTime")]
    [InlineData("effectiveDateTime", "\"2026-11-21T12:00:01Z\"", "Observation.effectiveDateTime")]
    [InlineData("favouriteColour", "\"blue\"", "Observation.favouriteColour")]
    [InlineData("component", "[{\"valueInteger\":1}]", "Observation.component[0].code")]
    [InlineData("meta", "{\"profile\":[\"http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation-Heartrate\"]}", null)]
    public async Task What_breaks_a_rule_is_422_and_says_where(string member, string? json, string? expression)
    {
        var sent = HeartRate(NewPerson(), "1");
        sent.Remove(member);
        if (json is not null)
        {
            sent[member] = JsonNode.Parse(json);
        }

        if (member == "meta")
        {
            sent["valueQuantity"]!["code"] = "kg";
        }

        var answer = await Service.PostAsync("/Observation", sent);
        var issues = Assert.IsType<OperationOutcome>(Parse(answer)).Issue.Where(i => i.Severity == OperationOutcome.IssueSeverity.Error).ToList();
        Assert.True(answer.StatusCode == 422 && issues.Count > 0, answer.Text);
        Assert.True(expression is null || issues.Any(i => i.Expression.Single()!.StartsWith(expression, StringComparison.Ordinal)), answer.Text);

        // In a Bundle it is the entry's outcome, and its neighbours are stored.
        var bundle = await Service.PostAsync("/", Collection(HeartRate(NewPerson(), "1"), sent.DeepClone().AsObject()));
        Assert.Equal(["200", "422"], bundle.Entries.Select(e => (string?)e["response"]!["status"]));
        Assert.Equal(answer.Json["issue"]!.ToJsonString(), bundle.Entries[1]["response"]!["outcome"]!["issue"]!.ToJsonString());
        Assert.IsType<Bundle>(Parse(bundle));
    }

    [Theory]
    [InlineData("effectiveDateTime", "\"\"")]
    [InlineData("effectiveDateTime", "\"1989-01-01\"")]
    [InlineData("effectiveDateTime", "\"2026-11-20T12:30:00Z\"")]
    [InlineData("valueQuantity", "{\"value\":71}")]
    [InlineData("performer", "[{\"identifier\":{\"value\":\"NHN testdatagenerator\"}}]")]
    public async Task What_is_only_unwise_is_stored_with_a_warning(string member, string json)
    {
        var sent = HeartRate(NewPerson(), "1");
        sent[member] = JsonNode.Parse(json);
        var answer = await Service.PostAsync("/Observation", sent);
        Assert.Equal(201, answer.StatusCode);
        Assert.Contains(answer.Issues, i => (string?)i["severity"] == "warning");
    }

    [Fact]
    public async Task An_Observation_has_its_limits()
    {
        var person = NewPerson();
        JsonObject Of(int bytes)
        {
            var sent = HeartRate(person, $"{bytes}");
            sent["extension"] = new JsonArray(new JsonObject { ["url"] = "https://example.org/picture", ["valueAttachment"] = new JsonObject { ["contentType"] = "image/png", ["data"] = "" } });
            var data = sent["extension"]![0]!["valueAttachment"]!;
            var missing = bytes - sent.ToJsonString().Length;
            data["data"] = new string('A', missing / 4 * 4);
            return sent;
        }

        Assert.Equal(201, (await Service.PostAsync("/Observation", Of(Limits.MaxObservationBytes))).StatusCode);
        Refused(422, await Service.PostAsync("/Observation", Of(Limits.MaxObservationBytes + 8)), $"{Limits.MaxObservationBytes}");
    }

    [Fact]
    public async Task A_Bundle_of_more_entries_than_the_limit_is_refused_whole()
    {
        string Of(int entries) => $$"""{"resourceType":"Bundle","type":"batch","entry":[{{string.Join(',', Enumerable.Repeat("{}", entries))}}]}""";
        Assert.Equal(Limits.MaxBundleEntries, (await Service.SendAsync(HttpMethod.Post, "/", Of(Limits.MaxBundleEntries))).Entries.Count);
        Refused(400, await Service.SendAsync(HttpMethod.Post, "/", Of(Limits.MaxBundleEntries + 1)), $"{Limits.MaxBundleEntries}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"resourceType\":\"Bundle\",\"type\":\"collection\"}")]
    [InlineData("{\"resourceType\":\"Patient\"}")]
    [InlineData("{\"resourceType\":\"Observation\",\"status\":\"final\",}")]
    [InlineData("{\"resourceType\":\"Observation\"} trailing")]
    [InlineData("{\"resourceType\":\"\\ud800\"}")]
    [InlineData("{\"resourceType\":\"Observation\",\"\\udc00\":1}")]
    [InlineData("{\"resourceType\":\"Observation\",\"id\":\"\\ud800\"}")]
    public async Task A_body_that_is_no_Observation_is_400(string body) =>
        Refused(400, await Service.SendAsync(HttpMethod.Post, "/Observation", body));

    [Theory]
    [InlineData("{\"fullUrl\":\"\\ud800\",\"resource\":GOOD}")]
    [InlineData("{\"\\ud800\":1,\"resource\":GOOD}")]
    [InlineData("{\"resource\":{\"resourceType\":\"\\udc00\"}}")]
    [InlineData("{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"\\udc00\"}}")]
    [InlineData("{\"resource\":GOOD,\"request\":{\"method\":\"\\ud800\"}}")]
    [InlineData("{\"resource\":GOOD,\"request\":{\"method\":\"PUT\",\"url\":\"\\ud800\"}}")]
    [InlineData("{\"fullUrl\":\"\u00ff\",\"resource\":GOOD}")]
    public async Task An_entry_with_text_that_cannot_be_read_is_refused_alone(string entry)
    {
        var good = HeartRate(NewPerson(), "1").ToJsonString();
        var text = $$"""{"resourceType":"Bundle","type":"batch","entry":[{{entry.Replace("GOOD", good, StringComparison.Ordinal)}},{"resource":{{good}}}]}""";
        using var content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(text));
        content.Headers.ContentType = new("application/fhir+json");
        using var response = await Service.Client.PostAsync("/", content);
        var answer = new Answer(response.StatusCode, response, await response.Content.ReadAsStringAsync());
        Assert.True(answer.StatusCode == 200, answer.Text);
        Assert.Equal(["422", "200"], answer.Entries.Select(e => (string?)e["response"]!["status"]));
        Parse(answer);
    }

    [Theory]
    [InlineData("\"type\":\"batch\",\"identifier\":{\"value\":\"\\ud800\"}")]
    [InlineData("\"type\":\"\\ud800\"")]
    [InlineData("\"type\":\"batch\",\"\\ud800\":1")]
    [InlineData("\"type\":\"batch\",\"meta\":{\"tag\":[{\"system\":\"\\udfff\"}]}")]
    public async Task A_Bundle_whose_own_text_cannot_be_read_is_refused_whole(string members) =>
        Refused(400, await Service.SendAsync(HttpMethod.Post, "/", $$"""{"resourceType":"Bundle",{{members}},"entry":[]}"""));

    [Theory]
    [InlineData("DELETE", "{}", "request.method")]
    [InlineData("GET", "{}", "request.method")]
    [InlineData("post", "{}", "request.method")]
    [InlineData("POST", "{\"ifMatch\":\"W/\\\"1\\\"\"}", "request.ifMatch")]
    [InlineData("PUT", "{\"url\":\"Observation/hr\",\"ifNoneExist\":\"identifier=a|b\"}", "request.ifNoneExist")]
    [InlineData("POST", "{\"ifNoneExist\":\"code=8867-4\"}", "request.ifNoneExist")]
    [InlineData("PUT", "{\"url\":\"Observation/hr\",\"ifMatch\":\"new\"}", "request.ifMatch")]
    [InlineData("PUT", "{\"url\":\"Observation/other\"}", "Observation.id")]
    public async Task A_request_of_an_entry_that_cannot_be_followed_refuses_the_entry(string method, string request, string expression)
    {
        var resource = HeartRate(NewPerson(), "1");
        resource["id"] = "hr";
        var bundle = Batch((method, resource), ("POST", HeartRate(NewPerson(), "1")));
        foreach (var (name, value) in JsonNode.Parse(request)!.AsObject())
        {
            bundle["entry"]![0]!["request"]![name] = value?.DeepClone();
        }

        var answer = await Service.PostAsync("/", bundle);
        Assert.Equal(["422", "200"], answer.Entries.Select(e => (string?)e["response"]!["status"]));
        Assert.EndsWith(expression, (string?)answer.Entries[0]["response"]!["outcome"]!["issue"]![0]!["expression"]![0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"timestamp\":\"yesterday\"", "Bundle.timestamp")]
    [InlineData("\"timestamp\":\"2026-11-20\"", "Bundle.timestamp")]
    [InlineData("\"meta\":{\"tag\":[{\"system\":\"https://register.geonorge.no/sosi-kodelister/inndelinger/inndelingsbase/kommunenummer\",\"code\":\"Oslo\"}]}", "Bundle.meta.tag")]
    public async Task What_a_Bundle_says_of_itself_and_cannot_be_used_is_remarked_on(string member, string expression)
    {
        var bundle = Collection(HeartRate(NewPerson(), "1"));
        foreach (var (name, value) in JsonNode.Parse($"{{{member}}}")!.AsObject())
        {
            bundle[name] = value?.DeepClone();
        }

        var answer = await Service.PostAsync("/", bundle);
        Assert.Contains(answer.Entries[0]["response"]!["outcome"]!["issue"]!.AsArray(), i => (string?)i!["severity"] == "warning" && (string?)i["expression"]?[0] == expression);
    }

    [Fact]
    public async Task If_None_Exist_answers_what_is_stored_and_looks_at_nothing_else()
    {
        var person = NewPerson();
        var stored = HeartRate(person, "1");
        stored["identifier"]!.AsArray().Add(new JsonObject { ["system"] = "https://example.org/second", ["value"] = "b,c|d" });
        stored["identifier"]!.AsArray().Add(new JsonObject { ["value"] = "bare" });
        var first = await Service.PostAsync("/Observation", stored);
        foreach (var criterion in new[]
        {
            "identifier=https://example.org/measurement|1", "identifier=1", "?identifier=https%3A%2F%2Fexample.org%2Fmeasurement%7C1",
            @"identifier=https://example.org/second|b\,c\|d", "identifier=|bare", "identifier=bare",
        })
        {
            var answer = await Service.PostAsync("/Observation", HeartRate(person, value: 99), ("If-None-Exist", criterion));
            Assert.True(answer.StatusCode == 200, $"{criterion}: {answer.Text}");
            Assert.Equal(first.Header("Location"), answer.Header("Location"));
        }

        foreach (var criterion in new[] { "identifier=https://example.org/other|1", "identifier=|1", "identifier=17" })
        {
            Assert.Equal(201, (await Service.PostAsync("/Observation", HeartRate(person, $"new {criterion}"), ("If-None-Exist", criterion))).StatusCode);
        }

        // Of another patient it is nothing.
        Assert.Equal(201, (await Service.PostAsync("/Observation", HeartRate(NewPerson(), "2"), ("If-None-Exist", "identifier=https://example.org/measurement|1"))).StatusCode);
    }

    [Fact]
    public async Task If_None_Exist_that_matches_several_is_412()
    {
        var person = NewPerson();
        JsonObject Member(string name)
        {
            var observation = HeartRate(person, name);
            observation["identifier"]!.AsArray().Add(new JsonObject { ["system"] = "https://example.org/series", ["value"] = "s" });
            return observation;
        }

        await shared.StoreAsync(Member("1"), Member("2"));
        var outcome = Refused(412, await Service.PostAsync("/Observation", HeartRate(person, "3"), ("If-None-Exist", "identifier=https://example.org/series|s")));
        Assert.Equal(OperationOutcome.IssueType.MultipleMatches, outcome.Issue[0].Code);
    }

    [Fact]
    public async Task If_None_Exist_holds_for_an_entry_too()
    {
        var person = NewPerson();
        var ids = await shared.StoreAsync(HeartRate(person, "1"));
        var bundle = Batch(("POST", HeartRate(person, value: 99)), ("POST", HeartRate(person, "2")));
        bundle["entry"]![0]!["request"]!["ifNoneExist"] = "identifier=https://example.org/measurement|1";
        bundle["entry"]![1]!["request"]!["ifNoneExist"] = "identifier=https://example.org/measurement|2";
        var answer = await Service.PostAsync("/", bundle);
        Assert.Equal(["known", "created"], answer.Entries.Select(e => (string?)e["response"]!["outcome"]!["issue"]![0]!["details"]!["coding"]![0]!["code"]));
        Assert.StartsWith($"Observation/{ids[0]}/", (string?)answer.Entries[0]["response"]!["location"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("identifier")]
    [InlineData("identifier=")]
    [InlineData("identifier=a|")]
    [InlineData("identifier=|")]
    [InlineData("identifier=a|b|c")]
    [InlineData("identifier=a|1,a|2")]
    [InlineData("identifier=a|1,2")]
    [InlineData("identifier=1,2")]
    [InlineData("identifier:exact=1")]
    [InlineData("code=8867-4")]
    [InlineData("identifier=a|1&status=final")]
    [InlineData("patient.identifier=1&identifier=a|1")]
    public async Task If_None_Exist_on_anything_but_one_identifier_is_400(string criterion) =>
        Refused(400, await Service.PostAsync("/Observation", HeartRate(NewPerson(), "1"), ("If-None-Exist", criterion)), "identifier");

    [Theory]
    [InlineData("return=minimal", null)]
    [InlineData("return=representation", "OperationOutcome")]
    [InlineData("return=OperationOutcome", "OperationOutcome")]
    [InlineData("handling=strict", "OperationOutcome")]
    [InlineData("respond-async, return=representation; handling=lenient", "OperationOutcome")]
    public async Task The_answer_is_what_is_preferred(string prefer, string? type)
    {
        var sent = HeartRate(NewPerson(), "1");
        foreach (var status in new[] { 201, 200 })
        {
            var answer = await Service.PostAsync("/Observation", sent, ("Prefer", prefer));
            Assert.Equal(status, answer.StatusCode);
            Assert.NotNull(answer.Header("Location"));
            Assert.Equal("W/\"1\"", answer.Header("ETag"));
            Assert.Equal(type, answer.Text.Length == 0 ? null : (string?)answer.Json["resourceType"]);
            if (type is not null)
            {
                Parse(answer);
            }
        }

        // A refusal is always told.
        Refused(409, await Service.PostAsync("/Observation", HeartRate((string)sent["subject"]!["identifier"]!["value"]!, "1", value: 5), ("Prefer", prefer)));
    }
}
