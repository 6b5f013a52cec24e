using System.Globalization;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Writes the days' rows in one pass over the log. A day's own files have its events up to where it is closed; later ones go to a correction that
/// belongs to the day in whose time they came, so that nothing written for a closed day ever changes.
/// </summary>
internal sealed class RawExport(IBlobs blobs, YearKeys keys, LogCalendar calendar, long treeSize, DateOnly from, DateOnly to) : IAsyncDisposable
{
    /// <summary>The container.</summary>
    public const string Container = "statistics-raw";

    // First look-ups are known of what was received in the seven days before.
    private static readonly int WarmUpDays = (int)FirstLookUps<bool>.Window.TotalDays + 1;

    private readonly FirstLookUps<bool> waiting = new();
    private readonly Dictionary<int, Pseudonyms?> pseudonyms = [];
    private readonly Dictionary<(DateOnly Day, DateOnly CameIn), DayFiles> open = [];
    private Affiliations affiliations = Affiliations.None;

    // The first day not closed before the event at hand: late events came in its time.
    private DateOnly current = DateOnly.MinValue;

    /// <summary>Days written.</summary>
    public int Written { get; private set; }

    /// <summary>Years of which nothing was written, since their key is gone.</summary>
    public SortedSet<int> RefusedYears { get; } = [];

    /// <summary>Index at which the pass begins, by the calendar as it is known beforehand.</summary>
    public static long StartOf(LogCalendar calendar, DateOnly from)
    {
        var warm = from.AddDays(-WarmUpDays);
        return calendar.Days.Count == 0 || warm < calendar.Days[0].Day ? 0
            : calendar.Find(warm) is { } known ? known.Opens
            : calendar.ScannedTo;
    }

    /// <summary>Name of a day's manifest.</summary>
    public static BlobName ManifestName(DateOnly day) => new($"{Container}/days/{Text(day)}/manifest.json");

    /// <summary>Begins with the participants in force at the start.</summary>
    public void Begin(Affiliations inForce) => affiliations = inForce;

    /// <summary>The participants have changed.</summary>
    public void Change(Affiliations changed) => affiliations = changed;

    /// <summary>Takes the next event, which the calendar has seen.</summary>
    public async ValueTask AddAsync(long index, AccessEvent logged, CancellationToken cancellationToken)
    {
        await CloseUpToAsync(index, cancellationToken);
        var first = RowMaker.First(logged, waiting);
        if (logged.Submission is { } submission)
        {
            waiting.Forget(logged.Time);
            foreach (var entry in submission.Entries.Where(e => e.Outcome == "created"))
            {
                waiting.Received(entry.Identity, logged.Time, true);
            }
        }

        var day = DateOnly.FromDateTime(logged.Time);
        var cameIn = day < current ? current : day;
        if (cameIn < from || cameIn > to || await PseudonymsOfAsync(day.Year, cancellationToken) is not { } names)
        {
            return;
        }

        var files = Open(day, cameIn);
        if (logged.Action == AccessAction.Submit)
        {
            foreach (var row in RowMaker.Submission(logged, files.Submissions.Events++, affiliations, names))
            {
                await files.Submissions.Files.AddAsync(row, cancellationToken);
            }
        }
        else
        {
            files.Usage.Events++;
            await files.Usage.Files.AddAsync(RowMaker.Usage(logged, first, affiliations, names), cancellationToken);
        }
    }

    /// <summary>The pass is at its end: what is not closed is written as it stands.</summary>
    /// <param name="index">Index that ended it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task EndAsync(long index, CancellationToken cancellationToken)
    {
        await CloseUpToAsync(index, cancellationToken);
        for (var day = Max(from, current); calendar.Days.Count > 0 && day <= Min(to, calendar.Days[^1].Day); day = day.AddDays(1))
        {
            await WriteDayAsync(day, isComplete: false, treeSize, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var files in open.Values)
        {
            await files.Usage.Files.DisposeAsync();
            await files.Submissions.Files.DisposeAsync();
        }
    }

    private async Task CloseUpToAsync(long index, CancellationToken cancellationToken)
    {
        if (calendar.Days.Count == 0)
        {
            return;
        }

        if (current == DateOnly.MinValue)
        {
            current = calendar.Days[0].Day;
        }

        while (calendar.Find(current) is { Closes: { } closes } && closes <= index)
        {
            if (current >= from && current <= to)
            {
                await WriteDayAsync(current, isComplete: true, closes, cancellationToken);
            }

            current = current.AddDays(1);
        }
    }

    private async Task WriteDayAsync(DateOnly day, bool isComplete, long madeFrom, CancellationToken cancellationToken)
    {
        if (await PseudonymsOfAsync(day.Year, cancellationToken) is null)
        {
            return;
        }

        Open(day, day);
        var files = new List<ExportFile>();
        var corrections = new List<Correction>();
        foreach (var key in open.Keys.Where(k => k.CameIn == day).OrderByDescending(k => k.Day == day).ThenBy(k => k.Day).ToList())
        {
            open.Remove(key, out var written);
            files.AddRange(await written!.Usage.Files.EndAsync(cancellationToken));
            files.AddRange(await written.Submissions.Files.EndAsync(cancellationToken));
            if (key.Day != day)
            {
                corrections.Add(new(key.Day, written.Usage.Events + written.Submissions.Events));
            }
        }

        var manifest = new Manifest { Period = Text(day), TreeSize = madeFrom, IsComplete = isComplete, Files = files, Corrections = corrections };
        await manifest.WriteAsync(blobs, ManifestName(day), cancellationToken);
        Written++;
    }

    private DayFiles Open(DateOnly day, DateOnly cameIn)
    {
        if (!open.TryGetValue((day, cameIn), out var files))
        {
            var name = day == cameIn ? "part" : $"correction-{Text(cameIn)}";
            open[(day, cameIn)] = files = new(new(UsageRow.Shape, blobs, day, name), new(SubmissionRow.Shape, blobs, day, name));
        }

        return files;
    }

    private async ValueTask<Pseudonyms?> PseudonymsOfAsync(int year, CancellationToken cancellationToken)
    {
        if (!pseudonyms.TryGetValue(year, out var known))
        {
            pseudonyms[year] = known = await keys.FindAsync(year, cancellationToken) is { } key ? new Pseudonyms(key) : null;
        }

        if (known is null)
        {
            RefusedYears.Add(year);
        }

        return known;
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly Max(DateOnly a, DateOnly b) => a > b ? a : b;

    private static DateOnly Min(DateOnly a, DateOnly b) => a < b ? a : b;

    private sealed record DayFiles(Kind<UsageRow> Usage, Kind<SubmissionRow> Submissions);

    private sealed class Kind<TRow>(TableShape<TRow> shape, IBlobs blobs, DateOnly day, string name)
    {
        public RowFiles<TRow> Files { get; } = new(shape, blobs, $"{Container}/{shape.Name}/date={Text(day)}", name);

        public int Events { get; set; }
    }
}
