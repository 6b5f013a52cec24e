using System.Text.Json.Nodes;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>
/// Every way of looking up, with everything that bars it. The expected answers are written from the rules: what a caller lacks is 403 with its
/// reason, what lacks an Agreement is as if it were not there, what is restricted is announced and not shown.
/// </summary>
public sealed class LookUpMatrixTests(SecuredService service) : IClassFixture<SecuredService>
{
    private const string Doctor = DevelopmentPeople.ClinicianHpr;

    /// <summary>How a look-up may end.</summary>
    public enum Expected
    {
        Shown,
        Forbidden,
        Suppressed,
        Expired,
        Absent,
        Announced,
    }

    /// <summary>The ways of looking up one Observation.</summary>
    public static IReadOnlyList<string> Ways { get; } = ["search", "count", "page", "lastn", "read", "history", "version"];

    /// <summary>What bars, and how it is answered.</summary>
    public static IReadOnlyList<(string Name, Expected Expected)> Cases { get; } =
    [
        ("nothing bars", Expected.Shown),
        ("level 3", Expected.Forbidden),
        ("no level", Expected.Forbidden),
        ("no legal entity", Expected.Forbidden),
        ("legal entity not enrolled", Expected.Forbidden),
        ("unit of nobody", Expected.Forbidden),
        ("no attest", Expected.Forbidden),
        ("attest of another person", Expected.Forbidden),
        ("attest by FH-number", Expected.Forbidden),
        ("attest of another legal entity", Expected.Forbidden),
        ("attest of another unit", Expected.Forbidden),
        ("attest with another HPR number", Expected.Forbidden),
        ("attest without HPR number", Expected.Forbidden),
        ("attest without purpose", Expected.Forbidden),
        ("attest with unknown purpose", Expected.Forbidden),
        ("attest without decision", Expected.Forbidden),
        ("attest without point of care", Expected.Forbidden),
        ("attest over an hour old", Expected.Expired),
        ("blocked by HPR number", Expected.Suppressed),
        ("blocked by HPR number, in an emergency", Expected.Suppressed),
        ("somebody is blocked, caller without HPR number and never seen", Expected.Suppressed),
        ("another is blocked", Expected.Shown),
        ("block lifted", Expected.Shown),
        ("reserved", Expected.Suppressed),
        ("reserved, in an emergency", Expected.Suppressed),
        ("no agreement", Expected.Absent),
        ("agreement expired", Expected.Absent),
        ("everything restricted", Expected.Announced),
        ("this kind restricted", Expected.Announced),
        ("restricted, basis SAMTYKKE", Expected.Announced),
        ("restricted, basis AKUTT", Expected.Announced),
        ("restricted, opened by consent", Expected.Shown),
        ("restricted, emergency without BTG", Expected.Forbidden),
        ("restricted, opened in an emergency", Expected.Shown),
        ("opens what is not closed", Expected.Forbidden),
    ];

