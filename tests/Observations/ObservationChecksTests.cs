using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using static PasientensMaledata.Tests.Observations.Message;

namespace PasientensMaledata.Tests.Observations;

public class ObservationChecksTests
{
    private const string Unclaimed = "unclaimed";

    /// <summary>Message, path, JSON there (null removes it), and the code and expression of the refusal.</summary>
    public static TheoryData<string, string, string?, string, string?> Refusals => new()
    {
        { HeartRate, "resourceType", "\"Patient\"", "structure", "Observation" },
        { HeartRate, "resourceType", null, "structure", "Observation" },
        { HeartRate, "resourceType", "5", "structure", "Observation" },
        { HeartRate, "status", null, "required", "Observation.status" },
        { HeartRate, "status", "\"\"", "required", "Observation.status" },
        { HeartRate, "status", "\"done\"", "code-invalid", "Observation.status" },
        { HeartRate, "status", "null", "structure", "Observation.status" },
        { HeartRate, "status", "5", "value", "Observation.status" },
        { HeartRate, "code", null, "required", "Observation.code" },
        { HeartRate, "code", "{}", "structure", "Observation.code" },
        { HeartRate, "code", "\"8867-4\"", "structure", "Observation.code" },
        { HeartRate, "code", """{"coding":[{"system":"http://loinc.org"}]}""", "required", "Observation.code" },
        { HeartRate, "code", """{"coding":[{"system":"http://loinc.org","code":""}],"text":""}""", "required", "Observation.code" },
        { HeartRate, "subject", null, "required", "Observation.subject.identifier.value" },
        { HeartRate, "subject", "\"\"", "required", "Observation.subject.identifier.value" },
        { HeartRate, "subject", """{"reference":"Patient/1"}""", "required", "Observation.subject.identifier.value" },
        { HeartRate, "subject/identifier/value", null, "required", "Observation.subject.identifier.value" },
        { HeartRate, "subject/identifier/value", "\"\"", "required", "Observation.subject.identifier.value" },
        { HeartRate, "subject/identifier/value", "\"13717404088\"", "value", "Observation.subject.identifier.value" },
        { HeartRate, "subject/identifier/value", "\"1000807\"", "value", "Observation.subject.identifier.value" },
        { HeartRate, "subject/identifier/value", "13717404089", "value", "Observation.subject.identifier.value" },
        { HeartRate, "effectiveDateTime", "\"yesterday\"", "value", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026-02-30\"", "value", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026-05-20T10:00:00\"", "value", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026-05-20T10:00+02:00\"", "value", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026-05-21T12:00:01Z\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026\"", "invariant", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveInstant", "\"2026-05-20T10:00:00Z\"", "structure", "Observation.effectiveInstant" },
        { HeartRate, "effectiveDateTime", null, "required", "Observation.effective" },
        { HeartRate, "effectiveDateTime", "\"\"", "required", "Observation.effective" },
        { BloodPressure, "effectivePeriod/start", "\"2026-05-20T10:02:00+02:00\"", "invariant", "Observation.effectivePeriod" },
        { HeartRate, "subject/identifier/period", """{"start":"2026-05-20","end":"2026-05-19"}""", "invariant", "Observation.subject.identifier.period" },
        { HeartRate, "valueQuantity", null, "required", "Observation.value" },
        { BloodPressure, "component", null, "required", "Observation.value" },
        { HeartRate, "valueQuantity/value", "\"62\"", "value", "Observation.valueQuantity.value" },
        { HeartRate, "valueQuantity/value", "true", "value", "Observation.valueQuantity.value" },
        { HeartRate, "valueQuantity/comparator", "\"~\"", "code-invalid", "Observation.valueQuantity.comparator" },
        { HeartRate, "valueQuantity", "{}", "structure", "Observation.valueQuantity" },
        { HeartRate, "valueQuantity", "[]", "structure", "Observation.valueQuantity" },
        { HeartRate, "valueQuantity", "null", "structure", "Observation.valueQuantity" },
        { HeartRate, "valueInteger", "62", "structure", "Observation.valueInteger" },
        { HeartRate, "valueMoney", """{"value":1}""", "structure", "Observation.valueMoney" },
        { HeartRate, "value", "62", "structure", "Observation.value" },
        { HeartRate, "dataAbsentReason", """{"text":"glemt"}""", "invariant", "Observation.dataAbsentReason" },
        { HeartRate, "category", "[]", "structure", "Observation.category" },
        { HeartRate, "category", "{}", "structure", "Observation.category" },
        { HeartRate, "category", "[null]", "structure", "Observation.category" },
        { HeartRate, "category", "[[]]", "structure", "Observation.category[0]" },
        { HeartRate, "meta/profile/0", "\"http://hl7.org/fhir/StructureDefinition/bodyweight\"", "required", "Observation.code" },
        { HeartRate, "meta/profile/0", "\"http://hl7.org/fhir/StructureDefinition/bodyweight\"", "code-invalid", "Observation.valueQuantity.code" },
        { HeartRate, "category", null, "required", "Observation.category" },
        { HeartRate, "code/coding/0", null, "required", "Observation.code" },
        { HeartRate, "code/coding", """[{"system":"http://loinc.org","code":"8867-4"},{"system":"http://example.org","code":"13717404089"}]""", "security", "Observation.code.coding[1].code" },
        { HeartRate, "valueQuantity/code", "\"bpm\"", "code-invalid", "Observation.valueQuantity.code" },
        { HeartRate, "valueQuantity/system", "\"http://example.org\"", "code-invalid", "Observation.valueQuantity.system" },
        { BloodPressure, "component/1", null, "required", "Observation.component" },
        { BloodPressure, "component/1/valueQuantity", null, "required", "Observation.component[1]" },
        { BloodPressure, "component/1/valueQuantity/code", "\"mmHg\"", "code-invalid", "Observation.component[1].valueQuantity.code" },
        { BloodPressure, "component/1/code", null, "required", "Observation.component[1].code" },
        { BloodPressure, "component/0/valueString", "\"120\"", "structure", "Observation.component[0].valueString" },
        { BloodPressure, "valueQuantity", """{"value":120}""", "structure", "Observation.valueQuantity" },
        { Plus(BloodPressure, """ "valueString":"x" """), "component/0/code/coding/0/code", "\"85354-9\"", "invariant", "Observation.component[0].code" },
        { HeartRate, "referenceRange/0", """{"type":{"text":"N"}}""", "invariant", "Observation.referenceRange[0]" },
        { HeartRate, "note/0", """{"text":"","time":"2026-05-20"}""", "required", "Observation.note[0].text" },
        { HeartRate, "note/0/time", "\"x\"", "value", "Observation.note[0].time" },
        { HeartRate, "issued", "\"2026-05-20\"", "value", "Observation.issued" },
        { HeartRate, "id", "\"a b\"", "value", "Observation.id" },
        { HeartRate, "code/coding/0/system", "\"http://loinc.org \"", "value", "Observation.code.coding[0].system" },
        { HeartRate, "implicitRules", "\"a\\tb\"", "value", "Observation.implicitRules" },
        { HeartRate, "meta/profile/1", "\"a b\"", "value", "Observation.meta.profile[1]" },
        { HeartRate, "extension", """[{"url":"http://example.org/a"}]""", "invariant", "Observation.extension[0]" },
        { HeartRate, "extension", """[{"url":"http://example.org/a","valueString":"a","extension":[{"url":"b","valueInteger":1}]}]""", "invariant", "Observation.extension[0]" },
        { HeartRate, "extension", """[{"valueString":"a"}]""", "required", "Observation.extension[0].url" },
        { HeartRate, "extension", """[{"url":"http://example.org/a","valueBase64Binary":"%"}]""", "value", "Observation.extension[0].valueBase64Binary" },
        { HeartRate, "Status", "\"final\"", "structure", "Observation.Status" },
        { HeartRate, "puls", "62", "structure", "Observation.puls" },
        { HeartRate, "puls 13717404089", "62", "structure", "Observation" },
        { HeartRate, "", "62", "structure", "Observation" },
        { HeartRate, "fhir_comments", "[\"a\"]", "structure", "Observation" },
        { HeartRate, "code/coding/0/colour", "\"red\"", "structure", "Observation.code.coding[0].colour" },
        { HeartRate, "contained", """[{"resourceType":"Device","hue":1}]""", "structure", "Observation.contained[0].hue" },
        { HeartRate, "contained", """[{"resourceType":"Gadget"}]""", "structure", "Observation.contained[0]" },
        { HeartRate, "valueReference", """{"reference":"Media/1"}""", "structure", "Observation.valueReference" },
        { HeartRate, "bodyStructure", "\"x\"", "structure", "Observation.bodyStructure" },
        { HeartRate, "bodyStructure", """{"hue":1}""", "structure", "Observation.bodyStructure.hue" },
        { HeartRate, "instantiatesCanonical", "5", "structure", "Observation.instantiatesCanonical" },
        { HeartRate, "instantiatesCanonical", "\"a b\"", "value", "Observation.instantiatesCanonical" },
        { HeartRate, "_instantiatesCanonical", "5", "structure", "Observation.instantiatesCanonical" },
        { HeartRate, "_instantiatesCanonical", """{"hue":1}""", "structure", "Observation.instantiatesCanonical.hue" },
        { HeartRate, "triggeredBy", "{}", "structure", "Observation.triggeredBy" },
        { HeartRate, "triggeredBy", "[5]", "structure", "Observation.triggeredBy[0]" },
        { HeartRate, "triggeredBy", """[{"observation":{"reference":"Observation/1"}}]""", "required", "Observation.triggeredBy[0].type" },
        { HeartRate, "triggeredBy", """[{"type":"reflex"}]""", "required", "Observation.triggeredBy[0].observation" },
        { HeartRate, "triggeredBy", """[{"observation":{"reference":"Observation/1"},"type":"whim"}]""", "code-invalid", "Observation.triggeredBy[0].type" },
        { HeartRate, "triggeredBy", """[{"observation":{"reference":"Observation/1"},"type":"reflex","hue":1}]""", "structure", "Observation.triggeredBy[0].hue" },
        { HeartRate, "triggeredBy", """[{"observation":{"reference":"Observation/1"},"type":"reflex","reason":1}]""", "value", "Observation.triggeredBy[0].reason" },
        { HeartRate, "triggeredBy", """[{"observation":{"reference":"Observation/1"},"type":"reflex","extension":[{"valueString":"a"}]}]""", "required", "Observation.triggeredBy[0].extension[0].url" },
        { HeartRate, "referenceRange/0/normalValue", """{"coding":[{"code":5}]}""", "value", "Observation.referenceRange[0].normalValue.coding[0].code" },
        { BloodPressure, "component/0/bodyStructure", "{}", "structure", "Observation.component[0].bodyStructure" },
    };

