using System.Globalization;
using System.Text.Json;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Tests.Observations;

public class EffectiveTimeTests
{
    private const string Open = "open";

    [Theory]
    [InlineData("""{"effectiveDateTime":"2026-01-15T10:00:00Z"}""", "2026-01-15T10:00:00Z", "2026-01-15T10:00:01Z", true, false)]
    [InlineData("""{"effectiveInstant":"2026-01-15T10:00:00.5Z"}""", "2026-01-15T10:00:00.5Z", "2026-01-15T10:00:00.6Z", true, false)]
    [InlineData("""{"effectiveDateTime":"2026-10-25"}""", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", false, false)]
    [InlineData("""{"effectiveDateTime":"2026-01"}""", "2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z", false, true)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15T10:00:00Z","end":"2026-01-15T10:00:00Z"}}""", "2026-01-15T10:00:00Z", "2026-01-15T10:00:01Z", false, false)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15T10:00:00Z","end":"2026-01-15"}}""", "2026-01-15T10:00:00Z", "2026-01-15T23:00:00Z", false, false)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15","end":"2026-01-16"}}""", "2026-01-14T23:00:00Z", "2026-01-16T23:00:00Z", false, true)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15T00:00:00Z","end":"2026-01-16T01:59:59Z"}}""", "2026-01-15T00:00:00Z", "2026-01-16T02:00:00Z", false, false)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15T00:00:00Z","end":"2026-01-16T02:00:00Z"}}""", "2026-01-15T00:00:00Z", "2026-01-16T02:00:01Z", false, true)]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15"}}""", "2026-01-14T23:00:00Z", Open, false, true)]
    [InlineData("""{"effectivePeriod":{"end":"2026-01-15"}}""", Open, "2026-01-15T23:00:00Z", false, true)]
    [InlineData("""{"effectivePeriod":{"start":"","end":"2026-01-15"}}""", Open, "2026-01-15T23:00:00Z", false, true)]
    [InlineData("""{"effectiveTiming":{"event":["2026-01-15T12:00:00Z","2026-01-15T10:00:00Z",null,""]}}""", "2026-01-15T10:00:00Z", "2026-01-15T12:00:01Z", false, false)]
    [InlineData("""{"effectiveTiming":{"event":["2026-01-15T12:00:00Z"]}}""", "2026-01-15T12:00:00Z", "2026-01-15T12:00:01Z", true, false)]
    [InlineData("""{"effectiveTiming":{"repeat":{"boundsPeriod":{"start":"2026-01-15","end":"2026-01-15"}}}}""", "2026-01-14T23:00:00Z", "2026-01-15T23:00:00Z", false, false)]
    [InlineData("""{"effectiveTiming":{"event":["2026-01-14T12:00:00Z"],"repeat":{"boundsPeriod":{"start":"2026-01-15"}}}}""", "2026-01-14T12:00:00Z", Open, false, true)]
    public void Every_kind_of_time_has_its_span(string json, string start, string end, bool precise, bool isLong)
    {
        var time = Read(json, out var issue);
        Assert.Null(issue);
        Assert.True(time.HasTime);
        Assert.Equal(start == Open ? long.MinValue : Ticks(start), time.StartTicks);
        Assert.Equal(end == Open ? long.MaxValue : Ticks(end), time.EndTicks);
        Assert.Equal((precise, isLong), (time.IsPrecise, time.IsLong));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"effectiveDateTime":""}""")]
    [InlineData("""{"effectiveDateTime":null}""")]
    [InlineData("""{"effectiveDateTime":5}""")]
    [InlineData("""{"_effectiveDateTime":{"extension":[]}}""")]
    [InlineData("""{"effectivePeriod":{}}""")]
    [InlineData("""{"effectivePeriod":[]}""")]
    [InlineData("""{"effectivePeriod":{"start":"","end":""}}""")]
    [InlineData("""{"effectiveTiming":{}}""")]
    [InlineData("""{"effectiveTiming":[]}""")]
    [InlineData("""{"effectiveTiming":{"event":[],"repeat":{"frequency":1}}}""")]
    [InlineData("""{"effectiveTiming":{"event":{},"repeat":[]}}""")]
    public void No_time_is_told(string json)
    {
        Assert.Equal(default, Read(json, out var issue));
        Assert.Null(issue);
    }

    [Theory]
    [InlineData("""{"effectiveDateTime":"yesterday"}""", "value", "Observation.effectiveDateTime")]
    [InlineData("""{"effectiveDateTime":"2026-01-15T10:00"}""", "value", "Observation.effectiveDateTime")]
    [InlineData("""{"effectiveInstant":"2026-01-15"}""", "value", "Observation.effectiveInstant")]
    [InlineData("""{"effectivePeriod":{"start":"x"}}""", "value", "Observation.effectivePeriod.start")]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-16","end":"2026-01-15"}}""", "invariant", "Observation.effectivePeriod")]
    [InlineData("""{"effectivePeriod":{"start":"2026-01-15T10:00:01Z","end":"2026-01-15T10:00:00Z"}}""", "invariant", "Observation.effectivePeriod")]
    [InlineData("""{"effectiveTiming":{"event":["x"]}}""", "value", "Observation.effectiveTiming.event[0]")]
    [InlineData("""{"effectiveTiming":{"repeat":{"boundsPeriod":{"end":"x"}}}}""", "value", "Observation.effectiveTiming.repeat.boundsPeriod.end")]
    public void A_broken_time_is_told(string json, string code, string expression)
    {
        Assert.False(Read(json, out var issue).HasTime);
        Assert.Equal((IssueSeverity.Error, code, expression), (issue!.Severity, issue.Code, issue.Expression));
    }

    private static EffectiveTime Read(string json, out Issue? issue)
    {
        using var document = JsonDocument.Parse(json);
        return EffectiveTime.Read(document.RootElement, out issue);
    }

    private static long Ticks(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcTicks;
}
