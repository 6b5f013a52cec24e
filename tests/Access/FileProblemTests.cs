using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.PrivacyComponent;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>What is told of a file or a message that does not read: every slip at once, where it is, and what to write instead.</summary>
public sealed class FileProblemTests
{
    private static readonly PvkDefinitions Definitions = new("PMD", Guid.Parse("11111111-1111-1111-1111-111111111111"), Guid.Parse("22222222-2222-2222-2222-222222222222"), Guid.Parse("33333333-3333-3333-3333-333333333333"));

    [Fact]
    public void Of_registers()
    {
        const string File = """
            {"healthPersonnel":[{"name":"A"},{"hpr":"x","name":"","authorizations":["Le",7]},{"hpr":"1","name":"A"},{"hpr":"1","name":"B"}],
             "organisations":[{},{"organisation":"981275721","parent":"1"}],
             "persons":[{},{"number":"1","born":"1974","protectedAddress":"no","parents":["1"]},7],
             "people":[],"doctors":[]}
            """;
        FileRegisters.Read(Encoding.UTF8.GetBytes(File), NationalIdPolicy.Synthetic, out var problems);
        Assert.Equal(
            [
                "/doctors: is not known here; known are healthPersonnel, organisations, persons.",
                "/healthPersonnel/0/hpr: is missing.",
                "/healthPersonnel/1/authorizations/0: is to be a code of 9060, such as LE.",
                "/healthPersonnel/1/authorizations/1: is to be a code of 9060, such as LE.",
                "/healthPersonnel/1/hpr: is to be an HPR number: one to nine digits.",
                "/healthPersonnel/1/name: is to be a text of 1 to 200 characters.",
                "/healthPersonnel/3: stands twice.",
                "/organisations/0/organisation: is missing.",
                "/organisations/1/parent: is to be an organisation number: nine digits, the last a control digit.",
                "/people: is not known here; known are healthPersonnel, organisations, persons.",
                "/persons/0/number: is missing.",
                "/persons/1/born: is to be a date, as 2026-11-20.",
                "/persons/1/number: is to be a person number.",
                "/persons/1/parents/0: is to be a person number.",
                "/persons/1/protectedAddress: is to be true or false.",
                "/persons/2: is to be an object.",
            ],
            problems.Select(p => p.ToString()).Order(StringComparer.Ordinal));
        FileRegisters.Read("{\n 1"u8.ToArray(), NationalIdPolicy.Synthetic, out problems);
        Assert.Equal(["This is not JSON: line 2, byte 2 of it."], problems.Select(p => p.ToString()));
        FileRegisters.Read("[]"u8.ToArray(), NationalIdPolicy.Synthetic, out problems);
        Assert.Equal(["is to be an object."], problems.Select(p => p.ToString()));
    }

