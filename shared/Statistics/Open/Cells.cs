namespace PasientensMaledata.Statistics;

/// <summary>
/// One value of one dimension, with what was counted of it in every unit of time. Its children are the values below it, so that its events are the sum
/// of theirs. Counts of events add up over children and over time; counts of people do not.
/// </summary>
internal sealed class Cells
{
    private readonly int[][][] events;
    private readonly int[][][] people;

    /// <param name="dimension">The dimension; empty for the total.</param>
    /// <param name="value">The value in it; empty where unknown.</param>
    /// <param name="events">By level, unit and measure.</param>
    /// <param name="people">By level, unit and kind of people.</param>
    public Cells(string dimension, string value, int[][][] events, int[][][] people) => (Dimension, Value, this.events, this.people) = (dimension, value, events, people);

    /// <summary>The dimension; empty for the total.</summary>
    public string Dimension { get; }

    /// <summary>The value in it; empty where unknown.</summary>
    public string Value { get; }

    /// <summary>The values below it, in the order of their names.</summary>
    public List<Cells> Children { get; } = [];

    /// <summary>The finest time at which it is told; set by <see cref="Suppression"/>.</summary>
    public TimeLevel Level { get; set; }

    /// <summary>Number of measures of events.</summary>
    public int Measures => events[(int)TimeLevel.Month][0].Length;

    /// <summary>Number of kinds of people.</summary>
    public int Kinds => people[(int)TimeLevel.Month][0].Length;

    /// <summary>Events of a measure in a unit.</summary>
    public int Events(TimeLevel level, int unit, int measure) => events[(int)level][unit][measure];

    /// <summary>People of a kind in a unit, each once.</summary>
    public int People(TimeLevel level, int unit, int kind) => people[(int)level][unit][kind];

    /// <summary>Whether nothing was counted.</summary>
    public bool IsZero(TimeLevel level, int unit) => events[(int)level][unit].All(c => c == 0);

    /// <summary>Whether every count is 0 or at least <see cref="Suppression.Least"/>.</summary>
    public bool IsSafe(TimeLevel level, int unit) =>
        events[(int)level][unit].All(Suppression.MayBeTold) && people[(int)level][unit].All(Suppression.MayBeTold);

    /// <summary>Lowest values below it in which something was counted in the month; itself where it has none below.</summary>
    public int ActiveLeaves => IsZero(TimeLevel.Month, 0) ? 0 : Children.Count == 0 ? 1 : Children.Sum(c => c.ActiveLeaves);
}
