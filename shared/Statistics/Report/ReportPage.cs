using System.Globalization;
using System.Net;
using System.Text;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Statistics;

/// <summary>Writes a month's report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.</summary>
internal static class ReportPage
{
    private static readonly string[] Months = ["januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"];

    // By culture's own rule, without its data: invariant globalization has none.
    private static readonly NumberFormatInfo Norwegian = new() { NumberGroupSeparator = "\u00a0", NumberGroupSizes = [3], NumberDecimalSeparator = "," };

    private const string Style = """
        :root{color-scheme:light}
        body{font:1rem/1.55 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}
        h1{font-size:1.9rem;line-height:1.2;margin:1rem 0 .25rem}h2{font-size:1.35rem;margin:2.5rem 0 .5rem}
        .note{border-left:.3rem solid #8a5a00;background:#fff6e0;padding:.5rem .9rem}
        .key{display:grid;grid-template-columns:repeat(auto-fill,minmax(12.5rem,1fr));gap:.75rem;padding:0;margin:1rem 0}
        .key div{border:1px solid #8a8f98;border-radius:.4rem;padding:.6rem .8rem}.key dt{color:#3d434c}.key dd{margin:0;font-size:1.55rem;font-weight:600}
        table{border-collapse:collapse;width:100%;margin:.75rem 0}caption{text-align:left;font-weight:600;padding:.3rem 0}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #c3c7ce;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        figure{margin:1rem 0}svg{width:100%;height:auto;font:14px system-ui,sans-serif;fill:#1b1b1b}svg rect{fill:#1f5fa8}.axis{stroke:#5a606a;fill:none}
        .scroll{overflow-x:auto}summary{cursor:pointer;padding:.3rem 0}a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid #1f5fa8;outline-offset:2px}
        @media print{body{max-width:none}details>*{display:block}}
        """;

    /// <summary>A number as Norwegian writes it.</summary>
    public static string Number(long number) => number.ToString("N0", Norwegian);

