using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Submissions;

/// <summary>A submission as events of the log: one for each patient, and one for the entries of which no patient is known.</summary>
public static class SubmissionEvents
{
    // An event is one line of the log, which is limited.
    private const int MaxEntries = 200;

    // Upper bounds of the classes of delay, the last open.
    private static readonly (TimeSpan Bound, string Word)[] Delays =
    [
        (TimeSpan.FromMinutes(1), "1m"), (TimeSpan.FromMinutes(15), "15m"), (TimeSpan.FromHours(1), "1h"), (TimeSpan.FromHours(6), "6h"),
        (TimeSpan.FromHours(24), "24h"), (TimeSpan.FromDays(7), "7d"), (TimeSpan.MaxValue, "more"),
    ];

    /// <summary>Makes them.</summary>
    /// <param name="logged">The event of the request, without patient.</param>
    /// <param name="id">The submission's id.</param>
    /// <param name="sender">Who sent it.</param>
    /// <param name="origin"><c>http</c> or <c>stream</c>.</param>
    /// <param name="municipality">The Bundle's municipality; empty where it names none.</param>
    /// <param name="results">What became of each entry.</param>
    public static IReadOnlyList<AccessEvent> Of(AccessEvent logged, string id, SenderId sender, string origin, string municipality, IEnumerable<EntryResult> results)
    {
        var events = new List<AccessEvent>();
        foreach (var ofPatient in results.GroupBy(r => r.Record?.Patient))
        {
            foreach (var entries in ofPatient.Chunk(MaxEntries))
            {
                events.Add(logged with
                {
                    Id = events.Count == 0 ? logged.Id : Guid.NewGuid(),
                    Patient = ofPatient.Key,
                    Submission = new(id, sender, origin, [.. entries.Select(e => Entry(e, municipality, logged.Time))]),
                });
            }
        }

        return events.Count > 0 ? events : [logged with { Submission = new(id, sender, origin, []) }];
    }

    private static LoggedEntry Entry(EntryResult result, string municipality, DateTime received)
    {
        var record = result.Record;
        var reason = result.IsStored || result.Outcome == EntryOutcome.Ignored ? ""
            : record is { Reason.Length: > 0 } ? record.Reason
            : result.Issues.FirstOrDefault(i => i.Severity == IssueSeverity.Error)?.Code ?? "";
        return new(
            record is null || record.Identity == default ? "" : record.Identity.LogForm,
            BundleWriter.WordFor(result.Outcome),
            reason,
            record?.Concept ?? "",
            record?.Controller.Digits ?? "",
            municipality,
            Delay(record?.Effective ?? default, received));
    }

    private static string Delay(EffectiveTime effective, DateTime received)
    {
        if (!effective.HasTime || effective.StartTicks <= DateTime.MinValue.Ticks)
        {
            return "none";
        }

        var delay = TimeSpan.FromTicks(received.Ticks - Math.Min(effective.StartTicks, DateTime.MaxValue.Ticks));
        return delay < TimeSpan.Zero ? "ahead" : Array.Find(Delays, d => delay <= d.Bound).Word;
    }
}
