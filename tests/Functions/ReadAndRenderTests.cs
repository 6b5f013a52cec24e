using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What is read is what was sent, but for id, version, time, narrative and empty strings.</summary>
public sealed class ReadAndRenderTests
{
    private static readonly string Ola = SyntheticNumbers.Number(3);

    private static async Task<(TestService Service, string Id)> StoreAsync(string observation)
    {
        var service = await TestService.StartAsync();
        var answer = await service.SendAsync(HttpMethod.Post, "/Observation", observation);
        Assert.True(answer.StatusCode == 201, answer.Text);
        return (service, answer.Header("Location")!.Split('/')[^3]);
    }

    [Fact]
    public async Task Members_keep_their_order_and_numbers_their_text()
    {
        var (service, id) = await StoreAsync($$$"""
            { "status":"final" , "resourceType":"Observation","valueQuantity":{"value":71.500,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"},
              "code":{"coding":[{"code":"8867-4","system":"http://loinc.org"}]},
              "subject":{"identifier":{"value":"{{{Ola}}}","system":"urn:oid:2.16.578.1.12.4.1.4.1"}},"effectiveDateTime":"2026-11-20T08:00:00.120+01:00" }
            """);
        await using var _ = service;
        var answer = await service.GetAsync($"/Observation/{id}");
        Assert.Equal(200, answer.StatusCode);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.Contains("\"value\":71.500", answer.Text, StringComparison.Ordinal);
        Assert.Contains("08:00:00.120+01:00", answer.Text, StringComparison.Ordinal);
        Assert.Equal(["identifier", "meta", "id", "status", "resourceType", "valueQuantity", "code", "subject", "effectiveDateTime"], answer.Json.AsObject().Select(m => m.Key).Except(["identifier"]).Prepend("identifier").OrderBy(k => k == "identifier" ? 0 : k == "meta" ? 1 : k == "id" ? 2 : 3));
        Assert.Equal(id, (string?)answer.Json["id"]);
        Assert.Equal("1", (string?)answer.Json["meta"]!["versionId"]);
        Assert.Equal("2026-11-20T12:00:00.000Z", (string?)answer.Json["meta"]!["lastUpdated"]);
        Assert.Equal(Ola, (string?)answer.Json["subject"]!["identifier"]!["value"]);
    }

    [Fact]
    public async Task Narrative_and_empty_strings_are_left_out_and_the_rest_of_meta_stays()
    {
        var (service, id) = await StoreAsync($$$"""
            {"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Ola Nordmann</div>"},"resourceType":"Observation","id":"abc","effectiveDateTime":"",
             "meta":{"versionId":"9","lastUpdated":"2014-01-30T22:35:23+11:00","source":"urn:x:gateway","profile":["http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation"]},
             "status":"registered","code":{"coding":[{"system":"http://snomed.info/sct","code":"763264000","display":""}],"text":""},
             "subject":{"display":"","identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"{{{Ola}}}"}},"valueQuantity":{"value":5,"unit":""}}
            """);
        await using var _ = service;
        var answer = await service.GetAsync($"/Observation/{id}");
        Assert.Null(answer.Json["text"]);
        Assert.DoesNotContain("\"\"", answer.Text, StringComparison.Ordinal);
        Assert.Equal("urn:x:gateway", (string?)answer.Json["meta"]!["source"]);
        Assert.Equal("1", (string?)answer.Json["meta"]!["versionId"]);
        Assert.Single(answer.Json["meta"]!["profile"]!.AsArray());
        Assert.Equal("""[{"system":"urn:pmd:sent-id","value":"abc"}]""", answer.Json["identifier"]!.ToJsonString());
    }

    [Fact]
    public async Task The_sent_id_comes_back_as_the_last_identifier_and_what_comes_back_in_is_known()
    {
        var sent = HeartRate(Ola, "17");
        sent["id"] = "5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f";
        var (service, id) = await StoreAsync(sent.ToJsonString());
        await using var _ = service;
        var read = (await service.GetAsync($"/Observation/{id}")).Json;
        Assert.Equal(["17", "5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f"], read["identifier"]!.AsArray().Select(i => (string?)i!["value"]));
        var again = await service.PostAsync("/", Collection(read.DeepClone().AsObject()));
        Assert.Contains("known", again.Text, StringComparison.Ordinal);
        Assert.Single((await service.SearchAsync($"patient.identifier={Ola}")).Observations);
    }

    [Fact]
    public async Task R5_elements_are_kept_and_sent_only_to_those_who_ask_for_R5()
    {
        var sent = HeartRate(Ola, "1");
        sent["bodyStructure"] = new JsonObject { ["display"] = "left arm" };
        sent["referenceRange"] = new JsonArray(new JsonObject { ["normalValue"] = Concept("http://loinc.org", "x"), ["text"] = "usual" });
        var (service, id) = await StoreAsync(sent.ToJsonString());
        await using var _ = service;
        var r4 = await service.GetAsync($"/Observation/{id}");
        Assert.Null(r4.Json["bodyStructure"]);
        Assert.Equal("""[{"text":"usual"}]""", r4.Json["referenceRange"]!.ToJsonString());
        var r5 = await service.GetAsync($"/Observation/{id}", ("Accept", "application/fhir+json; fhirVersion=5.0"));
        Assert.Equal("left arm", (string?)r5.Json["bodyStructure"]!["display"]);
        Assert.NotNull(r5.Json["referenceRange"]![0]!["normalValue"]);
        Assert.Contains("fhirVersion=5.0", r5.Header("Content-Type"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("5d1f0c2e-6a0b-4f43-9f53-0a6b8c1d2e3f")]
    public async Task An_id_that_names_nothing_is_404(string id)
    {
        await using var service = await TestService.StartAsync();
        var answer = await service.GetAsync($"/Observation/{id}");
        Assert.Equal(404, answer.StatusCode);
        Assert.Equal("not-found", (string?)answer.Issues[0]["code"]);
    }

    [Fact]
    public async Task Ids_of_one_patient_have_nothing_in_common()
    {
        await using var service = await TestService.StartAsync();
        await service.PostAsync("/", Collection(Enumerable.Range(0, 50).Select(i => HeartRate(Ola, $"{i}"))));
        var ids = (await service.SearchAsync($"patient.identifier={Ola}")).Observations.Select(o => (string)o["id"]!).ToList();
        for (var at = 0; at < 51; at++)
        {
            Assert.True(ids.Select(i => i[at]).Distinct().Count() > 5, $"character {at} hardly differs");
        }
    }
}
