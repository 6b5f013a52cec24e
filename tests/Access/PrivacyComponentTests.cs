using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.PrivacyComponent;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Settings to and from Helsenorge's privacy component.</summary>
public sealed class PrivacyComponentTests
{
    private static readonly PvkDefinitions Definitions = PrivacyComponentWorld.Definitions;
    private static readonly PvkSettings Form = PrivacyComponentWorld.Form;

    private static readonly IReadOnlyList<(string Case, Action<JsonObject> Break, string Where)> Slips =
    [
        ("no citizen", j => j.Remove("innbyggerFnr"), "/innbyggerFnr"),
        ("a number that is none", j => j["innbyggerFnr"] = "13717404088", "/innbyggerFnr"),
        ("a number that is a number", j => j["innbyggerFnr"] = 13717404089, "/innbyggerFnr"),
        ("no definition", j => j.Remove("definisjonGuid"), "/definisjonGuid"),
        ("an unknown definition", j => j["definisjonGuid"] = Guid.Empty.ToString(), "/definisjonGuid"),
        ("a definition that is no GUID", j => j["definisjonGuid"] = "PMD", "/definisjonGuid"),
        ("no part", j => j.Remove("partKode"), "/partKode"),
        ("another's part", j => j["partKode"] = "KJ", "/partKode"),
        ("no type", j => j.Remove("typePi"), "/typePi"),
        ("a consent", j => j["typePi"] = "samtykke", "/typePi"),
        ("the type of another definition", j => j["typePi"] = "reservasjon", "/typePi"),
        ("not said whether it is active", j => j.Remove("aktiv"), "/aktiv"),
        ("null for active", j => j["aktiv"] = null, "/aktiv"),
        ("a text for active", j => j["aktiv"] = "true", "/aktiv"),
        ("no time", j => j.Remove("tidspunkt"), "/tidspunkt"),
        ("a time that is none", j => j["tidspunkt"] = "2026-02-30T12:00:00Z", "/tidspunkt"),
        ("a time to come", j => j["tidspunkt"] = "2026-11-20T11:00:05.001Z", "/tidspunkt"),
        ("a Block of nobody", j => j["innbyggerMetadata"] = null, "/innbyggerMetadata"),
        ("metadata that are no JSON", j => j["innbyggerMetadata"] = "565501872", ""),
        ("metadata that are a list", j => j["innbyggerMetadata"] = "[]", ""),
        ("metadata without HPR number", j => j["innbyggerMetadata"] = "{}", "/innbyggerMetadata"),
        ("an HPR number that is none", j => j["innbyggerMetadata"] = "{\"hpr\":\"A\"}", "/innbyggerMetadata"),
        ("a Restriction of what nobody knows", j => (j["definisjonGuid"], j["innbyggerMetadata"]) = (Definitions.Restriction.ToString(), "{\"concepts\":[\"height\"]}"), "/concepts/0"),
        ("a Restriction of nothing", j => (j["definisjonGuid"], j["innbyggerMetadata"]) = (Definitions.Restriction.ToString(), "{\"concepts\":[]}"), "/innbyggerMetadata"),
    ];

