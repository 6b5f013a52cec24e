namespace PasientensMaledata.Statistics;

/// <summary>A row of an open table.</summary>
/// <param name="From">First day of the unit of time.</param>
/// <param name="To">Last day of it.</param>
/// <param name="Level">Level of time.</param>
/// <param name="Dimension">The dimension; empty for the total.</param>
/// <param name="Value">The value in it.</param>
/// <param name="Within">The values above it, coarse first, joined by <c>/</c>; empty for everywhere.</param>
/// <param name="Events">Events by measure.</param>
/// <param name="People">People by kind; null where the row is a sum of others, of which people cannot be added.</param>
/// <param name="Histogram">Of the month, by class.</param>
internal sealed record OpenRow(DateOnly From, DateOnly To, TimeLevel Level, string Dimension, string Value, string Within, int[] Events, int[]? People, int[] Histogram);

/// <summary>Rows that are sums of told ones, and so tell nothing more: where each of them is told.</summary>
/// <param name="Dimension">Its name.</param>
/// <param name="Of">The dimension that is summed.</param>
/// <param name="ValueOf">The value of the sum in which a value lies.</param>
internal sealed record DerivedSum(string Dimension, string Of, Func<string, string> ValueOf);

/// <summary>A table of the open export, made in day, week and month files.</summary>
/// <param name="Shape">Its columns.</param>
/// <param name="Count">Its counts.</param>
/// <param name="Sums">Rows that are sums of told ones.</param>
/// <param name="ActiveIsKnown">Whether others may know which legal entities have anything at all.</param>
/// <param name="Finest">The finest time at which it is told.</param>
/// <param name="NoFinerThan">Another table that holds its values back; null where none does.</param>
internal sealed record OpenTable(
    TableShape<OpenRow> Shape, Func<OpenMonth, Counter> Count, IReadOnlyList<DerivedSum> Sums, bool ActiveIsKnown = false, TimeLevel Finest = TimeLevel.Day, string? NoFinerThan = null);

/// <summary>The open tables.</summary>
internal static class OpenTables
{
    private const string Total = "total";

    private static readonly DerivedSum Roles = new("role", "role", v => v);
    private static readonly DerivedSum Counties = new("county", "municipality", v => v is { Length: 4 } ? v[..2] : "");
    private static readonly DerivedSum Entities = new("legal_entity", "legal_entity", v => v);