    /// <summary>Message, path, JSON there (null removes it), and the code and expression of the one warning.</summary>
    public static TheoryData<string, string, string?, string, string> Warnings => new()
    {
        { Unclaimed, "effectiveDateTime", "\"2026-05-20T12:05:01Z\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2026-05-21T12:00:00Z\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"1989-12-31\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"1970-01-01T00:00:00Z\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2000-01-01T00:00:00Z\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "effectiveDateTime", "\"2000-01-01\"", "business-rule", "Observation.effectiveDateTime" },
        { HeartRate, "subject/display", "\"\"", "value", "Observation.subject.display" },
        { HeartRate, "code/text", "\"\"", "value", "Observation.code.text" },
        { HeartRate, "device", """{"display":""}""", "value", "Observation.device.display" },
        { HeartRate, "identifier", """[{"value":""}]""", "value", "Observation.identifier[0].value" },
        { HeartRate, "method", "\"\"", "value", "Observation.method" },
        { HeartRate, "note/0/text", "\"\"", "value", "Observation.note[0].text" },
        { HeartRate, "meta/profile/1", "\"\"", "value", "Observation.meta.profile[1]" },
        { HeartRate, "meta/profile/1", "\"http://example.org/profile\"", "not-supported", "Observation.meta.profile[1]" },
        { HeartRate, "performer/0/identifier/system", null, "required", "Observation.performer[0].identifier.system" },
        { HeartRate, "subject/identifier/system", "\"urn:oid:2.16.578.1.12.4.1.4.2\"", "value", "Observation.subject.identifier.system" },
        { HeartRate, "valueQuantity/unit", null, "required", "Observation.valueQuantity.unit" },
        { Unclaimed, "effectiveDateTime", null, "required", "Observation.effective" },
        { Unclaimed, "effectiveDateTime", "\"2026\"", "invariant", "Observation.effectiveDateTime" },
        { Unclaimed, "category", null, "required", "Observation.category" },
        { Unclaimed, "code/coding/0", null, "required", "Observation.code" },
        { Unclaimed, "code/coding", """[{"system":"http://example.org","code":"1"}]""", "code-invalid", "Observation.code" },
        { Unclaimed, "code", """{"text":"Puls"}""", "code-invalid", "Observation.code" },
        { Unclaimed, "valueQuantity/code", "\"bpm\"", "code-invalid", "Observation.valueQuantity.code" },
        { Unclaimed, "valueQuantity/code", null, "required", "Observation.valueQuantity.code" },
        { HeartRate, "valueQuantity/code", null, "required", "Observation.valueQuantity.code" },
        { Unclaimed, "valueQuantity/system", null, "required", "Observation.valueQuantity.system" },
        { Unclaimed, "valueQuantity", """{"value":62}""", "required", "Observation.valueQuantity.code" },
        { Unclaimed, "valueQuantity/system", "\"http://example.org\"", "code-invalid", "Observation.valueQuantity.system" },
    };

