namespace PasientensMaledata.Statistics;

/// <summary>
/// Decides at what fineness of time each value is told, so that from all files of a month together nobody can conclude that any count, told or not, is
/// from 1 to 4.
/// <list type="number">
/// <item>A value is told at a level of time only where each of its counts, in every unit of it in the month, is 0 or at least 5. One level holds for the
/// whole month: that something is missing does not point at a day.</item>
/// <item>No value is told at a finer level than the one above it.</item>
/// <item>What is left of a told value when the told ones below it are subtracted, is 0 or at least 5 itself, in every unit; where not, the smallest told
/// one below is taken to a coarser level as well.</item>
/// </list>
/// Then every count that is not told lies with others in a sum that is told and at least 5, and there is a world with the same files in which it is 0, or
/// at least 5: pour as much of the sum into it as its row and column take, which is the smaller of two such sums. <c>docs/statistics.md</c> has the
/// argument whole; a solver looks for exceptions in the tests.
/// </summary>
internal static class Suppression
{
    /// <summary>The least count above 0 that is told.</summary>
    public const int Least = 5;

    /// <summary>Whether a count may be told.</summary>
    public static bool MayBeTold(int count) => count is 0 or >= Least;

    /// <summary>Sets the level of every value of trees that have their total in common.</summary>
    /// <param name="trees">The total of each tree.</param>
    /// <param name="time">The month.</param>
    /// <param name="floor">Finest level of a value, where another table holds it back.</param>
    /// <param name="activeIsKnown">Whether others may know which of the lowest values have anything at all: then each must leave one for every other.</param>
    public static void Decide(IReadOnlyList<Cells> trees, MonthTime time, Func<Cells, TimeLevel> floor, bool activeIsKnown)
    {
        var total = TimeLevel.Day;
        bool again;
        do
        {
            again = false;
            foreach (var root in trees)
            {
                Begin(root, total, time, floor);
                while (Mend(root, time, activeIsKnown))
                {
                }

                // The total is one number: what one tree holds back of it, all do.
                again |= root.Level > total && root != trees[0];
                total = Max(total, root.Level);
            }
        }
        while (again);
    }

    private static void Begin(Cells cells, TimeLevel above, MonthTime time, Func<Cells, TimeLevel> floor)
    {
        cells.Level = Max(above, floor(cells));
        while (cells.Level < TimeLevel.Never && Enumerable.Range(0, time.Units(cells.Level)).Any(u => !cells.IsSafe(cells.Level, u)))
        {
            cells.Level++;
        }

        cells.Children.ForEach(c => Begin(c, cells.Level, time, floor));
    }

    // Takes away one more thing where what is left could be too small; false where nothing had to be.
    private static bool Mend(Cells cells, MonthTime time, bool activeIsKnown)
    {
        if (cells.Children.Count > 0)
        {
            for (var level = cells.Level; level < TimeLevel.Never; level++)
            {
                for (var unit = 0; unit < time.Units(level); unit++)
                {
                    if (!IsLeftSafe(cells, level, unit, activeIsKnown))
                    {
                        var told = cells.Children.Where(c => c.Level <= level && !c.IsZero(level, unit)).OrderBy(c => c.Events(TimeLevel.Month, 0, 0)).ThenBy(c => c.Value, StringComparer.Ordinal).FirstOrDefault();
                        Coarsen(told ?? cells, level + 1);
                        return true;
                    }
                }
            }
        }

        return cells.Children.Any(c => Mend(c, time, activeIsKnown));
    }

    private static bool IsLeftSafe(Cells cells, TimeLevel level, int unit, bool activeIsKnown)
    {
        var hidden = cells.Children.Where(c => c.Level > level && !c.IsZero(level, unit)).ToList();
        if (hidden.Count == 0)
        {
            return true;
        }

        // Each of the others has at least one, so that what can be poured into one is less.
        var least = activeIsKnown && level == TimeLevel.Month ? Least - 1 + hidden.Sum(c => c.ActiveLeaves) : Least;
        for (var measure = 0; measure < cells.Measures; measure++)
        {
            var left = hidden.Sum(c => c.Events(level, unit, measure));
            if (left > 0 && left < (measure == 0 ? least : Least))
            {
                return false;
            }
        }

        // All of it is hidden: then what is left is the told value itself. Else people are counted as if the largest had all of them.
        return cells.Children.All(c => c.Level > level || c.IsZero(level, unit))
            || Enumerable.Range(0, cells.Kinds).All(k => MayBeTold(hidden.Max(c => c.People(level, unit, k))));
    }

    private static void Coarsen(Cells cells, TimeLevel level)
    {
        cells.Level = Max(cells.Level, level);
        cells.Children.ForEach(c => Coarsen(c, cells.Level));
    }

    private static TimeLevel Max(TimeLevel a, TimeLevel b) => a > b ? a : b;
}