    /// <summary>They, in order: one that holds another back comes before it.</summary>
    public static IReadOnlyList<OpenTable> All { get; } =
    [
        new(
            Shape("measurements", "Measurements stored, and the patients they are of.", "Målinger som er lagret, og pasientene de gjelder.",
                [Events("measurements", "Measurements stored.", "Målinger lagret.", 0), Patients(0), Median("median_delay", "Class of the median time from measuring to receiving; in month tables alone.", "Klasse for mediantiden fra måling til mottak; bare i månedstabeller.", [.. RawColumns.Delays.Take(RawColumns.MeasuredDelays)])]),
            m => m.Measurements, [Roles, Counties, Entities], ActiveIsKnown: true),
        new(
            Shape("looked-up", "Measurements stored in the month, by how long it took until a practitioner first looked them up.", "Målinger lagret i måneden, etter hvor lang tid det tok før helsepersonell så dem første gang.",
                [
                    new NumberColumn<OpenRow>("measurements", "Measurements stored.", "Målinger lagret.", r => r.Events[0] + r.Events[1] + r.Events[2]),
                    Events("looked_up_24h", "Of them, looked up within 24 hours.", "Av dem, slått opp innen 24 timer.", 0),
                    new NumberColumn<OpenRow>("looked_up_7d", "Of them, looked up within 7 days.", "Av dem, slått opp innen 7 døgn.", r => r.Events[0] + r.Events[1]),
                    Share("share_24h", "Share looked up within 24 hours, in per cent.", "Andelen slått opp innen 24 timer, i prosent.", r => r.Events[0]),
                    Share("share_7d", "Share looked up within 7 days, in per cent.", "Andelen slått opp innen 7 døgn, i prosent.", r => r.Events[0] + r.Events[1]),
                    Median("median_wait", "Class of the median time from receiving to the first look-up, of those looked up within 7 days.", "Klasse for mediantiden fra mottak til første oppslag, for dem som er slått opp innen 7 døgn.", [.. WaitClass.Names.Select(n => RawColumns.Delays.First(d => d.Value == n))]),
                ]),
            m => m.LookedUp, [Roles, Counties, Entities], Finest: TimeLevel.Month, NoFinerThan: "measurements"),
        new(
            Shape("look-ups", "Look-ups by practitioners. A further page of a search is none.", "Oppslag av helsepersonell. En side til av et søk er ikke et nytt oppslag.",
                [Events("look_ups", "Look-ups.", "Oppslag.", 0), Patients(0), People("practitioners", "Practitioners, each once; empty where the row is a sum of others.", "Helsepersonell, hver én gang; tom der raden er en sum av andre.", 1)]),
            m => m.LookUps, [Roles], ActiveIsKnown: true),
        new(
            Shape("opened", "Look-ups by which something closed was opened, by consent or in an emergency.", "Oppslag der noe sperret ble åpnet, ved samtykke eller i nødsituasjon.",
                [Events("look_ups", "Look-ups.", "Oppslag.", 0), Patients(0), People("practitioners", "Practitioners, each once; empty where the row is a sum of others.", "Helsepersonell, hver én gang; tom der raden er en sum av andre.", 1)]),
            m => m.Opened, [Roles]),
        new(
            Shape("refusals", "Look-ups that were refused.", "Oppslag som ble avvist.",
                [Events("refusals", "Refusals.", "Avvisninger.", 0), Patients(0), People("practitioners", "Practitioners, each once; empty where the row is a sum of others.", "Helsepersonell, hver én gang; tom der raden er en sum av andre.", 1)]),
            m => m.Refusals, [Roles]),
        new(
            Shape("refused-entries", "Measurements that were refused when they were sent.", "Målinger som ble avvist da de ble sendt.", [Events("refused", "Measurements refused.", "Målinger avvist.", 0), Patients(0)]),
            m => m.RefusedEntries, [Roles]),
        new(
            Shape("blocks", "Blocks of named practitioners that patients set.", "Blokkeringer av navngitt helsepersonell som pasienter satte.", [Events("blocks", "Blocks set.", "Blokkeringer satt.", 0), Patients(0)]),
            m => m.Blocks, []),
    ];

    /// <summary>The rows of a table at a level, after its values' levels are decided.</summary>
    public static IEnumerable<OpenRow> Rows(OpenTable table, IReadOnlyList<CountedTree> trees, MonthTime time, TimeLevel level)
    {
        foreach (var tree in trees)
        {
            foreach (var (cells, within) in Walk(tree.Root).Where(n => n.Cells.Level <= level && (n.Cells != tree.Root || tree == trees[0])))
            {
                for (var unit = 0; unit < time.Units(level); unit++)
                {
                    if (!cells.IsZero(level, unit))
                    {
                        yield return Row(unit, cells.Dimension, cells.Value, within, Measures(cells, unit), [.. Enumerable.Range(0, cells.Kinds).Select(k => cells.People(level, unit, k))], tree.Histograms[cells]);
                    }
                }
            }
        }

        foreach (var sum in table.Sums)
        {
            var groups = Walk(trees[0].Root).Where(n => n.Cells.Dimension == sum.Of && !n.Cells.IsZero(TimeLevel.Month, 0)).GroupBy(n => sum.ValueOf(n.Cells.Value)).OrderBy(g => g.Key, StringComparer.Ordinal);
            foreach (var group in groups.Where(g => g.All(n => n.Cells.Level <= level)))
            {
                for (var unit = 0; unit < time.Units(level); unit++)
                {
                    var parts = group.Select(n => Measures(n.Cells, unit)).ToList();
                    var events = parts[0].Select((_, measure) => parts.Sum(p => p[measure])).ToArray();
                    if (events.Any(e => e > 0))
                    {
                        yield return Row(unit, sum.Dimension, group.Key, "", events, null, new int[Counter.Node.Bins]);
                    }
                }
            }
        }

        int[] Measures(Cells cells, int unit) => [.. Enumerable.Range(0, cells.Measures).Select(m => cells.Events(level, unit, m))];

        OpenRow Row(int unit, string dimension, string value, string within, int[] events, int[]? people, int[] histogram)
        {
            var (from, to) = time.DaysOf(level, unit);
            return new(time.First.AddDays(from), time.First.AddDays(to), level, dimension, value, within, events, people, histogram);
        }
    }