    /// <summary>Message, path, JSON there (null removes it): accepted without a remark.</summary>
    public static TheoryData<string, string, string?> Acceptances => new()
    {
        { HeartRate, "status", "\"registered\"" },
        { HeartRate, "status", "\"entered-in-error\"" },
        { HeartRate, "issued", null },
        { HeartRate, "subject/identifier/system", null },
        { HeartRate, "effectiveDateTime", "\"2026-05-20T12:05:00Z\"" },
        { HeartRate, "effectiveDateTime", "\"1990-01-01\"" },
        { HeartRate, "effectiveDateTime", "\"2026-05-19T23:59:60Z\"" },
        { HeartRate, "effectiveDateTime", "\"2026-05-20\"" },
        { HeartRate, "valueQuantity/value", "62.123456789012345678901234567890" },
        { HeartRate, "_status", """{"extension":[{"url":"http://example.org/a","valueBoolean":true}]}""" },
        { HeartRate, "extension", """[{"url":"http://example.org/a","extension":[{"url":"b","valueInteger":1}]}]""" },
        { HeartRate, "text", """{"status":"generated","div":"<div>whatever</div>"}""" },
        { HeartRate, "contained", """[{"resourceType":"Device","id":"d"}]""" },
        { HeartRate, "meta/profile/0", "\"http://hl7.org/fhir/StructureDefinition/heartrate|4.0.1\"" },
        { HeartRate, "instantiatesCanonical", "\"http://example.org/definition|1\"" },
        { HeartRate, "_instantiatesCanonical", """{"extension":[{"url":"http://example.org/a","valueBoolean":true}]}""" },
        { HeartRate, "instantiatesReference", """{"reference":"ObservationDefinition/1"}""" },
        { HeartRate, "bodyStructure", """{"identifier":{"value":"1"}}""" },
        { HeartRate, "triggeredBy", """[{"id":"a","observation":{"reference":"Observation/1"},"type":"re-run","reason":"utydelig","_reason":{"id":"b"},"extension":[{"url":"http://example.org/a","valueString":"a"}]}]""" },
        { HeartRate, "referenceRange/0/normalValue", """{"text":"N"}""" },
        { BloodPressure, "component/0/referenceRange", """[{"text":"N","normalValue":{"text":"N"}}]""" },
        { BloodPressure, "component/1", """{"code":{"coding":[{"system":"http://snomed.info/sct","code":"271650006"}]},"dataAbsentReason":{"text":"feil"}}""" },
        { BloodPressure, "component/2", """{"code":{"text":"kurve"},"valueAttachment":{"contentType":"image/png","data":"QUI=","height":5}}""" },
        { BloodPressure, "component/2", """{"code":{"text":"kurve"},"valueReference":{"reference":"Media/1"}}""" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Refused(string message, string path, string? json, string code, string? expression)
    {
        var found = Check(With(message, path, json));
        Assert.False(found.IsAccepted);
        var error = found.Issues.FirstOrDefault(issue => issue.Severity == IssueSeverity.Error && issue.Expression == expression);
        Assert.True(error is not null, string.Join('\n', found.Issues));
        Assert.Equal(code, error.Code);
        Assert.All(found.Issues, Discreet);
    }

    [Theory]
    [MemberData(nameof(Warnings))]
    public void Stored_with_warning(string message, string path, string? json, string code, string expression)
    {
        var found = Check(With(message == Unclaimed ? Without(HeartRate, "meta") : message, path, json));
        var warning = Assert.Single(found.Issues);
        Assert.Equal((IssueSeverity.Warning, code, expression), (warning.Severity, warning.Code, warning.Expression));
        Assert.True(found.IsAccepted);
        Assert.Equal(Message.Person, found.Subject?.Digits);
        Discreet(warning);
    }

    [Theory]
    [MemberData(nameof(Acceptances))]
    public void Stored(string message, string path, string? json)
    {
        var found = Check(With(message, path, json));
        Assert.Empty(found.Issues);
        Assert.True(found.IsAccepted);
    }

    [Fact]
    public void What_was_checked_is_told()
    {
        var found = Check(HeartRate);
        Assert.Empty(found.Issues);
        Assert.Equal(Message.Person, found.Subject?.Digits);
        Assert.Equal("heartrate", found.Concept?.Slug);
        Assert.True(found.Effective.IsPrecise);
        Assert.Equal(new DateTime(2026, 5, 20, 8, 0, 0).Ticks, found.Effective.StartTicks);
        Assert.Equal("bloodpressure", Check(BloodPressure).Concept?.Slug);
    }

    [Fact]
    public void Empty_time_is_no_time()
    {
        // As the national service's own example has it.
        var found = Check("""
            {"resourceType":"Observation","status":"registered","code":{"coding":[{"system":"http://snomed.info/sct","code":"763264000"}]},
             "subject":{"identifier":{"value":"13717404089"}},"effectiveDateTime":"","valueQuantity":{"value":5}}
            """);
        Assert.Equal("Observation.effectiveDateTime", Assert.Single(found.Issues).Expression);
        Assert.True(found.IsAccepted);
        Assert.False(found.Effective.HasTime);
    }

    [Theory]
    [InlineData("\"status\":\"final\"", "Observation")]
    [InlineData("\"st\\u0061tus\":\"final\"", "Observation")]
    [InlineData("\"resourceType\":\"Observation\"", "Observation")]
    [InlineData("\"contained\":[{\"resourceType\":\"Device\",\"resourceType\":\"Device\"}]", "Observation.contained[0]")]
    [InlineData("\"_status\":{\"id\":\"a\"},\"_status\":{\"id\":\"a\"}", "Observation")]
    [InlineData("\"triggeredBy\":[],\"triggeredBy\":[]", "Observation.triggeredBy")]
    [InlineData("\"device\":{\"display\":\"a\",\"display\":\"b\"}", "Observation.device")]
    public void Members_sent_twice_are_refused(string members, string expression) =>
        Assert.Contains(Check(Plus(HeartRate, members)).Issues, issue => issue is { Severity: IssueSeverity.Error, Code: "structure" } && issue.Expression == expression);

    [Fact]
    public void Every_member_sent_twice_is_refused()
    {
        var message = With(With(With(With(HeartRate, "bodyStructure", """{"identifier":{"value":"1"}}"""), "referenceRange/0/normalValue", """{"text":"N"}"""),
            "triggeredBy", """[{"observation":{"reference":"Observation/1"},"type":"reflex","_reason":{"id":"a"}}]"""), "contained", """[{"resourceType":"Device","id":"d"}]""");
        Assert.Empty(Check(message).Issues);
        using var document = JsonDocument.Parse(message);
        var doubled = 0;
        for (var at = 0; Doubled(document.RootElement, at) is { } json; at++)
        {
            Assert.False(Check(json).IsAccepted, json);
            doubled++;
        }

        Assert.InRange(doubled, 50, 100);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused() =>
        Assert.False(Check(Plus(HeartRate, "\"device\":{\"display\":\"\\ud800\"}")).IsAccepted);

    [Theory]
    [InlineData(NationalIdPolicy.Strict, false)]
    [InlineData(NationalIdPolicy.Synthetic, true)]
    [InlineData(NationalIdPolicy.Lenient, true)]
    public void The_policy_decides_which_persons_are_let_in(NationalIdPolicy policy, bool accepted) =>
        Assert.Equal(accepted, Check(HeartRate, policy).IsAccepted);

    [Fact]
    public void Limits_hold_at_the_edge_and_one_past_it()
    {
        AssertLimit("note", Limits.MaxListItems, n => Items(n, """{"text":"a"}"""), "too-costly", "Observation.note");
        AssertLimit("code/coding", Limits.MaxCodings, n => Items(n, """{"system":"http://loinc.org","code":"8867-4"}"""), "too-costly", "Observation.code.coding");
        AssertLimit("note/0/text", Limits.MaxStringLength, n => $"\"{new string('ø', n)}\"", "too-long", "Observation.note[0].text");
        // The Observation is one deep, and each extension adds a list and an object.
        AssertLimit("extension", (Limits.MaxJsonDepth - 1) / 2, Nested, "too-costly", null);
        var overhead = System.Text.Encoding.UTF8.GetByteCount(With(HeartRate, "text", """{"status":"generated","div":""}"""));
        AssertLimit("text", Limits.MaxObservationBytes, n => $$"""{"status":"generated","div":"{{new string('a', n - overhead)}}"}""", "too-long", "Observation");
    }

    [Fact]
    public void Attachments_may_be_larger_than_other_strings()
    {
        var data = Convert.ToBase64String(new byte[Limits.MaxStringLength]);
        Assert.Empty(Check(With(BloodPressure, "component/2", $$$"""{"code":{"text":"kurve"},"valueAttachment":{"contentType":"image/png","data":"{{{data}}}"}}""")).Issues);
        Assert.False(Check(With(Without(HeartRate, "valueQuantity"), "valueSampledData", $$"""{"origin":{"value":0},"period":1,"dimensions":1,"data":"{{new string('1', Limits.MaxStringLength + 1)}}"}""")).IsAccepted);
    }

    [Fact]
    public void Issues_are_limited_and_errors_come_first()
    {
        var empties = string.Join(',', Enumerable.Range(0, 150).Select(_ => """{"text":"a","authorString":""}"""));
        var found = Check(With(With(HeartRate, "note", $"[{empties}]"), "status", "\"done\""));
        Assert.Equal(Limits.MaxIssues, found.Issues.Length);
        Assert.Equal("Observation.status", found.Issues[0].Expression);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("5")]
    [InlineData("""{"resourceType":"Observation"}""")]
    [InlineData("""{"resourceType":"Observation","":{"":""},"_":[],"component":[[]],"meta":[],"subject":[],"code":[{}],"category":{"coding":5}}""")]
    public void Anything_is_answered(string json) => Assert.False(Check(json).IsAccepted);

    [Fact]
    public void An_element_that_was_never_read_is_answered() =>
        Assert.False(ObservationChecks.Check(default, NationalIdPolicy.Lenient, Now).IsAccepted);

    [Fact]
    public void No_change_of_a_message_throws_or_shows_the_person() =>
        (from message in Gen.OneOf(Gen.Const(HeartRate), Gen.Const(BloodPressure))
         from changes in Gen.Select(Gen.Int[0, 60], Gen.Int[0, 12], Gen.OneOf(Gen.String, Gen.String["_valueaE13717404089 "])).Array[1, 4]
         select (message, changes))
        .Sample(one =>
        {
            var root = JsonNode.Parse(one.message)!;
            foreach (var (at, kind, text) in one.changes)
            {
                Mutate(root, at, kind, text);
            }

            var found = Check(root.ToJsonString());
            foreach (var issue in found.Issues)
            {
                Discreet(issue);
            }
        }, iter: 3_000);

    [Fact]
    public void No_shape_of_bytes_throws() =>
        Gen.Select(Gen.Int[0, HeartRate.Length - 1], Gen.Int[0, 40], Gen.String["{}[]\",:0aE\\u_ "]).Sample((at, length, text) =>
        {
            var json = HeartRate[..at] + text + HeartRate[Math.Min(HeartRate.Length, at + length)..];
            try
            {
                Check(json);
            }
            catch (JsonException)
            {
                // Not JSON: the caller's parse refuses it.
            }
        }, iter: 3_000);

    private static void Discreet(Issue issue)
    {
        var text = $"{issue.Expression} {issue.Diagnostics}";
        Assert.DoesNotContain("1371740", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Gundersen", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hvile", text, StringComparison.Ordinal);
    }

    private static void AssertLimit(string path, int limit, Func<int, string> json, string code, string? expression)
    {
        Assert.True(Check(With(HeartRate, path, json(limit))).IsAccepted, path);
        var error = Check(With(HeartRate, path, json(limit + 1))).Issues[0];
        Assert.Equal((IssueSeverity.Error, code), (error.Severity, error.Code));
        Assert.True(expression is null || expression == error.Expression, error.Expression);
    }

    private static string Items(int count, string item) => $"[{string.Join(',', Enumerable.Repeat(item, count))}]";

    private static string Nested(int objects) => objects == 1
        ? """[{"url":"http://example.org/a","valueInteger":1}]"""
        : $$"""[{"url":"http://example.org/a","extension":{{Nested(objects - 1)}}}]""";

    // The message with its at-th member written twice; null past the last.
    private static string? Doubled(JsonElement message, int at)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true }))
        {
            Write(writer, message, ref at);
        }

