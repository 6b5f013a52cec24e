using System.Text.Json.Nodes;
using PasientensMaledata.Access.Decision;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What a citizen is told of who could look up today, over the whole pipeline, held to who then can.</summary>
public sealed class WhoMaySeeTests
{
    private const string National = "313325016";
    private const string Doctors = "100100673";
    private const string Elsewhere = "213710192";

    [Fact]
    public async Task Each_organisation_that_could_look_up_is_listed_with_every_reason_and_no_other()
    {
        await using var service = await ServiceAsync(AccessRules.Default);
        var person = SecuredService.NewPerson();
        Assert.Empty(await ListAsync(service, person));
        await MeasureAsync(service, person, SecuredService.Municipality, SecuredService.Gateway, National, SecuredService.Former);
        Assert.Equal(
            [
                $"{SecuredService.Hospital}: {SecuredService.Gateway} organisation, {SecuredService.Municipality} health-community, {National} national",
                $"{SecuredService.Municipality}: {SecuredService.Municipality} health-community, {National} national",
                $"{SecuredService.Gateway}: {SecuredService.Gateway} organisation, {National} national",
                $"{SecuredService.Former}: {National} national",
                $"{National}: {National} national",
                $"{Doctors}: {SecuredService.Municipality} health-community, {National} national",
            ],
            await ListAsync(service, person));

        // Of one whom only the municipality has measured, only its agreement counts.
        var other = SecuredService.NewPerson();
        await MeasureAsync(service, other, SecuredService.Municipality);
        Assert.Equal([SecuredService.Hospital, SecuredService.Municipality, Doctors], (await ListAsync(service, other)).Select(l => l[..9]));
        Assert.Equal(200, (await service.AsCitizenAsync(other, "PUT", "/citizen/privacy/reservation", """{"reserved":true}""")).StatusCode);
        Assert.Empty(await ListAsync(service, other));
    }

    [Fact]
    public async Task The_reasons_are_told_in_words()
    {
        await using var service = await ServiceAsync(AccessRules.Default);
        var person = SecuredService.NewPerson();
        await MeasureAsync(service, person, SecuredService.Municipality, SecuredService.Gateway, National);
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see");
        var hospital = answer.Json["organisations"]!.AsArray().Single(o => (string?)o!["organisation"] == SecuredService.Hospital)!;
        Assert.Equal("Eksempel sykehus", (string?)hospital["name"]);
        Assert.Equal(
            [
                "Eksempel gateway follows you up, and has an agreement to share with Eksempel sykehus.",
                "Eksempel kommune follows you up, and shares with those in the same health community.",
                "Hele landet follows you up, and shares with all who take part in the service.",
            ],
            hospital["because"]!.AsArray().Select(b => (string?)b!["textEn"]));
        var own = answer.Json["organisations"]!.AsArray().Single(o => (string?)o!["organisation"] == SecuredService.Gateway)!["because"]![0]!;
        Assert.Equal(("Eksempel gateway følger deg opp.", "Eksempel gateway follows you up."), ((string?)own["textNb"], (string?)own["textEn"]));
        Assert.Equal("Eksempel kommune følger deg opp, og deler med dem som er med i samme helsefellesskap.", (string?)hospital["because"]![1]!["textNb"]);
        Assert.Equal(("Eksempel kommune", SecuredService.Municipality), ((string?)hospital["because"]![1]!["controllerName"], (string?)hospital["because"]![1]!["controller"]));
        Assert.Equal((false, false, 0), ((bool)answer.Json["restricted"]!, (bool)answer.Json["reserved"]!, answer.Json["blocks"]!.AsArray().Count));
    }

