using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary><c>PUT /Observation/{id}</c>, corrections, history and <c>_lastUpdated</c>.</summary>
public sealed class UpdateTests : IClassFixture<SharedService>
{
    private readonly SharedService shared;

    public UpdateTests(SharedService shared)
    {
        this.shared = shared;

        // Versions of one Observation have stamps of their own; the next comes when the clock has moved on.
        shared.Service.Clock.AutoAdvanceAmount = TimeSpan.FromMilliseconds(1);
    }

    private TestService Service => shared.Service;

    private static JsonObject With(JsonObject resource, string name, JsonNode value)
    {
        resource[name] = value;
        return resource;
    }

    private Task<Answer> PutAsync(string id, JsonObject resource, string? ifMatch = null) =>
        Service.SendAsync(HttpMethod.Put, $"/Observation/{id}", With(resource.DeepClone().AsObject(), "id", id).ToJsonString(), headers: ifMatch is null ? [] : [("If-Match", ifMatch)]);

    private async Task<(int Value, string Version)> CurrentAsync(string id)
    {
        var read = await Service.GetAsync($"/Observation/{id}");
        return ((int)read.Json["valueQuantity"]!["value"]!, (string)read.Json["meta"]!["versionId"]!);
    }

    private static string IdOf(Answer answer) => answer.Header("Location")!.Split('/')[^3];

    [Fact]
    public async Task A_PUT_with_an_id_of_the_senders_own_creates_then_corrects_and_tells_the_id_it_got()
    {
        var person = NewPerson();
        var first = await PutAsync("hr-1", HeartRate(person, value: 70));
        Assert.Equal(201, first.StatusCode);
        var again = await PutAsync("hr-1", HeartRate(person, value: 70));
        Assert.Equal((200, first.Header("Location")), (again.StatusCode, again.Header("Location")));
        var second = await PutAsync("hr-1", HeartRate(person, value: 71));
        Assert.Equal((200, "W/\"2\""), (second.StatusCode, second.Header("ETag")));
        Assert.Equal(IdOf(first), IdOf(second));
        Assert.Equal((71, "2"), await CurrentAsync(IdOf(first)));
        Assert.Single(await shared.NamesAsync(person, ""));
    }

    [Fact]
    public async Task A_PUT_to_the_id_that_answers_carry_corrects()
    {
        var person = NewPerson();
        var id = (await shared.StoreAsync(HeartRate(person, "1", value: 70)))[0];
        var read = (await Service.GetAsync($"/Observation/{id}")).Json.AsObject();
        read["valueQuantity"]!["value"] = 75;
        var answer = await PutAsync(id, read, "W/\"1\"");
        Assert.Equal((200, "W/\"2\""), (answer.StatusCode, answer.Header("ETag")));
        Assert.Equal((75, "2"), await CurrentAsync(id));
    }

    [Fact]
    public async Task If_Match_is_judged_first_also_where_the_content_is_known()
    {
        var person = NewPerson();
        var id = IdOf(await PutAsync("hr-1", HeartRate(person, value: 70)));
        Assert.Equal(200, (await PutAsync(id, HeartRate(person, value: 71), "W/\"1\"")).StatusCode);
        Refused(412, await PutAsync(id, HeartRate(person, value: 72), "W/\"1\""));
        Refused(412, await PutAsync(id, HeartRate(person, value: 71), "W/\"1\""));
        Refused(412, await PutAsync(id, HeartRate(person, value: 70), "W/\"1\""));
        Refused(412, await PutAsync(id, HeartRate(person, value: 72), "W/\"3\""));
        Refused(412, await PutAsync("never-stored", HeartRate(person, value: 1), "W/\"1\""));
        Assert.Equal(200, (await PutAsync(id, HeartRate(person, value: 71), "W/\"2\"")).StatusCode);
        Assert.Equal(200, (await PutAsync(id, HeartRate(person, value: 71), "\"2\"")).StatusCode);
        Assert.Equal((71, "2"), await CurrentAsync(id));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("*")]
    [InlineData("W/\"\"")]
    [InlineData("W/\"0\"")]
    [InlineData("W/\"x\"")]
    [InlineData("W/\"1\", W/\"2\"")]
    public async Task If_Match_that_is_no_version_is_400(string ifMatch) =>
        Refused(400, await PutAsync("hr-1", HeartRate(NewPerson()), ifMatch), "If-Match");

