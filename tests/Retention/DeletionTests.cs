using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Retention;
using PasientensMaledata.Tests.Functions;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Retention;

/// <summary>What is deleted beside a running service is given by no call of it any more, and does not come back.</summary>
public sealed class DeletionTests : IAsyncLifetime
{
    // A value that nothing else has.
    private const decimal Wrong = 137.25m;

    private TestService service = null!;

    public async ValueTask InitializeAsync() => service = await TestService.StartAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task An_Observation_of_the_wrong_patient_is_given_by_no_call_after_its_deletion_and_stays_deleted_when_it_is_sent_again()
    {
        var person = SyntheticNumbers.Number(71_001);
        var wrong = HeartRate(person, "wrong", "2026-11-20T09:00:00+01:00", Wrong);
        var id = await StoreAsync(wrong);
        var correction = HeartRate(person, "wrong", "2026-11-20T09:00:00+01:00", Wrong + 1);
        correction["status"] = "corrected";
        await StoreAsync(correction);
        var right = await StoreAsync(HeartRate(person, "right", value: 66));
        var next = (await service.SearchAsync($"patient.identifier={person}&_count=1&_sort=date")).Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!;

        // Each call gives it before: a check that gave nothing before would prove nothing.
        Assert.All((await AnswersAsync(person, id, (string)next!)).Where(a => a.MayHold), a => Assert.True(Holds(a.Text), $"{a.Call} did not give it before."));
        Assert.Equal(1, await Deletions().DeleteObservationAsync(PatientOf(id), IdentityOf(id), "wrong-patient", isDry: false, default));
        Assert.Equal(0, await Deletions().DeleteObservationAsync(PatientOf(id), IdentityOf(id), "wrong-patient", isDry: false, default));

        var gone = await AnswersAsync(person, id, (string)next!);
        Assert.All(gone, a => Assert.False(Holds(a.Text), $"{a.Call} gives what was deleted: {a.Text}"));
        Assert.Equal([410, 410, 410], gone.Where(a => a.Call.Contains(id, StringComparison.Ordinal)).Select(a => a.Status));
        Assert.Equal(right, (string?)Assert.Single((await service.SearchAsync($"patient.identifier={person}")).Observations)["id"]);

        foreach (var again in new[] { wrong, correction })
        {
            var alone = await service.PostAsync("Observation", again);
            Assert.Equal((410, "deleted"), (alone.StatusCode, (string?)alone.Issues[0]["code"]));
            var inBundle = await service.PostAsync("", Collection(again));
            Assert.Equal("410", (string?)inBundle.Entries[0]["response"]!["status"]);
            var kept = await service.GetAsync($"submissions/{inBundle.Header("x-pmd-submission-id")}");
            Assert.False((bool)kept.Json["entries"]![0]!["kept"]!, kept.Text);
        }

        var put = correction.DeepClone().AsObject();
        put["id"] = id;
        Assert.Equal(410, (await service.SendAsync(HttpMethod.Put, $"Observation/{id}", put.ToJsonString())).StatusCode);
        Assert.Equal(410, (await service.PostAsync("Observation", wrong, ("If-None-Exist", "identifier=https://example.org/measurement|wrong"))).StatusCode);
        Assert.All(await AnswersAsync(person, id, (string)next!), a => Assert.False(Holds(a.Text), $"{a.Call} gives what was sent again."));

        // The same measurement of the right person is another.
        Assert.Equal(201, (await service.PostAsync("Observation", HeartRate(SyntheticNumbers.Number(71_002), "wrong", value: Wrong))).StatusCode);
        var rows = await RowsAsync(PatientOf(id));
        Assert.Equal([$"i.{IdentityOf(id)}"], rows.Where(r => r.Contains($"{IdentityOf(id)}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_citizen_sees_that_it_was_deleted_and_why()
    {
        var person = SyntheticNumbers.Number(71_003);
        var id = await StoreAsync(HeartRate(person, "1"));
        await Deletions().DeleteObservationAsync(PatientOf(id), IdentityOf(id), "wrong-patient", isDry: false, default);
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        var log = await service.GetAsync("citizen/access-log", ("X-Pmd-Patient", person));
        Assert.Contains("Slettet en måling: gjaldt en annen person", log.Text, StringComparison.Ordinal);
        var audit = await service.GetAsync("citizen/AuditEvent", ("X-Pmd-Patient", person));
        Assert.Contains("wrong-patient", audit.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_of_a_patient_is_deleted_under_joined_keys_too_and_settings_and_log_remain()
    {
        var (one, other) = (SyntheticNumbers.Number(71_004), SyntheticNumbers.Number(71_005));
        var ids = new[] { await StoreAsync(HeartRate(one, "1")), await StoreAsync(HeartRate(other, "2")) };
        Assert.Equal(200, (await service.SendAsync(HttpMethod.Put, "citizen/privacy/blocks/1234567", "{}", "application/json", ("X-Pmd-Patient", one))).StatusCode);
        await new PatientLink(service.Service.Partitions, service.Service.Ring, service.Clock).JoinAsync(Number(one), Number(other), default);
        Assert.Equal(2, await Deletions().DeletePatientAsync(PatientOf(ids[1]), "patient-request", isDry: true, default));
        Assert.Equal(2, (await service.SearchAsync($"patient.identifier={other}")).Observations.Count);
        Assert.Equal(2, await Deletions().DeletePatientAsync(PatientOf(ids[1]), "patient-request", isDry: false, default));
        Assert.Empty((await service.SearchAsync($"patient.identifier={other}")).Observations);
        Assert.All(ids, id => Assert.DoesNotContain(RowsAsync(PatientOf(id)).GetAwaiter().GetResult(), r => r[0] is not 'a'));
        Assert.All(ids, id => Assert.Equal(404, service.GetAsync($"Observation/{id}").GetAwaiter().GetResult().StatusCode));
        Assert.Single((await service.GetAsync("citizen/privacy", ("X-Pmd-Patient", other))).Json["blocks"]!.AsArray());

        // It is no wrong content: what is measured later, or sent again, is stored.
        Assert.Equal(201, (await service.PostAsync("Observation", HeartRate(other, "3"))).StatusCode);
    }

    [Fact]
    public async Task All_of_a_Controller_is_deleted_and_nothing_of_others()
    {
        var person = SyntheticNumbers.Number(71_006);
        await StoreAsync(SecuredService.Of(person, "1", SecuredService.Municipality));
        var theirs = await StoreAsync(SecuredService.Of(person, "2", SecuredService.Gateway));
        Assert.Equal((1, 1), await Deletions().DeleteControllerAsync(Organisation(SecuredService.Municipality), "controller-left", isDry: false, null, default));
        Assert.Equal(theirs, (string?)Assert.Single((await service.SearchAsync($"patient.identifier={person}")).Observations)["id"]);
        Assert.Equal((0, 0), await Deletions().DeleteControllerAsync(Organisation(SecuredService.Municipality), "controller-left", isDry: false, null, default));
        var because = (await service.GetAsync("citizen/who-may-see", ("X-Pmd-Patient", person))).Json["organisations"]![0]!["because"]!.AsArray();
        Assert.Contains("has followed you up", (string?)because.Single(b => (string?)b!["controller"] == SecuredService.Municipality)!["textEn"], StringComparison.Ordinal);
        Assert.Contains("follows you up", (string?)because.Single(b => (string?)b!["controller"] == SecuredService.Gateway)!["textEn"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_received_longer_ago_than_its_Controller_keeps_it_is_deleted_and_not_a_day_before()
    {
        var person = SyntheticNumbers.Number(71_007);
        await StoreAsync(SecuredService.Of(person, "1", SecuredService.Municipality));
        await StoreAsync(SecuredService.Of(person, "2", SecuredService.Gateway));
        var kept = new Dictionary<OrganisationNumber, int> { [Organisation(SecuredService.Municipality)] = 30 };
        service.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(10));
        Assert.Equal((0, 0), await Deletions().DeleteExpiredAsync(kept, isDry: false, null, default));
        service.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((1, 1), await Deletions().DeleteExpiredAsync(kept, isDry: true, null, default));
        Assert.Equal((1, 1), await Deletions().DeleteExpiredAsync(kept, isDry: false, null, default));
        Assert.Equal("2", (string?)Assert.Single((await service.SearchAsync($"patient.identifier={person}")).Observations)["identifier"]![0]!["value"]);
    }

    [Fact]
    public async Task An_export_holds_every_Observation_of_the_Controller_on_a_line_and_says_so_in_its_manifest()
    {
        var persons = Enumerable.Range(71_010, 5).Select(SyntheticNumbers.Number).ToList();
        foreach (var person in persons)
        {
            await StoreAsync(SecuredService.Of(person, "1", SecuredService.Municipality), indented: true);
            var corrected = SecuredService.Of(person, "1", SecuredService.Municipality);
            corrected["status"] = "corrected";
            await StoreAsync(corrected);
            await StoreAsync(SecuredService.Of(person, "2", SecuredService.Gateway));
        }

        using var output = new MemoryStream();
        var manifest = await new ControllerExport(service.Service.Partitions, service.Service.Ring, service.Service.Journal, service.Clock)
            .RunAsync(Organisation(SecuredService.Municipality), withHistory: true, "returned", "observations.ndjson", output, null, default);
        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal((5, 5L, 10L, output.Length), (manifest.Patients, manifest.Observations, manifest.Versions, manifest.Bytes));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(output.ToArray())), manifest.Sha256);
        Assert.Equal(10, lines.Count);
        Assert.All(lines, l => Assert.Equal(SecuredService.Municipality, (string?)l["performer"]![0]!["identifier"]!["value"]));
        Assert.Equal(persons.Order(), lines.Select(l => (string)l["subject"]!["identifier"]!["value"]!).Distinct().Order());
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        Assert.Contains("Hentet ut målingene dine", (await service.GetAsync("citizen/access-log", ("X-Pmd-Patient", persons[0]))).Text, StringComparison.Ordinal);
    }

    private Deletions Deletions() => new(service.Service.Partitions, service.Service.Ring, new(service.Service.Blobs, service.Clock), service.Clock);

    private async Task<string> StoreAsync(JsonObject observation, bool indented = false)
    {
        service.Clock.Advance(TimeSpan.FromMilliseconds(10));
        var answer = indented ? await service.SendAsync(HttpMethod.Post, "Observation", observation.ToJsonString(new() { WriteIndented = true })) : await service.PostAsync("Observation", observation);
        Assert.True(answer.StatusCode is 200 or 201, answer.Text);
        return answer.Header("Location")!.Split('/')[^3];
    }

    private async Task<List<(string Call, int Status, string Text, bool MayHold)>> AnswersAsync(string person, string id, string next)
    {
        var answers = new List<(string, int, string, bool)>();
        foreach (var form in new[] { "", "&code=8867-4", "&status=corrected", "&_lastUpdated=ge2026-11-20T11:00:00Z", "&_sort=date", "&date=2026-11-20", "&_id=" + id })
        {
            var answer = await service.SearchAsync($"patient.identifier={person}{form}");
            answers.Add(($"search {form[..Math.Min(form.Length, 4)]}", answer.StatusCode, answer.Text, true));
        }

        var last = await service.LastAsync($"patient.identifier={person}&max=5");
        answers.Add(("$lastn", last.StatusCode, last.Text, true));
        foreach (var (path, mayHold) in new[] { ($"Observation/{id}", true), ($"Observation/{id}/_history/1", true), ($"Observation/{id}/_history", true), (next[(next.IndexOf("Observation", StringComparison.Ordinal))..], false) })
        {
            var answer = await service.GetAsync(path);
            answers.Add((path, answer.StatusCode, answer.Text, mayHold));
        }

        foreach (var path in new[] { "citizen/Observation", "citizen/Observation/$lastn?max=2" })
        {
            var answer = await service.GetAsync(path, ("X-Pmd-Patient", person));
            answers.Add((path, answer.StatusCode, answer.Text, true));
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "citizen/export");
        request.Headers.Add("X-Pmd-Patient", person);
        using var response = await service.Client.SendAsync(request);
        using var zip = new ZipArchive(new MemoryStream(await response.Content.ReadAsByteArrayAsync()));
        var texts = zip.Entries.Select(e => new StreamReader(e.Open()).ReadToEnd()).ToList();
        answers.Add(("citizen/export", (int)response.StatusCode, string.Join('\n', texts), true));
        return answers;
    }

    private static bool Holds(string text) => text.Contains("137.25", StringComparison.Ordinal) || text.Contains("138.25", StringComparison.Ordinal);

    private PatientKey PatientOf(string id) => service.Service.Reader.PatientOf(id)!.Value;

    private ObservationIdentity IdentityOf(string id) => ObservationId.TryParse(id, service.Service.Ring.Current.Id, out _, out var identity) ? identity : default;

    private async Task<List<string>> RowsAsync(PatientKey patient) =>
        [.. (await service.Service.Partitions.ReadRangeAsync(patient.Partition, new("."), new("~"), 1000, null, default)).Rows.Select(r => r.Key.ToString())];

    private static NationalId Number(string digits) => NationalId.TryParse(digits, null, NationalIdPolicy.Lenient, out var number, out _) ? number : throw new ArgumentException("no number");

    private static OrganisationNumber Organisation(string digits) => OrganisationNumber.TryParse(digits, out var number) ? number : throw new ArgumentException("no number");
}
