using System.Text.Json;
using CsCheck;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Tests.Observations;

public class DateComparisonTests
{
    private static readonly Gen<string> SearchTime =
        from moment in Gen.DateTime[new DateTime(2026, 3, 27, 0, 0, 0, DateTimeKind.Utc), new DateTime(2026, 4, 2, 0, 0, 0, DateTimeKind.Utc)]
        from format in Gen.OneOf(
            Gen.Const("yyyy"), Gen.Const("yyyy-MM"), Gen.Const("yyyy-MM-dd"), Gen.Const("yyyy-MM-ddTHH:mm"), Gen.Const("yyyy-MM-ddTHH:00Z"), Gen.Const("yyyy-MM-ddTHH:00:00.fZ"))
        select moment.ToString(format, null);

    private static readonly Gen<EffectiveTime> Measured =
        from start in SearchTime
        from end in SearchTime
        from shape in Gen.Int[0, 6]
        select shape switch
        {
            0 => default,
            1 => Period($$"""{"start":"{{Resource(start)}}"}"""),
            2 => Period($$"""{"end":"{{Resource(end)}}"}"""),
            3 => Period($$"""{"start":"{{Resource(start)}}","end":"{{Resource(end)}}"}"""),
            _ => EffectiveTime.Of(Time(start)),
        };

    private static readonly Gen<DatePrefix> Prefix = Gen.Enum<DatePrefix>();

    // The examples of FHIR R4 search, section "prefixes".
    [Theory]
    [InlineData("eq2013-01-14", "2013-01-14T00:00", true)]
    [InlineData("eq2013-01-14", "2013-01-14T10:00", true)]
    [InlineData("2013-01-14", "2013-01-14T10:00", true)]
    [InlineData("eq2013-01-14", "2013-01-15T00:00", false)]
    [InlineData("ne2013-01-14", "2013-01-15T00:00", true)]
    [InlineData("ne2013-01-14", "2013-01-14T00:00", false)]
    [InlineData("ne2013-01-14", "2013-01-14T10:00", false)]
    [InlineData("lt2013-01-14T10:00", "2013-01-14", true)]
    [InlineData("gt2013-01-14T10:00", "2013-01-14", true)]
    [InlineData("ge2013-03-14", "2013-01-21..", true)]
    [InlineData("le2013-03-14", "2013-01-21..", true)]
    [InlineData("sa2013-03-14", "2013-03-15..", true)]
    [InlineData("sa2013-03-14", "2013-01-21..", false)]
    [InlineData("eb2013-03-14", "2013-01-21..", false)]
    [InlineData("eb2013-03-14", "..2013-03-13", true)]
    [InlineData("lt2013-03-14", "..2013-03-13", true)]
    [InlineData("eq2013-03-14", "..2013-03-14", false)]
    [InlineData("ne2013-03-14", "2013-03-14..", true)]
    [InlineData("ge2013-03-14", "2013-03-14", true)]
    [InlineData("le2013-03-14", "2013-03-14", true)]
    [InlineData("gt2013-03-14", "2013-03-14", false)]
    [InlineData("lt2013-03-14", "2013-03-14", false)]
    [InlineData("eq2013", "2013-03-14", true)]
    [InlineData("eq2013-03-14", "2013", false)]
    public void Examples(string search, string measured, bool matches)
    {
        Assert.True(DateComparison.TryParse(search, out var comparison, out var issue));
        Assert.Null(issue);
        var target = measured switch
        {
            ['.', '.', .. var end] => Period($$"""{"end":"{{end}}"}"""),
            [.. var start, '.', '.'] => Period($$"""{"start":"{{start}}"}"""),
            _ => EffectiveTime.Of(Time(measured)),
        };
        Assert.Equal(matches, comparison.Matches(target));
    }

    [Fact]
    public void Matches_as_sets_of_moments_do() =>
        Gen.Select(Prefix, SearchTime, Measured).Sample((prefix, text, measured) =>
        {
            var comparison = new DateComparison(prefix, Time(text));
            return comparison.Matches(measured) == Naive(prefix, comparison.Time, measured);
        });

