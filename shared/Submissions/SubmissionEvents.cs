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

    /// <summary>Makes them of a receipt.</summary>
    public static IReadOnlyList<AccessEvent> Of(Receipt receipt)
    {
        var envelope = receipt.Message.Envelope;
        var logged = new AccessEvent
        {
            Id = Guid.NewGuid(),
            CorrelationId = envelope.Origin is HttpOrigin http ? http.CorrelationId : envelope.Id.ToString(),
            Time = new(envelope.Received.Ticks - (envelope.Received.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = AccessAction.Submit,
            Outcome = envelope.Refusal is null ? AccessOutcome.Permitted : AccessOutcome.Refused,
            Reason = envelope.Refusal?.Reason ?? "",
            Client = envelope.Client,
        };
        if (envelope.Sender is not { } sender)
        {
            return [logged];
        }

        var origin = envelope.Origin is HttpOrigin ? "http" : "stream";
        var municipality = receipt.Message.Source?.Municipality ?? "";
        var events = new List<AccessEvent>();
        foreach (var ofPatient in receipt.Results.GroupBy(r => r.Record?.Patient))
        {
            foreach (var entries in ofPatient.Chunk(MaxEntries))
            {
                events.Add(logged with
                {
                    Id = Guid.NewGuid(),
                    Patient = ofPatient.Key,
                    Submission = new(envelope.Id.ToString(), sender, origin, [.. entries.Select(e => Entry(e, municipality, logged.Time))]),
                });
            }
        }

        return events.Count > 0 ? events : [logged with { Submission = new(envelope.Id.ToString(), sender, origin, []) }];
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
