using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Bench;
using PasientensMaledata.Issuer;
using PasientensMaledata.Tests.AccessLog;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What a citizen takes with them: the log in FHIR's words, proofs of it, and all that is held.</summary>
public sealed class CitizenProofTests(SecuredService service) : IClassFixture<SecuredService>
{
    [Fact]
    public async System.Threading.Tasks.Task The_log_is_given_as_AuditEvents_that_FHIR_reads()
    {
        var (person, id) = await service.StoreAsync();
        await service.SearchAsync(person, "&code=8867-4");
        await service.AsClinicianAsync("GET", $"/Observation/{id}");
        await service.AsCitizenAsync(person, "PUT", $"/citizen/privacy/blocks/{DevelopmentPeople.ClinicianHpr}");
        await service.SearchAsync(person);
        await SequenceAsync();
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/AuditEvent");
        Assert.Equal(200, answer.StatusCode);
        var events = Assert.IsType<Bundle>(SharedService.Parse(answer)).Entry.Select(e => Assert.IsType<AuditEvent>(e.Resource)).ToList();
        Assert.Equal(["search-type", "setting", "read", "search-type", "create"], events.Select(e => e.Subtype.Single().Code));
        Assert.Equal(AuditEvent.AuditEventOutcome.N4, events[0].Outcome);
        Assert.Equal("blocked", events[0].OutcomeDesc);

        var search = events[3];
        Assert.Equal(("http://dicom.nema.org/resources/ontology/DCM", "110110"), (search.Type!.System, search.Type.Code));
        Assert.Equal(("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT"), (search.PurposeOfEvent[0].Coding[0].System, search.PurposeOfEvent[0].Coding[0].Code));
        var role = search.Contained.OfType<PractitionerRole>().Single();
        Assert.Equal("#" + role.Id, search.Agent.Single(a => a.Requestor == true).Who!.Reference);
        var practitioner = search.Contained.OfType<Practitioner>().Single(p => "#" + p.Id == role.Practitioner!.Reference);
        Assert.Equal((DevelopmentPeople.ClinicianName, DevelopmentPeople.ClinicianHpr), (practitioner.Name.Single().Text, practitioner.Identifier.Single().Value));
        Assert.Contains(search.Contained.OfType<Organization>(), o => o.Identifier.Single().Value == SecuredService.Hospital);
        Assert.Contains(search.Extension, e => e.Url!.EndsWith("auditevent-patient-extension", StringComparison.Ordinal));
        Assert.Contains(search.Extension, e => e.Url!.EndsWith("auditevent-carerelation-metadata-extension", StringComparison.Ordinal) && e.Extension.Any(x => x.Url == "decision-ref-id"));
        Assert.DoesNotContain(person, answer.Text);
        Assert.DoesNotContain(DevelopmentPeople.Clinician, answer.Text);
    }

    [Fact]
    public void Whatever_is_logged_is_an_AuditEvent_that_FHIR_reads()
    {
        var events = new LogEvents(5, 5);
        for (var i = 0; i < 300; i++)
        {
            var line = Encoding.UTF8.GetString(PasientensMaledata.AccessLog.AuditEventWriter.Line(events.Next(new(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc)), $"{i:x32}"));
            Assert.IsType<AuditEvent>(SharedService.Parse(new(System.Net.HttpStatusCode.OK, null!, line)));
        }
    }

