using System.Globalization;

namespace PasientensMaledata.Bench;

/// <summary>Medians, percentiles, and how figures are written.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 0.5);

    /// <summary>The nearest rank of values in ascending order.</summary>
    public static double Percentile(IReadOnlyList<double> ascending, double share) =>
        ascending.Count == 0 ? double.NaN : ascending[Math.Clamp((int)Math.Ceiling(share * ascending.Count) - 1, 0, ascending.Count - 1)];

    public static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Tenths(double value) => value.ToString("N1", CultureInfo.InvariantCulture);

    public static string Hundredths(double value) => value.ToString("N2", CultureInfo.InvariantCulture);

    public static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    /// <summary>The median of rounds with the least and most, so that a restless machine shows.</summary>
    public static string Spread(IReadOnlyList<double> rounds) => rounds.Count == 1 ? Whole(rounds[0]) : $"{Whole(Median(rounds))} ({Whole(rounds.Min())}-{Whole(rounds.Max())})";

    public static string Aim(string what, bool isReached) => $"{what}: {(isReached ? "reached" : "**not reached**")}.";
}
