using System.Globalization;
using CsCheck;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Tests.Observations;

public class FhirTimeTests
{
    private static readonly Gen<DateTime> Moment =
        Gen.DateTime[new DateTime(1997, 1, 1, 0, 0, 0, DateTimeKind.Utc), new DateTime(2090, 1, 1, 0, 0, 0, DateTimeKind.Utc)];

    [Theory]
    [InlineData("2026", "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z", TimePrecision.Year)]
    [InlineData("2026-02", "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", TimePrecision.Month)]
    [InlineData("2026-12", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z", TimePrecision.Month)]
    [InlineData("2026-01-15", "2026-01-14T23:00:00Z", "2026-01-15T23:00:00Z", TimePrecision.Day)]
    [InlineData("2026-07-15", "2026-07-14T22:00:00Z", "2026-07-15T22:00:00Z", TimePrecision.Day)]
    // The day of 23 hours and the day of 25.
    [InlineData("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", TimePrecision.Day)]
    [InlineData("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", TimePrecision.Day)]
    [InlineData("2024-02-29", "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z", TimePrecision.Day)]
    [InlineData("2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z", "2026-01-15T10:00:01Z", TimePrecision.Second)]
    [InlineData("2026-01-15T10:00:00+01:00", "2026-01-15T09:00:00Z", "2026-01-15T09:00:01Z", TimePrecision.Second)]
    [InlineData("2026-01-15T10:00:00-14:00", "2026-01-16T00:00:00Z", "2026-01-16T00:00:01Z", TimePrecision.Second)]
    [InlineData("2026-01-15T10:00:00-00:30", "2026-01-15T10:30:00Z", "2026-01-15T10:30:01Z", TimePrecision.Second)]
    [InlineData("2026-01-15T10:00:00.5Z", "2026-01-15T10:00:00.5Z", "2026-01-15T10:00:00.6Z", TimePrecision.Fraction)]
    [InlineData("2026-01-15T10:00:00.1234567Z", "2026-01-15T10:00:00.1234567Z", "2026-01-15T10:00:00.1234568Z", TimePrecision.Fraction)]
    [InlineData("2026-01-15T10:00:00.123456789012345Z", "2026-01-15T10:00:00.1234567Z", "2026-01-15T10:00:00.1234568Z", TimePrecision.Fraction)]
    [InlineData("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z", TimePrecision.Second)]
    public void Resource_times_cover_their_span(string text, string start, string end, TimePrecision precision) =>
        Covers(text, TimeUse.DateTime, start, end, precision);

    [Theory]
    [InlineData("2026-01-15T10:00Z", "2026-01-15T10:00:00Z", "2026-01-15T10:01:00Z", TimePrecision.Minute)]
    [InlineData("2026-01-15T10:00", "2026-01-15T09:00:00Z", "2026-01-15T09:01:00Z", TimePrecision.Minute)]
    [InlineData("2026-07-15T10:00:30", "2026-07-15T08:00:30Z", "2026-07-15T08:00:31Z", TimePrecision.Second)]
    [InlineData("2026-07-15T10:00:30.25", "2026-07-15T08:00:30.25Z", "2026-07-15T08:00:30.26Z", TimePrecision.Fraction)]
    [InlineData("2026-07-15T10:00:30 02:00", "2026-07-15T08:00:30Z", "2026-07-15T08:00:31Z", TimePrecision.Second)]
    // 02:00 to 03:00 is skipped in March and comes twice in October.
    [InlineData("2026-03-29T01:59", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", TimePrecision.Minute)]
    [InlineData("2026-03-29T02:30", "2026-03-29T01:30:00Z", "2026-03-29T01:31:00Z", TimePrecision.Minute)]
    [InlineData("2026-03-29T03:00", "2026-03-29T01:00:00Z", "2026-03-29T01:01:00Z", TimePrecision.Minute)]
    [InlineData("2026-10-25T02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:31:00Z", TimePrecision.Minute)]
    [InlineData("2026-10-25T03:00", "2026-10-25T02:00:00Z", "2026-10-25T02:01:00Z", TimePrecision.Minute)]
    public void Search_times_may_leave_out_seconds_and_offset(string text, string start, string end, TimePrecision precision)
    {
        Covers(text, TimeUse.Search, start, end, precision);
        Assert.False(FhirTime.TryParse(text, TimeUse.DateTime, out _));
    }

    [Theory]
    [InlineData("2026")]
    [InlineData("2026-01")]
    [InlineData("2026-01-15")]
    [InlineData("2026-01-15T10:00:00")]
    public void An_instant_has_a_time_and_an_offset(string text) => Assert.False(FhirTime.TryParse(text, TimeUse.Instant, out _));

    [Theory]
    [InlineData("")]
    [InlineData("26")]
    [InlineData("0000")]
    [InlineData("20260")]
    [InlineData("2026-")]
    [InlineData("2026-1")]
    [InlineData("2026-00")]
    [InlineData("2026-13")]
    [InlineData("2026-01-")]
    [InlineData("2026-01-1")]
    [InlineData("2026-01-32")]
    [InlineData("2026-02-29")]
    [InlineData("2026-01-15T")]
    [InlineData("2026-01-15t10:00:00Z")]
    [InlineData("2026-01-15 10:00:00Z")]
    [InlineData("2026-01-15T10")]
    [InlineData("2026-01-15T24:00:00Z")]
    [InlineData("2026-01-15T10:60:00Z")]
    [InlineData("2026-01-15T10:00:61Z")]
    [InlineData("2026-01-15T10:00:00z")]
    [InlineData("2026-01-15T10:00:00.Z")]
    [InlineData("2026-01-15T10:00:00,5Z")]
    [InlineData("2026-01-15T10:00:00+1:00")]
    [InlineData("2026-01-15T10:00:00+0100")]
    [InlineData("2026-01-15T10:00:00+14:01")]
    [InlineData("2026-01-15T10:00:00+15:00")]
    [InlineData("2026-01-15T10:00:00+01:60")]
    [InlineData("2026-01-15T10:00:00Z ")]
    [InlineData(" 2026-01-15")]
    [InlineData("٢٠٢٦")]
    public void Other_texts_are_no_times(string text)
    {
        foreach (var use in Enum.GetValues<TimeUse>())
        {
            Assert.False(FhirTime.TryParse(text, use, out _));
        }
    }

    [Theory]
    [InlineData("0001")]
    [InlineData("0001-01")]
    [InlineData("0001-01-01")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("0001-01-01T00:00:00.0000001+14:00")]
    [InlineData("0001-01-01T00:00")]
    [InlineData("9999")]
    [InlineData("9999-12")]
    [InlineData("9999-12-31")]
    [InlineData("9999-12-31T23:59:60-14:00")]
    [InlineData("9999-12-31T23:59:59.9999999-14:00")]
    [InlineData("9999-12-31T23:59:60")]
    [InlineData("9999-12-31T23:59")]
    public void The_ends_of_time_are_clamped_and_not_empty(string text)
    {
        Assert.True(FhirTime.TryParse(text, TimeUse.Search, out var time));
        Assert.InRange(time.StartTicks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        Assert.InRange(time.EndTicks, time.StartTicks + 1, DateTime.MaxValue.Ticks + 1);
    }

    [Fact]
    public void Moments_with_an_offset_are_those_that_dotnet_reads() =>
        Gen.Select(Moment, Gen.Int[-14 * 60, 14 * 60], Gen.Int[0, 7]).Sample((moment, minutes, digits) =>
        {
            var format = "yyyy-MM-ddTHH:mm:ss" + (digits == 0 ? "" : "." + new string('f', digits)) + "zzz";
            var text = new DateTimeOffset(moment).ToOffset(TimeSpan.FromMinutes(minutes)).ToString(format, CultureInfo.InvariantCulture);
            Assert.True(FhirTime.TryParse(text, TimeUse.Instant, out var time));
            Assert.Equal(DateTimeOffset.ParseExact(text, format, CultureInfo.InvariantCulture).UtcTicks, time.StartTicks);
            Assert.Equal(time.StartTicks + TimeSpan.TicksPerSecond / (long)Math.Pow(10, digits), time.EndTicks);
            Assert.True(time.HasOffset);
        });

    [Fact]
    public void Days_follow_the_summer_time_rule_of_the_eu() =>
        Moment.Sample(moment =>
        {
            var day = DateOnly.FromDateTime(moment);
            Assert.True(FhirTime.TryParse(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), TimeUse.DateTime, out var time));
            Assert.Equal(Midnight(day), time.StartTicks);
            Assert.Equal(Midnight(day.AddDays(1)), time.EndTicks);
            Assert.False(time.HasOffset);
        });

    [Fact]
    public void No_text_throws() =>
        Gen.String["0123456789-:.TZ+ "].Sample(text =>
        {
            foreach (var use in Enum.GetValues<TimeUse>())
            {
                FhirTime.TryParse(text, use, out _);
            }
        });

    private static void Covers(string text, TimeUse use, string start, string end, TimePrecision precision)
    {
        Assert.True(FhirTime.TryParse(text, use, out var time));
        Assert.Equal((Ticks(start), Ticks(end), precision), (time.StartTicks, time.EndTicks, time.Precision));
    }

    private static long Ticks(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcTicks;

    // Summer time runs from the last Sunday of March to the last of October, both at 01:00 UTC; midnight of that Sunday lies before the change.
    private static long Midnight(DateOnly day)
    {
        var summer = day > LastSunday(day.Year, 3) && day <= LastSunday(day.Year, 10);
        return day.ToDateTime(TimeOnly.MinValue).AddHours(summer ? -2 : -1).Ticks;
    }

    private static DateOnly LastSunday(int year, int month)
    {
        var day = new DateOnly(year, month, 31);
        return day.AddDays(-(int)day.DayOfWeek);
    }
}