    [Fact]
    public async System.Threading.Tasks.Task A_program_of_nothing_but_Node_takes_a_proof_and_no_change_of_it()
    {
        var (person, _) = await service.StoreAsync();
        await service.SearchAsync(person);
        await service.SearchAsync(person);
        await SequenceAsync();
        var newest = (string)(await service.AsCitizenAsync(person, "GET", "/citizen/access-log")).Json["events"]![0]!["id"]!;
        var proof = (await service.AsCitizenAsync(person, "GET", $"/citizen/access-log/{newest}/proof")).Json.AsObject();
        var key = (string)proof["keys"]![0]!;
        Assert.Equal(0, await VerifyByNodeAsync(proof, key));
        using (var other = LogSigner.Generate(key.Split('+')[0]))
        {
            Assert.Equal(1, await VerifyByNodeAsync(proof, other.Verifier.ToString()));
        }

        // What the leaf, the path and the signature cover, each changed in turn.
        foreach (var change in new Action<JsonObject>[]
        {
            p => p["event"] = ((string)p["event"]!).Replace("\"ok\"", "\"no\"", StringComparison.Ordinal),
            p => p["serial"] = (long)p["serial"]! + 1,
            p => p["previous"] = new string('0', 64),
            p => p["sequencedAt"] = "2026-01-01T00:00:00.000Z",
            p => p["leaf"] = new string('0', 64),
            p => p["index"] = (long)p["index"]! - 1,
            p => p["path"]!.AsArray().RemoveAt(0),
            p => p["path"]!.AsArray().Add(Convert.ToBase64String(new byte[32])),
            p => p["checkpoint"] = ((string)p["checkpoint"]!).Replace("\n\n", "\nmore\n\n", StringComparison.Ordinal),
        })
        {
            var changed = proof.DeepClone().AsObject();
            change(changed);
            Assert.Equal(1, await VerifyByNodeAsync(changed, key));
        }
    }

