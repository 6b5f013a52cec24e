using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>The attest is read in both shapes, as object and as text. What is there and cannot be read is never taken for absent.</summary>
public sealed class AttestReaderTests
{
    private static readonly AttestIdentifier NoIdentifier = new("", "", "");
    private static readonly AttestCode NoCode = new("", "", "");

    /// <summary>Where each part lies in the claim, and how it is read.</summary>
    public static TheoryData<string, string> Parts =>
        new(
            ("practitioner/identifier", "id"), ("practitioner/hpr_nr", "id"), ("practitioner/authorization", "code"), ("practitioner/legal_entity", "id"),
            ("practitioner/point_of_care", "id"), ("practitioner/department", "id"), ("care_relationship/healthcare_service", "code"),
            ("care_relationship/purpose_of_use", "code"), ("care_relationship/purpose_of_use_details", "code"));

    [Fact]
    public void What_HelseID_sends_is_read_whole()
    {
        var attest = Read(new AttestDraft(UserSelected: true).ToJson())!;
        Assert.Equal(new("05898597468", "urn:oid:2.16.578.1.12.4.1.4.1", "GRØNN VITS"), attest.Practitioner);
        Assert.Equal(new("565501872", "urn:oid:2.16.578.1.12.4.1.4.4", ""), attest.Hpr);
        Assert.Equal(new("LE", "urn:oid:2.16.578.1.12.4.1.1.9060", ""), attest.Authorization);
        Assert.Equal(new("981275721", "urn:oid:2.16.578.1.12.4.1.4.101", ""), attest.LegalEntity);
        Assert.Equal(new("873255102", "urn:oid:2.16.578.1.12.4.1.4.101", ""), attest.PointOfCare);
        Assert.Equal(new("121313", "urn:oid:2.16.578.1.12.4.1.4.102", ""), attest.Department);
        Assert.Equal(new("01", "urn:oid:2.16.578.1.12.4.1.1.8666", ""), attest.HealthcareService);
        Assert.Equal(new("TREAT", "urn:oid:2.16.840.1.113883.1.11.20448", ""), attest.PurposeOfUse);
        Assert.Equal(new("BEHANDLER", "urn:AuditEventHL7Norway/CodeSystem/carerelation", ""), attest.PurposeDetails);
        Assert.Equal(("development-decision", true), (attest.DecisionId, attest.UserSelected));
        Assert.Empty(attest.Patients);
        Assert.Null(attest.IssuedAt);
    }

    [Fact]
    public void As_a_text_it_says_the_same_as_as_an_object()
    {
        var claim = new AttestDraft().ToJson();
        AssertSame(Read(claim), Read(JsonValue.Create(claim.ToJsonString())));
    }

