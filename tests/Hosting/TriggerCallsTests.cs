using System.Net;
using Microsoft.AspNetCore.Http;
using PasientensMaledata.Functions;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>The calls of the host to functions that no client calls.</summary>
public sealed class TriggerCallsTests
{
    [Fact]
    public async Task The_host_gets_a_JSON_object_when_a_timers_work_is_done_whatever_JSON_it_sent()
    {
        var runs = 0;
        await using var service = await StartAsync(new TimerTrigger("Tick", "0 * * * * *", "", (_, _) =>
        {
            runs++;
            return Task.CompletedTask;
        }));
        foreach (var body in new[] { "{}", "{\"Data\":{\"timer\":{\"IsPastDue\":true}}}", "[]", "null" })
        {
            var answer = await service.SendAsync(HttpMethod.Post, "Tick", body, "application/json; charset=utf-8");
            Assert.Equal((HttpStatusCode.OK, "application/json", "{}"), (answer.Status, answer.Response.Content.Headers.ContentType!.MediaType!, answer.Text));
        }

        Assert.Equal(4, runs);
    }

    [Fact]
    public async Task A_timer_that_fails_is_told_to_the_host()
    {
        await using var service = await StartAsync(
            new TimerTrigger("Broken", "0 * * * * *", "", (_, _) => throw new InvalidOperationException("05898597468")),
            new TimerTrigger("Away", "0 * * * * *", "", (_, _) => throw new StorageUnavailableException("away")));
        var broken = await service.SendAsync(HttpMethod.Post, "Broken", "{}", "application/json");
        Assert.Equal(500, broken.StatusCode);
        Assert.DoesNotContain("05898597468", broken.Text, StringComparison.Ordinal);
        Assert.Equal(503, (await service.SendAsync(HttpMethod.Post, "Away", "{}", "application/json")).StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-Host", "pmd.example.org")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("x-ms-invocation-id", "1")]
    public async Task A_call_from_outside_triggers_nothing(string header, string value)
    {
        var ran = false;
        Task Run()
        {
            ran = true;
            return Task.CompletedTask;
        }

        await using var service = await StartAsync(new TimerTrigger("Tick", "0 * * * * *", "", (_, _) => Run()), new EventHubTrigger("Receive", "", (_, _) => Run()));
        foreach (var name in new[] { "Tick", "Receive", "tick" })
        {
            var answer = await service.SendAsync(HttpMethod.Post, name, "{}", "application/json", (header, value));
            Assert.InRange(answer.StatusCode, 403, 404);
        }

        Assert.False(ran);
    }

    [Fact]
    public async Task A_batch_may_be_larger_than_a_clients_body()
    {
        var read = 0L;
        await using var service = await StartAsync(new EventHubTrigger("Receive", "", async (context, _) =>
        {
            var buffer = new byte[81_920];
            for (int n; (n = await context.Request.Body.ReadAsync(buffer)) > 0; read += n)
            {
            }

            await context.Response.WriteAsJsonAsync(new { });
        }));
        var answer = await service.SendAsync(HttpMethod.Post, "Receive", new string(' ', Limits.MaxBodyBytes + 1), "application/json");
        Assert.Equal((200, Limits.MaxBodyBytes + 1L), (answer.StatusCode, read));
    }

    [Fact]
    public async Task Where_no_host_is_there_is_nothing_to_trigger()
    {
        await using var service = await TestService.StartAsync(triggers: []);
        foreach (var trigger in Triggers.All)
        {
            Assert.Equal(404, (await service.SendAsync(HttpMethod.Post, trigger.Name, "{}", "application/json")).StatusCode);
        }
    }

    private static Task<TestService> StartAsync(params Trigger[] triggers) => TestService.StartAsync(triggers: triggers);
}