    [Fact]
    public async Task What_is_told_is_what_the_look_up_does()
    {
        await using var service = await ServiceAsync(AccessRules.Default);
        foreach (var controller in new[] { SecuredService.Municipality, SecuredService.Gateway, National, SecuredService.Former })
        {
            var person = SecuredService.NewPerson();
            await MeasureAsync(service, person, controller);
            var isListed = (await ListAsync(service, person)).Any(l => l.StartsWith(SecuredService.Hospital, StringComparison.Ordinal));
            Assert.Equal(isListed ? 1 : 0, (int)(await service.SearchAsync(person)).Json["total"]!);
            Assert.Equal(controller != SecuredService.Former, isListed);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_who_has_closed_its_follow_up_counts_only_where_none_is_required(bool isRequired)
    {
        await using var service = await ServiceAsync(AccessRules.Default with { FollowUpRequired = isRequired });
        var person = SecuredService.NewPerson();
        await MeasureAsync(service, person, SecuredService.Municipality, National);
        Assert.Equal(6, (await ListAsync(service, person)).Count);
        var last = Messages.Collection(SecuredService.Of(person, "last", National));
        last["meta"] = new JsonObject { ["tag"] = new JsonArray(new JsonObject { ["system"] = "urn:pmd:follow-up", ["code"] = "closed" }) };
        Assert.Equal(200, (await service.SubmitAsync(last)).StatusCode);
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see");
        var because = answer.Json["organisations"]!.AsArray().SelectMany(o => o!["because"]!.AsArray()).Where(b => (string?)b!["controller"] == National).Select(b => (string?)b!["textNb"]).Distinct();
        Assert.Equal(isRequired ? [] : ["Hele landet har fulgt deg opp, og deler med alle som er med i tjenesten."], because);
        Assert.Equal(isRequired ? 3 : 6, answer.Json["organisations"]!.AsArray().Count);
        Assert.Equal(isRequired ? 1 : 3, (int)(await service.SearchAsync(person)).Json["total"]!);
    }

    [Fact]
    public async Task In_open_mode_the_one_caller_is_listed_for_whoever_has_measured()
    {
        await using var service = await TestService.StartAsync();
        var person = SecuredService.NewPerson();
        var nobody = await service.GetAsync("citizen/who-may-see", ("X-Pmd-Patient", person));
        Assert.Empty(nobody.Json["organisations"]!.AsArray());
        Assert.Equal(200, (await service.PostAsync("", Messages.Collection(SecuredService.Of(person, "1", null), SecuredService.Of(person, "2", SecuredService.Municipality)))).StatusCode);
        var answer = await service.GetAsync("citizen/who-may-see", ("X-Pmd-Patient", person));
        var one = Assert.Single(answer.Json["organisations"]!.AsArray())!;
        Assert.Equal(("100000008", "Open mode"), ((string?)one["organisation"], (string?)one["name"]));
        Assert.Equal(
            [("100000008", "Open mode", "national"), (SecuredService.Municipality, SecuredService.Municipality, "national")],
            one["because"]!.AsArray().Select(b => ((string?)b!["controller"], (string?)b["controllerName"], (string?)b["agreement"])));
    }

    [Fact]
    public async Task A_block_has_the_name_that_is_known_and_else_none()
    {
        await using var service = await ServiceAsync(AccessRules.Default);
        var person = SecuredService.NewPerson();
        await service.AsCitizenAsync(person, "PUT", "/citizen/privacy/blocks/1234567");
        var set = await service.AsCitizenAsync(person, "PUT", "/citizen/privacy/blocks/565501872", """{"name":"GRØNN VITS"}""");
        foreach (var answer in new[] { set, await service.AsCitizenAsync(person, "GET", "/citizen/privacy"), await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see") })
        {
            Assert.Equal([("1234567", null), ("565501872", "GRØNN VITS")], answer.Json["blocks"]!.AsArray().Select(b => ((string)b!["hpr"]!, (string?)b["name"])).Order());
            Assert.DoesNotContain("\"name\":\"\"", answer.Text, StringComparison.Ordinal);
        }
    }

    private static async Task<IReadOnlyList<string>> ListAsync(SecuredService service, string person)
    {
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see");
        Assert.True(answer.StatusCode == 200, answer.Text);
        return [.. answer.Json["organisations"]!.AsArray().Select(o => $"{o!["organisation"]}: {string.Join(", ", o["because"]!.AsArray().Select(b => $"{b!["controller"]} {b["agreement"]}"))}")];
    }

    private static async Task MeasureAsync(SecuredService service, string person, params string[] controllers)
    {
        var answer = await service.SubmitAsync(Messages.Collection([.. controllers.Select((c, i) => SecuredService.Of(person, $"{i}", c))]));
        Assert.True(answer.Entries.All(e => (string?)e!["response"]!["status"] == "200"), answer.Text);
    }

    // One who shares with all, one more in the community, and one whose enrolment has ended.
    private static async Task<SecuredService> ServiceAsync(AccessRules rules)
    {
        var service = new SecuredService { Rules = rules };
        await service.InitializeAsync();
        var file = service.File.DeepClone().AsObject();
        var participants = file["participants"]!.AsArray();
        participants.Add(Enrolled("hele-landet", "Hele landet", National, "municipal", controller: true));
        participants.Add(Enrolled("fastlege", "Fastlegen", Doctors, "gp", community: "bergen"));
        var left = Enrolled("sluttet", "Sluttet", Elsewhere, "gp", community: "bergen");
        left["enrolled"]!["to"] = "2026-11-19";
        participants.Add(left);
        participants.Single(p => (string?)p!["organisation"] == SecuredService.Gateway)!["serves"]!.AsArray().Add(National);
        file["agreements"]!.AsArray().Add(new JsonObject { ["controller"] = National, ["national"] = true, ["from"] = "2026-01-01" });
        await service.EnrolAsync(file);
        return service;
    }

    private static JsonObject Enrolled(string id, string name, string organisation, string role, bool controller = false, string? community = null)
    {
        var participant = new JsonObject
        {
            ["id"] = id,
            ["name"] = name,
            ["organisation"] = organisation,
            ["role"] = role,
            ["enrolled"] = new JsonObject { ["from"] = "2026-01-01" },
            ["dataProcessorAgreement"] = new JsonObject { ["from"] = "2026-01-01" },
        };
        if (controller)
        {
            participant["controller"] = true;
        }

        if (community is not null)
        {
            participant["healthCommunity"] = community;
        }

        return participant;
    }
}
