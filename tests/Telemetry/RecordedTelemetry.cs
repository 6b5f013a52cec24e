using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace PasientensMaledata.Tests.Telemetry;

/// <summary>Telemetry that is kept in memory, exported by the same wiring as any other, to be searched.</summary>
internal sealed class RecordedTelemetry : IDisposable
{
    private readonly ConcurrentQueue<string> texts = new();
    private readonly ConcurrentQueue<Activity> activities = new();
    private readonly BaseExportingMetricReader reader;

    public RecordedTelemetry()
    {
        var traces = new Recorder<Activity>(this, Record);
        var logs = new Recorder<LogRecord>(this, Record);
        reader = new(new Recorder<Metric>(this, Record));
        Telemetry = new(t => t.AddProcessor(new SimpleActivityExportProcessor(traces)), m => m.AddReader(reader), l => l.AddProcessor(new SimpleLogRecordExportProcessor(logs)));
    }

    public PasientensMaledata.Functions.Hosting.Telemetry Telemetry { get; }

    public IReadOnlyList<Activity> Activities => [.. activities];

    /// <summary>Each value of each dimension that a metric was exported with.</summary>
    public ConcurrentDictionary<(string Metric, string Dimension), ConcurrentDictionary<string, double>> Points { get; } = new();

    public ConcurrentDictionary<string, bool> Metrics { get; } = new();

    /// <summary>Everything that was exported, as text: names, attributes, bodies, exceptions, resources.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            reader.Collect();
            return [.. texts];
        }
    }

    public void Collect() => reader.Collect();

    public void Dispose() => reader.Dispose();

    /// <summary>Where one of these texts stands.</summary>
    public IReadOnlyList<string> Find(IEnumerable<string> secrets)
    {
        var sought = System.Buffers.SearchValues.Create([.. secrets], StringComparison.OrdinalIgnoreCase);
        return [.. Texts.Where(t => t.AsSpan().ContainsAny(sought))];
    }

    private void Record(Activity activity)
    {
        activities.Enqueue(activity);
        Add("span", activity.DisplayName, activity.OperationName, activity.Source.Name, activity.StatusDescription, activity.TraceStateString);
        Add("span", activity.TagObjects);
        Add("baggage", activity.Baggage.Select(b => KeyValuePair.Create(b.Key, (object?)b.Value)));
        foreach (var one in activity.Events)
        {
            Add("event", one.Name);
            Add("event", one.Tags);
        }

        foreach (var link in activity.Links)
        {
            Add("link", link.Context.TraceState);
            Add("link", link.Tags ?? []);
        }
    }

    private void Record(LogRecord log)
    {
        Add("log", log.CategoryName, log.FormattedMessage, log.Body, log.Exception?.ToString(), log.TraceState, log.EventId.Name);
        Add("log", log.Attributes ?? []);
        log.ForEachScope(
            (scope, _) =>
            {
                foreach (var tag in scope)
                {
                    Add("scope", [tag]);
                }
            },
            0);
    }

    private void Record(Metric metric)
    {
        Metrics[metric.Name] = true;
        Add("metric", metric.Name, metric.Description, metric.Unit, metric.MeterName, metric.MeterVersion);
        Add("metric", metric.MeterTags ?? []);
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            foreach (var tag in point.Tags)
            {
                Add("metric", [tag!]);
                var value = metric.MetricType switch
                {
                    MetricType.LongSum => point.GetSumLong(),
                    MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
                    MetricType.Histogram => point.GetHistogramCount(),
                    _ => 0,
                };
                Points.GetOrAdd((metric.Name, tag.Key), _ => new())[Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? ""] = value;
            }

            if (point.TryGetExemplars(out var exemplars))
            {
                foreach (ref readonly var exemplar in exemplars)
                {
                    foreach (var tag in exemplar.FilteredTags)
                    {
                        Add("exemplar", [tag!]);
                    }
                }
            }
        }
    }

    private void Add(string what, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            texts.Enqueue($"{what} {name}={Convert.ToString(value, CultureInfo.InvariantCulture)}");
        }
    }

    private void Add(string what, params string?[] values) => Array.ForEach(values, v => texts.Enqueue($"{what} {v}"));

    private sealed class Recorder<T>(RecordedTelemetry all, Action<T> record) : BaseExporter<T>
        where T : class
    {
        private bool hasResource;

        public override ExportResult Export(in Batch<T> batch)
        {
            if (!hasResource)
            {
                hasResource = true;
                all.Add("resource", ParentProvider.GetResource().Attributes!);
            }

            foreach (var one in batch)
            {
                record(one);
            }

            return ExportResult.Success;
        }
    }
}
