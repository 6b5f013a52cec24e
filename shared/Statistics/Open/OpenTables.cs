namespace PasientensMaledata.Statistics;

/// <summary>A row of an open table.</summary>
/// <param name="From">First day of the unit of time.</param>
/// <param name="To">Last day of it.</param>
/// <param name="Cells">The value of the dimension.</param>
/// <param name="Above">The values above it, coarse first, the total left out.</param>
/// <param name="Level">Level of time.</param>
/// <param name="Unit">Unit of it.</param>
/// <param name="Histogram">Of the month, by class.</param>
internal sealed record OpenRow(DateOnly From, DateOnly To, Cells Cells, Cells? Above, TimeLevel Level, int Unit, int[] Histogram)
{
    /// <summary>Events of a measure.</summary>
    public int Events(int measure) => Cells.Events(Level, Unit, measure);

    /// <summary>People of a kind.</summary>
    public int People(int kind) => Cells.People(Level, Unit, kind);
}

/// <summary>A table of the open export, made in day, week and month files.</summary>
/// <param name="Shape">Its columns.</param>
/// <param name="Count">Its counts.</param>
/// <param name="ActiveIsKnown">Whether others may know which legal entities have anything at all.</param>
/// <param name="Finest">The finest time at which it is told.</param>
/// <param name="NoFinerThan">Another table that holds its values back; null where none does.</param>
internal sealed record OpenTable(TableShape<OpenRow> Shape, Func<OpenMonth, Counter> Count, bool ActiveIsKnown = false, TimeLevel Finest = TimeLevel.Day, string? NoFinerThan = null);

/// <summary>The open tables.</summary>
internal static class OpenTables
{
    private const string Total = "total";

    /// <summary>They, in order: one that holds another back comes before it.</summary>
    public static IReadOnlyList<OpenTable> All { get; } =
    [
        new(
            Shape("measurements", "Measurements stored, and the patients they are of.", "Målinger som er lagret, og pasientene de gjelder.",
                [Events("measurements", "Measurements stored.", "Målinger lagret.", 0), Patients(0), Median("median_delay", "Class of the median time from measuring to receiving; in month tables alone.", "Klasse for mediantiden fra måling til mottak; bare i månedstabeller.", [.. RawColumns.Delays.Take(RawColumns.MeasuredDelays)])]),
            m => m.Measurements, ActiveIsKnown: true),
        new(
            Shape("looked-up", "Measurements stored in the month, by how long it took until a practitioner first looked them up.", "Målinger lagret i måneden, etter hvor lang tid det tok før helsepersonell så dem første gang.",
                [
                    new NumberColumn<OpenRow>("measurements", "Measurements stored.", "Målinger lagret.", r => r.Events(0) + r.Events(1) + r.Events(2)),
                    Events("looked_up_24h", "Of them, looked up within 24 hours.", "Av dem, slått opp innen 24 timer.", 0),
                    new NumberColumn<OpenRow>("looked_up_7d", "Of them, looked up within 7 days.", "Av dem, slått opp innen 7 døgn.", r => r.Events(0) + r.Events(1)),
                    Share("share_24h", "Share looked up within 24 hours, in per cent.", "Andelen slått opp innen 24 timer, i prosent.", r => r.Events(0)),
                    Share("share_7d", "Share looked up within 7 days, in per cent.", "Andelen slått opp innen 7 døgn, i prosent.", r => r.Events(0) + r.Events(1)),
                    Median("median_wait", "Class of the median time from receiving to the first look-up, of those looked up within 7 days.", "Klasse for mediantiden fra mottak til første oppslag, for dem som er slått opp innen 7 døgn.", [.. WaitClass.Names.Select(n => RawColumns.Delays.First(d => d.Value == n))]),
                ]),
            m => m.LookedUp, Finest: TimeLevel.Month, NoFinerThan: "measurements"),
        new(
            Shape("look-ups", "Look-ups by practitioners. A further page of a search is none.", "Oppslag av helsepersonell. En side til av et søk er ikke et nytt oppslag.",
                [Events("look_ups", "Look-ups.", "Oppslag.", 0), Patients(0), People("practitioners", "Practitioners, each once.", "Helsepersonell, hver én gang.", 1)]),
            m => m.LookUps, ActiveIsKnown: true),
        new(
            Shape("opened", "Look-ups by which something closed was opened, by consent or in an emergency.", "Oppslag der noe sperret ble åpnet, ved samtykke eller i nødsituasjon.",
                [Events("look_ups", "Look-ups.", "Oppslag.", 0), Patients(0), People("practitioners", "Practitioners, each once.", "Helsepersonell, hver én gang.", 1)]),
            m => m.Opened),
        new(
            Shape("refusals", "Look-ups that were refused.", "Oppslag som ble avvist.",
                [Events("refusals", "Refusals.", "Avvisninger.", 0), Patients(0), People("practitioners", "Practitioners, each once.", "Helsepersonell, hver én gang.", 1)]),
            m => m.Refusals),
        new(
            Shape("refused-entries", "Measurements that were refused when they were sent.", "Målinger som ble avvist da de ble sendt.", [Events("refused", "Measurements refused.", "Målinger avvist.", 0), Patients(0)]),
            m => m.RefusedEntries),
        new(
            Shape("blocks", "Blocks of named practitioners that patients set.", "Blokkeringer av navngitt helsepersonell som pasienter satte.", [Events("blocks", "Blocks set.", "Blokkeringer satt.", 0), Patients(0)]),
            m => m.Blocks),
    ];