    [Fact]
    public void Of_participants()
    {
        const string File = """
            {"participants":[
              {"enrolled":{"to":"2026-01-01"},"retentionDays":1},
              {"id":"a","name":"A","organisation":"981275721","role":"hospital","enrolled":{"from":"2026-01-01"},"retentionDays":4000,"record":{"organisation":"1"}}],
             "agreements":[{"to":"2026-01-01"}]}
            """;
        Assert.Equal(
            [
                "/agreements/0/controller: is missing.",
                "/agreements/0/from: is missing.",
                "/agreements/0: An agreement is with one of organisation, healthCommunity, or national: true.",
                "/participants/0/enrolled/from: is missing.",
                "/participants/0/id: is missing.",
                "/participants/0/name: is missing.",
                "/participants/0/organisation: is missing.",
                $"/participants/0/retentionDays: is to be a whole number of {Limits.MinRetentionDays} to {Limits.MaxRetentionDays}.",
                "/participants/0/role: is missing.",
                "/participants/1/record/name: is missing.",
                "/participants/1/record/organisation: is to be an organisation number: nine digits, the last a control digit.",
                "/participants/1/retentionDays: is of a controller alone: others are responsible for no measurements.",
                "/participants/1/role: is to be one of specialist, municipal, gp, gateway.",
            ],
            Participants(File).Problems.Select(p => p.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(
            [$"The file has more than {Limits.MaxParticipantFileBytes} bytes."],
            Participants(new string(' ', Limits.MaxParticipantFileBytes + 1)).Problems.Select(p => p.ToString()));

        // A unit of one's own number; and what is worth a remark.
        Assert.Equal(
            ["/participants/0/units: has 312232324, which stands before."],
            Participants("""{"participants":[{"id":"a","name":"A","organisation":"312232324","units":["312232324"],"role":"gp","enrolled":{"from":"2026-01-01"}}]}""").Problems.Select(p => p.ToString()));
        Assert.Equal(
            [
                "/participants/0/dataProcessorAgreement: is not in force when the enrolment begins; until it is, this organisation can do nothing.",
                "/participants/0: shares with others only: without an agreement with itself, its own personnel see nothing.",
            ],
            Participants("""{"participants":[{"id":"a","name":"A","organisation":"312232324","role":"gp","enrolled":{"from":"2026-01-01"},"controller":true}]}""").Remarks.Select(p => p.ToString()));
    }

    [Fact]
    public void A_period_of_one_day_and_texts_of_the_greatest_length_are_no_slips()
    {
        var read = Participants($$"""
            {"participants":[{"id":"{{new string('a', 36)}}","name":"{{new string('a', 200)}}","organisation":"312232324","role":"gp","enrolled":{"from":"2026-01-01","to":"2026-01-01"},"controller":true}],
             "agreements":[{"controller":"312232324","national":true,"from":"2026-01-01","to":"2026-01-01"}]}
            """);
        Assert.Empty(read.Problems);
        Assert.Equal(new DatePeriod(new(2026, 1, 1), new(2026, 1, 1)), read.List!.Agreements[0].Period);
    }

    [Fact]
    public void Of_what_the_privacy_component_pushes()
    {
        Assert.Equal(["is to be an object."], Told(new JsonArray()));
        foreach (var text in new[] { """{"innbyggerFnr":"\ud800"}""", """{"\ud800":1}""", """{"innbyggerMetadata":{"navn":"\udc00"}}""" })
        {
            // As what is fetched at night, which is parsed whole: one that is no text is no reason to read none of the others.
            using var fetched = JsonDocument.Parse(text);
            var read = new PvkSettings(Definitions, NationalIdPolicy.Synthetic, _ => true).Read(fetched.RootElement, World.Secret, World.Now);
            Assert.Equal(["is to be of well-formed text."], read.Problems.Select(p => p.ToString()));
        }

        Assert.Equal(
            [
                "/aktiv: is missing.", "/definisjonGuid: is missing.", "/innbyggerFnr: is missing.", "/partKode: is missing.", "/tidspunkt: is missing.", "/typePi: is missing.",
            ],
            Told(new JsonObject()));
        Assert.Equal(
            [
                "/aktiv: is to be true or false.", "/definisjonGuid: is to be a GUID.", "/innbyggerFnr: is to be a person number.", "/partKode: is not ours.",
                "/tidspunkt: is to be a time, as 2026-11-20T12:00:00+01:00.",
            ],
            Told(new JsonObject { ["innbyggerFnr"] = "1", ["definisjonGuid"] = "1", ["partKode"] = "KJ", ["typePi"] = "x", ["aktiv"] = 1, ["tidspunkt"] = "now" }));
        Assert.Equal(
            ["/definisjonGuid: is none that is known here.", "/tidspunkt: lies ahead of the clock here."],
            Told(Pushed(Guid.Empty, "x", j => j["tidspunkt"] = "2026-11-20T12:01:00+01:00")));
        Assert.Equal(["/typePi: is to be reservasjon for this definition."], Told(Pushed(Definitions.Reservation, "tilgangsbegrensning")));
        Assert.Equal(["/typePi: is to be tilgangsbegrensning for this definition."], Told(Pushed(Definitions.Block, "reservasjon")));
        const string Who = "/innbyggerMetadata: is to say who is blocked: {\"hpr\": \"…\", \"navn\": \"…\"}.";
        Assert.Equal([Who], Told(Pushed(Definitions.Block, "tilgangsbegrensning")));
        Assert.Equal(["/hpr: is missing.", Who], Told(Pushed(Definitions.Block, "tilgangsbegrensning", j => j["innbyggerMetadata"] = "{}")));
        Assert.Equal(["/innbyggerMetadata/hpr: is to be an HPR number.", Who], Told(Pushed(Definitions.Block, "tilgangsbegrensning", j => j["innbyggerMetadata"] = new JsonObject { ["hpr"] = "A" })));
        Assert.Equal(
            ["/innbyggerMetadata: is to be a text of 1 to 4000 characters."],
            Told(Pushed(Definitions.Restriction, "tilgangsbegrensning", j => j["innbyggerMetadata"] = "")));
        Assert.Equal(
            ["/concepts/0: is to be a kind of measurement that is known here.", "/innbyggerMetadata: closes nothing; leave concepts out for everything."],
            Told(Pushed(Definitions.Restriction, "tilgangsbegrensning", j => j["innbyggerMetadata"] = "{\"concepts\":[\"\"]}")));

        // Half said at the very edges: one that is lifted closes nothing, and names no kinds.
        Assert.Empty(Told(Pushed(Definitions.Restriction, "tilgangsbegrensning", j => (j["aktiv"], j["tidspunkt"]) = (false, "2026-11-20T12:00:05+01:00"))));
        var lifted = Read(Pushed(Definitions.Restriction, "tilgangsbegrensning", j => j["aktiv"] = false)).Setting!;
        Assert.True(lifted.Restriction.IsNothing);
    }

    [Fact]
    public void What_is_told_the_privacy_component_has_its_names()
    {
        var form = new PvkSettings(Definitions, NationalIdPolicy.Synthetic, _ => true);
        Assert.Equal(("Blokkering", "tilgangsbegrensning", "PMD"), Named(form.Write(World.Patient.Digits, World.BlockByHpr(World.DoctorHpr))!));
        Assert.Equal(("Sperring", "tilgangsbegrensning", "PMD"), Named(form.Write(World.Patient.Digits, World.Restrict(Restriction()))!));
        Assert.Equal(("Reservasjon", "reservasjon", "PMD"), Named(form.Write(World.Patient.Digits, World.Reserve())!));

        static PasientensMaledata.Access.Privacy.Restriction Restriction() => PasientensMaledata.Access.Privacy.Restriction.Everything;
        static (string, string, string) Named(JsonObject json) => ((string)json["definisjonNavn"]!, (string)json["typePi"]!, (string)json["partKode"]!);
    }

    private static ParticipantFileRead Participants(string file) => ParticipantFile.Read(Encoding.UTF8.GetBytes(file), 1);

    private static JsonObject Pushed(Guid definition, string type, Action<JsonObject>? change = null)
    {
        var json = new JsonObject
        {
            ["innbyggerFnr"] = World.Patient.Digits,
            ["definisjonGuid"] = definition.ToString(),
            ["partKode"] = "PMD",
            ["typePi"] = type,
            ["aktiv"] = true,
            ["tidspunkt"] = "2026-11-20T11:00:00+01:00",
        };
        change?.Invoke(json);
        return json;
    }

    private static PvkSetting Read(JsonNode json) =>
        new PvkSettings(Definitions, NationalIdPolicy.Synthetic, c => c is "bp").Read(JsonSerializer.SerializeToElement(json), World.Secret, World.Now);

    private static IEnumerable<string> Told(JsonNode json) => Read(json).Problems.Select(p => p.ToString()).Order(StringComparer.Ordinal);
}
