using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using PasientensMaledata.Functions;
using PasientensMaledata.Telemetry;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Telemetry;

/// <summary>
/// What is exported, when everything is sent. Traces are one to a process: other tests' requests would be recorded too, and those without telemetry by
/// other rules.
/// </summary>
[Collection(nameof(Alone))]
public sealed class TelemetryTests(Everything everything) : IClassFixture<Everything>
{
    [Fact]
    public void No_person_number_name_token_or_page_link_is_in_any_trace_metric_or_log()
    {
        Assert.True(everything.Secrets.Count > 1000, $"{everything.Secrets.Count} secrets");
        Assert.True(everything.Recorded.Texts.Count > 10_000, $"{everything.Recorded.Texts.Count} texts");
        Assert.Empty(everything.Recorded.Find(everything.Secrets).Take(20));
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("attribute")]
    [InlineData("metric")]
    [InlineData("log")]
    [InlineData("argument")]
    public async Task What_is_let_out_on_purpose_is_found(string where)
    {
        var secret = $"secret-{Guid.NewGuid()}";
        using var recorded = new RecordedTelemetry();
        await using var service = await TestService.StartAsync(telemetry: recorded.Telemetry, triggers: [new TimerTrigger("Leak", "", "", (_, _) => Task.CompletedTask), new EventHubTrigger("Leaking", "", (context, _) =>
        {
            var logger = ((ILoggerFactory)context.RequestServices.GetService(typeof(ILoggerFactory))!).CreateLogger("PasientensMaledata");
            switch (where)
            {
                case "trace":
                    Signals.Source.StartActivity(secret)!.Dispose();
                    break;
                case "attribute":
                    Activity.Current!.SetTag("reason", secret);
                    break;
                case "metric":
                    Signals.UnknownCallers.Add(1, new KeyValuePair<string, object?>("reason", secret));
                    break;
                case "log":
#pragma warning disable CA2254 // As one would who knows no better.
                    logger.LogWarning(secret);
#pragma warning restore CA2254
                    break;
                default:
                    logger.LogWarning("{Who} is told.", secret);
                    break;
            }

            return Task.CompletedTask;
        })]);
        await service.SendAsync(HttpMethod.Post, "Leaking", "{}", "application/json");
        Assert.NotEmpty(recorded.Find([secret]));
    }