    /// <summary>The rows of a table at a level, after its values' levels are decided.</summary>
    public static IEnumerable<OpenRow> Rows(IReadOnlyList<(Cells Root, Dictionary<Cells, int[]> Histograms)> trees, MonthTime time, TimeLevel level)
    {
        foreach (var (root, histograms) in trees)
        {
            foreach (var (cells, above, _) in Walk(root, null, ""))
            {
                if (cells.Level > level || (cells == root && root != trees[0].Root))
                {
                    continue;
                }

                for (var unit = 0; unit < time.Units(level); unit++)
                {
                    var (from, to) = time.DaysOf(level, unit);
                    if (!cells.IsZero(level, unit))
                    {
                        yield return new(time.First.AddDays(from), time.First.AddDays(to), cells, above, level, unit, histograms[cells]);
                    }
                }
            }
        }
    }

    /// <summary>Every value under the total, with the one above it and its path from the total, which names it among all of the table's.</summary>
    public static IEnumerable<(Cells Cells, Cells? Above, string Path)> Walk(Cells cells, Cells? above, string path) =>
        [(cells, above, path), .. cells.Children.SelectMany(c => Walk(c, cells, $"{path}\n{c.Dimension}={c.Value}"))];

    private static TableShape<OpenRow> Shape(string name, string english, string norwegian, IReadOnlyList<Column<OpenRow>> measures) => new(
        name, english, norwegian,
        [
            new DateColumn<OpenRow>("from", "First day, UTC. A week that reaches into another month is cut there.", "Første dag, UTC. En uke som går inn i en annen måned, er delt der.", r => r.From),
            new DateColumn<OpenRow>("to", "Last day.", "Siste dag.", r => r.To),
            new TextColumn<OpenRow>("dimension", "By what is counted.", "Hva det er telt etter.", r => r.Cells.Dimension.Length == 0 ? Total : r.Cells.Dimension)
            {
                Codes =
                [
                    new(Total, "All.", "Alle."), new("role", "Kind of participant.", "Type deltaker."), new("region", "Region.", "Region."), new("health_community", "Health community.", "Helsefellesskap."),
                    new("legal_entity", "Legal entity, by organisation number.", "Juridisk enhet, med organisasjonsnummer."), new("county", "County, by number.", "Fylke, med nummer."),
                    new("municipality", "Municipality, by number.", "Kommune, med nummer."), new("concept", "Kind of measurement.", "Måletype."), new("profession", "Authorisation code (9060).", "Autorisasjonskode (9060)."),
                ],
            },
            new TextColumn<OpenRow>("value", "The value of the dimension; empty where it is not known.", "Verdien; tom der den ikke er kjent.", r => r.Cells.Value),
            new TextColumn<OpenRow>("within", "The value above it, such as the county of a municipality.", "Verdien over, som fylket til en kommune.", r => r.Above?.Value ?? ""),
            .. measures,
        ]);

    private static NumberColumn<OpenRow> Events(string name, string english, string norwegian, int measure) => new(name, english, norwegian, r => r.Events(measure));

    private static NumberColumn<OpenRow> People(string name, string english, string norwegian, int kind) => new(name, english, norwegian, r => r.People(kind));

    private static NumberColumn<OpenRow> Patients(int kind) => People("patients", "Patients, each once.", "Pasienter, hver én gang.", kind);

    // Whole per cent: what it is of stands beside it, so it tells nothing more.
    private static NumberColumn<OpenRow> Share(string name, string english, string norwegian, Func<OpenRow, int> part) =>
        new(name, english, norwegian, r => (int)((100L * part(r)) / (r.Events(0) + r.Events(1) + r.Events(2))));

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
