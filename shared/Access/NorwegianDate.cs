using NodaTime;

namespace PasientensMaledata.Access;

/// <summary>The date in Norway (Europe/Oslo): agreements begin and end by it, and ages are counted by it.</summary>
public static class NorwegianDate
{
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly DateTimeZone Norway = DateTimeZoneProviders.Tzdb["Europe/Oslo"];

    /// <summary>The date at a moment.</summary>
    public static DateOnly Of(DateTimeOffset moment) => Instant.FromDateTimeOffset(moment).InZone(Norway).Date.ToDateOnly();

    /// <summary>Whole years lived on a date; who is born on 29 February has the birthday on 1 March in other years.</summary>
    public static int Age(DateOnly born, DateOnly on)
    {
        var years = on.Year - born.Year;
        return (on.Month, on.Day).CompareTo((born.Month, born.Day)) < 0 ? years - 1 : years;
    }
}
