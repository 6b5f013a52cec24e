using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Statistics;

/// <summary>How far an export is.</summary>
/// <param name="Events">Events read.</param>
/// <param name="Of">Events to be read.</param>
/// <param name="What">What is made.</param>
public readonly record struct ExportProgress(long Events, long Of, string What);

/// <summary>What an export did.</summary>
/// <param name="Days">Days of <c>raw/</c> that were written.</param>
/// <param name="Months">Months of <c>open/</c> that were written.</param>
/// <param name="RefusedYears">Years whose pseudonym key is destroyed: nothing of <c>raw/</c> can be made of them again.</param>
/// <param name="NotYet">Months asked for whose nine days after are not in the log yet.</param>
public sealed record ExportResult(int Days, IReadOnlyList<string> Months, IReadOnlyCollection<int> RefusedYears, IReadOnlyList<string> NotYet);

/// <summary>
/// Writes usage statistics from the access log: <c>raw/</c>, a row for each event under pseudonyms, for named recipients; and <c>open/</c>, tables in which
/// nobody can be told. A day, and a month, is a function of the log: what is written once is the same when it is written again. Manifests come last, so
/// an export that was killed is started again, and goes on where it was.
/// </summary>
/// <param name="blobs">Where the files go.</param>
/// <param name="ring">Has the master keys, which wrap the pseudonym keys.</param>
/// <param name="log">The access log.</param>
/// <param name="readParticipants">Reads the text of a change of the participants; null where it is none.</param>
/// <param name="time">The clock.</param>
public sealed class StatisticsExport(IBlobs blobs, KeyRing ring, EventSource log, Func<string, Affiliations?> readParticipants, TimeProvider time)
{
    private const int ReportEvery = 20_000;

    private readonly YearKeys keys = new(blobs, ring, "statistics", time);

    /// <summary>Exports what is due: every closed day and month that has no manifest yet. Destroys the pseudonym keys whose time is over.</summary>
    public async Task<ExportResult> RunDueAsync(IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        await keys.DestroyOldAsync(cancellationToken);
        var calendar = await ScanAsync(progress, cancellationToken);
        if (calendar.Days.Count == 0)
        {
            return new(0, [], [], []);
        }

        // Nothing of a year whose key is gone is due: it was exported, or is refused.
        var first = calendar.Days.FirstOrDefault(d => time.GetUtcNow() < YearKeys.EndOf(d.Day.Year)).Day;
        var last = calendar.Days.LastOrDefault(d => d.Closes is not null).Day;
        while (first <= last && await IsDoneAsync(RawExport.ManifestName(first), cancellationToken))
        {
            first = first.AddDays(1);
        }

        return await RunAsync(calendar, first, last, MonthsOf(calendar.Days[0].Day, calendar.Days[^1].Day), again: false, progress, cancellationToken);
    }

    /// <summary>Exports days, and the months in which they lie.</summary>
    /// <param name="from">First day, UTC.</param>
    /// <param name="to">Last day, included.</param>
    /// <param name="again">Whether what is there already is made again.</param>
    /// <param name="progress">Told of from time to time; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; what has a manifest is whole.</param>
    public async Task<ExportResult> RunAsync(DateOnly from, DateOnly to, bool again, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        await keys.DestroyOldAsync(cancellationToken);
        var calendar = await ScanAsync(progress, cancellationToken);
        if (calendar.Days.Count == 0 || to < calendar.Days[0].Day || from > calendar.Days[^1].Day)
        {
            return new(0, [], [], []);
        }

        from = from < calendar.Days[0].Day ? calendar.Days[0].Day : from;
        to = to > calendar.Days[^1].Day ? calendar.Days[^1].Day : to;
        return await RunAsync(calendar, from, to, MonthsOf(from, to), again, progress, cancellationToken);
    }

