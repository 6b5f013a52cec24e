using System.Text.Json.Nodes;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The citizen sees who looked, when, at what and why; and shuts one of them out from there.</summary>
public sealed class CitizenLogTests(SecuredService service) : IClassFixture<SecuredService>
{
    private static readonly string CareWorker = SyntheticNumbers.Number(9);

    [Fact]
    public async Task Every_look_is_seen_with_name_organisation_and_reason_and_never_a_person_number()
    {
        var (person, id) = await service.StoreAsync();
        await service.SearchAsync(person, "&code=8867-4");
        await service.AsClinicianAsync("GET", $"/Observation/{id}");
        var events = await EventsAsync(person);
        Assert.Equal(["read", "search", "submit"], events.Select(e => (string?)e["action"]));
        var look = events[1];
        Assert.Equal(DevelopmentPeople.ClinicianName, (string?)look["who"]!["name"]);
        Assert.Equal(("Lege", "Doctor"), ((string?)look["role"]!["nb"], (string?)look["role"]!["en"]));
        Assert.Equal(SecuredService.Hospital, (string?)look["organisation"]!["number"]);
        Assert.Equal(("Behandling", "Treatment"), ((string?)look["why"]!["nb"], (string?)look["why"]!["en"]));
        Assert.Equal("Puls", (string?)look["kinds"]![0]!["nb"]);
        Assert.False((bool)look["refused"]!);
        Assert.DoesNotContain(events, e => e.ToJsonString().Contains(DevelopmentPeople.Clinician, StringComparison.Ordinal) || e.ToJsonString().Contains(person, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_attempt_is_marked_as_such()
    {
        var (person, _) = await service.StoreAsync();
        await service.AsCitizenAsync(person, "PUT", $"/citizen/privacy/blocks/{DevelopmentPeople.ClinicianHpr}");
        Assert.Equal(403, (await service.SearchAsync(person)).StatusCode);
        var attempt = (await EventsAsync(person))[0];
        Assert.True((bool)attempt["refused"]!);
        Assert.Equal("Du har blokkert denne personen", (string?)attempt["refusal"]!["nb"]);
    }

    [Fact]
    public async Task One_without_HPR_number_is_shut_out_from_the_log()
    {
        var (person, _) = await service.StoreAsync();
        Assert.Equal(200, (await service.SearchAsync(person, "", AsCareWorker)).StatusCode);
        var id = (string)(await EventsAsync(person))[0]["id"]!;
        Assert.Equal(200, (await service.AsCitizenAsync(person, "POST", "/citizen/privacy/blocks", $$"""{"event":"{{id}}"}""")).StatusCode);
        Assert.Equal(403, (await service.SearchAsync(person, "", AsCareWorker)).StatusCode);
        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
    }

    [Fact]
    public async Task An_event_of_another_citizen_blocks_nobody()
    {
        var ((one, _), (other, _)) = (await service.StoreAsync(), await service.StoreAsync());
        await service.SearchAsync(other);
        var id = (string)(await EventsAsync(other))[0]["id"]!;
        SharedService.Refused(404, await service.AsCitizenAsync(one, "POST", "/citizen/privacy/blocks", $$"""{"event":"{{id}}"}"""));
        Assert.Equal(200, (await service.SearchAsync(one)).StatusCode);
    }

    [Fact]
    public async Task Pages_follow_each_other_and_give_every_event_once()
    {
        var (person, _) = await service.StoreAsync();
        for (var i = 0; i < 5; i++)
        {
            await service.SearchAsync(person);
        }

        await SequenceAsync();
        var seen = new List<string>();
        for (var path = "/citizen/access-log?_count=2"; path is not null;)
        {
            var page = await service.AsCitizenAsync(person, "GET", path);
            Assert.True(page.StatusCode == 200, page.Text);
            seen.AddRange(page.Json["events"]!.AsArray().Select(e => (string)e!["id"]!));
            path = (string?)page.Json["next"] is { } next ? new Uri(next).PathAndQuery : null;
        }

        Assert.Equal(6, seen.Count);
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
    }

    [Theory]
    [InlineData("from=2026-11-21", 0)]
    [InlineData("to=2026-11-19", 0)]
    [InlineData("from=2026-11-20&to=2026-11-20", 1)]
    [InlineData("from=2026-11-20T13:00:00%2B01:00", 1)]
    public async Task The_period_bounds_what_is_seen(string query, int expected)
    {
        var (person, _) = await service.StoreAsync();
        await SequenceAsync();
        var answer = await service.AsCitizenAsync(person, "GET", $"/citizen/access-log?{query}");
        Assert.Equal(expected, answer.Json["events"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("from=2026&from=2025")]
    [InlineData("_count=0")]
    [InlineData("_count=201")]
    [InlineData("_count=x")]
    [InlineData("after=x")]
    [InlineData("patient=1")]
    public async Task What_is_wrong_in_the_address_is_told(string query) =>
        SharedService.Refused(400, await service.AsCitizenAsync(SecuredService.NewPerson(), "GET", $"/citizen/access-log?{query}"));

    [Fact]
    public async Task One_who_is_unknown_has_an_empty_log() =>
        Assert.Empty((await service.AsCitizenAsync(SecuredService.NewPerson(), "GET", "/citizen/access-log")).Json["events"]!.AsArray());

    private async Task<IReadOnlyList<JsonNode>> EventsAsync(string person)
    {
        await SequenceAsync();
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/access-log");
        Assert.True(answer.StatusCode == 200, answer.Text);
        return [.. answer.Json["events"]!.AsArray().Select(e => e!).Where(e => ((string?)e["action"])!.StartsWith("citizen", StringComparison.Ordinal) is false && (string?)e["action"] != "setting")];
    }

    private async Task SequenceAsync() => await service.Service.Log.Sequencer.RunAsync(false, default);

    private static TokenDraft AsCareWorker(TokenDraft token) => token
        .With(ClaimNames.Pid, CareWorker).With(ClaimNames.Hpr, null)
        .With(ClaimNames.Attest, new AttestDraft(Practitioner: CareWorker, Hpr: null, Authorization: null).ToJson());
}
