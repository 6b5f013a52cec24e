using System.Text.Json;

namespace PasientensMaledata.Observations;

/// <summary>
/// When an Observation was measured, as the span of its <c>effective[x]</c>: <see cref="StartTicks"/> is included, <see cref="EndTicks"/> is not.
/// An open start is <see cref="long.MinValue"/>, an open end <see cref="long.MaxValue"/>. The default value is an Observation that tells no time.
/// </summary>
public readonly record struct EffectiveTime
{
    /// <summary>Spans longer than this are kept apart in the store. A calendar day is at most 25 hours, so every day is short.</summary>
    public static readonly TimeSpan LongestShort = TimeSpan.FromHours(26);

    private EffectiveTime(long start, long end, bool isPrecise, long latest = long.MinValue)
    {
        LatestTicks = Math.Max(start, latest);
        HasTime = true;
        StartTicks = start;
        EndTicks = end;
        IsPrecise = isPrecise;
    }

    /// <summary>The Observation tells a time.</summary>
    public bool HasTime { get; }

    /// <summary>The first UTC tick of the span.</summary>
    public long StartTicks { get; }

    /// <summary>The first UTC tick after the span.</summary>
    public long EndTicks { get; }

    /// <summary>The start of the last time that it tells, by which a clock that is ahead is seen; not stored.</summary>
    internal long LatestTicks { get; }

    /// <summary>One moment, told to the second or finer and with its offset.</summary>
    public bool IsPrecise { get; }

    /// <summary>Longer than <see cref="LongestShort"/>, or with an open end.</summary>
    public bool IsLong => HasTime && (StartTicks == long.MinValue || EndTicks == long.MaxValue || EndTicks - StartTicks > LongestShort.Ticks);

    /// <summary>The span of one FHIR time.</summary>
    public static EffectiveTime Of(FhirTime time) =>
        new(time.StartTicks, time.EndTicks, time.HasOffset && time.Precision >= TimePrecision.Second);

    /// <summary>A span as a row holds it.</summary>
    internal static EffectiveTime Span(long startTicks, long endTicks) => new(startTicks, endTicks, false);

    /// <summary>
    /// Reads <c>effective[x]</c>. Empty strings are no time. What is not FHIR is remarked upon and left out, so that the rest can be read.
    /// </summary>
    /// <param name="observation">The Observation; of any shape.</param>
    /// <param name="issue">The first thing that is wrong with its time, or null.</param>
    public static EffectiveTime Read(JsonElement observation, out Issue? issue)
    {
        issue = null;
        if (observation.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        if (observation.TryGetProperty("effectiveDateTime"u8, out var value) && Time(value, TimeUse.DateTime, "Observation.effectiveDateTime", ref issue) is { } dateTime)
        {
            return Of(dateTime);
        }

        if (observation.TryGetProperty("effectiveInstant"u8, out value) && Time(value, TimeUse.Instant, "Observation.effectiveInstant", ref issue) is { } instant)
        {
            return Of(instant);
        }

        if (observation.TryGetProperty("effectivePeriod"u8, out value))
        {
            return Period(value, "Observation.effectivePeriod", ref issue);
        }

        return observation.TryGetProperty("effectiveTiming"u8, out value) ? Timing(value, ref issue) : default;
    }

    private static EffectiveTime Period(JsonElement period, string path, ref Issue? issue)
    {
        if (period.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        var start = period.TryGetProperty("start"u8, out var value) ? Time(value, TimeUse.DateTime, path + ".start", ref issue) : null;
        var end = period.TryGetProperty("end"u8, out value) ? Time(value, TimeUse.DateTime, path + ".end", ref issue) : null;
        if (start is null && end is null)
        {
            return default;
        }

        // R4 per-1. The end includes all of its precision: a period may end on the day that it starts.
        if (start is { } from && end is { } to && from.StartTicks >= to.EndTicks)
        {
            issue ??= Issue.Error("invariant", path, "The period ends before it starts (per-1); send start and end in order.");
            return default;
        }

        return new EffectiveTime(start?.StartTicks ?? long.MinValue, end?.EndTicks ?? long.MaxValue, isPrecise: false, end?.StartTicks ?? long.MinValue);
    }

    private static EffectiveTime Timing(JsonElement timing, ref Issue? issue)
    {
        if (timing.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        EffectiveTime whole = default;
        if (timing.TryGetProperty("event"u8, out var events) && events.ValueKind == JsonValueKind.Array)
        {
            var at = 0;
            foreach (var one in events.EnumerateArray())
            {
                if (Time(one, TimeUse.DateTime, "Observation.effectiveTiming.event", ref issue, at++) is { } time)
                {
                    whole = whole.And(Of(time));
                }
            }
        }

        return timing.TryGetProperty("repeat"u8, out var repeat) && repeat.ValueKind == JsonValueKind.Object && repeat.TryGetProperty("boundsPeriod"u8, out var bounds)
            ? whole.And(Period(bounds, "Observation.effectiveTiming.repeat.boundsPeriod", ref issue))
            : whole;
    }

    private EffectiveTime And(EffectiveTime other) => !HasTime
        ? other
        : !other.HasTime
            ? this
            : new EffectiveTime(Math.Min(StartTicks, other.StartTicks), Math.Max(EndTicks, other.EndTicks), isPrecise: false, Math.Max(LatestTicks, other.LatestTicks));

    private static FhirTime? Time(JsonElement value, TimeUse use, string path, ref Issue? issue, int index = -1)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        if (JsonStrings.Get(value) is { } text)
        {
            if (text.Length == 0)
            {
                return null;
            }

            if (FhirTime.TryParse(text, use, out var time))
            {
                return time;
            }
        }

        issue ??= Issue.Error("value", index < 0 ? path : $"{path}[{index}]", use == TimeUse.Instant
            ? "This is no instant; send YYYY-MM-DDThh:mm:ss with Z or an offset such as +01:00."
            : "This is no dateTime; send YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or an offset such as +01:00.");
        return null;
    }
}
