namespace PasientensMaledata.Statistics;

/// <summary>A legal entity's use in a month, exact: what a duty to pay can be reckoned from.</summary>
/// <param name="Organisation">Its organisation number.</param>
/// <param name="Name">Its name; empty where no register has it.</param>
/// <param name="Role">What kind of participant it is.</param>
/// <param name="Measurements">Measurements stored of which it is the controller.</param>
/// <param name="LookUps">Look-ups by its practitioners.</param>
internal sealed record EntityUse(string Organisation, string Name, string Role, int Measurements, int LookUps);

/// <summary>The figures of a month's report: those of the open tables, and the exact use of legal entities.</summary>
internal sealed class MonthReport
{
    private readonly Dictionary<string, IReadOnlyList<OpenRow>> monthRows = [];
    private readonly Dictionary<string, IReadOnlyList<OpenRow>> dayTotals = [];

    /// <param name="time">The month.</param>
    /// <param name="month">What was counted.</param>
    /// <param name="isFinal">Whether the log has what comes after.</param>
    /// <param name="treeSize">Number of events from which it was made.</param>
    public MonthReport(MonthTime time, OpenMonth month, bool isFinal, long treeSize)
    {
        (Time, IsFinal, TreeSize) = (time, isFinal, treeSize);
        var (measurements, lookUps) = (Exact(month.Measurements), Exact(month.LookUps));
        foreach (var (table, trees) in OpenExport.Decide(time, month))
        {
            monthRows[table.Shape.Name] = [.. OpenTables.Rows(table, trees, time, TimeLevel.Month)];
            dayTotals[table.Shape.Name] = [.. OpenTables.Rows(table, trees, time, TimeLevel.Day).Where(r => r.Dimension.Length == 0)];
        }

        var enrolled = month.Affiliations.LegalEntities.Where(e => e.Value.IsEnrolled(time.End.AddDays(-1))).ToList();
        (Enrolled, Active) = (enrolled.Count, enrolled.Count(e => month.Active.Contains(e.Key)));
        Uses =
        [
            .. measurements.Keys.Union(lookUps.Keys).Where(o => o.Length > 0)
                .Select(o => (Number: o, Of: month.Affiliations.Find(o)))
                .Select(o => new EntityUse(o.Number, o.Of.Name, o.Of.Role, measurements.GetValueOrDefault(o.Number), lookUps.GetValueOrDefault(o.Number)))
                .OrderBy(u => u.Role, StringComparer.Ordinal).ThenBy(u => u.Name, StringComparer.Ordinal).ThenBy(u => u.Organisation, StringComparer.Ordinal),
        ];
    }

    /// <summary>The month.</summary>
    public MonthTime Time { get; }

    /// <summary>Whether its figures are the last.</summary>
    public bool IsFinal { get; }

    /// <summary>Number of events from which it was made.</summary>
    public long TreeSize { get; }

    /// <summary>Participants enrolled on the last day.</summary>
    public int Enrolled { get; }

    /// <summary>Of them, active in the month.</summary>
    public int Active { get; }

    /// <summary>Use by legal entity.</summary>
    public IReadOnlyList<EntityUse> Uses { get; }

    /// <summary>The month's total of a table; null where it is not told.</summary>
    public OpenRow? Total(string table) => monthRows[table].FirstOrDefault(r => r.Dimension.Length == 0);

    /// <summary>The month's rows of a dimension, the most first.</summary>
    public IReadOnlyList<OpenRow> By(string table, string dimension) =>
        [.. monthRows[table].Where(r => r.Dimension == dimension && (r.Within.Length == 0 || dimension is not ("role" or "legal_entity"))).OrderByDescending(r => r.Events[0]).ThenBy(r => r.Value, StringComparer.Ordinal)];

    /// <summary>The total by day; empty where it is not told by day.</summary>
    public IReadOnlyList<OpenRow> Days(string table) => dayTotals[table];

    private static Dictionary<string, int> Exact(Counter counter) => counter.Trees()
        .SelectMany(t => OpenTables.Walk(t.Root))
        .Where(n => n.Cells.Dimension == "legal_entity")
        .GroupBy(n => n.Cells.Value)
        .ToDictionary(g => g.Key, g => g.Sum(n => n.Cells.Events(TimeLevel.Month, 0, 0)), StringComparer.Ordinal);
}
