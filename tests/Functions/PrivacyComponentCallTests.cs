using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Helsenorge's privacy component over the whole pipeline: it pushes, and where it is the master all is loaded before anything is shown.</summary>
public sealed class PrivacyComponentCallTests(SecuredService service) : IClassFixture<SecuredService>
{
    private const string Doctor = DevelopmentPeople.ClinicianHpr;

    public static TheoryData<string, Action<JsonObject>> Slips => new()
    {
        { "no citizen", j => j.Remove("innbyggerFnr") },
        { "a number that is none", j => j["innbyggerFnr"] = "13717404088" },
        { "an unknown definition", j => j["definisjonGuid"] = Guid.Empty.ToString() },
        { "another's part", j => j["partKode"] = "KJ" },
        { "a consent", j => j["typePi"] = "samtykke" },
        { "not said whether it is active", j => j.Remove("aktiv") },
        { "no time", j => j.Remove("tidspunkt") },
        { "a time to come", j => j["tidspunkt"] = "2026-11-21T12:00:00Z" },
        { "a time before any calendar", j => j["tidspunkt"] = "0001-01-01T00:00:00+14:00" },
        { "a time past any calendar", j => j["tidspunkt"] = "9999-12-31T23:59:59-14:00" },
        { "metadata with half of a surrogate pair", j => j["innbyggerMetadata"] = "{\"\\ud800\":1}" },
        { "a Block of half a surrogate pair", j => j["innbyggerMetadata"] = "{\"hpr\":\"\\ud800\"}" },
        { "a Block of nobody", j => j["innbyggerMetadata"] = null },
    };

    [Fact]
    public async Task A_block_that_is_pushed_holds_on_the_next_look_up_until_it_is_lifted_later()
    {
        var (person, _) = await service.StoreAsync();
        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
        Assert.Equal(("stored", 200), await PushAsync(Block(person, "11:00:00")));
        SharedService.Refused(403, await service.SearchAsync(person));

        // Again, late, and before it: receipts, and nothing changes.
        Assert.Equal(("known", 200), await PushAsync(Block(person, "11:00:00")));
        Assert.Equal(("outdated", 200), await PushAsync(Block(person, "10:59:59", active: false)));
        SharedService.Refused(403, await service.SearchAsync(person));
        Assert.Equal(("stored", 200), await PushAsync(Block(person, "11:00:01", active: false)));
        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
        Assert.Equal("helsenorge", (string?)(await PushedAsync(person))["reservation"]!["by"]);
    }

