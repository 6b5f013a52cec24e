using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Every kind of answer is read without fault by an implementation of FHIR R4 that is not ours.</summary>
public sealed class FirelyRoundTripTests(SharedService shared) : IClassFixture<SharedService>
{
    private TestService Service => shared.Service;

    // As much of FHIR as an Observation can hold, with what answers change in the oddest places.
    private static readonly string[] Odd =
    [
        """{"resourceType":"Observation","identifier":[],"meta":{},"status":"final"}""",
        """{"meta":{"versionId":"9"},"id":"a.b-C","resourceType":"Observation","status":"final"}""",
        """{"meta":{"tag":[{"system":"urn:x","code":"t","display":""}],"lastUpdated":"2020-01-01T00:00:00Z"},"text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"resourceType":"Observation","status":"final"}""",
        """{"resourceType":"Observation","language":"nb-NO","implicitRules":"","status":"final","note":[{"text":"Æøå \"sitat\" \\ \/ \u00e6 \ud83d\ude00"}],"issued":"2026-11-20T08:00:00.123456Z"}""",
        """{"resourceType":"Observation","identifier":[{"system":"urn:pmd:sent-id","value":"old"},{"use":"official","system":"urn:x","value":"1"}],"status":"final","_status":{"id":"s"}}""",
        """{"resourceType":"Observation","contained":[{"resourceType":"Device","id":"d"}],"device":{"reference":"#d"},"status":"final","extension":[{"url":"urn:e","valueDecimal":1.10}]}""",
        """{"resourceType":"Observation","status":"final","component":[{"code":{"text":"part"},"valueQuantity":{"value":0.0000001}},{"code":{"text":"other"},"dataAbsentReason":{"text":"none"}}],"referenceRange":[{"low":{"value":1},"text":""}]}""",
        """{"resourceType":"Observation","status":"final","bodyStructure":{"display":"arm"},"triggeredBy":[{"observation":{"display":"x"},"type":"reflex"}],"instantiatesCanonical":"urn:c"}""",
    ];

    public static TheoryData<int> OddOnes => [.. Enumerable.Range(0, Odd.Length)];

    [Theory]
    [MemberData(nameof(OddOnes))]
    public async Task An_Observation_is_valid_R4_however_it_was_sent(int at)
    {
        var person = NewPerson();
        var sent = JsonNode.Parse(Odd[at])!.AsObject();
        sent["code"] ??= Concept("http://loinc.org", "74465-6");
        sent["subject"] = new JsonObject { ["identifier"] = new JsonObject { ["system"] = FnrSystem, ["value"] = person } };
        if (sent["component"] is null)
        {
            sent["valueInteger"] = 5;
        }

        if (sent["identifier"] is JsonArray { Count: 0 } || sent["meta"] is JsonObject { Count: 0 } || sent["implicitRules"] is not null)
        {
            // Empty lists and objects are no FHIR: refused, or taken as absent; never a broken answer.
            var tried = await Service.PostAsync("/Observation", sent);
            Parse(tried);
            if (tried.StatusCode == 422)
            {
                return;
            }
        }
        else
        {
            var stored = await Service.PostAsync("/Observation", sent);
            Assert.True(stored.StatusCode == 201, stored.Text);
        }

        var found = await Service.SearchAsync($"patient.identifier={person}");
        var observation = Assert.IsType<Observation>(Assert.Single(Assert.IsType<Bundle>(Parse(found)).Entry).Resource);
        var read = Assert.IsType<Observation>(Parse(await Service.GetAsync($"/Observation/{observation.Id}")));
        Assert.True(observation.IsExactly(read));
        Assert.Equal(person, read.Subject!.Identifier!.Value);
        Assert.Equal("1", read.VersionId);
        Assert.Null(read.Text);
        Assert.Single(Assert.IsType<Bundle>(Parse(await Service.GetAsync($"/Observation/{observation.Id}/_history"))).Entry);

        // What was read can be sent back, and is known.
        var again = await Service.PostAsync("/Observation", (await Service.GetAsync($"/Observation/{observation.Id}", ("Accept", "application/fhir+json; fhirVersion=5.0"))).Json);
        Assert.True(again.StatusCode == 200 && again.Text.Contains("known", StringComparison.Ordinal), again.Text);
    }

    [Fact]
    public async Task Every_kind_of_answer_is_valid_R4()
    {
        var person = NewPerson();
        var bad = HeartRate(person, "3");
        bad.Remove("code");
        var put = HeartRate(person, value: 1);
        put["id"] = "p";
        var bundle = await Service.PostAsync("/", Batch(("POST", HeartRate(person, "1")), ("POST", bad), ("PUT", put), ("GET", HeartRate(person, "4")), ("POST", new JsonObject { ["resourceType"] = "Patient" }), ("POST", HeartRate(person, "1", value: 2))));
        Assert.Equal(["200", "422", "200", "422", "200", "409"], Assert.IsType<Bundle>(Parse(bundle)).Entry.Select(e => e.Response!.Status));
        var id = ((string)bundle.Entries[0]["response"]!["location"]!).Split('/')[1];
        (string Type, Answer Answer)[] answers =
        [
            ("Bundle", await Service.PostAsync("/", new JsonObject { ["resourceType"] = "Bundle", ["type"] = "collection" })),
            ("Bundle", await Service.SearchAsync($"patient.identifier={person}&_count=1&foo=1")),
            ("Bundle", await Service.SearchAsync($"patient.identifier={person}&_summary=count&foo=1")),
            ("Bundle", await Service.LastAsync($"patient.identifier={person}&foo=1")),
            ("Bundle", await Service.GetAsync($"/Observation/{id}/_history")),
            ("Observation", await Service.GetAsync($"/Observation/{id}")),
            ("Observation", await Service.GetAsync($"/Observation/{id}/_history/1")),
            ("CapabilityStatement", await Service.GetAsync("/metadata")),
            ("OperationOutcome", await Service.GetAsync("/Observation/x")),
            ("OperationOutcome", await Service.PostAsync("/Observation", bad)),
            ("OperationOutcome", await Service.SearchAsync("")),
        ];
        Assert.All(answers, a => Assert.Equal(a.Type, Parse(a.Answer).TypeName));
    }
}
