using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Access;
using PasientensMaledata.Submissions;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>What is refused is kept, and its Sender alone sees why.</summary>
public sealed class RefusedTests(RefusedTests.Shared shared) : IClassFixture<RefusedTests.Shared>
{
    public sealed class Shared : SharedService;

    private TestService Service => shared.Service;

    [Fact]
    public async Task A_Bundle_tells_its_id_and_what_was_refused_of_it_is_found_by_that()
    {
        var person = SharedService.NewPerson();
        var wrong = Weight(person, "2", value: 81);
        wrong.Remove("status");
        var answer = await Service.PostAsync("/", Collection(HeartRate(person, "1"), wrong, Weight(person, "3")), ("correlation-id", "abc"));
        var id = answer.Header("x-pmd-submission-id")!;
        var refused = (await Service.GetAsync($"/submissions/{id}")).Json;
        Assert.Equal(id, (string?)refused["id"]);
        Assert.Equal("abc", (string?)refused["origin"]!["correlationId"]);
        Assert.Equal("""{"created":2}""", refused["others"]!.ToJsonString());
        var entry = Assert.Single(refused["entries"]!.AsArray())!;
        Assert.Equal((1, "refused", "required", true), ((int)entry["index"]!, (string?)entry["result"], (string?)entry["reason"], (bool)entry["kept"]!));

        // The same as was answered.
        Assert.Equal(answer.Entries[1]["response"]!["outcome"]!.ToJsonString(), entry["outcome"]!.ToJsonString());
    }