    /// <summary>Every value from the total down, with the values above it.</summary>
    public static IEnumerable<(Cells Cells, string Within)> Walk(Cells root) => Walk(root, "");

    private static IEnumerable<(Cells Cells, string Within)> Walk(Cells cells, string within)
    {
        var below = cells.Dimension.Length == 0 ? "" : within.Length == 0 ? cells.Value : $"{within}/{cells.Value}";
        return [(cells, within), .. cells.Children.SelectMany(c => Walk(c, below))];
    }

    private static TableShape<OpenRow> Shape(string name, string english, string norwegian, IReadOnlyList<Column<OpenRow>> measures) => new(
        name, english, norwegian,
        [
            new DateColumn<OpenRow>("from", "First day, UTC. A week that reaches into another month is cut there.", "Første dag, UTC. En uke som går inn i en annen måned, er delt der.", r => r.From),
            new DateColumn<OpenRow>("to", "Last day.", "Siste dag.", r => r.To),
            new TextColumn<OpenRow>("dimension", "By what is counted.", "Hva det er telt etter.", r => r.Dimension.Length == 0 ? Total : r.Dimension)
            {
                Codes =
                [
                    new(Total, "All.", "Alle."), new("role", "Kind of participant.", "Type deltaker."), new("region", "Region.", "Region."), new("health_community", "Health community.", "Helsefellesskap."),
                    new("legal_entity", "Legal entity, by organisation number.", "Juridisk enhet, med organisasjonsnummer."), new("county", "County, by number.", "Fylke, med nummer."),
                    new("municipality", "Municipality, by number.", "Kommune, med nummer."), new("concept", "Kind of measurement.", "Måletype."), new("profession", "Authorisation code (9060).", "Autorisasjonskode (9060)."),
                ],
            },
            new TextColumn<OpenRow>("value", "The value of the dimension; empty where it is not known.", "Verdien; tom der den ikke er kjent.", r => r.Value),
            new TextColumn<OpenRow>("within", "The values above it, coarse first, joined by /: the region and health community of a municipality. Empty for everywhere.", "Verdiene over, den groveste først, skilt av /: regionen og helsefellesskapet til en kommune. Tom for alle steder.", r => r.Within),
            .. measures,
        ]);

    private static NumberColumn<OpenRow> Events(string name, string english, string norwegian, int measure) => new(name, english, norwegian, r => r.Events[measure]);

    private static NumberColumn<OpenRow> People(string name, string english, string norwegian, int kind) => new(name, english, norwegian, r => r.People?[kind]) { IsOptional = true };

    private static NumberColumn<OpenRow> Patients(int kind) => People("patients", "Patients, each once; empty where the row is a sum of others.", "Pasienter, hver én gang; tom der raden er en sum av andre.", kind);

    // Whole per cent: what it is of stands beside it, so it tells nothing more.
    private static NumberColumn<OpenRow> Share(string name, string english, string norwegian, Func<OpenRow, int> part) =>
        new(name, english, norwegian, r => (int)((100L * part(r)) / (r.Events[0] + r.Events[1] + r.Events[2])));

    private static TextColumn<OpenRow> Median(string name, string english, string norwegian, IReadOnlyList<ListedCode> classes) =>
        new(name, english, norwegian, r => r.Level == TimeLevel.Month && MedianOf(r.Histogram) is { } bin ? classes[bin].Value : "") { Codes = classes };

    // Of fewer than twice the least count, half would be fewer than it.
    private static int? MedianOf(int[] histogram)
    {
        var all = histogram.Sum();
        if (all < 2 * Suppression.Least)
        {
            return null;
        }

        var (bin, seen) = (0, histogram[0]);
        while (2 * seen < all)
        {
            seen += histogram[++bin];
        }

        return bin;
    }
}
