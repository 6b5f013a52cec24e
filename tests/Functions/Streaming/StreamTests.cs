using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Identity;
using PasientensMaledata.Simulator;
using PasientensMaledata.Submissions;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>Events through the trigger's route, as the host posts them.</summary>
public sealed class StreamTests(StreamTests.Shared shared) : IClassFixture<StreamTests.Shared>
{
    public sealed class Shared : SharedService
    {
        public override async ValueTask InitializeAsync() => Service = await TestService.StartAsync(participants: Clinics());
    }

    private static long numbers = 1000;

    private TestService Service => shared.Service;

    [Fact]
    public async Task A_Bundle_and_an_Observation_are_stored_as_by_HTTP()
    {
        var person = SharedService.NewPerson();
        var answer = await PostAsync(Event(Collection(HeartRate(person, "1"), Weight(person, "2"))), Event(HeartRate(person, "3")));
        Assert.Equal("2 events: 3 created.", Log(answer));
        Assert.Equal(3, (await Service.SearchAsync($"patient.identifier={person}")).Observations.Count);
        Assert.Equal("known", Word((await Service.PostAsync("/", Collection(HeartRate(person, "1")))).Entries[0]));
    }

    [Fact]
    public async Task Every_answer_is_a_JSON_object()
    {
        foreach (var body in new[] { "", "{", """{"Data":1}""" })
        {
            var answer = await Service.SendAsync(HttpMethod.Post, "IngestStream", body, "application/json");
            Assert.Equal(400, answer.StatusCode);
            Assert.Equal("application/json", answer.Header("Content-Type"));
            Assert.IsType<JsonObject>(answer.Json);
        }

        var none = await PostAsync();
        Assert.Equal(200, none.StatusCode);
        Assert.Equal("""{"Outputs":{},"Logs":["0 events: nothing yet."],"ReturnValue":null}""", none.Text);
    }

    [Fact]
    public async Task A_poisoned_event_harms_no_neighbour_and_is_kept()
    {
        var person = SharedService.NewPerson();
        var first = Interlocked.Add(ref numbers, 100);
        HostEvent[] events =
        [
            Event(HeartRate(person, "1")),
            new("not json"u8.ToArray()),
            new((byte[])[0xff, 0xfe, 0x00]),
            new(Encoding.UTF8.GetBytes(new string('[', 200_000))),
            new("""{"resourceType":"Patient"}"""u8.ToArray()),
            new("""{"\ud800":1,"resourceType":"Observation"}"""u8.ToArray()),
            new("{}"u8.ToArray(), IsGzip: true),
            new(ReadOnlyMemory<byte>.Empty),
            Event(HeartRate(person, "2")),
        ];
        var answer = await PostAsync(first, events);
        Assert.Equal("9 events: 2 created, 7 refused.", Log(answer));
        Assert.Equal(2, (await Service.SearchAsync($"patient.identifier={person}")).Observations.Count);
        var kept = await RefusedAsync(SenderId.Development);
        for (var i = 1; i <= 7; i++)
        {
            var one = Assert.Single(kept, k => k.Origin is StreamOrigin o && o.SequenceNumber == first + i);
            Assert.Equal(events[i].Body.ToArray(), one.Body);
        }
    }

    [Fact]
    public async Task A_batch_that_is_delivered_again_changes_nothing_also_in_other_company()
    {
        var person = SharedService.NewPerson();
        var first = Interlocked.Add(ref numbers, 100);
        HostEvent[] events = [Event(HeartRate(person, "1")), new("x"u8.ToArray()), new("y"u8.ToArray()), Event(HeartRate(person, "2"))];
        Assert.Equal("4 events: 2 created, 2 refused.", Log(await PostAsync(first, events)));
        Assert.Equal("4 events: 2 known, 2 refused.", Log(await PostAsync(first, events)));
        Assert.Equal("3 events: 1 known, 2 refused.", Log(await PostAsync(first + 1, events[1..])));
        Assert.Equal("1 events: 1 refused.", Log(await PostAsync(first + 1, events[1])));
        var ids = (await RefusedAsync(SenderId.Development)).Where(k => k.Origin is StreamOrigin o && o.SequenceNumber >= first && o.SequenceNumber < first + 4).Select(k => k.Id).Distinct();
        Assert.Equal(2, ids.Count());
    }

