using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Submissions;

/// <summary>What became of a Submission.</summary>
/// <param name="Message">The Submission.</param>
/// <param name="Results">The outcome of each entry; a single one where it was refused whole.</param>
public sealed record Receipt(SubmittedMessage Message, IReadOnlyList<EntryResult> Results);

/// <summary>
/// Receives Submissions, however they came: stores what can be stored, keeps what was refused, and logs both, before anything is answered. Nothing
/// that was received is left without an outcome.
/// </summary>
/// <param name="submissions">Stores.</param>
/// <param name="refused">Keeps what is refused.</param>
/// <param name="followUps">Closes what a Bundle says is over.</param>
/// <param name="journal">The access log.</param>
/// <param name="time">The clock.</param>
public sealed class Reception(SubmissionStore submissions, RefusedStore refused, FollowUpStore followUps, Journal journal, TimeProvider time)
{
    // Events, and entries in them, in one append: it may have 4 MiB, and an event or an entry takes a few hundred bytes.
    private const int MaxLoggedAtOnce = 2_000;

    /// <summary>Receives several at once; the receipts are in their order.</summary>
    /// <exception cref="StorageUnavailableException">What was refused could not be kept, or it could not be logged: nothing may be answered. Receiving them again is harmless.</exception>
    /// <exception cref="OperationCanceledException">The caller left, or time ran out; what was stored by then stays stored.</exception>
    public async Task<IReadOnlyList<Receipt>> ReceiveAsync(IReadOnlyList<SubmittedMessage> messages, CancellationToken cancellationToken)
    {
        var receipts = await StoreAsync(messages, cancellationToken);

        // No longer cancelled: what is stored is logged. An event that is not done with comes again, and is kept then, with what became of the rest.
        await refused.KeepAsync([.. receipts.Where(r => !ComesAgain(r))], CancellationToken.None);
        await CloseAsync(receipts, CancellationToken.None);
        await LogAsync(receipts, CancellationToken.None);
        Count(receipts);
        return receipts;
    }

    /// <summary>Receives again what is kept among the refused, where it stays unless the caller takes it away.</summary>
    public async Task<Receipt> ReplayAsync(SubmittedMessage message, CancellationToken cancellationToken)
    {
        var receipts = await StoreAsync([message], cancellationToken);
        await CloseAsync(receipts, CancellationToken.None);
        await LogAsync(receipts, CancellationToken.None);
        return receipts[0];
    }

    private static void Count(IReadOnlyList<Receipt> receipts)
    {
        if (!Signals.Submissions.Enabled)
        {
            return;
        }

        foreach (var receipt in receipts)
        {
            var origin = receipt.Message.Envelope.Origin.Word;
            foreach (var result in receipt.Results)
            {
                Signals.Submissions.Add(1, new("outcome", BundleWriter.WordFor(result.Outcome)), new("origin", origin));
                if (result.Outcome == EntryOutcome.Refused)
                {
                    Signals.Refused.Add(1, new("reason", result.Issues.FirstOrDefault(i => i.Severity == IssueSeverity.Error)?.Code ?? "other"), new("origin", origin));
                }
            }
        }
    }

    // What is of no known Sender is not logged: it is of nobody's data, and stands among the refused.
    private async Task LogAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        var events = new List<AccessEvent>();
        var entries = 0;
        foreach (var receipt in receipts)
        {
            var envelope = receipt.Message.Envelope;
            if (envelope.Sender is not { } sender)
            {
                continue;
            }

            // Of an event that comes again, what is stored now: then it is known, and nothing would tell when it was stored.
            var comesAgain = ComesAgain(receipt);
            var results = comesAgain ? receipt.Results.Where(r => r.IsStored && r.Outcome != EntryOutcome.Known) : receipt.Results;
            if (comesAgain && !results.Any())
            {
                continue;
            }

            foreach (var one in SubmissionEvents.Of(envelope.Logged, envelope.Id.ToString(), sender, envelope.Origin.Word, receipt.Message.Source?.Municipality ?? "", results))
            {
                events.Add(one);
                entries += one.Submission!.Entries.Count;
                if (events.Count == MaxLoggedAtOnce || entries >= MaxLoggedAtOnce)
                {
                    await journal.AppendAsync(events, cancellationToken);
                    (events, entries) = ([], 0);
                }
            }
        }

        await journal.AppendAsync(events, cancellationToken);
    }

    // What is told of by nobody but the Sender itself: only of whom something of theirs is stored.
    private async Task CloseAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        var closed = receipts.Where(r => r.Message.Source is { ClosesFollowUp: true }).SelectMany(r => r.Results).Where(r => r.IsStored);
        foreach (var (patient, controller) in closed.Select(r => (r.Record?.Patient, r.Record?.Controller)).Distinct())
        {
            if (patient is { } key && controller is { } number && number != default)
            {
                await followUps.CloseAsync(key, number, time.GetUtcNow(), cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<Receipt>> StoreAsync(IReadOnlyList<SubmittedMessage> messages, CancellationToken cancellationToken)
    {
        var whole = messages.Where(m => m.Refusal is null).ToList();
        EntryResult[][] stored;
        try
        {
            stored = await submissions.SubmitAsync([.. whole.Select(m => m.Submission)], cancellationToken);
        }
        catch (Exception e) when (whole.Count > 1 && e is not (OperationCanceledException or StorageUnavailableException))
        {
            // A fault of ours with one of them, and not known with which: each by itself, so that it harms no other.
            var receipts = new List<Receipt>(messages.Count);
            foreach (var message in messages)
            {
                receipts.AddRange(await StoreAsync([message], cancellationToken));
            }

            return receipts;
        }
        catch (Exception e) when (messages is [{ Envelope.Origin: StreamOrigin } only] && e is not (OperationCanceledException or StorageUnavailableException))
        {
            // Nobody waits for the answer to an event, and those after it do: it is kept, to be replayed when the fault is mended.
            return [Refuse(only.RefusedFor(Fault))];
        }

        var next = 0;
        return [.. messages.Select(m => m.Refusal is null ? new Receipt(m, Merge(m, stored[next++])) : Refuse(m))];
    }

    private static bool ComesAgain(Receipt receipt) => receipt.Message.Envelope.Origin is StreamOrigin && receipt.Results.Any(r => r.Outcome == EntryOutcome.Unavailable);

    private static Issue Fault { get; } = Issue.Error("exception", null, "A fault of the service. The event is kept, and the operator replays it when the fault is mended.");

    private static Receipt Refuse(SubmittedMessage message) => new(message, [new(EntryOutcome.Refused, null, 0, default, [message.Refusal!])]);

    private static List<EntryResult> Merge(SubmittedMessage message, EntryResult[] stored)
    {
        var next = 0;
        return [.. message.Entries.Select(e => e.Result ?? stored[next++])];
    }
}