    /// <summary>Writes the page.</summary>
    public static string Write(MonthReport report)
    {
        var name = $"{Months[report.Time.First.Month - 1]} {report.Time.First.Year.ToString(CultureInfo.InvariantCulture)}";
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="nb">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Pasientens måledata: bruk i {name}</title>
            <style>{Style}</style>
            </head>
            <body>
            <main>
            <h1>Pasientens måledata: bruk i {name}</h1>
            <p>Laget av tilgangsloggen alene, av dens første {Number(report.TreeSize)} hendelser. Dager er regnet i UTC.</p>

            """);
        if (!report.IsFinal)
        {
            page.AppendLine("<p class=\"note\"><strong>Foreløpige tall.</strong> Loggen har ennå ikke de ni døgnene etter måneden, da målingene fortsatt blir slått opp.</p>");
        }

        page.AppendLine("<p class=\"note\"><strong>Ikke for offentliggjøring.</strong> Tabellen over virksomheter har nøyaktige tall. Alle andre tall er de samme som i de åpne tabellene: tall under fem, og tall de kunne vært regnet ut fra, er ikke vist. Et tall er heller ikke vist når det gjelder færre enn fem pasienter eller helsepersonell.</p>");
        KeyFigures(page, report);
        Days(page, report, "maalinger", "measurements", "Målinger mottatt dag for dag", "Målinger");
        Days(page, report, "oppslag", "look-ups", "Oppslag dag for dag", "Oppslag");
        Bars(page, report, "maaletyper", "measurements", "concept", "Målinger etter måletype", "Måletype", "Målinger");
        Bars(page, report, "kommuner", "measurements", "municipality", "Målinger etter kommune", "Kommunenummer", "Målinger");
        Bars(page, report, "fellesskap", "look-ups", "health_community", "Oppslag etter helsefellesskap", "Helsefellesskap", "Oppslag");
        Bars(page, report, "roller", "look-ups", "role", "Oppslag etter type virksomhet", "Type", "Oppslag");
        Bars(page, report, "yrker", "look-ups", "profession", "Oppslag etter autorisasjon", "Autorisasjonskode", "Oppslag");
        Shares(page, report);
        Uses(page, report);
        return page.AppendLine("</main>").AppendLine("</body>").Append("</html>\n").ToString();
    }

    private static void KeyFigures(StringBuilder page, MonthReport report)
    {
        var (measurements, looked, lookUps) = (report.Total("measurements"), report.Total("looked-up"), report.Total("look-ups"));
        page.AppendLine("<h2 id=\"nokkeltall\">Nøkkeltall</h2>").AppendLine("<dl class=\"key\">");
        Figure("Pasienter målt", measurements?.People?[0]);
        Figure("Målinger lagret", measurements?.Events[0]);
        Figure("Oppslag", lookUps?.Events[0]);
        Figure("Pasienter slått opp", lookUps?.People?[0]);
        Figure("Helsepersonell som slo opp", lookUps?.People?[1]);
        Word("Deltakere", Number(report.Enrolled));
        Word("Aktive deltakere", Number(report.Active));
        Word("Slått opp innen 24 timer", Share(looked, 1));
        Word("Slått opp innen 7 døgn", Share(looked, 2));
        Word("Mediantid fra måling til mottak", Median(measurements, "median_delay"));
        Word("Mediantid fra mottak til første oppslag", Median(looked, "median_wait"));
        Figure("Blokkeringer satt", report.Total("blocks")?.Events[0]);
        Figure("Oppslag der noe sperret ble åpnet", report.Total("opened")?.Events[0]);
        Figure("Oppslag som ble avvist", report.Total("refusals")?.Events[0]);
        Figure("Målinger som ble avvist", report.Total("refused-entries")?.Events[0]);
        page.AppendLine("</dl>");

        void Figure(string name, int? figure) => Word(name, figure is { } known ? Number(known) : "ikke vist");

        void Word(string name, string text) => page.AppendLine(CultureInfo.InvariantCulture, $"<div><dt>{name}</dt><dd>{WebUtility.HtmlEncode(text)}</dd></div>");
    }

    private static void Days(StringBuilder page, MonthReport report, string id, string table, string title, string what)
    {
        var rows = report.Days(table);
        page.AppendLine(CultureInfo.InvariantCulture, $"<h2 id=\"{id}\">{title}</h2>");
        if (rows.Count == 0)
        {
            page.AppendLine("<p>Ikke vist dag for dag: tallene kunne røpet at det gjaldt få.</p>");
            return;
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<figure>{SvgChart.Standing(id, title, [.. rows.Select(r => (r.From.Day, (long)r.Events[0]))], report.Time.Days)}</figure>");
        Table(page, $"{title}, tallene", ["Dag", what], [.. rows.Select(r => new[] { $"{r.From.Day}. {Months[r.From.Month - 1]}", Number(r.Events[0]) })], isFolded: true);
    }

    private static void Bars(StringBuilder page, MonthReport report, string id, string table, string dimension, string title, string label, string what)
    {
        var rows = report.By(table, dimension);
        page.AppendLine(CultureInfo.InvariantCulture, $"<h2 id=\"{id}\">{title}</h2>");
        if (rows.Count == 0)
        {
            page.AppendLine("<p>Ikke vist: det er ingen, eller tallene kunne røpet at det gjaldt få.</p>");
            return;
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<figure>{SvgChart.Lying(id, title, [.. rows.Take(20).Select(r => (Label(r), (long)r.Events[0], Number(r.Events[0])))])}</figure>");
        Table(
            page, $"{title}, tallene", [label, what, "Pasienter"], [.. rows.Select(r => new[] { Label(r), Number(r.Events[0]), r.People is { } people ? Number(people[0]) : "" })], isFolded: true);
    }

    private static void Shares(StringBuilder page, MonthReport report)
    {
        List<OpenRow> rows = [.. report.By("looked-up", "concept"), .. report.By("looked-up", "role"), .. report.By("looked-up", "municipality")];
        page.AppendLine("<h2 id=\"innen\">Målinger slått opp innen 24 timer og 7 døgn</h2>");
        if (report.Total("looked-up") is { } total)
        {
            rows.Insert(0, total);
        }

        if (rows.Count == 0)
        {
            page.AppendLine("<p>Ikke vist: det er ingen, eller tallene kunne røpet at det gjaldt få.</p>");
            return;
        }

        Table(
            page, "Andel av målingene som ble lagret i måneden", ["Etter", "Verdi", "Målinger", "Innen 24 timer", "Innen 7 døgn"],
            [.. rows.Select(r => new[] { Dimension(r), Label(r), Number(r.Events[0] + r.Events[1] + r.Events[2]), Share(r, 1), Share(r, 2) })], isFolded: false, texts: 2);
    }

    private static void Uses(StringBuilder page, MonthReport report)
    {
        page.AppendLine("<h2 id=\"virksomheter\">Bruk etter virksomhet</h2>");
        page.AppendLine("<p>Nøyaktige tall på hendelser, som grunnlag for en betalingsplikt. Målinger er de virksomheten er dataansvarlig for; oppslag er de som dens helsepersonell gjorde.</p>");
        Table(
            page, "Bruk etter virksomhet", ["Virksomhet", "Organisasjonsnummer", "Type", "Målinger", "Oppslag"],
            [.. report.Uses.Select(u => new[] { u.Name.Length > 0 ? u.Name : "ikke deltaker", u.Organisation, Meaning(RawColumns.Roles, u.Role), Number(u.Measurements), Number(u.LookUps) })],
            isFolded: false, texts: 3);
    }

    private static void Table(StringBuilder page, string caption, string[] head, IReadOnlyList<string[]> rows, bool isFolded, int texts = 1)
    {
        if (isFolded)
        {
            page.AppendLine("<details><summary>Vis tallene som tabell</summary>");
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{WebUtility.HtmlEncode(caption)}\"><table><caption>{WebUtility.HtmlEncode(caption)}</caption>");
        page.AppendLine($"<thead><tr>{string.Concat(head.Select((h, i) => $"<th scope=\"col\"{(i < texts ? "" : " class=\"n\"")}>{WebUtility.HtmlEncode(h)}</th>"))}</tr></thead><tbody>");
        foreach (var row in rows)
        {
            page.AppendLine($"<tr>{string.Concat(row.Select((cell, i) => i == 0 ? $"<th scope=\"row\">{WebUtility.HtmlEncode(cell)}</th>" : $"<td{(i < texts ? "" : " class=\"n\"")}>{WebUtility.HtmlEncode(cell)}</td>"))}</tr>");
        }

        page.AppendLine("</tbody></table></div>");
        if (isFolded)
        {
            page.AppendLine("</details>");
        }
    }

    private static string Label(OpenRow row) => row.Dimension switch
    {
        "" => "alle",
        _ when row.Value.Length == 0 => "ukjent",
        "concept" => ConceptCatalog.Find(row.Value)?.Norwegian ?? row.Value,
        "role" => Meaning(RawColumns.Roles, row.Value),
        _ => row.Value,
    };

    private static string Dimension(OpenRow row) => row.Dimension switch { "" => "I alt", "concept" => "Måletype", "role" => "Type virksomhet", "municipality" => "Kommune", var other => other };

    private static string Meaning(IReadOnlyList<ListedCode> codes, string value) => value.Length == 0 ? "ukjent" : codes.FirstOrDefault(c => c.Value == value)?.Norwegian.TrimEnd('.') ?? value;

    private static string Share(OpenRow? row, int measures) =>
        row is null ? "ikke vist" : $"{100L * Enumerable.Range(0, measures).Sum(m => row.Events[m]) / (row.Events[0] + row.Events[1] + row.Events[2])} %";

    private static string Median(OpenRow? row, string column) =>
        row is not null && OpenTables.All.SelectMany(t => t.Shape.Columns).OfType<TextColumn<OpenRow>>().First(c => c.Name == column).In(row) is { Length: > 0 } code
            ? Meaning(RawColumns.Delays, code).ToLowerInvariant()
            : "ikke vist";
}