        return at >= 0 ? null : System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, ref int at)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    if (at-- == 0)
                    {
                        member.WriteTo(writer);
                    }

                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, ref at);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item, ref at);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void Mutate(JsonNode root, int at, int kind, string text)
    {
        var all = new List<JsonNode>();
        Collect(root, all);
        var node = all[at % all.Count];
        JsonNode? value = kind switch
        {
            0 => null,
            1 => JsonValue.Create(text),
            2 => JsonValue.Create(at),
            3 => new JsonObject(),
            4 => new JsonArray(),
            5 => new JsonArray((JsonNode?)null),
            6 => new JsonObject { [text] = text },
            7 => JsonValue.Create(at % 2 == 0),
            8 => JsonValue.Create(""),
            9 => new JsonArray(new JsonArray(text)),
            10 => root.DeepClone(),
            _ => all[(at * 7) % all.Count].DeepClone(),
        };
        switch (node)
        {
            case JsonObject members when kind == 12 && members.Count > 0:
                members.Remove(members.First().Key);
                break;
            case JsonObject members when members.Count > 0 && at % 3 > 0:
                members[members.ElementAt(at % members.Count).Key] = value;
                break;
            case JsonObject members:
                members[text] = value;
                break;
            case JsonArray list when list.Count > 0 && at % 2 == 0:
                list[at % list.Count] = value;
                break;
            case JsonArray list:
                list.Add(value);
                break;
            default:
                break;
        }
    }

    private static void Collect(JsonNode node, List<JsonNode> all)
    {
        all.Add(node);
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray list => list,
            _ => [],
        };
        foreach (var child in children)
        {
            if (child is not null)
            {
                Collect(child, all);
            }
        }
    }
}