    private static async System.Threading.Tasks.Task<int> VerifyByNodeAsync(JsonObject proof, string key)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, proof.ToJsonString());
        using var node = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("node", [Path.Combine(Repository.Root, "docs", "verify-proof.mjs"), file, key]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        File.Delete(file);

        // Told, and not fallen over.
        Assert.True(node.ExitCode == 0 || errors.StartsWith("It proves nothing", StringComparison.Ordinal), errors);
        return node.ExitCode;
    }

    [Fact]
    public async System.Threading.Tasks.Task Every_event_of_a_citizen_has_a_proof_that_stands_alone_and_no_change_of_it_does()
    {
        var (person, _) = await service.StoreAsync();
        await service.SearchAsync(person);
        await SequenceAsync();
        string? previous = null;
        string? proof = null;
        foreach (var id in await IdsAsync(person))
        {
            var answer = await service.AsCitizenAsync(person, "GET", $"/citizen/access-log/{id}/proof");
            Assert.True(answer.StatusCode == 200, answer.Text);
            proof = answer.Text;
            var verdict = ProofVerifier.Verify(proof, null);
            Assert.Null(verdict.Fault);
            Assert.True(previous is null || previous == answer.Json["leaf"]!.ToString(), "The chain has a gap.");
            previous = (string?)answer.Json["previous"];

            // The same by another hand, from the specifications.
            var head = Reference.Open((string)answer.Json["checkpoint"]!, (string)answer.Json["keys"]![0]!);
            var leaf = Reference.Leaf(Encoding.UTF8.GetBytes($"pmd-event/1 {(long)answer.Json["serial"]!} {previous ?? "-"} {(string)answer.Json["sequencedAt"]!}\n{(string)answer.Json["event"]!}"));
            Assert.Equal((string?)answer.Json["leaf"], Convert.ToHexStringLower(leaf));
            Assert.True(Reference.Includes((long)answer.Json["index"]!, head.Size, leaf, [.. answer.Json["path"]!.AsArray().Select(p => Convert.FromBase64String((string)p!))], head.Root));
        }

        Assert.Null(previous);

        // Any character of it changed, it proves nothing.
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var changed = proof!.ToCharArray();
            var at = random.Next(changed.Length);
            changed[at] = changed[at] == 'a' ? 'b' : 'a';
            Assert.True(ProofVerifier.Verify(new(changed), null).Fault is not null || IsOfTheKind(proof, at), $"at {at}: {proof[Math.Max(0, at - 20)..at]}");
        }

        using var stranger = LogSigner.Generate(LogKeys.DefaultName);
        Assert.NotNull(ProofVerifier.Verify(proof!, [stranger.Verifier]).Fault);
    }

    [Fact]
    public async System.Threading.Tasks.Task Another_citizens_event_has_no_proof_for_me_and_an_unsigned_one_has_none_yet()
    {
        var ((one, _), (other, _)) = (await service.StoreAsync(), await service.StoreAsync());
        await SequenceAsync();
        var id = (await IdsAsync(other))[0];
        SharedService.Refused(404, await service.AsCitizenAsync(one, "GET", $"/citizen/access-log/{id}/proof"));
        SharedService.Refused(404, await service.AsCitizenAsync(one, "GET", "/citizen/access-log/x/proof"));
        Assert.Equal(200, (await service.AsCitizenAsync(other, "GET", $"/citizen/access-log/{id}/proof")).StatusCode);
    }

    [Fact]
    public async System.Threading.Tasks.Task All_that_is_held_comes_as_one_file_that_can_be_read()
    {
        await using var open = await TestService.StartAsync();
        var person = SyntheticNumbers.Number(3);
        var heart = Messages.HeartRate(person, "export-1");
        Assert.Equal(200, (await open.PostAsync("/", Messages.Collection(heart, Messages.Weight(person, "export-2")))).StatusCode);
        await open.SearchAsync($"patient.identifier={person}");
        await open.Service.Log.Sequencer.RunAsync(everything: false, default);
        using var request = new HttpRequestMessage(HttpMethod.Get, "citizen/export");
        request.Headers.Add("X-Pmd-Patient", person);
        using var response = await open.Client.SendAsync(request);
        Assert.Equal("application/zip", response.Content.Headers.ContentType?.MediaType);
        using var zip = new ZipArchive(new MemoryStream(await response.Content.ReadAsByteArrayAsync()));
        Assert.Equal(["AuditEvent.ndjson", "access-log.ndjson", "index.html", "measurements.ndjson", "settings.json"], zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal));
        Assert.Equal(["export-1", "export-2"], Lines(zip, "measurements.ndjson").Select(l => (string?)JsonNode.Parse(l)!["identifier"]![0]!["value"]).Order());
        Assert.All(Lines(zip, "AuditEvent.ndjson"), l => Assert.IsType<AuditEvent>(SharedService.Parse(new(System.Net.HttpStatusCode.OK, null!, l))));
        Assert.Equal(["search", "submit"], Lines(zip, "access-log.ndjson").Select(l => (string?)JsonNode.Parse(l)!["action"]));
        Assert.NotNull(JsonNode.Parse(string.Concat(Lines(zip, "settings.json")))!["restriction"]);
        var page = System.Net.WebUtility.HtmlDecode(string.Join('\n', Lines(zip, "index.html")));
        Assert.Contains("Puls", page);
        Assert.Contains("Søkte i målingene dine", page);

        // Taken out is an event too.
        await open.Service.Log.Sequencer.RunAsync(everything: false, default);
        var log = await open.SendAsync(HttpMethod.Get, "/citizen/access-log", headers: ("X-Pmd-Patient", person));
        Assert.Equal("citizen-export", (string?)log.Json["events"]![0]!["action"]);
    }

    // What the file is called is no part of what it proves, nor is the second of two keys.
    private static bool IsOfTheKind(string proof, int at) => at > proof.IndexOf("\"keys\"", StringComparison.Ordinal);

    private static string[] Lines(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async System.Threading.Tasks.Task<IReadOnlyList<string>> IdsAsync(string person)
    {
        await SequenceAsync();
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/access-log");
        return [.. answer.Json["events"]!.AsArray().Select(e => (string)e!["id"]!)];
    }

    private System.Threading.Tasks.Task<long> SequenceAsync() => service.Service.Log.Sequencer.RunAsync(false, default);
}
