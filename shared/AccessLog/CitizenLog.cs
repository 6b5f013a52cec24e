using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog;

/// <summary>An event of a patient, as it lies with them.</summary>
/// <param name="Row">Its row.</param>
/// <param name="Event">What it says.</param>
public sealed record PatientEvent(EventRow Row, AccessEvent Event);

/// <summary>Reads a patient's events, newest first: one range read for each of the patient's keys.</summary>
/// <param name="partitions">Where the rows lie.</param>
/// <param name="blobs">Where long lines lie.</param>
public sealed class CitizenLog(IPartitions partitions, IBlobs blobs)
{
    /// <summary>Reads the newest.</summary>
    /// <param name="patient">All of the patient's keys.</param>
    /// <param name="from">None before this, UTC; null for no bound.</param>
    /// <param name="to">None at or after this, UTC; null for no bound.</param>
    /// <param name="after">Name of the event after which to go on; null for the beginning.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<IReadOnlyList<PatientEvent>> ReadAsync(IReadOnlyList<PatientKey> patient, DateTime? from, DateTime? to, string? after, int count, CancellationToken cancellationToken)
    {
        var first = to is { } before ? EventRow.KeyBefore(before.AddTicks(-1)) : EventRow.First;
        if (after is not null && EventRow.KeyOf(after) is var position && position.CompareTo(first) > 0)
        {
            // After the row itself: no key lies between the two.
            first = new($"{position}.");
        }

        var end = from is { } since ? new RowKey($"{EventRow.KeyBefore(since)}~") : EventRow.End;
        if (first.CompareTo(end) >= 0)
        {
            return [];
        }

        var rows = new List<Row>();
        foreach (var key in patient)
        {
            var wanted = count;
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(EventRow.Partition(key), first, end, Math.Min(wanted, StorageLimits.MaxPageRows), continuation, cancellationToken);
                rows.AddRange(page.Rows);
                wanted -= page.Rows.Count;
                continuation = page.Continuation;
            }
            while (continuation is not null && wanted > 0);
        }

        rows.Sort((a, b) => a.Key.CompareTo(b.Key));
        var events = new List<PatientEvent>(Math.Min(count, rows.Count));
        foreach (var row in rows.Take(count).Select(EventRow.Parse))
        {
            events.Add(new(row, EventLine.Read(await row.LineAsync(blobs, cancellationToken))));
        }

        return events;
    }

    /// <summary>Finds one event of a patient by its name; null where there is none.</summary>
    public async ValueTask<PatientEvent?> FindAsync(IReadOnlyList<PatientKey> patient, string? id, CancellationToken cancellationToken)
    {
        if (!EventRow.IsId(id))
        {
            return null;
        }

        foreach (var key in patient)
        {
            if (await partitions.ReadAsync(EventRow.Partition(key), EventRow.KeyOf(id), cancellationToken) is { } found)
            {
                var row = EventRow.Parse(found);
                return new(row, EventLine.Read(await row.LineAsync(blobs, cancellationToken)));
            }
        }

        return null;
    }
}