    public static TheoryData<string> Names => [.. Slips.Select(s => s.Case)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_not_understood_is_no_setting(string name)
    {
        var (_, change, where) = Slips.Single(s => s.Case == name);
        var json = Block();
        change(json);
        var read = Read(json);
        Assert.Null(read.Setting);
        Assert.Contains(read.Problems, p => p.Where == where);
        Assert.DoesNotContain(read.Problems, p => p.ToString().Contains("1371740408", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_kind_is_read()
    {
        var block = Read(Block());
        Assert.Empty(block.Problems);
        Assert.Equal("13717404089", block.Citizen.Digits);
        Assert.Equal(
            new(SettingId.Block(World.DoctorHpr, World.Secret), true, new(World.DoctorHpr, null, "GRØNN VITS"), default, new(2026, 11, 20, 10, 0, 0, DateTimeKind.Utc), World.Now.UtcDateTime, SettingSource.PrivacyComponent, null),
            block.Setting);

        // As JSON within, without offset, with members that are not ours, at the very limit.
        var json = Block();
        json["innbyggerMetadata"] = new JsonObject { ["hpr"] = "565501872", ["annet"] = 1 };
        (json["tidspunkt"], json["id"], json["typePi"]) = ("2026-11-20T12:00:05", 7, "Tilgangsbegrensning");
        Assert.Equal(new(2026, 11, 20, 11, 0, 5, DateTimeKind.Utc), Read(json).Setting!.Time);

        json = Block();
        (json["definisjonGuid"], json["innbyggerMetadata"]) = (Definitions.Restriction.ToString(), "");
        Assert.NotEmpty(Read(json).Problems);
        json["innbyggerMetadata"] = null;
        Assert.Equal((SettingId.Restriction, Restriction.Everything), (Read(json).Setting!.Id, Read(json).Setting!.Restriction));
        json["innbyggerMetadata"] = "{\"concepts\":[\"bp\"]}";
        Assert.Equal(Restriction.Of(["bp"]), Read(json).Setting!.Restriction);
        json["aktiv"] = false;
        Assert.Equal(default, Read(json).Setting!.Restriction);
        json["innbyggerMetadata"] = "{\"concepts\":[]}";
        Assert.False(Read(json).Setting!.IsActive);

        (json["definisjonGuid"], json["typePi"], json["innbyggerMetadata"]) = (Definitions.Reservation.ToString(), "reservasjon", "what ever");
        Assert.Equal((SettingId.Reservation, false), (Read(json).Setting!.Id, Read(json).Setting!.IsActive));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        foreach (var setting in new[] { World.BlockByHpr(World.DoctorHpr, active: false), World.Restrict(Restriction.Everything), World.Restrict(Restriction.Of(["bp", "pulse"])), World.Reserve() })
        {
            var read = Read(Form.Write("13717404089", setting)!);
            Assert.Equal(setting with { Source = SettingSource.PrivacyComponent, ReceivedAt = World.Now.UtcDateTime }, read.Setting);
        }

        Assert.Null(Form.Write("13717404089", World.BlockByKey(World.DoctorKey)));
    }

    [Fact]
    public async Task At_the_first_run_all_that_is_active_there_is_taken_and_then_nothing_is_left_to_do()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        world.There.Put(Block());
        world.There.Put(With(Block(), j => j["innbyggerMetadata"] = "{\"hpr\":\"1234567\"}"));
        world.There.Put(With(Block(), j => (j["definisjonGuid"], j["typePi"]) = (Definitions.Reservation.ToString(), "reservasjon")));
        world.There.Put(With(Block(), j => (j["definisjonGuid"], j["innbyggerMetadata"]) = (Definitions.Restriction.ToString(), "[]")));
        Assert.Equal(new(Taken: 3, Told: 0, Unintelligible: 1, Untold: 0), await world.RunAsync());
        var settings = await world.Store.ReadAsync(Citizen, default);
        Assert.Equal((2, true), (settings.Blocks.Length, settings.IsReserved));
        Assert.Equal(3, world.Changed.Count);
        Assert.Equal(new(0, 0, 1, 0), await world.RunAsync());
        Assert.DoesNotContain(world.There.Addresses, a => a.Contains(Citizen.Digits, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_set_here_is_told_there_once()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var set = await world.Store.BlockAsync(Citizen, SettingActor.Citizen, new(World.DoctorHpr, null, "GRØNN VITS"), default);
        Assert.Equal(1, await world.Reconciliation.TellAsync(set.Patient!.Value, default));
        Assert.Equal(0, await world.Reconciliation.TellAsync(set.Patient!.Value, default));
        await world.Store.RestrictAsync(Citizen, SettingActor.Citizen, Restriction.Of(["bp"]), default);
        await world.Store.BlockAsync(Citizen, SettingActor.Citizen, new(null, World.DoctorKey, ""), default);
        Assert.Equal(new(0, Told: 1, 0, Untold: 1), await world.RunAsync());
        Assert.Equal(2, world.There.Told);
        Assert.Contains(world.There.Settings, s => s["innbyggerMetadata"]!.ToString().Contains("GRØNN VITS", StringComparison.Ordinal) || s["innbyggerMetadata"]!.ToString().Contains("565501872", StringComparison.Ordinal));

        // It comes back as a push, and is the same.
        Assert.Equal(new(0, 0, 0, Untold: 1), await world.RunAsync());
        Assert.Equal(2, world.There.Told);
    }

    [Fact]
    public async Task What_was_lifted_there_while_the_push_was_lost_is_lifted_here()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        world.There.Put(Block());
        await world.RunAsync();
        world.There.Put(With(Block(), j => (j["aktiv"], j["tidspunkt"]) = (false, "2026-11-20T10:30:00Z")));
        Assert.Equal(new(Taken: 1, 0, 0, 0), await world.RunAsync());
        Assert.Empty((await world.Store.ReadAsync(Citizen, default)).Blocks);
        Assert.Equal([true, false], world.Changed.Select(c => c.Setting!.IsActive));
    }

    [Fact]
    public async Task What_was_forgotten_there_stays_in_force_here_and_is_told_again()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        world.There.Put(Block());
        await world.RunAsync();
        world.There.Forget(Block());
        Assert.Equal(new(0, Told: 1, 0, 0), await world.RunAsync());
        Assert.Single((await world.Store.ReadAsync(Citizen, default)).Blocks);
        Assert.Single(world.There.Settings);
    }

    [Fact]
    public async Task What_was_lifted_here_later_is_told_where_it_is_active_still()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        world.There.Put(Block());
        await world.RunAsync();
        await world.Store.UnblockAsync(Citizen, SettingActor.Citizen, World.DoctorHpr, default);
        await world.RunAsync();
        Assert.False(Assert.Single(world.There.Settings)["aktiv"]!.GetValue<bool>());
        Assert.Empty((await world.Store.ReadAsync(Citizen, default)).Blocks);
    }

    [Fact]
    public async Task A_component_that_is_away_changes_nothing_here_and_what_waits_is_told_later()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var set = await world.Store.ReserveAsync(Citizen, SettingActor.Citizen, true, default);
        world.There.IsAway = true;
        await Assert.ThrowsAsync<HttpRequestException>(world.RunAsync);
        await Assert.ThrowsAsync<HttpRequestException>(() => world.Reconciliation.TellAsync(set.Patient!.Value, default));
        Assert.True((await world.Store.ReadAsync(Citizen, default)).IsReserved);
        world.There.IsAway = false;
        Assert.Equal(1, (await world.RunAsync()).Told);
    }

    private static NationalId Citizen { get; } = NationalId.TryParse("13717404089", null, NationalIdPolicy.Synthetic, out var id, out _) ? id : throw new InvalidOperationException();

    private static JsonObject Block() => new()
    {
        ["innbyggerFnr"] = "13717404089",
        ["definisjonGuid"] = Definitions.Block.ToString(),
        ["definisjonNavn"] = "Blokkering",
        ["partKode"] = "PMD",
        ["typePi"] = "tilgangsbegrensning",
        ["aktiv"] = true,
        ["tidspunkt"] = "2026-11-20T11:00:00+01:00",
        ["innbyggerMetadata"] = "{\"hpr\":\"565501872\",\"navn\":\"GRØNN VITS\"}",
    };

    private static JsonObject With(JsonObject json, Action<JsonObject> change)
    {
        change(json);
        return json;
    }

    private static PvkSetting Read(JsonObject json) => Form.Read(JsonSerializer.SerializeToElement(json), World.Secret, World.Now);
}