    [Fact]
    public async Task Neither_list_nor_outcome_tells_a_number_or_a_value()
    {
        var person = SharedService.NewPerson();
        var wrong = Weight(person, "secret-name", value: 81.375m);
        wrong["status"] = "no-such-status-7531";
        var answer = await Service.PostAsync("/Observation", wrong);
        var text = (await Service.GetAsync("/submissions/refused")).Text + (await Service.GetAsync($"/submissions/{answer.Header("x-pmd-submission-id")}")).Text;
        Assert.Contains("value", text, StringComparison.Ordinal);
        Assert.All([person, "81.375", "secret-name", "7531"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_kept_of_what_was_stored_and_nothing_that_is_anothers_is_told()
    {
        var stored = await Service.PostAsync("/Observation", HeartRate(SharedService.NewPerson(), "1"));
        Assert.Equal(404, (await Service.GetAsync($"/submissions/{stored.Header("x-pmd-submission-id")}")).StatusCode);
        var wrong = await Service.PostAsync("/Observation", new JsonObject { ["resourceType"] = "Observation" });
        var id = wrong.Header("x-pmd-submission-id")!;
        Assert.True(SubmissionId.TryParse(id, out var parsed));
        Assert.NotNull(await Service.Service.Refused.FindAsync(parsed, SenderId.Development, default));
        Assert.Null(await Service.Service.Refused.FindAsync(parsed, new("clinic-a"), default));
    }

    [Theory]
    [InlineData("..%2F..%2Fkeys%2Fring")]
    [InlineData("h-20261120-120000000-0123456789abcdef")]
    [InlineData("h-99999999-120000000-0123456789abcdef")]
    [InlineData("s-20261120-5a3c1e90-3-99999999999999999999")]
    [InlineData("s-20261120-5a3c1e90-3-9999999999999999999")]
    [InlineData("x")]
    public async Task An_id_of_nothing_is_not_found(string id) => Assert.Equal(404, (await Service.GetAsync($"/submissions/{id}")).StatusCode);

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("from=2026-11-20&to=2026-11-19")]
    [InlineData("from=2026-01-01&to=2026-12-31")]
    [InlineData("_count=0")]
    [InlineData("_count=1001")]
    [InlineData("after=x")]
    [InlineData("after=20200101.x")]
    [InlineData("after=20261120.%2E%2E%2Fx")]
    public async Task A_list_that_is_asked_for_wrongly_is_told_so(string query) => Assert.Equal(400, (await Service.GetAsync($"/submissions/refused?{query}")).StatusCode);

    [Fact]
    public async Task The_list_spans_as_many_days_as_the_limit_says()
    {
        var to = DateOnly.FromDateTime(TestService.Noon.UtcDateTime);
        Assert.Equal(200, (await Service.GetAsync($"/submissions/refused?from={to.AddDays(1 - Limits.MaxRefusedDays):yyyy-MM-dd}&to={to:yyyy-MM-dd}")).StatusCode);
        Assert.Equal(400, (await Service.GetAsync($"/submissions/refused?from={to.AddDays(-Limits.MaxRefusedDays):yyyy-MM-dd}&to={to:yyyy-MM-dd}")).StatusCode);
    }

    [Fact]
    public async Task Pages_give_each_once_and_a_reason_chooses()
    {
        await using var service = await TestService.StartAsync();
        var sent = new HashSet<string>();
        var wrong = HeartRate(SharedService.NewPerson());
        wrong.Remove("status");
        for (var i = 0; i < 7; i++)
        {
            sent.Add((await service.SendAsync(HttpMethod.Post, "Observation", i % 2 == 0 ? "{" : wrong.ToJsonString())).Header("x-pmd-submission-id")!);
        }

        var found = new List<string>();
        for (var next = "/submissions/refused?_count=2"; next is not null;)
        {
            var page = (await service.GetAsync(next)).Json;
            found.AddRange(page["refused"]!.AsArray().Select(r => (string)r!["id"]!));
            next = (string?)page["next"] is { } link ? new Uri(link).PathAndQuery : null;
        }

        Assert.Equal(sent.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.Equal(4, (await service.GetAsync("/submissions/refused?reason=structure")).Json["refused"]!.AsArray().Count);
        Assert.Equal(3, (await service.GetAsync("/submissions/refused?reason=required")).Json["refused"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_is_kept_is_sealed()
    {
        await using var service = await TestService.StartAsync();
        var person = SharedService.NewPerson();
        var wrong = HeartRate(person, "name-of-measurement");
        wrong.Remove("status");
        await service.PostAsync("/Observation", wrong);
        var files = Directory.EnumerateFiles(service.Folder, "*", SearchOption.AllDirectories).Where(f => f.Contains("/refused/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(files);
        Assert.All(files, f =>
        {
            var text = Encoding.Latin1.GetString(File.ReadAllBytes(f)) + f;
            Assert.All([person, "name-of-measurement", "Observation"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task What_is_older_than_it_is_kept_is_deleted_and_nothing_else()
    {
        await using var service = await TestService.StartAsync();
        var old = (await service.SendAsync(HttpMethod.Post, "Observation", "{")).Header("x-pmd-submission-id")!;
        service.Clock.Advance(TimeSpan.FromDays(1));
        var younger = (await service.SendAsync(HttpMethod.Post, "Observation", "{")).Header("x-pmd-submission-id")!;
        await (service.Service with { RefusedDays = 1 }).DeleteOldRefusedAsync(default);
        Assert.Equal(200, (await service.GetAsync($"/submissions/{old}")).StatusCode);
        await (service.Service with { RefusedDays = 0 }).DeleteOldRefusedAsync(default);
        Assert.Equal(404, (await service.GetAsync($"/submissions/{old}")).StatusCode);
        Assert.Equal(200, (await service.GetAsync($"/submissions/{younger}")).StatusCode);
    }

    [Fact]
    public async Task Of_a_Sender_whose_time_is_over_nothing_is_kept_but_why()
    {
        await using var service = await TestService.StartAsync(participants: StreamTests.Clinics());
        var person = SharedService.NewPerson();
        Assert.Equal(200, (await StreamTests.PostAsync(service, 1, StreamTests.Event(HeartRate(person, "1"), "clinic-over"))).StatusCode);
        var kept = Assert.Single(await AllAsync(service));
        Assert.Equal(("clinic-over", "not-enrolled", false), (kept.Sender, Assert.Single(kept.Entries).Reason, kept.Entries[0].IsKept));
        Assert.Null(kept.Body);
    }

    internal static async Task<List<RefusedSubmission>> AllAsync(TestService service)
    {
        var found = new List<RefusedSubmission>();
        await foreach (var blob in service.Service.Refused.ReadAsync(DateOnly.FromDateTime(TestService.Noon.UtcDateTime), null, null, default))
        {
            found.AddRange(blob.Submissions);
        }

        return found;
    }
}