    [Fact]
    public async Task A_compressed_event_is_read_and_one_that_grows_too_large_is_refused()
    {
        var person = SharedService.NewPerson();
        var answer = await PostAsync(Gzip(Encoding.UTF8.GetBytes(HeartRate(person, "1").ToJsonString())), Gzip(new byte[Limits.MaxBodyBytes + 1]), Event(HeartRate(person, "2")));
        Assert.Equal("3 events: 2 created, 1 refused.", Log(answer));
    }

    [Fact]
    public async Task An_event_is_of_the_publisher_that_Event_Hubs_attests()
    {
        var person = SharedService.NewPerson();
        Assert.Equal("1 events: 1 created.", Log(await PostAsync(Event(HeartRate(person, "1"), "clinic-a"))));

        // The same identifier from another Sender is another measurement; with the same it is known.
        Assert.Equal("2 events: 1 created, 1 known.", Log(await PostAsync(Event(HeartRate(person, "1"), "clinic-b"), Event(HeartRate(person, "1"), "clinic-a"))));
    }

    [Fact]
    public async Task Of_a_publisher_that_is_no_Sender_nothing_is_read_or_kept_but_that_it_came()
    {
        var person = SharedService.NewPerson();
        Assert.Equal("1 events: 1 refused.", Log(await PostAsync(Event(HeartRate(person, "1"), "clinic-c"))));
        Assert.Empty((await Service.SearchAsync($"patient.identifier={person}")).Observations);
        var kept = (await RefusedAsync(null)).Last();
        Assert.Null(kept.Body);
        Assert.Equal("sender-unknown", Assert.Single(kept.Entries).Reason);

        Assert.Equal("1 events: 1 refused.", Log(await PostAsync(Event(HeartRate(person, "1"), "clinic-over"))));
        Assert.Equal("not-enrolled", Assert.Single(Assert.Single(await RefusedAsync(new("clinic-over"))).Entries).Reason);
        Assert.Null((await RefusedAsync(new("clinic-over")))[0].Body);
    }

    [Fact]
    public async Task Entries_of_one_identity_are_decided_in_the_order_of_the_events()
    {
        var person = SharedService.NewPerson();
        var events = Enumerable.Range(0, 12).Select(i =>
        {
            var observation = HeartRate(person, "1", value: 60 + i);
            observation["status"] = i == 0 ? "final" : "corrected";
            return Event(observation);
        });
        Assert.Equal("12 events: 11 corrected, 1 created.", Log(await PostAsync([.. events])));
        var current = Assert.Single((await Service.SearchAsync($"patient.identifier={person}")).Observations);
        Assert.Equal(71m, (decimal)current["valueQuantity"]!["value"]!);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("X-Forwarded-Host", "pmd.example.org")]
    [InlineData("x-forwarded-proto", "https")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    [InlineData("x-ms-invocation-id", "1")]
    [InlineData("Host", "pmd.example.org")]
    public async Task To_anyone_but_the_host_the_trigger_is_not_there(string header, string value)
    {
        var missing = await Service.SendAsync(HttpMethod.Post, "NoSuchFunction", "{}", "application/json");
        var answer = await Service.SendAsync(HttpMethod.Post, "IngestStream", "{}", "application/json", (header, value));
        Assert.Equal((404, missing.Text), (answer.StatusCode, answer.Text));
    }

    [Fact]
    public async Task A_batch_may_be_larger_than_a_body_by_HTTP_and_one_past_its_own_limit_is_told_so()
    {
        var large = Enumerable.Range(0, 40).Select(_ => new HostEvent(new byte[1_000_000])).ToArray();
        Assert.Equal("40 events: 40 refused.", Log(await PostAsync(large)));
        var answer = await RawHttp.SendAsync(Service, $"POST /IngestStream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Limits.MaxBatchBytes + 1L}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"Logs\":[", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_puts_no_more_together_than_fits_whatever_is_in_the_events()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "host.json")))
        {
            folder = folder.Parent!;
        }

