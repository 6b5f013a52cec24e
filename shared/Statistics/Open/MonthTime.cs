using System.Globalization;

namespace PasientensMaledata.Statistics;

/// <summary>How fine a table's time is, finest first.</summary>
internal enum TimeLevel
{
    /// <summary>Days, and so weeks and the month as well.</summary>
    Day,

    /// <summary>Weeks, and so the month as well.</summary>
    Week,

    /// <summary>The month alone.</summary>
    Month,

    /// <summary>Nothing is told.</summary>
    Never,
}

/// <summary>
/// A calendar month (UTC) with its days and weeks. A week begins on Monday; one that reaches into another month is cut there, so that weeks are
/// sums of days, and the month a sum of weeks, and nothing is known of a part by subtracting across months.
/// </summary>
internal sealed class MonthTime
{
    private readonly int[] weekOfDay;
    private readonly List<(int From, int To)> weeks = [];

    /// <param name="first">Any day of the month.</param>
    public MonthTime(DateOnly first)
    {
        First = new(first.Year, first.Month, 1);
        Days = DateTime.DaysInMonth(first.Year, first.Month);
        weekOfDay = new int[Days];
        for (var day = 0; day < Days; day++)
        {
            if (day == 0 || First.AddDays(day).DayOfWeek == DayOfWeek.Monday)
            {
                weeks.Add((day, day));
            }

            weekOfDay[day] = weeks.Count - 1;
            weeks[^1] = (weeks[^1].From, day);
        }
    }

    /// <summary>The first day.</summary>
    public DateOnly First { get; }

    /// <summary>The first day of the next month.</summary>
    public DateOnly End => First.AddMonths(1);

    /// <summary>Number of days.</summary>
    public int Days { get; }

    /// <summary>The month as <c>yyyy-MM</c>.</summary>
    public override string ToString() => First.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Number of units of a level.</summary>
    public int Units(TimeLevel level) => level switch { TimeLevel.Day => Days, TimeLevel.Week => weeks.Count, TimeLevel.Month => 1, _ => 0 };

    /// <summary>The unit of a level in which a day lies.</summary>
    public int UnitOf(TimeLevel level, int day) => level switch { TimeLevel.Day => day, TimeLevel.Week => weekOfDay[day], _ => 0 };

    /// <summary>First and last day of a unit, counted from 0.</summary>
    public (int From, int To) DaysOf(TimeLevel level, int unit) => level switch { TimeLevel.Day => (unit, unit), TimeLevel.Week => weeks[unit], _ => (0, Days - 1) };
}
