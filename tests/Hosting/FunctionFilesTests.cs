using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing.Template;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Packaging;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>What the host is told: function.json, host.json, settings.</summary>
public sealed class FunctionFilesTests
{
    private static readonly JsonNode Host = JsonNode.Parse(File.ReadAllText(Path.Combine(Package.Root, "host.json")))!;

    public static TheoryData<string> Names => [.. Routes.All.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_HTTP_function_has_one_binding_in_and_one_out_its_own_route_and_no_key(string name)
    {
        var route = Routes.All.Single(r => r.Name == name);
        var bindings = FunctionFiles.Of(route)["bindings"]!.AsArray();
        Assert.Equal(["httpTrigger", "http"], bindings.Select(b => (string)b!["type"]!));
        Assert.Equal(["in", "out"], bindings.Select(b => (string)b!["direction"]!));
        Assert.Equal("anonymous", (string)bindings[0]!["authLevel"]!);
        Assert.Equal([route.Method.ToLowerInvariant()], bindings[0]!["methods"]!.AsArray().Select(m => (string)m!));
        Assert.Equal(route.Path.TrimStart('/'), ((string)bindings[0]!["route"]!).TrimStart('/'));
    }

    [Fact]
    public void Names_are_each_once_and_such_as_the_host_takes()
    {
        var names = Routes.All.Select(r => r.Name).Concat(Triggers.All.Select(t => t.Name)).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, n => Assert.Matches("^[A-Za-z][A-Za-z0-9_-]{0,126}$", n));
    }

    // The host tries functions in the order of their names, and takes the first whose route and method fit.
    [Theory]
    [MemberData(nameof(Names))]
    public void No_function_takes_the_calls_of_another(string name)
    {
        var route = Routes.All.Single(r => r.Name == name);
        var path = System.Text.RegularExpressions.Regex.Replace(route.Path, @"\{[^}]+\}", "x");
        var taker = Routes.All.OrderBy(r => r.Name, StringComparer.OrdinalIgnoreCase)
            .First(r => r.Method == route.Method && new TemplateMatcher(TemplateParser.Parse(r.Path), []).TryMatch(path, []));
        Assert.Equal(name, taker.Name);
    }

    [Fact]
    public void No_route_is_a_catch_all_at_the_root_or_lies_where_the_host_has_its_own_or_takes_a_triggers_address()
    {
        foreach (var route in Routes.All)
        {
            var first = route.Path.TrimStart('/').Split('/')[0];
            Assert.False(first.StartsWith('{'), route.Path);
            Assert.DoesNotContain(first, new[] { "admin", "runtime" }, StringComparer.OrdinalIgnoreCase);
            Assert.All(Triggers.All, t => Assert.False(new TemplateMatcher(TemplateParser.Parse(route.Path), []).TryMatch($"/{t.Name}", []), $"{route.Path} takes /{t.Name}"));
        }
    }

    [Fact]
    public void A_batch_of_events_is_retried_until_it_succeeds_and_comes_as_bytes()
    {
        var file = FunctionFiles.Of(new EventHubTrigger("Receive", "", (_, _) => Task.CompletedTask));
        var binding = file["bindings"]!.AsArray().Single()!;
        Assert.Equal(
            ("eventHubTrigger", "in", "many", "binary", "%EventHubName%", "%EventHubConsumerGroup%", "EventHubConnection"),
            ((string?)binding["type"], (string?)binding["direction"], (string?)binding["cardinality"], (string?)binding["dataType"], (string?)binding["eventHubName"], (string?)binding["consumerGroup"], (string?)binding["connection"]));
        Assert.Equal(("exponentialBackoff", -1), ((string?)file["retry"]!["strategy"], (int?)file["retry"]!["maxRetryCount"]));
    }

    [Fact]
    public void A_timer_has_its_schedule()
    {
        var binding = FunctionFiles.Of(new TimerTrigger("Tick", "*/10 * * * * *", "", (_, _) => Task.CompletedTask))["bindings"]!.AsArray().Single()!;
        Assert.Equal(("timerTrigger", "in", "*/10 * * * * *"), ((string?)binding["type"], (string?)binding["direction"], (string?)binding["schedule"]));
    }

    [Fact]
    public void Every_timers_schedule_has_six_fields() =>
        Assert.All(Triggers.All.OfType<TimerTrigger>(), t => Assert.Equal(6, t.Schedule.Split(' ').Length));

    [Fact]
    public void The_host_hands_requests_on_as_they_are_at_the_addresses_of_the_API()
    {
        Assert.Equal("", (string?)Host["extensions"]!["http"]!["routePrefix"]);
        Assert.True((bool?)Host["customHandler"]!["enableProxyingHttpRequest"]);
        Assert.Null(Host["customHandler"]!["enableForwardingHttpRequest"]);
        Assert.Equal("[4.*, 5.0.0)", (string?)Host["extensionBundle"]!["version"]);
        Assert.InRange(TimeSpan.Parse((string)Host["functionTimeout"]!, null), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10));
        Assert.InRange(TimeSpan.Parse((string)Host["customHandler"]!["initializationTimeout"]!, null), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void The_host_tells_of_no_request_itself_since_it_would_tell_the_address_that_was_sent()
    {
        // The program's own telemetry has requests, by their routes; of what the host says there remain its own warnings, and why the program did not start.
        var levels = Host["logging"]!["logLevel"]!;
        Assert.Equal(("Warning", "None", "None", "Error"), ((string?)levels["default"], (string?)levels["Host.Results"], (string?)levels["Host.Aggregator"], (string?)levels["Host.Function.Console"]));
        Assert.False((bool?)Host["logging"]!["applicationInsights"]!["httpAutoCollectionOptions"]!["enableHttpTriggerExtendedInfoCollection"]);
    }

    [Fact]
    public void A_batch_of_the_largest_events_fits_into_a_request()
    {
        // An event is at most 1 MiB, and its bytes come as base64.
        var events = (int)Host["extensions"]!["eventHubs"]!["maxEventBatchSize"]!;
        Assert.InRange(events * 1_048_576L * 4 / 3, 1, TriggerCalls.MaxBodyBytes);
    }

    [Fact]
    public void The_sample_of_settings_names_what_the_functions_ask_for_and_holds_no_secret()
    {
        var values = JsonNode.Parse(File.ReadAllText(Path.Combine(Package.Root, "local.settings.sample.json")))!["Values"]!.AsObject();
        Assert.Equal("custom", (string?)values["FUNCTIONS_WORKER_RUNTIME"]);
        Assert.Equal("true", (string?)values["AzureWebJobsDisableHomepage"]);
        Assert.All(new[] { EventHubTrigger.HubSetting, EventHubTrigger.ConsumerGroupSetting, EventHubTrigger.ConnectionSetting }, s => Assert.True(values.ContainsKey(s), s));
        Assert.Equal("", (string?)values["PMD_MASTER_KEYS"]);
        Assert.DoesNotContain("AccountKey", values.ToJsonString(), StringComparison.Ordinal);
    }
}