    [Fact]
    public async Task An_id_of_our_form_that_names_nothing_or_someone_else_is_404_and_stores_nothing()
    {
        var (person, other) = (NewPerson(), NewPerson());
        var id = (await shared.StoreAsync(HeartRate(person, "1", value: 70)))[0];
        await shared.StoreAsync(HeartRate(other, "1", value: 80));
        Refused(404, await PutAsync(new string('a', 52), HeartRate(person)));
        Refused(404, await PutAsync(id, HeartRate(other, value: 71)));
        Refused(404, await PutAsync(id, HeartRate(NewPerson(), value: 71)));
        var sent = With(HeartRate(other, value: 71), "id", id);
        Assert.Equal("404", (string?)(await Service.PostAsync("/", Batch(("PUT", sent)))).Entries[0]["response"]!["status"]);
        Assert.Equal((70, "1"), await CurrentAsync(id));
        Assert.Single(await shared.NamesAsync(person, ""));
        Assert.Single(await shared.NamesAsync(other, ""));
    }

    [Fact]
    public async Task The_id_in_the_URL_and_in_the_body_are_the_same()
    {
        var body = With(HeartRate(NewPerson()), "id", "one").ToJsonString();
        Refused(400, await Service.SendAsync(HttpMethod.Put, "/Observation/other", body), "URL");
        Refused(400, await Service.SendAsync(HttpMethod.Put, "/Observation/one", HeartRate(NewPerson()).ToJsonString()), "URL");
        Refused(400, await Service.SendAsync(HttpMethod.Put, "/Observation/One", body), "URL");
        Assert.Equal(201, (await Service.SendAsync(HttpMethod.Put, "/Observation/one/", body)).StatusCode);
    }

    [Fact]
    public async Task An_entry_by_PUT_follows_the_same_rules()
    {
        var person = NewPerson();
        var created = await Service.PostAsync("/", Batch(("PUT", With(HeartRate(person, value: 70), "id", "a")), ("PUT", With(HeartRate(person, value: 71, effective: "2026-11-19"), "id", "b"))));
        var id = ((string)created.Entries[0]["response"]!["location"]!).Split('/')[1];
        var bundle = Batch(
            ("PUT", With(HeartRate(person, value: 72), "id", "a")),
            ("PUT", With(HeartRate(person, value: 73, effective: "2026-11-19"), "id", "b")),
            ("PUT", With(HeartRate(person, value: 74), "id", id)),
            ("PUT", With(HeartRate(person, value: 74), "id", "never-stored")));
        bundle["entry"]![0]!["request"]!["ifMatch"] = "W/\"1\"";
        bundle["entry"]![1]!["request"]!["ifMatch"] = "W/\"7\"";
        bundle["entry"]![2]!["request"]!["ifMatch"] = "W/\"1\"";
        bundle["entry"]![3]!["request"]!["ifMatch"] = "W/\"1\"";
        var answer = await Service.PostAsync("/", bundle);
        Assert.Equal(["200", "412", "412", "412"], answer.Entries.Select(e => (string?)e["response"]!["status"]));
        Assert.Equal((72, "2"), await CurrentAsync(id));
        Assert.IsType<Bundle>(Parse(answer));
    }

    [Theory]
    [InlineData("amended")]
    [InlineData("corrected")]
    [InlineData("cancelled")]
    [InlineData("entered-in-error")]
    public async Task A_status_that_says_so_corrects_without_PUT(string status)
    {
        var person = NewPerson();
        var id = (await shared.StoreAsync(HeartRate(person, "1", value: 70)))[0];
        var answer = await Service.PostAsync("/Observation", With(HeartRate(person, "1", value: 71), "status", status));
        Assert.Equal((200, "W/\"2\"", id), (answer.StatusCode, answer.Header("ETag"), IdOf(answer)));
        Assert.Equal((71, "2"), await CurrentAsync(id));

        // The version it corrected may be sent again: it is known, and changes nothing.
        var old = await Service.PostAsync("/Observation", HeartRate(person, "1", value: 70));
        Assert.Equal((200, "W/\"2\""), (old.StatusCode, old.Header("ETag")));
        Assert.Contains("superseded", old.Text, StringComparison.Ordinal);
        Assert.Equal((71, "2"), await CurrentAsync(id));
    }

    [Theory]
    [InlineData("final")]
    [InlineData("preliminary")]
    [InlineData("registered")]
    [InlineData("unknown")]
    public async Task Any_other_status_with_other_content_is_a_conflict(string status)
    {
        var person = NewPerson();
        var id = (await shared.StoreAsync(HeartRate(person, "1", value: 70)))[0];
        Refused(409, await Service.PostAsync("/Observation", With(HeartRate(person, "1", value: 71), "status", status)));
        Assert.Equal((70, "1"), await CurrentAsync(id));
    }