    [Fact]
    public async Task What_is_pushed_before_the_first_measurement_holds_from_it_on()
    {
        var person = SecuredService.NewPerson();
        Assert.Equal(("stored", 200), await PushAsync(Reservation(person)));
        var answer = await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "1")));
        Assert.Equal("422", (string?)answer.Entries[0]["response"]!["status"]);
    }

    [Fact]
    public async Task Each_change_is_an_event_of_the_log_with_the_whole_setting_and_no_number()
    {
        var (person, _) = await service.StoreAsync();
        await PushAsync(Block(person, "11:00:00"));
        var logged = (await service.EventsAsync()).Last(e => e.Action == AccessAction.SettingChange);
        Assert.Equal((DevelopmentPeople.PvkClient, AccessOutcome.Permitted), (logged.Client!.Id, logged.Outcome));
        Assert.Equal(Doctor, (string?)JsonNode.Parse(logged.Setting!)!["hpr"]);
        Assert.DoesNotContain(person, logged.Setting!, StringComparison.Ordinal);
        Assert.Contains((await service.AsCitizenAsync(person, "GET", "/citizen/access-log")).Json["events"]!.AsArray(), e => (string?)e!["action"] == "setting");
    }

    [Theory]
    [MemberData(nameof(Slips))]
    public async Task What_is_not_understood_gets_no_receipt_and_a_warning_and_changes_nothing(string name, Action<JsonObject> slip)
    {
        var warned = 0L;
        using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (i.Name == "pmd.privacy.unread") { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<long>((_, n, _, _) => Interlocked.Add(ref warned, n));
        listener.Start();
        var (person, _) = await service.StoreAsync();
        var json = Block(person, "11:00:00");
        slip(json);
        var answer = await service.PushAsync(json);
        Assert.True(answer.StatusCode == 422, $"{name}: {answer.Text}");
        Assert.DoesNotContain(person, answer.Text, StringComparison.Ordinal);
        Assert.True(warned > 0, name);
        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"tidspunkt\":\"\\ud800\"}")]
    [InlineData("{\"innbyggerFnr\":\"1\",\"innbyggerFnr\":\"2\"}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}")]
    public async Task What_is_no_JSON_object_is_refused(string body) => SharedService.Refused(400, await service.PushAsync(body));

    [Fact]
    public async Task Nothing_is_shown_or_stored_until_all_settings_are_loaded_from_the_master()
    {
        await using var world = await MasterAsync(away: true);
        var person = SecuredService.NewPerson();
        var message = Messages.Collection(SecuredService.Of(person, "1"));
        await AssertAwayAsync(world.Service, person);
        await Assert.ThrowsAsync<HttpRequestException>(() => world.Service.Service.PrivacyMaster!.RunAsync(default));
        await AssertAwayAsync(world.Service, person);

        // What it pushes is taken all the while, and health is told.
        Assert.Equal(200, (await world.Service.PushAsync(Block(person, "11:00:00"))).StatusCode);
        Assert.Equal(200, (await world.Service.SendAsync("GET", "/health", new([], []))).StatusCode);
        world.Service.Component.IsAway = false;
        world.Service.Component.Put(Block(person, "11:00:00"));
        await world.Service.Service.PrivacyMaster!.RunAsync(default);
        Assert.Equal(200, (await world.Service.SubmitAsync(message)).StatusCode);
        SharedService.Refused(403, await world.Service.SearchAsync(person));
        await world.Service.AsCitizenAsync(person, "DELETE", $"/citizen/privacy/blocks/{Doctor}");
        Assert.Equal(200, (await world.Service.SearchAsync(person)).StatusCode);
    }

    [Fact]
    public async Task What_was_active_at_the_master_before_the_first_start_holds_and_is_logged()
    {
        await using var world = await MasterAsync(away: false);
        var person = SecuredService.NewPerson();
        world.Service.Component.Put(Block(person, "11:00:00"));
        await world.Service.Service.PrivacyMaster!.RunAsync(default);
        await world.Service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "1")));
        SharedService.Refused(403, await world.Service.SearchAsync(person));
        Assert.Single(await world.Service.EventsAsync(), e => e.Action == AccessAction.SettingChange && e.Setting!.Contains(Doctor, StringComparison.Ordinal));
        Assert.DoesNotContain(world.Service.Component.Addresses, a => a.Contains(person, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_while_the_master_is_away_relies_on_the_last_load_for_48_hours()
    {
        await using var world = await MasterAsync(away: false);
        await world.Service.Service.PrivacyMaster!.RunAsync(default);
        var (person, _) = await world.Service.StoreAsync();
        world.Service.Component.IsAway = true;
        world.Service.Clock.Advance(TimeSpan.FromHours(47));
        await world.Service.RestartAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => world.Service.Service.PrivacyMaster!.RunAsync(default));
        await GoOnAsync(world.Service);
        Assert.Equal(200, (await world.Service.SearchAsync(person)).StatusCode);
        world.Service.Clock.Advance(TimeSpan.FromHours(1));
        await world.Service.RestartAsync();
        await GoOnAsync(world.Service);
        await AssertAwayAsync(world.Service, person);
    }

    [Fact]
    public async Task A_start_just_after_a_whole_load_does_not_load_again()
    {
        await using var world = await MasterAsync(away: false);
        await world.Service.Service.PrivacyMaster!.RunAsync(default);
        var (person, _) = await world.Service.StoreAsync();
        await world.Service.RestartAsync();
        world.Service.Component.Addresses.Clear();
        Assert.Null(await world.Service.Service.PrivacyMaster!.GoOnAsync(default));
        Assert.Empty(world.Service.Component.Addresses);
        Assert.Equal(200, (await world.Service.SearchAsync(person)).StatusCode);
    }

    [Fact]
    public async Task What_a_citizen_sets_here_is_told_the_master_and_what_was_lost_comes_with_the_night()
    {
        await using var world = await MasterAsync(away: false);
        var master = world.Service.Service.PrivacyMaster!;
        await master.RunAsync(default);
        var (person, _) = await world.Service.StoreAsync();
        await world.Service.AsCitizenAsync(person, "PUT", "/citizen/privacy/reservation", """{"reserved":true}""");
        await master.GoOnAsync(default);
        var told = Assert.Single(world.Service.Component.Settings);
        Assert.Equal((person, true), ((string?)told["innbyggerFnr"], (bool?)told["aktiv"]));

        // Away for a while: it waits.
        world.Service.Component.IsAway = true;
        await world.Service.AsCitizenAsync(person, "PUT", "/citizen/privacy/reservation", """{"reserved":false}""");
        await Assert.ThrowsAsync<HttpRequestException>(() => master.GoOnAsync(default));
        world.Service.Component.IsAway = false;
        await master.GoOnAsync(default);
        Assert.False((bool)Assert.Single(world.Service.Component.Settings)["aktiv"]!);

        // A push that was lost is taken by the timer function.
        world.Service.Component.Put(Block(person, "12:30:00"));
        world.Service.Clock.Advance(TimeSpan.FromHours(15));
        await Triggers.All.OfType<TimerTrigger>().Single(t => t.Name == "ReconcilePrivacy").Run(world.Service.Service, default);
        await world.Service.NextHourAsync();
        SharedService.Refused(403, await world.Service.SearchAsync(person));
    }

    [Fact]
    public async Task Where_the_service_cannot_sign_in_at_the_master_nobody_is_answered()
    {
        // The double answers 404 where the issuer's discovery document should be.
        using var key = SigningKey.Ec();
        await using var service = new SecuredService
        {
            Settings = new Dictionary<string, string>
            {
                ["Auth:Pvk:Address"] = "https://pvk.example",
                ["Auth:Pvk:TokenIssuer"] = "https://tokens.example",
                ["Auth:Pvk:ClientId"] = "pmd-service",
                ["Auth:Pvk:TokenScope"] = "nhn:pvk/personvern",
                ["Auth:Pvk:ClientKey"] = key.PrivateJwk().ToJsonString(),
            },
        };
        await service.InitializeAsync();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => service.Service.PrivacyMaster!.GoOnAsync(default));
        Assert.Equal("The issuer of tokens for the privacy component refused: 404.", fault.Message);
        Assert.All(service.Component.Addresses, a => Assert.StartsWith("/.well-known/", a, StringComparison.Ordinal));
        await AssertAwayAsync(service, SecuredService.NewPerson());
    }

    [Fact]
    public async Task Without_a_master_the_timer_function_does_nothing() =>
        await Triggers.All.OfType<TimerTrigger>().Single(t => t.Name == "ReconcilePrivacy").Run(service.Service, default);

    private static async Task AssertAwayAsync(SecuredService service, string person)
    {
        SharedService.Refused(503, await service.SearchAsync(person));
        SharedService.Refused(503, await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "1"))));
        SharedService.Refused(503, await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see"));
        Assert.Equal(200, (await service.AsCitizenAsync(person, "GET", "/citizen/Observation")).StatusCode);
    }

    private static async Task GoOnAsync(SecuredService service)
    {
        try
        {
            await service.Service.PrivacyMaster!.GoOnAsync(default);
        }
        catch (HttpRequestException)
        {
            // It is away.
        }
    }

    private static async Task<Master> MasterAsync(bool away)
    {
        var service = new SecuredService { Settings = new Dictionary<string, string> { ["Auth:Pvk:Address"] = "http://127.0.0.1:1" } };
        service.Component.IsAway = away;
        await service.InitializeAsync();
        return new(service);
    }

    private async Task<(string? Outcome, int Status)> PushAsync(JsonObject setting)
    {
        var answer = await service.PushAsync(setting);
        return ((string?)answer.Json["outcome"], answer.StatusCode);
    }

    private async Task<JsonNode> PushedAsync(string person)
    {
        await PushAsync(Reservation(person));
        return (await service.AsCitizenAsync(person, "GET", "/citizen/privacy")).Json;
    }

    private static JsonObject Block(string person, string time, bool active = true) => new()
    {
        ["innbyggerFnr"] = person,
        ["definisjonGuid"] = "11111111-1111-4111-8111-111111111111",
        ["definisjonNavn"] = "Blokkering",
        ["partKode"] = "PMD",
        ["typePi"] = "tilgangsbegrensning",
        ["aktiv"] = active,
        ["tidspunkt"] = $"2026-11-20T{time}Z",
        ["innbyggerMetadata"] = $$"""{"hpr":"{{Doctor}}","navn":"GRØNN VITS"}""",
    };

    private static JsonObject Reservation(string person)
    {
        var json = Block(person, "11:30:00");
        (json["definisjonGuid"], json["typePi"], json["innbyggerMetadata"]) = ("33333333-3333-4333-8333-333333333333", "reservasjon", null);
        return json;
    }

    private sealed record Master(SecuredService Service) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }
}
