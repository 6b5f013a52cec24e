namespace PasientensMaledata.Access.Participants;

/// <summary>Whole days in Norway. Both ends are part of it: <see cref="To"/> is the last day. The default value holds no day.</summary>
public readonly record struct DatePeriod
{
    private readonly bool isSet;

    /// <param name="from">The first day.</param>
    /// <param name="to">The last day; null where the end is open.</param>
    /// <exception cref="ArgumentException">It ends before it begins.</exception>
    public DatePeriod(DateOnly from, DateOnly? to)
    {
        if (to < from)
        {
            throw new ArgumentException("A period ends on the day it begins, or later.", nameof(to));
        }

        (From, To, isSet) = (from, to, true);
    }

    /// <summary>The first day.</summary>
    public DateOnly From { get; }

    /// <summary>The last day; null where the end is open.</summary>
    public DateOnly? To { get; }

    /// <summary>Every day there is.</summary>
    public static DatePeriod Always { get; } = new(DateOnly.MinValue, null);

    /// <summary>Whether a day is part of it.</summary>
    public bool Holds(DateOnly day) => isSet && From <= day && (To is not { } last || day <= last);
}