    [Fact]
    public async Task What_has_no_known_name_and_what_others_log_does_not_come_out()
    {
        var secret = $"secret-{Guid.NewGuid()}";
        using var recorded = new RecordedTelemetry();
        await using var service = await TestService.StartAsync(telemetry: recorded.Telemetry, triggers: [new EventHubTrigger("Leaking", "", async (context, _) =>
        {
            Activity.Current!.SetTag("patient", secret);
            Signals.UnknownCallers.Add(1, new("patient", secret), new("reason", "told"));
            var logger = ((ILoggerFactory)context.RequestServices.GetService(typeof(ILoggerFactory))!).CreateLogger("Some.Library");
            using var scope = logger.BeginScope("{Patient}", secret);
            logger.LogError(new InvalidOperationException(secret), "{Patient} is told.", secret);

            // Past the first byte nothing can be answered.
            await context.Response.StartAsync();
            throw new InvalidOperationException(secret);
        })]);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => service.SendAsync(HttpMethod.Post, "Leaking", "{}", "application/json"));
        Assert.Contains(recorded.Texts, t => t.Contains("is told.", StringComparison.Ordinal));
        Assert.Contains(recorded.Texts, t => t == "log exception.type=System.InvalidOperationException");
        Assert.Contains(recorded.Texts, t => t == "log Fault=InvalidOperationException");
        Assert.Empty(recorded.Find([secret]));
    }

    [Fact]
    public void Every_metric_and_dimension_that_an_alert_asks_for_was_exported_with_the_value_it_waits_for()
    {
        var bicep = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "modules", "alerts.bicep"));
        var queries = Regex.Matches(bicep, @"query: '(customMetrics .*)'\n").Select(m => m.Groups[1].Value).ToList();
        Assert.True(queries.Count >= 5);
        foreach (var query in queries)
        {
            var metric = Regex.Match(query, @"name == ""([^""]+)""").Groups[1].Value;
            Assert.True(everything.Recorded.Metrics.ContainsKey(metric), $"{metric} is asked for by an alert and not exported.");
            var named = Regex.Matches(query, @"customDimensions\.(\w+)").Select(m => m.Groups[1].Value).ToList();

            // customDimensions.x, or a name that it was given by extend.
            foreach (Match compared in Regex.Matches(query, @"(?:tostring\(customDimensions\.(\w+)\)|(\w+)) == ""([^""]+)"""))
            {
                var dimension = compared.Groups[1].Success ? compared.Groups[1].Value : compared.Groups[2].Value;
                if (dimension == "name")
                {
                    continue;
                }

                Assert.Contains(dimension, named);
                Assert.True(
                    everything.Recorded.Points.TryGetValue((metric, dimension), out var values) && values.ContainsKey(compared.Groups[3].Value),
                    $"{metric} was not exported with {dimension} = {compared.Groups[3].Value}, but with {string.Join(' ', values?.Keys ?? [])}");
            }
        }
    }

    [Fact]
    public void Every_metric_there_is_was_exported_and_its_dimensions_are_told_in_its_description()
    {
        var instruments = Instruments();
        Assert.All(instruments, i => Assert.True(everything.Recorded.Metrics.ContainsKey(i.Name), i.Name));
        foreach (var (metric, dimension) in everything.Recorded.Points.Keys.Where(p => p.Metric.StartsWith("pmd.", StringComparison.Ordinal)))
        {
            Assert.Contains(dimension, instruments.Single(i => i.Name == metric).Description!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_page_of_operations_lists_the_metrics_that_there_are_and_no_others()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var listed = Regex.Matches(page, @"^\| `(pmd\.[a-z._]+)` \| ([^|]+) \| (.+) \|$", RegexOptions.Multiline).Select(m => (m.Groups[1].Value, m.Groups[2].Value.Trim(), m.Groups[3].Value)).Order();
        Assert.Equal(Instruments().Select(i => (i.Name, i.Unit!, i.Description!)).Order(), listed);
    }

    [Fact]
    public void A_request_is_traced_by_its_route_with_what_it_asked_of_storage_and_the_log()
    {
        var spans = everything.Recorded.Activities;
        var searches = spans.Where(a => a is { Kind: ActivityKind.Server, DisplayName: "POST /Observation/_search" } && (int?)a.GetTagItem("http.response.status_code") == 200).Select(a => a.TraceId).ToHashSet();
        var parts = spans.Where(a => a.Kind != ActivityKind.Server && searches.Contains(a.TraceId)).Select(a => a.DisplayName).ToHashSet();
        Assert.Contains("rows range", parts);
        Assert.Contains("access log append", parts);
        Assert.Contains("blobs append", parts);
        Assert.All(spans.Where(a => a.Kind == ActivityKind.Server), a => Assert.Matches("^[A-Z_]+ (none|/.*)$", a.DisplayName));
    }

    [Fact]
    public void A_callers_trace_goes_on_and_is_recorded_whatever_the_caller_says()
    {
        var spans = everything.Recorded.Activities.Where(a => a.TraceId.ToHexString() == "4bf92f3577b34da6a3ce929d0e0e4736").ToList();
        Assert.Contains(spans, a => a.Kind == ActivityKind.Server && a.ParentSpanId.ToHexString() == "00f067aa0ba902b7");
        Assert.Contains(spans, a => a.Kind == ActivityKind.Client);
        Assert.All(spans, a => Assert.Null(a.TraceStateString));
    }

    [Fact]
    public void Timers_and_probes_are_not_traced() =>
        Assert.DoesNotContain(everything.Recorded.Activities, a => a.DisplayName.Contains("/health", StringComparison.Ordinal) || Triggers.All.OfType<TimerTrigger>().Any(t => a.DisplayName.EndsWith(t.Name, StringComparison.Ordinal)));

    private static List<Instrument> Instruments()
    {
        _ = Signals.Source;
        List<Instrument> found = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            lock (found)
            {
                found.Add(instrument);
            }
        };
        listener.Start();
        using var lag = Signals.Lag(() => TimeSpan.Zero);
        lock (found)
        {
            return [.. found.Where(i => i.Meter.Name == Signals.Name).DistinctBy(i => i.Name)];
        }
    }
}

/// <summary>Tests that run while no others do.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