    private async Task<ExportResult> RunAsync(
        LogCalendar calendar, DateOnly from, DateOnly to, IEnumerable<MonthTime> months, bool again, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var refused = new SortedSet<int>();
        var days = 0;
        foreach (var (first, last) in await RunsToDoAsync(from, to, again, cancellationToken))
        {
            var (written, years) = await ExportRawAsync(calendar, first, last, progress, cancellationToken);
            days += written;
            refused.UnionWith(years);
        }

        var done = new List<string>();
        var notYet = new List<string>();
        foreach (var month in months)
        {
            // A month that the log does not have from its beginning would be told as if it had.
            if (calendar.Find(month.End.AddDays(OpenExport.DaysAfter)) is not { } after)
            {
                notYet.Add(month.ToString());
            }
            else if (again || !await IsDoneAsync(OpenExport.ManifestName(month), cancellationToken))
            {
                await ExportOpenAsync(calendar, month, after.Opens, progress, cancellationToken);
                done.Add(month.ToString());
            }
        }

        await WriteOverallAsync(RawExport.Container, "days/", cancellationToken);
        await WriteOverallAsync(OpenExport.Container, "months/", cancellationToken);
        await WritePackagesAsync(cancellationToken);
        return new(days, done, refused, notYet);
    }

    // Reads what is new, to find the days in it.
    private async Task<LogCalendar> ScanAsync(IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var calendar = await LogCalendar.LoadAsync(blobs, log.TreeSize, cancellationToken);
        if (calendar.ScannedTo < log.TreeSize)
        {
            await foreach (var (index, logged) in ReadAsync(calendar.ScannedTo, log.TreeSize, "days of the log", progress, cancellationToken))
            {
                calendar.Observe(index, logged);
            }

            await calendar.SaveAsync(blobs, cancellationToken);
        }

        return calendar;
    }

    private async Task<(int Written, IEnumerable<int> RefusedYears)> ExportRawAsync(LogCalendar calendar, DateOnly from, DateOnly to, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var start = RawExport.StartOf(calendar, from);
        var end = calendar.Find(to)?.Closes ?? log.TreeSize;
        await using var export = new RawExport(blobs, keys, calendar, log.TreeSize, from, to);
        export.Begin(await ParticipantsBeforeAsync(calendar, start, cancellationToken));
        await foreach (var (index, logged) in ReadAsync(start, end, "raw", progress, cancellationToken))
        {
            if (ParticipantsOf(logged) is { } changed)
            {
                export.Change(changed);
            }

            await export.AddAsync(index, logged, cancellationToken);
        }

        await export.EndAsync(end, cancellationToken);
        return (export.Written, export.RefusedYears);
    }

    private async Task ExportOpenAsync(LogCalendar calendar, MonthTime month, long end, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var start = calendar.Find(month.First)?.Opens ?? 0;
        var counted = new OpenMonth(month, LoggedTexts.IsNewBlock);
        counted.Change(await ParticipantsBeforeAsync(calendar, start, cancellationToken), DateTime.MinValue);
        await foreach (var (_, logged) in ReadAsync(start, end, $"open {month}", progress, cancellationToken))
        {
            if (ParticipantsOf(logged) is { } changed)
            {
                counted.Change(changed, logged.Time);
            }

            counted.Add(logged);
        }

        await OpenExport.WriteAsync(blobs, month, counted, end, cancellationToken);
    }

    // Consecutive days that have no whole export yet.
    private async Task<List<(DateOnly From, DateOnly To)>> RunsToDoAsync(DateOnly from, DateOnly to, bool again, CancellationToken cancellationToken)
    {
        var runs = new List<(DateOnly From, DateOnly To)>();
        for (var day = from; day <= to; day = day.AddDays(1))
        {
            if (!again && await IsDoneAsync(RawExport.ManifestName(day), cancellationToken))
            {
                continue;
            }

            if (runs.Count > 0 && runs[^1].To == day.AddDays(-1))
            {
                runs[^1] = (runs[^1].From, day);
            }
            else
            {
                runs.Add((day, day));
            }
        }

        return runs;
    }

