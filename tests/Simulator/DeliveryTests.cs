using System.Net;
using PasientensMaledata.Simulator;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Simulator;

public class DeliveryTests
{
    private static readonly SimulationOptions Small = new(16, 14, 3, SimulationOptions.DefaultStart, null, FaultRates.Usual);

    [Fact]
    public async Task Every_message_without_a_fault_is_accepted_without_a_warning()
    {
        await using var service = await StartAsync();
        var messages = new Simulation(Small with { Faults = FaultRates.None }).Messages().ToList();
        foreach (var message in messages)
        {
            var answer = await service.SendAsync(HttpMethod.Post, "/", System.Text.Encoding.UTF8.GetString(message.Body.Span));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            foreach (var outcome in answer.Entries.Select(e => e["response"]!["outcome"]!))
            {
                Assert.Equal("created", (string?)outcome["issue"]![0]!["details"]!["coding"]![0]!["code"]);
                Assert.DoesNotContain(outcome["issue"]!.AsArray(), i => (string?)i!["severity"] != "information");
            }
        }

        Assert.True(messages.Count > 100);
    }

    [Fact]
    public async Task The_summary_counts_what_the_faults_lead_one_to_expect()
    {
        await using var service = await StartAsync();
        var simulation = new Simulation(Small with { Patients = 40, Faults = new(0.1, 0.2, 0.1, 0.03, 0.03) });
        var tally = new Tally();
        await new Delivery(service.Client, tally, TimeProvider.System).RunAsync(simulation.Messages(), 4, null, TestContext.Current.CancellationToken);

        var expected = Expected(simulation.Messages());
        Assert.Equal(["corrected", "created", "history", "known", "refused"], expected.Keys.Order());
        Assert.Equal(expected, new Dictionary<string, long>(tally.Outcomes));
        Assert.Equal((simulation.Messages().Count(), 0L, 0L), ((int)tally.Messages, tally.Undelivered, tally.Retries));
        Assert.Contains($"{expected["created"]:N0}  created", tally.Text(TimeSpan.FromSeconds(1)));

        var person = simulation.People[0];
        var stored = simulation.Messages().Where(m => m.Person == person).SelectMany(m => m.Entries.Where(e => !IsRefused(m, e))).Select(e => e.Key).Distinct().Count();
        Assert.Equal(stored, (int)(await service.SearchAsync($"patient.identifier={person.Number}&_summary=count")).Json["total"]!);
    }

    [Fact]
    public async Task Sending_everything_again_changes_nothing()
    {
        await using var service = await StartAsync();
        var simulation = new Simulation(Small with { Faults = Small.Faults with { ClockFaults = 0, WrongUnits = 0 } });
        await new Delivery(service.Client, new Tally(), TimeProvider.System).RunAsync(simulation.Messages(), 4, null, TestContext.Current.CancellationToken);
        var again = new Tally();
        await new Delivery(service.Client, again, TimeProvider.System).RunAsync(simulation.Messages(), 4, null, TestContext.Current.CancellationToken);
        Assert.Equal(["known"], again.Outcomes.Keys);
    }

    [Fact]
    public async Task What_is_not_answered_is_sent_again_and_told()
    {
        using var client = new HttpClient(new Failing(2)) { BaseAddress = new("http://localhost/") };
        var tally = new Tally();
        var messages = new Simulation(Small).Messages().Take(3).ToList();
        await new Delivery(client, tally, TimeProvider.System).RunAsync(messages, 1, null, TestContext.Current.CancellationToken);
        Assert.Equal((2, 1), ((int)tally.Retries, (int)tally.Undelivered));
        Assert.Equal(["HTTP 400: Because."], tally.Problems.Keys);
        Assert.Equal(messages.Skip(1).Sum(m => m.Entries.Count), tally.Observations);
    }

    [Fact]
    public async Task The_rate_is_a_bound()
    {
        using var client = new HttpClient(new Failing(0)) { BaseAddress = new("http://localhost/") };
        var tally = new Tally();
        var messages = new Simulation(Small).Messages().Skip(1).Take(50).ToList();
        var total = messages.Sum(m => m.Entries.Count);
        var started = TimeProvider.System.GetTimestamp();
        await new Delivery(client, tally, TimeProvider.System).RunAsync(messages, 4, total * 2, TestContext.Current.CancellationToken);
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(0.45));
    }

    [Fact]
    public async Task Practitioners_of_all_roles_look_up_and_are_counted()
    {
        await using var service = await StartAsync();
        var simulation = new Simulation(Small with { Days = 3 });
        var tally = new Tally();
        await new Delivery(service.Client, tally, TimeProvider.System).RunAsync(simulation.Messages(), 2, null, TestContext.Current.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = new Practitioners(service.Client, tally, simulation.People, 3, TimeProvider.System, pace: 50).RunAsync(10, stop.Token);
        while (tally.LookUps.Count < 8)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
        await work;
        Assert.Empty(tally.Problems);
    }

    // A clock that stands still would give a correction the stamp of what it corrects.
    private static async Task<TestService> StartAsync()
    {
        var service = await TestService.StartAsync();
        service.Clock.AutoAdvanceAmount = TimeSpan.FromMilliseconds(1);
        return service;
    }

    // What the service says of each, given that one person's messages arrive in order.
    private static Dictionary<string, long> Expected(IEnumerable<SimulatedMessage> messages)
    {
        var counts = new Dictionary<string, long>();
        var originals = new HashSet<string>();
        var corrections = new HashSet<string>();
        foreach (var message in messages)
        {
            foreach (var entry in message.Entries)
            {
                var word = IsRefused(message, entry) ? "refused"
                    : !(entry.IsCorrection ? corrections : originals).Add(entry.Key) ? "known"
                    : entry.IsCorrection ? originals.Contains(entry.Key) ? "corrected" : "created"
                    : corrections.Contains(entry.Key) ? "history" : "created";
                counts[word] = counts.GetValueOrDefault(word) + 1;
            }
        }

        return counts;
    }

    // A wrong unit breaks the profile that a platform claims; the others claim none.
    private static bool IsRefused(SimulatedMessage message, SimulatedEntry entry) =>
        entry.Fault == Fault.Future || (entry.Fault == Fault.WrongUnit && message.Person.Gateway == GatewayKind.Platform && entry.Concept != "glucose");

    // Turns the first message away for good after some tries; answers the others.
    private sealed class Failing(int tries) : HttpMessageHandler
    {
        private int calls;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var call = Interlocked.Increment(ref calls);
            if (call <= tries)
            {
                return new(HttpStatusCode.ServiceUnavailable);
            }

            if (tries > 0 && call == tries + 1)
            {
                return new(HttpStatusCode.BadRequest) { Content = new StringContent("""{"issue":[{"diagnostics":"Because."}]}""") };
            }

            var sent = System.Text.Json.Nodes.JsonNode.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken))!["entry"]!.AsArray().Count;
            return new(HttpStatusCode.OK) { Content = new StringContent($$"""{"entry":[{{string.Join(",", Enumerable.Repeat("""{"response":{"status":"200"}}""", sent))}}]}""") };
        }
    }
}