    [Fact]
    public async Task Corrections_are_ordered_by_issued_whatever_order_they_arrive_in()
    {
        var person = NewPerson();
        JsonObject Issued(int value, int day) => With(With(HeartRate(person, "1", value: value), "status", "corrected"), "issued", $"2026-11-{day:00}T12:00:00Z");
        var id = (await shared.StoreAsync(Issued(72, 12)))[0];
        var late = await Service.PostAsync("/Observation", Issued(71, 11));
        Assert.Contains("history", late.Text, StringComparison.Ordinal);
        Assert.Equal((72, "1"), await CurrentAsync(id));
        await shared.StoreAsync(Issued(73, 13));
        Assert.Equal((73, "3"), await CurrentAsync(id));
        Assert.Equal(["3", "2", "1"], (await Service.GetAsync($"/Observation/{id}/_history")).Entries.Select(e => (string?)e["resource"]!["meta"]!["versionId"]));
    }

    [Fact]
    public async Task Going_back_on_purpose_takes_If_Match()
    {
        var person = NewPerson();
        var id = IdOf(await PutAsync("hr-1", HeartRate(person, value: 70)));
        await PutAsync(id, HeartRate(person, value: 71));
        Assert.Equal("W/\"2\"", (await PutAsync(id, HeartRate(person, value: 70))).Header("ETag"));
        Assert.Equal((71, "2"), await CurrentAsync(id));
        Assert.Equal("W/\"3\"", (await PutAsync(id, HeartRate(person, value: 70), "W/\"2\"")).Header("ETag"));
        Assert.Equal((70, "3"), await CurrentAsync(id));
        Assert.Equal([70, 71, 70], (await Service.GetAsync($"/Observation/{id}/_history")).Entries.Select(e => (int)e["resource"]!["valueQuantity"]!["value"]!));
    }

    [Fact]
    public async Task A_correction_of_time_or_code_moves_it_and_leaves_the_old_version_in_the_history()
    {
        var person = NewPerson();
        var id = IdOf(await PutAsync("m", HeartRate(person, "1", "2026-11-01", 70)));
        await PutAsync(id, HeartRate(person, "1", "2026-11-10", 70), "W/\"1\"");
        Assert.Empty(await shared.NamesAsync(person, "date=2026-11-01"));
        Assert.Single(await shared.NamesAsync(person, "date=2026-11-10"));
        await PutAsync(id, Weight(person, "1", "2025", 70), "W/\"2\"");
        Assert.Empty(await shared.NamesAsync(person, "code=8867-4"));
        Assert.Single(await shared.NamesAsync(person, "code=29463-7&date=2025"));
        await PutAsync(id, Weight(person, "1", null, 70), "W/\"3\"");
        Assert.Empty(await shared.NamesAsync(person, "date=2025"));
        Assert.Single(await shared.NamesAsync(person, ""));
        Assert.Single(Names(await Service.LastAsync($"patient.identifier={person}&max=5")));

        Assert.Equal("2026-11-01", (string?)(await Service.GetAsync($"/Observation/{id}/_history/1")).Json["effectiveDateTime"]);
        var second = await Service.GetAsync($"/Observation/{id}/_history/2/");
        Assert.Equal("2026-11-10", (string?)second.Json["effectiveDateTime"]);
        Assert.Equal("W/\"2\"", second.Header("ETag"));
        Assert.NotNull(second.Header("Last-Modified"));
        var current = await Service.GetAsync($"/Observation/{id}/_history/4");
        Assert.Equal((await Service.GetAsync($"/Observation/{id}")).Text, current.Text);
    }

    [Fact]
    public async Task A_history_is_a_Bundle_of_every_version_once()
    {
        var person = NewPerson();
        var id = IdOf(await PutAsync("hr-1", HeartRate(person, value: 70)));
        for (var v = 1; v < 5; v++)
        {
            await PutAsync(id, HeartRate(person, value: 70 + v), $"W/\"{v}\"");
        }

        var answer = await Service.GetAsync($"/Observation/{id}/_history");
        var bundle = Assert.IsType<Bundle>(Parse(answer));
        Assert.Equal((Bundle.BundleType.History, 5), (bundle.Type, bundle.Total));
        Assert.Equal(["5", "4", "3", "2", "1"], bundle.Entry.Select(e => e.Resource!.VersionId));
        Assert.All(bundle.Entry, e => Assert.Equal($"W/\"{e.Resource!.VersionId}\"", e.Response!.Etag));
        Assert.All(bundle.Entry, e => Assert.Equal(id, e.Resource!.Id));
    }