    private async Task<Affiliations> ParticipantsBeforeAsync(LogCalendar calendar, long index, CancellationToken cancellationToken)
    {
        if (calendar.LastParticipantsChange(index) is { } at)
        {
            await foreach (var (_, logged) in log.Read(at, at + 1, cancellationToken))
            {
                return ParticipantsOf(logged) ?? Affiliations.None;
            }
        }

        return Affiliations.None;
    }

    private Affiliations? ParticipantsOf(AccessEvent logged) =>
        logged is { Action: AccessAction.ParticipantsChange, Setting: { } text } ? readParticipants(text) : null;

    private async IAsyncEnumerable<(long Index, AccessEvent Event)> ReadAsync(
        long from, long to, string what, IProgress<ExportProgress>? progress, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var logged in log.Read(from, to, cancellationToken))
        {
            if ((logged.Index - from) % ReportEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new(logged.Index - from, to - from, what));
            }

            yield return logged;
        }

        progress?.Report(new(to - from, to - from, what));
    }

    private async Task<bool> IsDoneAsync(BlobName manifest, CancellationToken cancellationToken) => await Manifest.ReadAsync(blobs, manifest, cancellationToken) is { IsComplete: true };

    private async Task WriteOverallAsync(string container, string folder, CancellationToken cancellationToken)
    {
        var all = new List<Manifest>();
        await foreach (var item in blobs.ListAsync($"{container}/{folder}", cancellationToken))
        {
            if (await Manifest.ReadAsync(blobs, item.Name, cancellationToken) is { } manifest)
            {
                all.Add(manifest);
            }
        }

        var overall = new Manifest
        {
            Period = "",
            TreeSize = all.Count == 0 ? 0 : all.Max(m => m.TreeSize),
            IsComplete = all.All(m => m.IsComplete),
            Files = [.. all.SelectMany(m => m.Files)],
            Corrections = [.. all.SelectMany(m => m.Corrections)],
        };
        await overall.WriteAsync(blobs, new($"{container}/manifest.json"), cancellationToken);
    }

    private async Task WritePackagesAsync(CancellationToken cancellationToken)
    {
        using (var raw = new DataPackage("pasientens-maledata-raw", "Usage of Pasientens måledata, a row for each event. Pseudonymous personal data: not anonymous.", "Bruk av Pasientens måledata, en rad for hver hendelse. Pseudonyme personopplysninger, ikke anonyme."))
        {
            raw.Add(UsageRow.Shape, "usage-csv", "usage/date=*/*.csv.gz", "csv");
            raw.Add(UsageRow.Shape, "usage-parquet", "usage/date=*/*.parquet", "parquet");
            raw.Add(SubmissionRow.Shape, "submissions-csv", "submissions/date=*/*.csv.gz", "csv");
            raw.Add(SubmissionRow.Shape, "submissions-parquet", "submissions/date=*/*.parquet", "parquet");
            await raw.WriteAsync(blobs, new($"{RawExport.Container}/datapackage.json"), cancellationToken);
        }

        using var open = new DataPackage("pasientens-maledata-open", "Usage of Pasientens måledata, counted. Counts under 5 are left out, and so are others from which they could be found.", "Bruk av Pasientens måledata, telt. Tall under 5 er utelatt, og det samme er andre tall de kunne vært regnet ut fra.");
        OpenExport.Describe(open);
        await open.WriteAsync(blobs, new($"{OpenExport.Container}/datapackage.json"), cancellationToken);
    }

    private static IEnumerable<MonthTime> MonthsOf(DateOnly from, DateOnly to)
    {
        for (var month = new DateOnly(from.Year, from.Month, 1); month <= to; month = month.AddMonths(1))
        {
            yield return new(month);
        }
    }
}
