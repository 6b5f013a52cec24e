using System.Globalization;
using System.Net;
using System.Text;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Bars as inline SVG, with a title and a description for those who do not see it. Text stands beside the bars in the page's own colours; the figures
/// stand in a table beside the chart as well.
/// </summary>
internal static class SvgChart
{
    /// <summary>One bar for each label, lying.</summary>
    public static string Lying(string id, string title, IReadOnlyList<(string Label, long Figure, string Text)> bars)
    {
        const int Row = 30;
        const int Left = 250;
        const int Width = 380;
        var most = Math.Max(1, bars.Max(b => b.Figure));
        var svg = Begin(id, title, Description(bars), Left + Width + 110, bars.Count * Row);
        for (var i = 0; i < bars.Count; i++)
        {
            var (label, figure, text) = bars[i];
            var length = Math.Max(1, Width * figure / most);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <text x="{Left - 10}" y="{(i * Row) + 20}" text-anchor="end">{WebUtility.HtmlEncode(Short(label))}</text>
                <rect x="{Left}" y="{(i * Row) + 5}" width="{length}" height="{Row - 10}"/>
                <text x="{Left + length + 8}" y="{(i * Row) + 20}">{WebUtility.HtmlEncode(text)}</text>

                """);
        }

        return svg.Append("</g></svg>").ToString();
    }

    /// <summary>One bar for each day, standing.</summary>
    public static string Standing(string id, string title, IReadOnlyList<(int Day, long Figure)> days, int daysOfMonth)
    {
        const int Height = 160;
        const int Step = 22;
        const int Left = 60;
        var most = Math.Max(1, days.Max(d => d.Figure));
        var svg = Begin(id, title, $"Høyeste dag: {ReportPage.Number(most)}.", Left + (daysOfMonth * Step) + 10, Height + 46);
        svg.Append(CultureInfo.InvariantCulture, $"""
            <text x="{Left - 8}" y="24" text-anchor="end">{ReportPage.Number(most)}</text>
            <text x="{Left - 8}" y="{Height + 20}" text-anchor="end">0</text>
            <path d="M{Left} {Height + 20}h{daysOfMonth * Step}" class="axis"/>

            """);
        foreach (var (day, figure) in days)
        {
            var height = Height * figure / most;
            svg.Append(CultureInfo.InvariantCulture, $"""
                <rect x="{Left + ((day - 1) * Step) + 3}" y="{Height + 20 - height}" width="{Step - 6}" height="{height}"/>

                """);
        }

        for (var day = 1; day <= daysOfMonth; day += 3)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left + ((day - 1) * Step) + (Step / 2)}" y="{Height + 40}" text-anchor="middle">{day}.</text>""");
        }

        return svg.Append("</g></svg>").ToString();
    }

    private static StringBuilder Begin(string id, string title, string description, int width, int height) => new StringBuilder().Append(CultureInfo.InvariantCulture, $"""
        <svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{WebUtility.HtmlEncode(title)}</title><desc id="{id}-d">{WebUtility.HtmlEncode(description)}</desc><g aria-hidden="true">

        """);

    private static string Description(IReadOnlyList<(string Label, long Figure, string Text)> bars) => string.Join("; ", bars.Select(b => $"{b.Label}: {b.Text}")) + ".";

    private static string Short(string label) => label.Length <= 34 ? label : $"{label[..33]}…";
}
