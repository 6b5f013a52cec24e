using System.Text.Json;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Statistics;

/// <summary>Where a UTC day stands in the order of the log.</summary>
/// <param name="Day">The day.</param>
/// <param name="Opens">Index of the first event of this time or later: no event of the day comes before it.</param>
/// <param name="Closes">Index of the first event an hour or more after its end: what of the day comes from there on is late. Null while there is none.</param>
internal readonly record struct LogDay(DateOnly Day, long Opens, long? Closes);

/// <summary>
/// Finds the days in the log. All of it follows from the log alone, so that what is exported of a day is the same whenever, and how often, it is done.
/// What was found is kept in a blob, so that a nightly export need not read from the beginning; it can be lost without harm.
/// </summary>
internal sealed class LogCalendar
{
    /// <summary>How long after its end a day is closed: the sequencer has then long read what the day's processes wrote.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private static readonly BlobName Name = new("statistics/calendar.json");
    private readonly List<LogDay> days;
    private readonly List<long> participantChanges;
    private DateTime latest;
    private int unclosed;

    private LogCalendar(long scannedTo, DateTime latest, List<LogDay> days, List<long> participantChanges)
    {
        (ScannedTo, this.latest, this.days, this.participantChanges) = (scannedTo, latest, days, participantChanges);
        unclosed = days.FindIndex(d => d.Closes is null) is >= 0 and var first ? first : days.Count;
    }

    /// <summary>Index up to which the log has been looked through.</summary>
    public long ScannedTo { get; private set; }

    /// <summary>The days from the first event's to the last's, none left out.</summary>
    public IReadOnlyList<LogDay> Days => days;

    /// <summary>Nothing looked through yet.</summary>
    public static LogCalendar Empty => new(0, DateTime.MinValue, [], []);

    /// <summary>Where a day stands; null where the log does not reach it, or begins after it.</summary>
    public LogDay? Find(DateOnly day) =>
        days.Count > 0 && day >= days[0].Day && day <= days[^1].Day ? days[day.DayNumber - days[0].Day.DayNumber] : null;

    /// <summary>Index of the last change of the participants before an index; null where there is none.</summary>
    public long? LastParticipantsChange(long before)
    {
        var at = participantChanges.BinarySearch(before);
        var count = at < 0 ? ~at : at;
        return count == 0 ? null : participantChanges[count - 1];
    }

    /// <summary>Takes in the next event; one that was looked at before changes nothing.</summary>
    public void Observe(long index, AccessEvent logged)
    {
        if (index < ScannedTo)
        {
            return;
        }

        ScannedTo = index + 1;
        if (logged is { Action: AccessAction.ParticipantsChange, Setting: not null })
        {
            participantChanges.Add(index);
        }

        if (logged.Time <= latest)
        {
            return;
        }

        latest = logged.Time;
        var today = DateOnly.FromDateTime(latest);
        for (var day = days.Count == 0 ? today : days[^1].Day.AddDays(1); day <= today; day = day.AddDays(1))
        {
            days.Add(new(day, index, null));
        }

        while (unclosed < days.Count && days[unclosed].Day.AddDays(1).ToDateTime(TimeOnly.MinValue) + Grace <= latest)
        {
            days[unclosed] = days[unclosed] with { Closes = index };
            unclosed++;
        }
    }

    /// <summary>Reads what was kept; an empty one where there is nothing, or something of another form.</summary>
    public static async Task<LogCalendar> LoadAsync(IBlobs blobs, long treeSize, CancellationToken cancellationToken)
    {
        if (await ExportFile.ReadAsync(blobs, Name, cancellationToken) is not { } content
            || JsonSerializer.Deserialize<Kept>(content.Span) is not { Version: Kept.Current } kept
            || kept.ScannedTo > treeSize)
        {
            return Empty;
        }

        var days = kept.Days.Select((d, i) => new LogDay(kept.FirstDay.AddDays(i), d[0], d.Length > 1 ? d[1] : null)).ToList();
        return new(kept.ScannedTo, new DateTime(kept.LatestTicks, DateTimeKind.Utc), days, [.. kept.ParticipantChanges]);
    }

    /// <summary>Keeps what was found.</summary>
    public Task SaveAsync(IBlobs blobs, CancellationToken cancellationToken)
    {
        var kept = new Kept(
            Kept.Current, ScannedTo, latest.Ticks, days.Count == 0 ? default : days[0].Day, [.. days.Select(d => d.Closes is { } c ? new[] { d.Opens, c } : [d.Opens])], [.. participantChanges]);
        return ExportFile.PutAsync(blobs, Name, JsonSerializer.SerializeToUtf8Bytes(kept), cancellationToken);
    }

    private sealed record Kept(int Version, long ScannedTo, long LatestTicks, DateOnly FirstDay, IReadOnlyList<long[]> Days, IReadOnlyList<long> ParticipantChanges)
    {
        public const int Current = 1;
    }
}
