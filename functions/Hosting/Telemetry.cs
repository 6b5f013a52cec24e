using System.Diagnostics;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// Where traces, metrics and logs go. What goes there is let through by name, never kept back by name: only the dimensions of
/// <see cref="Signals.Dimensions"/>, and of what others log only the sentence without what was filled in. So nothing that a caller sends comes out.
/// </summary>
/// <param name="Traces">Adds the exporters of traces.</param>
/// <param name="Metrics">Adds those of metrics.</param>
/// <param name="Logs">Adds those of logs.</param>
public sealed record Telemetry(Action<TracerProviderBuilder> Traces, Action<MeterProviderBuilder> Metrics, Action<OpenTelemetryLoggerOptions> Logs)
{
    /// <summary>Application Insights' own variable.</summary>
    public const string ApplicationInsightsSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>How to sign in to it: <c>ClientId=…;Authorization=AAD</c>, as the Functions host reads it.</summary>
    public const string ApplicationInsightsIdentitySetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>OpenTelemetry's own variable.</summary>
    public const string OtlpSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Reads the environment; null where telemetry is off.</summary>
    /// <param name="setting">The environment.</param>
    /// <param name="console">Whether it is written to standard output.</param>
    public static Telemetry? Read(Func<string, string?> setting, bool console)
    {
        ArgumentNullException.ThrowIfNull(setting);
        List<Telemetry> targets = [];
        if (setting(ApplicationInsightsSetting) is { Length: > 0 } connection)
        {
            targets.Add(ApplicationInsights(connection, CredentialOf(setting(ApplicationInsightsIdentitySetting))));
        }

        if (setting(OtlpSetting) is { Length: > 0 })
        {
            targets.Add(new(t => t.AddOtlpExporter(), m => m.AddOtlpExporter(), l => l.AddOtlpExporter()));
        }

#if !DEPLOYED
        if (console)
        {
            targets.Add(new(t => t.AddConsoleExporter(), m => m.AddConsoleExporter(), l => l.AddConsoleExporter()));
        }
#endif
        return targets.Count == 0 ? null : new(t => targets.ForEach(x => x.Traces(t)), m => targets.ForEach(x => x.Metrics(m)), l => targets.ForEach(x => x.Logs(l)));
    }

    /// <summary>Adds it to a program.</summary>
    internal void AddTo(IHostApplicationBuilder builder)
    {
        // The builder reads no environment; of OpenTelemetry's variables nothing is lost.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(v => KeyValuePair.Create((string)v.Key, v.Value as string)).Where(v => v.Key.StartsWith("OTEL_", StringComparison.Ordinal)));

        // No baggage: what a caller puts there is not handed on.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("pasientens-maledata", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3)))
            .WithTracing(tracing =>
            {
                tracing.AddSource(Signals.Name)
                    .AddAspNetCoreInstrumentation(requests =>
                    {
                        requests.RecordException = false;
                        requests.Filter = IsTraced;
                    })
                    .AddProcessor(new OnlyKnownTags());
                Traces(tracing);

                // A caller's word that a trace is not recorded would hide its faults. Last, since exporters bring samplers of their own.
                tracing.SetSampler(new ParentBasedSampler(new AlwaysOnSampler(), remoteParentSampled: new AlwaysOnSampler(), remoteParentNotSampled: new AlwaysOnSampler()));
            })
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Signals.Name, "Microsoft.AspNetCore.Hosting")
                    .AddView(_ => new MetricStreamConfiguration { TagKeys = [.. Signals.Dimensions] });
                Metrics(metrics);
            });
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeScopes = false;
            logging.IncludeFormattedMessage = true;
            logging.AddProcessor(new OnlyOwnWords());
            Logs(logging);
        });
    }

    private static Telemetry ApplicationInsights(string connection, TokenCredential? credential)
    {
        return new(t => t.AddAzureMonitorTraceExporter(Set), m => m.AddAzureMonitorMetricExporter(Set), l => l.AddAzureMonitorLogExporter(Set));

        void Set(AzureMonitorExporterOptions options)
        {
            options.ConnectionString = connection;
            options.Credential = credential;

            // Everything, so that the alerts count right; what it may cost in a day is capped where it is kept.
            options.SamplingRatio = 1;
            options.TracesPerSecond = null;
            options.EnableTraceBasedLogsSampler = false;

            // These would look at requests themselves, or count again what is counted.
            options.EnableLiveMetrics = false;
            options.EnableStandardMetrics = false;
            options.EnablePerformanceCounters = false;
            options.DisableOfflineStorage = true;
        }
    }

    private static ManagedIdentityCredential? CredentialOf(string? setting)
    {
        var parts = (setting ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
        return parts.GetValueOrDefault("Authorization") != "AAD" ? null
            : new(parts.TryGetValue("ClientId", out var client) ? ManagedIdentityId.FromUserAssignedClientId(client) : ManagedIdentityId.SystemAssigned);
    }

    // Timers and probes come every few seconds, and would be most of what is traced. They are measured.
    private static bool IsTraced(HttpContext context) =>
        !context.Request.Path.Equals("/health", StringComparison.Ordinal)
        && !(HttpMethods.IsGet(context.Request.Method) && context.Request.Path == "/")
        && !Triggers.All.OfType<TimerTrigger>().Any(t => context.Request.Path.Equals($"/{t.Name}", StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes away every tag but the known ones, and what else may hold a caller's text.</summary>
    private sealed class OnlyKnownTags : BaseProcessor<Activity>
    {
        private static readonly HashSet<string> Known = [.. Signals.Dimensions];

        public override void OnEnd(Activity data)
        {
            foreach (var (name, _) in data.TagObjects.ToList())
            {
                if (!Known.Contains(name))
                {
                    data.SetTag(name, null);
                }
            }

            if (data.Kind == ActivityKind.Server)
            {
                data.DisplayName = $"{data.GetTagItem("http.request.method") ?? "_OTHER"} {data.GetTagItem("http.route") ?? "none"}";
                data.SetStatus(data.Status);
            }

            data.TraceStateString = null;
        }
    }

    /// <summary>
    /// Of this program's own log every word is exported: it names nobody. Of what libraries log, only the sentence without what was filled in. Of an
    /// exception its type and place, not its message.
    /// </summary>
    private sealed class OnlyOwnWords : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data)
        {
            if (data.CategoryName?.StartsWith(Signals.Name, StringComparison.Ordinal) != true)
            {
                data.FormattedMessage = null;
                data.Attributes = [];
            }

            if (data.Exception is { } fault)
            {
                data.Exception = null;
                data.Attributes = [.. data.Attributes ?? [], new("exception.type", fault.GetType().FullName), new("exception.stacktrace", fault.StackTrace)];
            }
        }
    }
}
