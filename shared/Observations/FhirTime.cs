using NodaTime;
using NodaTime.TimeZones;

namespace PasientensMaledata.Observations;

/// <summary>How finely a FHIR time was told.</summary>
public enum TimePrecision
{
    /// <summary>YYYY.</summary>
    Year,

    /// <summary>YYYY-MM.</summary>
    Month,

    /// <summary>YYYY-MM-DD.</summary>
    Day,

    /// <summary>Hour and minute; only in searches.</summary>
    Minute,

    /// <summary>Whole seconds.</summary>
    Second,

    /// <summary>Parts of a second.</summary>
    Fraction,
}

/// <summary>Where a FHIR time stands, which decides what its text must hold.</summary>
public enum TimeUse
{
    /// <summary>A dateTime of a resource: a time of day has seconds and an offset (FHIR R4 datatypes#dateTime).</summary>
    DateTime,

    /// <summary>An instant of a resource: always seconds and an offset (FHIR R4 datatypes#instant).</summary>
    Instant,

    /// <summary>A search value: seconds and offset may be left out (FHIR R4 search#date).</summary>
    Search,
}

/// <summary>
/// A FHIR date, dateTime or instant as the span it covers: <see cref="StartTicks"/> is included, <see cref="EndTicks"/> is not.
/// Ticks are UTC and count as those of <see cref="DateTime"/>. Without an offset the time is Norwegian, by NodaTime's own time zones, so that every machine agrees.
/// Spans that an offset or a zone moves out of the years 1 to 9999 are clamped, and are never empty.
/// </summary>
public readonly record struct FhirTime
{
    /// <summary>The last tick that a span can start at.</summary>
    internal const long MaxStartTicks = 3_155_378_975_999_999_999;

    private const int FractionDigits = 7;

    private static readonly DateTimeZone Norway = DateTimeZoneProviders.Tzdb["Europe/Oslo"];

    private FhirTime(long start, long end, TimePrecision precision, bool hasOffset)
    {
        StartTicks = Math.Clamp(start, 0, MaxStartTicks);
        EndTicks = Math.Clamp(end, StartTicks + 1, MaxStartTicks + 1);
        Precision = precision;
        HasOffset = hasOffset;
    }

    /// <summary>The first tick of the span.</summary>
    public long StartTicks { get; }

    /// <summary>The first tick after the span.</summary>
    public long EndTicks { get; }

    /// <summary>How finely it was told.</summary>
    public TimePrecision Precision { get; }

    /// <summary>An offset was sent, so no time zone had to be supposed.</summary>
    public bool HasOffset { get; }

    /// <summary>Reads a FHIR time; a text that is none is an answer, not an exception.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, TimeUse use, out FhirTime time)
    {
        time = default;
        if (!Number(text, 0, 4, 1, 9999, out var year))
        {
            return false;
        }

        if (text.Length == 4)
        {
            return Calendar(use, TimePrecision.Year, new LocalDate(year, 1, 1), year == 9999 ? null : new LocalDate(year + 1, 1, 1), out time);
        }

        if (!Is(text, 4, '-') || !Number(text, 5, 2, 1, 12, out var month))
        {
            return false;
        }

        if (text.Length == 7)
        {
            var first = new LocalDate(year, month, 1);
            return Calendar(use, TimePrecision.Month, first, (year, month) == (9999, 12) ? null : first.PlusMonths(1), out time);
        }

        if (!Is(text, 7, '-') || !Number(text, 8, 2, 1, DateTime.DaysInMonth(year, month), out var day))
        {
            return false;
        }

        var date = new LocalDate(year, month, day);
        return text.Length == 10
            ? Calendar(use, TimePrecision.Day, date, (year, month, day) == (9999, 12, 31) ? null : date.PlusDays(1), out time)
            : Clock(text, use, date, out time);
    }

    private static bool Calendar(TimeUse use, TimePrecision precision, LocalDate first, LocalDate? after, out FhirTime time)
    {
        var start = Norway.AtStartOfDay(first).ToInstant();
        var end = after is { } next ? Ticks(Norway.AtStartOfDay(next).ToInstant()) : MaxStartTicks + 1;
        time = use == TimeUse.Instant ? default : new FhirTime(Ticks(start), end, precision, hasOffset: false);
        return use != TimeUse.Instant;
    }

    private static bool Clock(ReadOnlySpan<char> text, TimeUse use, LocalDate date, out FhirTime time)
    {
        time = default;
        if (!Is(text, 10, 'T') || !Number(text, 11, 2, 0, 23, out var hour) || !Is(text, 13, ':') || !Number(text, 14, 2, 0, 59, out var minute))
        {
            return false;
        }

        var at = 16;
        var precision = TimePrecision.Minute;
        var width = TimeSpan.TicksPerMinute;
        var second = 0;
        var fraction = 0L;
        if (Is(text, at, ':'))
        {
            // A leap second is the end of its minute, as clocks that know none count it.
            if (!Number(text, at + 1, 2, 0, 60, out second))
            {
                return false;
            }

            at += 3;
            precision = TimePrecision.Second;
            width = TimeSpan.TicksPerSecond;
            if (Is(text, at, '.'))
            {
                precision = TimePrecision.Fraction;
                var start = ++at;
                for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
                {
                    // Past 100 ns digits say nothing that ticks can hold.
                    if (at - start < FractionDigits)
                    {
                        width /= 10;
                        fraction += (text[at] - '0') * width;
                    }
                }

                if (at == start)
                {
                    return false;
                }
            }
        }
        else if (use != TimeUse.Search)
        {
            return false;
        }

        var seconds = ((hour * 60L) + minute) * 60 + second;
        if (at == text.Length)
        {
            if (use != TimeUse.Search)
            {
                return false;
            }

            time = InNorway(date, seconds, fraction, width, precision);
            return true;
        }

        if (!Offset(text[at..], use, out var offset))
        {
            return false;
        }

        var local = new DateTime(date.Year, date.Month, date.Day).Ticks + seconds * TimeSpan.TicksPerSecond + fraction;
        var utc = local - offset * TimeSpan.TicksPerMinute;
        time = new FhirTime(utc, utc + width, precision, hasOffset: true);
        return true;
    }

    // A local time of the hour that comes twice covers both; one of the hour that is skipped lies as far after the change as it was meant to.
    private static FhirTime InNorway(LocalDate date, long seconds, long fraction, long width, TimePrecision precision)
    {
        var midnight = new DateTime(date.Year, date.Month, date.Day).Ticks;
        var ticks = midnight + seconds * TimeSpan.TicksPerSecond + fraction;
        var local = LocalDateTime.FromDateTime(new DateTime(Math.Min(ticks, MaxStartTicks)));
        var mapping = Norway.MapLocal(local);
        var (first, last) = mapping.Count == 0
            ? Both(Resolvers.ReturnForwardShifted(local, Norway, mapping.EarlyInterval, mapping.LateInterval).ToInstant())
            : (mapping.First().ToInstant(), mapping.Last().ToInstant());
        return new FhirTime(Ticks(first), Ticks(last) + width, precision, hasOffset: false);

        static (Instant First, Instant Last) Both(Instant instant) => (instant, instant);
    }

    // R4 allows up to 14 hours. In a search form a plus that was not encoded arrives as a space; it can mean nothing else there.
    private static bool Offset(ReadOnlySpan<char> text, TimeUse use, out int minutes)
    {
        minutes = 0;
        if (text is "Z")
        {
            return true;
        }

        if (text.Length != 6 || text[3] != ':' || !Number(text, 1, 2, 0, 14, out var hours) || !Number(text, 4, 2, 0, 59, out minutes))
        {
            return false;
        }

        minutes += hours * 60;
        if (minutes > 14 * 60)
        {
            return false;
        }

        switch (text[0])
        {
            case '+':
            case ' ' when use == TimeUse.Search:
                return true;
            case '-':
                minutes = -minutes;
                return true;
            default:
                return false;
        }
    }

    private static long Ticks(Instant instant) => instant.ToUnixTimeTicks() + DateTime.UnixEpoch.Ticks;

    private static bool Is(ReadOnlySpan<char> text, int at, char expected) => at < text.Length && text[at] == expected;

    private static bool Number(ReadOnlySpan<char> text, int at, int digits, int min, int max, out int number)
    {
        number = 0;
        if (at + digits > text.Length)
        {
            return false;
        }

        foreach (var digit in text.Slice(at, digits))
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = number * 10 + (digit - '0');
        }

        return number >= min && number <= max;
    }
}
