using System.Text.Json.Nodes;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>A service whose operator has made the attest optional, over the whole pipeline.</summary>
public sealed class OptionalAttestTests : IAsyncLifetime
{
    private readonly SecuredService service = new() { Settings = new Dictionary<string, string> { ["Auth:Attest"] = "Optional" } };

    /// <summary>What an attest must not say, and the refusal: that it need not be there makes none that is wrong right.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "another person", "attest-person" },
        { "another legal entity", "attest-legal-entity" },
        { "another HPR number", "attest-hpr" },
        { "no purpose", "attest-incomplete" },
        { "a text", "attest-incomplete" },
        { "a list", "attest-incomplete" },
        { "a text that is no JSON", "attest-incomplete" },
        { "both shapes at once", "attest-incomplete" },
        { "a hundred and one patients", "attest-incomplete" },
    };

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Without_an_attest_the_organisation_is_the_tokens_and_the_citizen_sees_that_no_reason_was_stated()
    {
        var (person, _) = await service.StoreAsync();
        var found = await service.SearchAsync(person, "", WithoutAttest);
        Assert.Equal((200, 1), (found.StatusCode, (int)found.Json["total"]!));

        var logged = (await service.EventsAsync()).Last(e => e.Action == AccessAction.Search);
        Assert.Equal((SecuredService.Hospital, null, null), (logged.Attest!.LegalEntity.Code, logged.Attest.PurposeOfUse, logged.Attest.PointOfCare));
        var seen = (await service.AsCitizenAsync(person, "GET", "/citizen/access-log")).Json["events"]!.AsArray().First(e => (string?)e!["action"] == "search")!;
        Assert.Equal(("Ikke oppgitt", "Not stated"), ((string?)seen["why"]!["nb"], (string?)seen["why"]!["en"]));
        Assert.Equal((SecuredService.Hospital, "Eksempel sykehus"), ((string?)seen["organisation"]!["number"], (string?)seen["organisation"]!["name"]));
        Assert.Equal(DevelopmentPeople.ClinicianName, (string?)seen["who"]!["name"]);
        var audit = (await service.AsCitizenAsync(person, "GET", "/citizen/AuditEvent")).Text;
        Assert.DoesNotContain("TREAT", audit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FORHOYET_SAMTYKKE")]
    [InlineData("FORHOYET_AKUTT")]
    [InlineData("forhoyet_samtykke")]
    public async Task What_is_restricted_is_opened_by_no_basis(string basis)
    {
        var (person, _) = await service.StoreAsync();
        await service.AsCitizenAsync(person, "PUT", "/citizen/privacy/restriction", """{"restricted":true}""");
        SharedService.Refused(403, await service.SearchAsync(person, "", WithoutAttest, ("nhn-access-basis", basis)));
        Assert.Equal("attest-missing", await LastReasonAsync());

        // Without a basis it is told that something is closed, and nothing shown.
        var announced = await service.SearchAsync(person, "", WithoutAttest);
        Assert.Equal(200, announced.StatusCode);
        Assert.Contains("suppressed", announced.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("8867-4", announced.Text, StringComparison.Ordinal);

        // With an attest the same basis is judged by it.
        var purpose = basis == "FORHOYET_AKUTT" ? "BTG" : "TREAT";
        var opened = await service.SearchAsync(person, "", t => t.With(ClaimNames.Attest, new AttestDraft(Purpose: purpose).ToJson()), ("nhn-access-basis", basis));
        Assert.Contains("8867-4", opened.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task An_attest_that_is_there_is_judged(string what, string reason)
    {
        var (person, _) = await service.StoreAsync();
        JsonNode attest = what switch
        {
            "another person" => new AttestDraft(Practitioner: SyntheticNumbers.Number(9)).ToJson(),
            "another legal entity" => new AttestDraft(LegalEntity: SecuredService.Municipality).ToJson(),
            "another HPR number" => new AttestDraft(Hpr: "1234567").ToJson(),
            "no purpose" => new AttestDraft(Purpose: null).ToJson(),
            "a list" => new JsonArray(),
            "a text that is no JSON" => JsonValue.Create("{"),
            "both shapes at once" => With("care_relation", new JsonObject()),
            "a hundred and one patients" => With("patients", new JsonArray([.. Enumerable.Range(0, 101).Select(_ => new JsonObject())])),
            _ => JsonValue.Create("{}"),
        };
        SharedService.Refused(403, await service.SearchAsync(person, "", t => t.With(ClaimNames.Attest, attest)));
        Assert.Equal(reason, await LastReasonAsync());

        static JsonObject With(string member, JsonNode value)
        {
            var right = new AttestDraft().ToJson();
            right[member] = value;
            return right;
        }
    }

    [Fact]
    public async Task One_who_has_neither_attest_nor_HPR_number_is_not_thereby_health_personnel()
    {
        var (person, _) = await service.StoreAsync();
        SharedService.Refused(403, await service.SearchAsync(person, "", t => WithoutAttest(t).With(ClaimNames.Hpr, null)));
        Assert.Equal("not-personnel", await LastReasonAsync());
    }

    [Theory]
    [InlineData("level")]
    [InlineData("blocked")]
    [InlineData("reserved")]
    [InlineData("not-enrolled")]
    public async Task All_else_bars_as_with_an_attest(string reason)
    {
        var (person, _) = await service.StoreAsync();
        Assert.Equal(200, reason switch
        {
            "blocked" => (await service.AsCitizenAsync(person, "PUT", $"/citizen/privacy/blocks/{DevelopmentPeople.ClinicianHpr}")).StatusCode,
            "reserved" => (await service.AsCitizenAsync(person, "PUT", "/citizen/privacy/reservation", """{"reserved":true}""")).StatusCode,
            _ => 200,
        });
        SharedService.Refused(403, await service.SearchAsync(person, "", t => reason switch
        {
            "level" => WithoutAttest(t).With(ClaimNames.SecurityLevel, "3"),
            "not-enrolled" => WithoutAttest(t).With(ClaimNames.LegalEntity, "313325016"),
            _ => WithoutAttest(t),
        }));
        Assert.Equal(reason, await LastReasonAsync());
    }

    private static TokenDraft WithoutAttest(TokenDraft token) => token.With(ClaimNames.Attest, null);

    private async Task<string> LastReasonAsync() => (await service.EventsAsync()).Last(e => e.Outcome == AccessOutcome.Refused).Reason;
}
