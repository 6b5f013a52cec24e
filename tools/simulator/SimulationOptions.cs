namespace PasientensMaledata.Simulator;

/// <summary>How often something goes wrong on the way; each a share from 0 to 1.</summary>
/// <param name="Duplicates">Of the messages: sent a second time.</param>
/// <param name="Late">Of the messages: held back for hours or days.</param>
/// <param name="Corrections">Of the Observations: corrected afterwards.</param>
/// <param name="ClockFaults">Of the Observations: dated by a clock that is wrong.</param>
/// <param name="WrongUnits">Of the Observations: sent in a unit that is not the profile's.</param>
public sealed record FaultRates(double Duplicates, double Late, double Corrections, double ClockFaults, double WrongUnits)
{
    /// <summary>What a gateway of average quality does.</summary>
    public static FaultRates Usual { get; } = new(0.02, 0.05, 0.01, 0.005, 0.005);

    /// <summary>Everything goes right.</summary>
    public static FaultRates None { get; } = new(0, 0, 0, 0, 0);
}

/// <summary>What is simulated. The same options give the same bytes.</summary>
/// <param name="Patients">Number of people.</param>
/// <param name="Days">Days that they measure.</param>
/// <param name="Seed">From what all randomness follows.</param>
/// <param name="Start">The first day.</param>
/// <param name="Until">Nothing is measured or sent after it; null for no end.</param>
/// <param name="Faults">What goes wrong.</param>
public sealed record SimulationOptions(int Patients, int Days, long Seed, DateOnly Start, DateTimeOffset? Until, FaultRates Faults)
{
    /// <summary>The first day where nothing else is said: a Monday, fixed so that bytes repeat.</summary>
    public static readonly DateOnly DefaultStart = new(2025, 1, 6);

    /// <summary>So many people for so many days, up to a moment: for demonstrations.</summary>
    public static SimulationOptions UpTo(DateTimeOffset until, int patients, int days, long seed) =>
        new(patients, days, seed, FirstDay(until, days), until, FaultRates.Usual);

    /// <summary>The day from which so many days reach a moment.</summary>
    public static DateOnly FirstDay(DateTimeOffset until, int days) => DateOnly.FromDateTime(Life.InNorway(until).Date).AddDays(1 - days);
}