    [Fact]
    public void A_short_match_starts_within_the_bounds() =>
        Gen.Select(Prefix, SearchTime, Measured).Sample((prefix, text, measured) =>
        {
            var comparison = new DateComparison(prefix, Time(text));
            var (min, max) = comparison.ShortStarts;
            return measured.IsLong || !comparison.Matches(measured) || (min <= measured.StartTicks && measured.StartTicks <= max);
        });

    [Fact]
    public void No_time_matches_nothing() =>
        Gen.Select(Prefix, SearchTime).Sample((prefix, text) => !new DateComparison(prefix, Time(text)).Matches(default));

    [Theory]
    [InlineData("0001")]
    [InlineData("9999")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59.9999999-14:00")]
    public void The_ends_of_time_do_not_overflow(string text)
    {
        foreach (var prefix in Enum.GetValues<DatePrefix>())
        {
            var comparison = new DateComparison(prefix, Time(text));
            Assert.True(comparison.ShortStarts.MinStart <= comparison.ShortStarts.MaxStart);
            Assert.Equal(Naive(prefix, comparison.Time, EffectiveTime.Of(Time(text))), comparison.Matches(EffectiveTime.Of(Time(text))));
        }
    }

    [Theory]
    [InlineData("ap2026-01-01", "not-supported")]
    [InlineData("xx2026-01-01", "not-supported")]
    [InlineData("GE2026-01-01", "not-supported")]
    [InlineData("ge", "value")]
    [InlineData("", "value")]
    [InlineData("ge 2026-01-01", "value")]
    [InlineData("g2026", "value")]
    [InlineData("2026-01-01,", "value")]
    [InlineData("2026-01-01,ap2026", "not-supported")]
    public void Refusals(string text, string code)
    {
        Assert.False(DateComparison.TryParseList(text, out var any, out var issue));
        Assert.Empty(any);
        Assert.Equal((IssueSeverity.Error, code), (issue!.Severity, issue.Code));
    }

    [Fact]
    public void Commas_part_alternatives()
    {
        Assert.True(DateComparison.TryParseList("lt2026-01-01,ge2026-02-01,2026-01-15", out var any, out _));
        Assert.Equal([DatePrefix.Lt, DatePrefix.Ge, DatePrefix.Eq], any.Select(one => one.Prefix));
    }

    // The rules over a handful of moments: every edge and its neighbours.
    private static bool Naive(DatePrefix prefix, FhirTime search, EffectiveTime measured)
    {
        if (!measured.HasTime)
        {
            return false;
        }

        Int128[] edges = [search.StartTicks, search.EndTicks, measured.StartTicks, measured.EndTicks];
        var moments = edges.SelectMany(edge => new[] { edge - 1, edge, edge + 1 }).ToArray();
        var target = moments.Where(moment => moment >= measured.StartTicks && moment < measured.EndTicks).ToArray();
        var value = moments.Where(moment => moment >= search.StartTicks && moment < search.EndTicks).ToArray();
        var eq = target.All(value.Contains);
        var above = target.Any(moment => moment > value.Max());
        var below = target.Any(moment => moment < value.Min());
        return prefix switch
        {
            DatePrefix.Eq => eq,
            DatePrefix.Ne => !eq,
            DatePrefix.Gt => above,
            DatePrefix.Lt => below,
            DatePrefix.Ge => above || eq,
            DatePrefix.Le => below || eq,
            DatePrefix.Sa => target.All(moment => moment > value.Max()),
            DatePrefix.Eb => target.All(moment => moment < value.Min()),
            _ => throw new ArgumentOutOfRangeException(nameof(prefix)),
        };
    }

    private static FhirTime Time(string text)
    {
        Assert.True(FhirTime.TryParse(text, TimeUse.Search, out var time));
        return time;
    }

    // A resource's time of day has seconds and an offset.
    private static string Resource(string text) => text.Length <= 10 ? text : text.EndsWith('Z') && text.Count(c => c == ':') == 2 ? text : text[..16] + ":00Z";

    private static EffectiveTime Period(string json)
    {
        using var document = JsonDocument.Parse($$"""{"effectivePeriod":{{json}}}""");
        return EffectiveTime.Read(document.RootElement, out _);
    }
}