    [Fact]
    public void The_shape_of_the_specification_is_read_too()
    {
        var claim = new AttestDraft().ToJson();
        var specified = new JsonObject
        {
            ["toa"] = 1_790_000_000,
            ["practitioner"] = claim["practitioner"]!.DeepClone(),
            ["care_relation"] = claim["care_relationship"]!.DeepClone(),
            ["patients"] = new JsonArray(new JsonObject { ["identifier"] = new JsonObject { ["id"] = "13717404089", ["system"] = "urn:oid:2.16.578.1.12.4.1.4.1" } }),
        };
        var read = Read(specified)!;
        AssertSame(Read(claim), read with { IssuedAt = null, Patients = [] });
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000), read.IssuedAt);
        Assert.Equal("13717404089", Assert.Single(read.Patients).Id);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("[]")]
    [InlineData("true")]
    [InlineData("\"\"")]
    [InlineData("\"no JSON\"")]
    [InlineData("\"[]\"")]
    [InlineData("\"{\\\"practitioner\\\":{},\\\"practitioner\\\":{}}\"")]
    [InlineData("\"{\\\"practitioner\\\":{\\\"identifier\\\":{\\\"id\\\":\\\"\\\\uD800\\\"}}}\"")]
    [InlineData("""{"care_relation":{},"care_relationship":{}}""")]
    public void A_claim_that_is_there_and_cannot_be_read_is_an_attest_that_states_nothing(string json) => AssertSame(Nothing, AttestReader.Read(JsonDocument.Parse(json).RootElement));

    [Fact]
    public void Without_the_claim_there_is_none()
    {
        Assert.Null(AttestReader.Read(null));
        Assert.Null(AttestReader.Read(JsonDocument.Parse("null").RootElement));
    }

    [Fact]
    public void An_empty_one_states_nothing()
    {
        var read = Read(new JsonObject())!;
        AssertSame(Nothing, read);
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_that_is_absent_or_null_is_absent(string path, string _)
    {
        Assert.Null(PartOf(Read(Changed(path, remove: true))!, path));
        Assert.Null(PartOf(Read(Changed(path, null))!, path));
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_that_is_there_and_cannot_be_read_fits_nothing(string path, string key)
    {
        JsonNode?[] unreadable =
        [
            "a text", 4, new JsonArray(), new JsonObject(), new JsonObject { [key] = "" }, new JsonObject { [key] = 4 }, new JsonObject { [key] = null },
            new JsonObject { [key] = "x", ["system"] = 4 }, new JsonObject { [key] = new string('x', 129) }, new JsonObject { [key] = "x", ["system"] = new string('x', 129) },
            new JsonObject { [key] = "a\u0007b" }, new JsonObject { [key] = "a\u202Eb" },
        ];
        foreach (var value in unreadable)
        {
            Assert.Equal(key == "id" ? NoIdentifier : NoCode, PartOf(Read(Changed(path, value))!, path));
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_at_the_limits_is_read(string path, string key)
    {
        var (code, words) = (new string('x', 128), new string('y', 200));
        var read = PartOf(Read(Changed(path, new JsonObject { [key] = code, ["system"] = code, [key == "id" ? "name" : "text"] = words + "z" }))!, path);
        Assert.Equal(key == "id" ? new AttestIdentifier(code, code, words) : new AttestCode(code, code, words), read);
    }

    [Theory]
    [InlineData("\"1790000000\"")]
    [InlineData("1790000000.5")]
    [InlineData("-1")]
    [InlineData("1e30")]
    [InlineData("{}")]
    [InlineData("9223372036854775807")]
    public void A_time_that_cannot_be_read_is_long_past(string toa) => Assert.Equal(DateTimeOffset.MinValue, Read(new JsonObject { ["toa"] = JsonNode.Parse(toa) })!.IssuedAt);

    [Theory]
    [InlineData(0)]
    [InlineData(253_402_300_799)]
    public void A_time_at_the_limits_of_the_calendar_is_read(long seconds) =>
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(seconds), Read(new JsonObject { ["toa"] = seconds })!.IssuedAt);

    [Theory]
    [InlineData("{}")]
    [InlineData("\"13717404089\"")]
    [InlineData("""["13717404089"]""")]
    [InlineData("""[{"identifier":"13717404089"}]""")]
    [InlineData("""[{"identifier":{"id":13717404089}}]""")]
    public void Patients_that_cannot_be_read_are_nobody_rather_than_anybody(string patients) =>
        Assert.Equal(NoIdentifier, Assert.Single(Read(new JsonObject { ["patients"] = JsonNode.Parse(patients) })!.Patients));

    [Fact]
    public void More_patients_than_the_limit_make_it_unreadable()
    {
        static JsonObject With(int count) => new() { ["patients"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => new JsonObject { ["identifier"] = new JsonObject { ["id"] = $"{i}", ["system"] = "s" } })]) };
        Assert.Equal(100, Read(With(100))!.Patients.Count);
        AssertSame(Nothing, Read(With(101)));
    }

    [Theory]
    [InlineData("\"true\"")]
    [InlineData("1")]
    [InlineData("null")]
    public void Whether_the_person_gave_themselves_access_is_said_by_a_boolean(string json) =>
        Assert.Null(Read(new JsonObject { ["care_relationship"] = new JsonObject { ["decision_ref"] = new JsonObject { ["user_selected"] = JsonNode.Parse(json) } } })!.UserSelected);

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void A_reference_to_a_decision_has_a_limit(int length, bool isRead) =>
        Assert.Equal(isRead, Read(new JsonObject { ["care_relationship"] = new JsonObject { ["decision_ref"] = new JsonObject { ["id"] = new string('x', length) } } })!.DecisionId is not null);

    [Fact]
    public void Names_that_would_command_a_terminal_or_turn_the_writing_round_are_harmless()
    {
        var read = Read(Changed("practitioner/identifier", new JsonObject { ["id"] = "1", ["system"] = "s", ["name"] = "\u001b[31mGRØNN\r\n \u202EVITS\u2028" }))!;
        Assert.Equal("[31mGRØNN VITS", read.Practitioner!.Name);
    }

    private static Attest? Read(JsonNode claim) => AttestReader.Read(JsonSerializer.SerializeToElement(claim));

    private static JsonObject Changed(string path, JsonNode? value = null, bool remove = false)
    {
        var claim = new AttestDraft().ToJson();
        var (parent, name) = path.Split('/') is [var first, var last] ? (claim[first]!.AsObject(), last) : throw new ArgumentException(path);
        parent.Remove(name);
        if (!remove)
        {
            parent[name] = value;
        }

        return claim;
    }

    private static object? PartOf(Attest attest, string path) => path.Split('/')[1] switch
    {
        "identifier" => attest.Practitioner,
        "hpr_nr" => attest.Hpr,
        "authorization" => attest.Authorization,
        "legal_entity" => attest.LegalEntity,
        "point_of_care" => attest.PointOfCare,
        "department" => attest.Department,
        "healthcare_service" => attest.HealthcareService,
        "purpose_of_use" => attest.PurposeOfUse,
        _ => attest.PurposeDetails,
    };

    private static Attest Nothing { get; } = new(null, null, null, null, null, null, null, null, null, null, null, [], null);

    // A list in a record is compared by reference.
    private static void AssertSame(Attest? expected, Attest? read)
    {
        Assert.NotNull(read);
        Assert.Equal(expected! with { Patients = read.Patients }, read);
        Assert.Equal(expected.Patients, read.Patients);
    }
}
