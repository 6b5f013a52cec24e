using System.Text;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Writes a month's open tables: once, when the log has the nine days after it, and never anew with other figures, since the difference would tell of
/// few people. They are a function of the log alone.
/// </summary>
internal static class OpenExport
{
    /// <summary>The container.</summary>
    public const string Container = "statistics-open";

    /// <summary>Days after a month that the log must have: seven in which its measurements are looked up, two for what is late.</summary>
    public const int DaysAfter = 9;

    private static readonly (TimeLevel Level, string Name)[] Levels = [(TimeLevel.Day, "day"), (TimeLevel.Week, "week"), (TimeLevel.Month, "month")];

    private static readonly TableShape<(string Dimension, string Value, string Within, int Enrolled, int Active)> Participants = new(
        "participants",
        "Participants enrolled at the end of the month, and those that looked up or were controller of a measurement in it. Organisations, whose enrolment is public: not suppressed.",
        "Deltakere ved slutten av måneden, og de av dem som slo opp eller var dataansvarlig for en måling i den. Virksomheter, der deltakelsen er offentlig: ikke skjult.",
        [
            new TextColumn<(string Dimension, string Value, string Within, int Enrolled, int Active)>("dimension", "By what is counted.", "Hva det er telt etter.", r => r.Dimension)
            {
                Codes = [new("total", "All.", "Alle."), new("role", "Kind of participant.", "Type deltaker."), new("region", "Region.", "Region."), new("health_community", "Health community.", "Helsefellesskap.")],
            },
            new TextColumn<(string Dimension, string Value, string Within, int Enrolled, int Active)>("value", "The value of the dimension; empty where it is not known.", "Verdien; tom der den ikke er kjent.", r => r.Value),
            new TextColumn<(string Dimension, string Value, string Within, int Enrolled, int Active)>("within", "The value above it.", "Verdien over.", r => r.Within),
            new NumberColumn<(string Dimension, string Value, string Within, int Enrolled, int Active)>("enrolled", "Participants enrolled on the last day.", "Deltakere på den siste dagen.", r => r.Enrolled),
            new NumberColumn<(string Dimension, string Value, string Within, int Enrolled, int Active)>("active", "Of them, active in the month.", "Av dem, aktive i måneden.", r => r.Active),
        ]);

    /// <summary>Name of a month's manifest.</summary>
    public static BlobName ManifestName(MonthTime time) => new($"{Container}/months/{time}/manifest.json");

    /// <summary>Writes what was counted of a month.</summary>
    /// <param name="blobs">Where.</param>
    /// <param name="time">The month.</param>
    /// <param name="month">What was counted.</param>
    /// <param name="madeFrom">Number of events from which.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task WriteAsync(IBlobs blobs, MonthTime time, OpenMonth month, long madeFrom, CancellationToken cancellationToken)
    {
        month.End();
        var files = new List<ExportFile>();
        foreach (var (table, trees) in Decide(time, month))
        {
            foreach (var (level, name) in Levels.Where(l => l.Level >= table.Finest))
            {
                var rows = OpenTables.Rows(trees, time, level).ToList();
                files.Add(await WriteAsync(blobs, table.Shape, time, name, rows, cancellationToken));
            }
        }

        files.Add(await WriteAsync(blobs, Participants, time, "month", ParticipantRows(time, month), cancellationToken));
        var manifest = new Manifest { Period = time.ToString(), TreeSize = madeFrom, IsComplete = true, Files = files };
        await manifest.WriteAsync(blobs, ManifestName(time), cancellationToken);
    }

    /// <summary>Tells of the files.</summary>
    public static void Describe(DataPackage package)
    {
        foreach (var table in OpenTables.All)
        {
            foreach (var (_, name) in Levels.Where(l => l.Level >= table.Finest))
            {
                package.Add(table.Shape, $"{table.Shape.Name}-{name}", $"{table.Shape.Name}/month=*/{name}.csv", "csv");
            }
        }

        package.Add(Participants, Participants.Name, $"{Participants.Name}/month=*/month.csv", "csv");
    }

    /// <summary>Decides for every table what is told of it.</summary>
    internal static IEnumerable<(OpenTable Table, IReadOnlyList<(Cells Root, Dictionary<Cells, int[]> Histograms)> Trees)> Decide(MonthTime time, OpenMonth month)
    {
        var levels = new Dictionary<(string Table, string Key), TimeLevel>();
        foreach (var table in OpenTables.All)
        {
            var trees = table.Count(month).Trees();
            var keys = trees.SelectMany(t => OpenTables.Walk(t.Root, null, "")).ToDictionary(n => n.Cells, n => n.Path);
            Suppression.Decide([.. trees.Select(t => t.Root)], time, Floor, table.ActiveIsKnown);
            foreach (var (cells, key) in keys)
            {
                levels[(table.Shape.Name, key)] = cells.Level;
            }

            yield return (table, trees);

            TimeLevel Floor(Cells cells) =>
                table.NoFinerThan is { } other && levels[(other, keys[cells])] == TimeLevel.Never ? TimeLevel.Never : table.Finest;
        }
    }

    private static List<(string Dimension, string Value, string Within, int Enrolled, int Active)> ParticipantRows(MonthTime time, OpenMonth month)
    {
        var enrolled = month.Affiliations.LegalEntities.Where(e => e.Value.IsEnrolled(time.End.AddDays(-1))).Select(e => (e.Value, IsActive: month.Active.Contains(e.Key))).ToList();
        return
        [
            ("total", "", "", enrolled.Count, enrolled.Count(e => e.IsActive)),
            .. By("role", a => a.Role, _ => ""),
            .. By("region", a => a.Region, _ => ""),
            .. By("health_community", a => a.HealthCommunity, a => a.Region),
        ];

        IEnumerable<(string, string, string, int, int)> By(string dimension, Func<Affiliation, string> value, Func<Affiliation, string> within) => enrolled
            .GroupBy(e => (Within: within(e.Value), Value: value(e.Value)))
            .OrderBy(g => g.Key.Within, StringComparer.Ordinal).ThenBy(g => g.Key.Value, StringComparer.Ordinal)
            .Select(g => (dimension, g.Key.Value, g.Key.Within, g.Count(), g.Count(e => e.IsActive)));
    }

    private static Task<ExportFile> WriteAsync<TRow>(IBlobs blobs, TableShape<TRow> shape, MonthTime time, string level, List<TRow> rows, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(CsvText.Head(shape));
        foreach (var row in rows)
        {
            CsvText.AppendLine(text, shape, row);
        }

        return ExportFile.WriteAsync(blobs, new($"{Container}/{shape.Name}/month={time}/{level}.csv"), Encoding.UTF8.GetBytes(text.ToString()), rows.Count, cancellationToken);
    }
}