    [Theory]
    [InlineData("/Observation/abc/_history")]
    [InlineData("/Observation/abc/_history/1")]
    [InlineData("/Observation/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/_history")]
    [InlineData("/Observation/ID/_history/2")]
    [InlineData("/Observation/ID/_history/0")]
    [InlineData("/Observation/ID/_history/-1")]
    [InlineData("/Observation/ID/_history/x")]
    [InlineData("/Observation/ID/_history/99999999999999999999")]
    public async Task A_version_or_history_that_is_not_there_is_404(string path)
    {
        var id = (await shared.StoreAsync(HeartRate(NewPerson(), "1")))[0];
        var outcome = Refused(404, await Service.GetAsync(path.Replace("ID", id, StringComparison.Ordinal)));
        Assert.Equal(OperationOutcome.IssueType.NotFound, outcome.Issue[0].Code);
    }

    [Fact]
    public async Task Changes_are_found_by_when_they_were_stored()
    {
        var person = NewPerson();
        Service.Clock.AutoAdvanceAmount = TimeSpan.Zero;
        var start = Service.Clock.GetUtcNow();
        var ids = await shared.StoreAsync(HeartRate(person, "first", "2026-11-03"), HeartRate(person, "second", "2026-11-02"));
        Service.Clock.Advance(TimeSpan.FromHours(1));
        var later = Service.Clock.GetUtcNow();
        await shared.StoreAsync(HeartRate(person, "third", "2026-11-01"));
        await PutAsync(ids[1], HeartRate(person, "second", "2026-11-02", 99));
        string At(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}";
        Assert.Equal(["second", "third"], await shared.NamesAsync(person, $"_lastUpdated=ge{At(later)}"));
        Assert.Equal(["second", "third"], await shared.NamesAsync(person, $"_lastUpdated=gt{At(start)}"));
        Assert.Equal(["first"], await shared.NamesAsync(person, $"_lastUpdated=lt{At(later)}"));
        Assert.Equal(["first"], await shared.NamesAsync(person, $"_lastUpdated={At(start)}"));
        Assert.Equal(["second"], await shared.NamesAsync(person, $"_lastUpdated=ge{At(later)}&date=ge2026-11-02"));
        Assert.Equal(["third", "second"], await shared.NamesAsync(person, $"_lastUpdated=ge{At(later)}&_sort=date"));
        Assert.Empty(await shared.NamesAsync(person, $"_lastUpdated=gt{At(later)}"));
        Assert.Equal(3, (await shared.NamesAsync(person, "_lastUpdated=ge2020")).Count);
        Assert.Equal(2, (int)(await Service.SearchAsync($"patient.identifier={person}&_lastUpdated=ge{At(later)}&_summary=count")).Json["total"]!);
    }

    [Fact]
    public async Task Who_polls_with_lastUpdated_of_the_answer_sees_every_change()
    {
        var person = NewPerson();
        var seen = new HashSet<string>();
        var cursor = "2020";
        var ids = new List<string>();
        for (var round = 0; round < 5; round++)
        {
            ids.AddRange(await shared.StoreAsync(HeartRate(person, $"{round}", $"2026-11-{10 - round:00}")));
            if (round > 0)
            {
                await PutAsync(ids[round - 1], HeartRate(person, $"{round - 1}", $"2026-11-{11 - round:00}", 100 + round));
            }

            var answer = await Service.SearchAsync($"patient.identifier={person}&_lastUpdated=ge{cursor}&_count=1");
            cursor = (string)answer.Json["meta"]!["lastUpdated"]!;
            while (true)
            {
                // Every page tells the cursor of the first: what comes meanwhile is seen by the next poll.
                Assert.Equal(cursor, (string?)answer.Json["meta"]!["lastUpdated"]);
                seen.UnionWith(answer.Observations.Select(o => $"{o["id"]}/{o["meta"]!["versionId"]}"));
                if (answer.Json["link"]!.AsArray().SingleOrDefault(l => (string?)l!["relation"] == "next") is not { } next)
                {
                    break;
                }

                Service.Clock.Advance(TimeSpan.FromSeconds(1));
                answer = await Service.GetAsync(new Uri((string)next["url"]!).PathAndQuery);
            }

            Service.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(9, seen.Count);
        var quiet = await Service.SearchAsync($"patient.identifier={person}&_lastUpdated=ge{cursor}");
        Service.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await shared.NamesAsync(person, $"_lastUpdated=ge{(string)(await Service.SearchAsync($"patient.identifier={person}")).Json["meta"]!["lastUpdated"]!}"));
        Assert.True(quiet.Observations.Count <= 2);
    }
}
