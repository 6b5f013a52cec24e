using System.Diagnostics;
using Parquet;
using Parquet.Schema;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Simulator;
using PasientensMaledata.Statistics;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>Exporting a simulated year, beside Parquet.Net writing the same columns of rows that lie ready.</summary>
internal static class StatisticsBench
{
    private static readonly DateOnly Start = new(2026, 1, 1);

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var (patients, practitioners, days) = options.IsQuick ? (30, 10, 45) : (10_000, 1_500, 365);
        await options.Output.WriteLineAsync($"statistics: {Figures.Whole(patients)} patients, {days} days");
        var source = new Source(new UsageLog(new Simulation(new(patients, days, 23, Start, null, FaultRates.None)), practitioners));

        var events = source.Count();
        var folder = Path.Combine(options.Folder, "statistics");
        var time = Stopwatch.StartNew();
        ExportResult result;
        await using (var storage = EmbeddedStorage.Open(folder, TimeProvider.System))
        {
            var master = MasterKeys.Generate();
            var ring = await KeyRing.OpenAsync(storage.Blobs, () => master, cancellationToken);
            var export = new StatisticsExport(storage.Blobs, ring, new(events, source.ReadAsync), LoggedTexts.Participants, new FixedTime(Start.AddDays(days)));
            result = await export.RunAsync(Start, Start.AddDays(days - 1), again: false, null, cancellationToken);
        }

        time.Stop();
        if (result.Days != days || result.Months.Count != (options.IsQuick ? 1 : 11))
        {
            throw new WrongAnswerException($"{result.Days} days and {result.Months.Count} months were exported.");
        }

        using var self = Process.GetCurrentProcess();
        var (floor, floorEvents) = await FloorAsync(source, options.IsQuick ? 3_000 : 500_000, cancellationToken);
        var seconds = Math.Max(0.001, time.Elapsed.TotalSeconds - source.SecondsMaking);
        var table = new Table("what", "figure");
        table.Add("events in the log", Figures.Whole(events));
        table.Add("events exported per second, making them left out", Figures.Whole(events / seconds));
        table.Add("events per second, Parquet.Net alone, the same columns", Figures.Whole(floorEvents / floor.TotalSeconds));
        table.Add("seconds in all", Figures.Tenths(time.Elapsed.TotalSeconds));
        table.Add("bytes per event, Parquet", Figures.Tenths(Size(folder, "*.parquet") / (double)events));
        table.Add("bytes per event, CSV gzipped", Figures.Tenths(Size(folder, "*.csv.gz") / (double)events));
        table.Add("bytes of open/", Figures.Whole(Size(folder, "*.csv")));
        table.Add("most memory of the process, MB", Figures.Whole(self.PeakWorkingSet64 / 1e6));
        return new(
            "statistics",
            $"A simulated year: {Figures.Whole(patients)} patients, {Figures.Whole(practitioners)} practitioners, {days} days.",
            "One export of all days and closed months, embedded storage. The log is made anew in each of the passes over it (to find the days, for raw/, and for open/ month by month, which is three in all and nine days a month); the time of making is measured and taken off, its memory is not. The floor writes rows that lie ready with the same columns, group size and compression, one core, without CSV.",
            [table],
            []);
    }

    private static long Size(string folder, string pattern) => Directory.EnumerateFiles(Path.Combine(folder, "statistics"), pattern, SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);

    private static async Task<(TimeSpan Took, int Events)> FloorAsync(Source source, int most, CancellationToken cancellationToken)
    {
        var names = new Pseudonyms(new byte[32]);
        var (usage, submissions, events) = (new List<UsageRow>(), new List<SubmissionRow>(), 0);
        await foreach (var (_, logged) in source.ReadAsync(0, most, cancellationToken))
        {
            events++;
            if (logged.Action == AccessAction.Submit)
            {
                submissions.AddRange(RowMaker.Submission(logged, events, Affiliations.None, names));
            }
            else
            {
                usage.Add(RowMaker.Usage(logged, new int[5], Affiliations.None, names));
            }
        }

        var time = Stopwatch.StartNew();
        await WriteAsync(UsageRow.Shape, usage, cancellationToken);
        await WriteAsync(SubmissionRow.Shape, submissions, cancellationToken);
        return (time.Elapsed, events);
    }

    private static async Task WriteAsync<TRow>(TableShape<TRow> shape, List<TRow> rows, CancellationToken cancellationToken)
    {
        DataField[] fields = [.. shape.Columns.Select(DataField (c) => c switch
        {
            TextColumn<TRow> => new DataField<string>(c.Name),
            DateColumn<TRow> => new DateTimeDataField(c.Name, DateTimeFormat.Date, isNullable: false),
            _ => new DataField<int>(c.Name),
        })];
        using var output = new MemoryStream();
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(fields), output, new() { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = System.IO.Compression.CompressionLevel.Fastest }, cancellationToken: cancellationToken);
        foreach (var group in rows.Chunk(50_000))
        {
            using var written = writer.CreateRowGroup();
            for (var i = 0; i < fields.Length; i++)
            {
                switch (shape.Columns[i])
                {
                    case TextColumn<TRow> text:
                        await written.WriteAsync(fields[i], Array.ConvertAll(group, r => text.Of(r) is { Length: > 0 } value ? value : null!));
                        break;
                    case DateColumn<TRow> date:
                        await written.WriteAsync<DateTime>(fields[i], Array.ConvertAll(group, r => date.Of(r).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)), cancellationToken: cancellationToken);
                        break;
                    case NumberColumn<TRow> number:
                        await written.WriteAsync<int>(fields[i], Array.ConvertAll(group, r => number.Of(r) ?? 0), cancellationToken: cancellationToken);
                        break;
                    default:
                        throw new InvalidOperationException($"Nothing writes the column {shape.Columns[i].Name}.");
                }
            }
        }
    }

    /// <summary>The log, made anew from its beginning for each pass.</summary>
    private sealed class Source(UsageLog log)
    {
        private readonly SortedDictionary<long, UsageLog.Place> months = [];
        private long ticksMaking;

        /// <summary>Seconds spent making events while they were read.</summary>
        public double SecondsMaking => ticksMaking / (double)Stopwatch.Frequency;

        public long Count() => log.Events(null, p => months[p.Index] = p).LongCount();

        public async IAsyncEnumerable<(long Index, AccessEvent Event)> ReadAsync(long from, long to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            var place = months.LastOrDefault(m => m.Key <= from).Value;
            using var events = log.Events(place, null).GetEnumerator();
            for (var index = place?.Index ?? 0; index < to; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var began = Stopwatch.GetTimestamp();
                var isThere = events.MoveNext();
                ticksMaking += Stopwatch.GetTimestamp() - began;
                if (!isThere)
                {
                    yield break;
                }

                if (index >= from)
                {
                    yield return (index, events.Current);
                }
            }
        }
    }

    private sealed class FixedTime(DateOnly day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(day, TimeOnly.MinValue, TimeSpan.Zero);
    }
}