    public static TheoryData<string, string> All => [.. from c in Cases from way in Ways select (c.Name, way)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_bars_a_look_up_bars_every_way_of_it(string name, string way)
    {
        await service.NextHourAsync();
        var expected = Cases.Single(c => c.Name == name).Expected;
        var (change, headers, controller, setting, thisClient) = Arrange(name);
        var person = SecuredService.NewPerson();
        var stored = await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "secret-1", controller), SecuredService.Of(person, "secret-2", controller)));
        Assert.True(stored.StatusCode == 200, stored.Text);
        var id = ((string)stored.Entries[0]["response"]!["location"]!).Split('/')[1];

        // The page link is got while nothing bars: settings hold on the next page of a search under way.
        var page = way == "page" ? await PageAsync(person, thisClient) : null;
        if (setting is { } set)
        {
            var made = await service.AsCitizenAsync(person, set.Method, set.Path, set.Body);
            Assert.True(made.StatusCode == 200, made.Text);
            if (name == "block lifted")
            {
                Assert.Equal(200, (await service.AsCitizenAsync(person, "DELETE", set.Path)).StatusCode);
            }
        }

        if (way == "page" && page is null)
        {
            // Who sees nothing gets no link.
            Assert.Contains(expected, new[] { Expected.Absent });
            return;
        }

        var answer = way switch
        {
            "search" => await service.SearchAsync(person, "", change, headers),
            "count" => await service.SearchAsync(person, "&_summary=count", change, headers),
            "page" => await service.AsClinicianAsync("GET", page!, null, change, headers),
            "lastn" => await service.AsClinicianAsync("POST", "/Observation/$lastn", $"patient.identifier={person}", change, headers),
            "read" => await service.AsClinicianAsync("GET", $"/Observation/{id}", null, change, headers),
            "history" => await service.AsClinicianAsync("GET", $"/Observation/{id}/_history", null, change, headers),
            _ => await service.AsClinicianAsync("GET", $"/Observation/{id}/_history/1", null, change, headers),
        };
        Judge(expected, way, answer);
    }

    private static void Judge(Expected expected, string way, Answer answer)
    {
        var one = way is "read" or "history" or "version";
        switch (expected)
        {
            case Expected.Shown:
                Assert.True(answer.StatusCode == 200, answer.Text);
                Assert.True(way == "count" ? (int?)answer.Json["total"] == 2 : answer.Text.Contains("secret-", StringComparison.Ordinal), answer.Text);
                return;
            case Expected.Absent or Expected.Announced when one:
                SharedService.Refused(404, answer);
                break;
            case Expected.Absent:
                Assert.True(answer.StatusCode == 200, answer.Text);
                Assert.True((int?)answer.Json["total"] is 0 or null, answer.Text);
                Assert.DoesNotContain("suppressed", answer.Text, StringComparison.Ordinal);
                break;
            case Expected.Announced:
                Assert.True(answer.StatusCode == 200, answer.Text);
                Assert.True((int?)answer.Json["total"] is 0 or null, answer.Text);
                Assert.Contains("suppressed", answer.Text, StringComparison.Ordinal);
                break;
            default:
                var code = SharedService.Refused(403, answer).Issue[0].Code;
                Assert.Equal(expected switch { Expected.Suppressed => "suppressed", Expected.Expired => "expired", _ => null }, code?.ToString().ToLowerInvariant() is "suppressed" or "expired" ? code?.ToString().ToLowerInvariant() : null);
                break;
        }

        Assert.DoesNotContain("secret-", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("8867-4", answer.Text, StringComparison.Ordinal);
        Assert.Null(answer.Header("ETag"));
        Assert.Null(answer.Header("Last-Modified"));
    }

    private async Task<string?> PageAsync(string person, Func<TokenDraft, TokenDraft> caller)
    {
        var first = await service.SearchAsync(person, "&_count=1", caller);
        return first.Json["link"]?.AsArray().SingleOrDefault(l => (string?)l!["relation"] == "next") is { } link ? new Uri((string)link["url"]!).PathAndQuery : null;
    }

    private static (Func<TokenDraft, TokenDraft> Change, (string, string)[] Headers, string Controller, (string Method, string Path, string? Body)? Setting, Func<TokenDraft, TokenDraft> Good) Arrange(string name)
    {
        (string, string)[] Basis(string code) => [("nhn-access-basis", code)];
        var (restrictAll, restrictKind) = (("PUT", "/citizen/privacy/restriction", """{"restricted":true}"""), ("PUT", "/citizen/privacy/restriction", """{"restricted":true,"concepts":["heartrate"]}"""));
        (string, string, string?) Block(string hpr) => ("PUT", $"/citizen/privacy/blocks/{hpr}", null);
        var reserve = ("PUT", "/citizen/privacy/reservation", """{"reserved":true}""");
        Func<TokenDraft, TokenDraft> same = t => t;
        Func<TokenDraft, TokenDraft> Attest(AttestDraft draft) => t => t.With(ClaimNames.Attest, draft.ToJson());
        var own = SecuredService.Municipality;
        return name switch
        {
            "nothing bars" => (same, [], own, null, same),
            "level 3" => (t => t.With(ClaimNames.SecurityLevel, "3"), [], own, null, same),
            "no level" => (t => t.With(ClaimNames.SecurityLevel, null), [], own, null, same),
            "no legal entity" => (t => t.With(ClaimNames.LegalEntity, null), [], own, null, same),
            "legal entity not enrolled" => (t => t.With(ClaimNames.LegalEntity, "313325016"), [], own, null, same),
            "unit of nobody" => (t => t.With(ClaimNames.Unit, "100100673"), [], own, null, same),
            "no attest" => (t => t.With(ClaimNames.Attest, null), [], own, null, same),
            "attest of another person" => (Attest(new(Practitioner: DevelopmentPeople.Citizen)), [], own, null, same),
            "attest by FH-number" => (t => t.With(ClaimNames.Attest, FhNumber()), [], own, null, same),
            "attest of another legal entity" => (Attest(new(LegalEntity: SecuredService.Gateway)), [], own, null, same),
            "attest of another unit" => (Attest(new(PointOfCare: "100100673")), [], own, null, same),
            "attest with another HPR number" => (Attest(new(Hpr: "1")), [], own, null, same),
            "attest without HPR number" => (Attest(new(Hpr: null)), [], own, null, same),
            "attest without purpose" => (Attest(new(Purpose: null)), [], own, null, same),
            "attest with unknown purpose" => (Attest(new(Purpose: "CURIOSITY")), [], own, null, same),
            "attest without decision" => (Attest(new(Decision: null)), [], own, null, same),
            "attest without point of care" => (Attest(new(PointOfCare: null)), [], own, null, same),
            "attest over an hour old" => (t => t.With("iat", (long)t.Claims["iat"]! - 3_700).With("nbf", (long)t.Claims["nbf"]! - 3_700), [], own, null, same),
            "blocked by HPR number" => (same, [], own, Block(Doctor), same),
            "blocked by HPR number, in an emergency" => (Attest(new(Purpose: "BTG")), Basis("FORHOYET_AKUTT"), own, Block(Doctor), same),
            "somebody is blocked, caller without HPR number and never seen" => (Nobody, [], own, Block("77"), Nobody),
            "another is blocked" => (same, [], own, Block("77"), same),
            "block lifted" => (same, [], own, Block(Doctor), same),
            "reserved" => (same, [], own, reserve, same),
            "reserved, in an emergency" => (Attest(new(Purpose: "BTG")), Basis("AKUTT"), own, reserve, same),
            "no agreement" => (t => AtGateway(t), [], own, null, AtGateway),
            "agreement expired" => (same, [], SecuredService.Former, null, same),
            "everything restricted" => (same, [], own, restrictAll, same),
            "this kind restricted" => (same, [], own, restrictKind, same),
            "restricted, basis SAMTYKKE" => (same, Basis("samtykke"), own, restrictAll, same),
            "restricted, basis AKUTT" => (same, Basis("AKUTT"), own, restrictAll, same),
            "restricted, opened by consent" => (same, Basis("FORHOYET_SAMTYKKE"), own, restrictAll, same),
            "restricted, emergency without BTG" => (same, Basis("FORHOYET_AKUTT"), own, restrictAll, same),
            "restricted, opened in an emergency" => (Attest(new(Purpose: "BTG")), Basis("FORHOYET_AKUTT"), own, restrictKind, same),
            "opens what is not closed" => (same, Basis("FORHOYET_SAMTYKKE"), own, null, same),
            _ => throw new ArgumentException(name),
        };
    }

    // Health personnel that HPR does not have, such as a care worker: known by attest alone.
    private static TokenDraft Nobody(TokenDraft token) => token
        .With(ClaimNames.Pid, SyntheticNumbers.Number(7)).With(ClaimNames.Hpr, null)
        .With(ClaimNames.Attest, new AttestDraft(Practitioner: SyntheticNumbers.Number(7), Hpr: null, Authorization: null).ToJson());

    // An organisation with which the municipality has no Agreement.
    private static TokenDraft AtGateway(TokenDraft token) => token
        .With(ClaimNames.LegalEntity, SecuredService.Gateway).With(ClaimNames.Unit, null)
        .With(ClaimNames.Attest, new AttestDraft(LegalEntity: SecuredService.Gateway, PointOfCare: SecuredService.Gateway).ToJson());

    private static JsonObject FhNumber()
    {
        var attest = new AttestDraft().ToJson();
        attest["practitioner"]!["identifier"]!["system"] = "urn:oid:2.16.578.1.12.4.1.4.3";
        return attest;
    }
}