        var host = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.FullName, "host.json")))!;
        Assert.Equal(Limits.MaxBatchEvents, (int)host["extensions"]!["eventHubs"]!["maxEventBatchSize"]!);

        // A property of control characters takes seven bytes for each as the host writes it: a backslash of its own before \u0001.
        Assert.True(Limits.MaxBatchEvents * 7L * 1_048_576 < Limits.MaxBatchBytes);
        Assert.True(PasientensMaledata.Functions.Streaming.StreamOptions.Default.TimeLimit < TimeSpan.Parse((string)host["functionTimeout"]!, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_program_that_runs_alone_and_asks_for_tokens_has_no_triggers()
    {
        var folder = Directory.CreateTempSubdirectory("pmd-alone-").FullName;
        using (var service = ServiceProcess.Start(["--port", "0", "--data", folder, "--auth", "required"]))
        {
            using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
            using var content = new ByteArrayContent(HostBatch.Write([Event(HeartRate(SharedService.NewPerson(), "1"))], "0", 1, TestService.Noon));
            content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
            using var answer = await client.PostAsync("IngestStream", content);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Another_method_or_content_type_finds_nothing_either()
    {
        Assert.Equal(404, (await Service.GetAsync("/IngestStream")).StatusCode);
        Assert.Equal(404, (await Service.SendAsync(HttpMethod.Options, "IngestStream")).StatusCode);
        Assert.Equal(404, (await Service.SendAsync(HttpMethod.Post, "IngestStream", "{}", "text/plain")).StatusCode);
    }

    [Fact]
    public void No_HTTP_function_has_an_address_that_matches_a_trigger() =>
        Assert.All(PasientensMaledata.Functions.Triggers.All, t => Assert.All(PasientensMaledata.Functions.Routes.All, r =>
        {
            var segments = r.Path.Trim('/').Split('/');
            Assert.DoesNotContain("*", r.Path.Split('/').Take(2).Last(), StringComparison.Ordinal);
            Assert.False(segments.Length == 1 && (segments[0].StartsWith('{') || segments[0].Equals(t.Name, StringComparison.OrdinalIgnoreCase)), $"{r.Path} matches {t.Name}");
        }));

    /// <summary>Open mode's Participant, two clinics that send by the stream, and one whose time is over.</summary>
    internal static ParticipantList Clinics() => new(
        1,
        [.. Development.Participants.Participants, Clinic("clinic-a", "100000105", DatePeriod.Always), Clinic("clinic-b", "100000113", DatePeriod.Always), Clinic("clinic-over", "100000121", default)],
        []);

    private static Participant Clinic(string id, string organisation, DatePeriod enrolled) => new()
    {
        Id = new(id),
        Name = id,
        Organisation = OrganisationNumber.TryParse(organisation, out var number) ? number : throw new ArgumentException(organisation),
        Role = ParticipantRole.Municipal,
        Enrolled = enrolled,
        DataProcessorAgreement = DatePeriod.Always,
        IsController = true,
    };

    internal static HostEvent Event(JsonObject body, string? publisher = null) => new(Encoding.UTF8.GetBytes(body.ToJsonString()), publisher);

    internal static HostEvent Gzip(ReadOnlySpan<byte> body)
    {
        var into = new MemoryStream();
        using (var gzip = new GZipStream(into, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return new(into.ToArray(), IsGzip: true);
    }

    private static string Log(Answer answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return (string)answer.Json["Logs"]![0]!;
    }

    private static string Word(JsonNode entry) => (string)entry["response"]!["outcome"]!["issue"]![0]!["details"]!["coding"]![0]!["code"]!;

    private Task<Answer> PostAsync(params HostEvent[] events) => PostAsync(Interlocked.Add(ref numbers, 100), events);

    private Task<Answer> PostAsync(long first, params HostEvent[] events) => PostAsync(Service, first, events);

    internal static async Task<Answer> PostAsync(TestService service, long first, params HostEvent[] events)
    {
        using var content = new ByteArrayContent(HostBatch.Write(events, "3", first, TestService.Noon));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        using var response = await service.Client.PostAsync("IngestStream", content);
        return new(response.StatusCode, response, await response.Content.ReadAsStringAsync());
    }

    private async Task<List<RefusedSubmission>> RefusedAsync(SenderId? sender)
    {
        var found = new List<RefusedSubmission>();
        await foreach (var blob in Service.Service.Refused.ReadAsync(DateOnly.FromDateTime(TestService.Noon.UtcDateTime), null, null, default))
        {
            found.AddRange(blob.Submissions.Where(s => s.Sender == sender?.ToString()));
        }

        return found;
    }
}
