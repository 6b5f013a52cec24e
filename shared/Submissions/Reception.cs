using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Submissions;

/// <summary>What became of a Submission.</summary>
/// <param name="Message">The Submission.</param>
/// <param name="Results">The outcome of each entry; a single one where it was refused whole.</param>
public sealed record Receipt(SubmittedMessage Message, IReadOnlyList<EntryResult> Results);

/// <summary>
/// Receives Submissions, however they came: stores what can be stored, keeps what was refused, and logs what became of each entry, before anything
/// is answered. Nothing that was received is left without an outcome; what a crash left unlogged is logged when it comes again, as known.
/// </summary>
/// <param name="submissions">Stores.</param>
/// <param name="refused">Keeps what is refused.</param>
/// <param name="journal">The access log.</param>
public sealed class Reception(SubmissionStore submissions, RefusedStore refused, Journal journal)
{
    /// <summary>Receives several at once; the receipts are in their order.</summary>
    /// <exception cref="StorageUnavailableException">What was refused could not be kept, or the log not be written: nothing may be answered. Receiving them again is harmless.</exception>
    /// <exception cref="OperationCanceledException">The caller left, or time ran out; what was stored by then stays stored.</exception>
    public async Task<IReadOnlyList<Receipt>> ReceiveAsync(IReadOnlyList<SubmittedMessage> messages, CancellationToken cancellationToken)
    {
        var receipts = await StoreAsync(messages, cancellationToken);
        await refused.KeepAsync(receipts, cancellationToken);
        await journal.AppendAsync([.. receipts.SelectMany(SubmissionEvents.Of)], cancellationToken);
        return receipts;
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

    private static Issue Fault { get; } = Issue.Error("exception", null, "A fault of the service. The event is kept, and the operator replays it when the fault is mended.");

    private static Receipt Refuse(SubmittedMessage message) => new(message, [new(EntryOutcome.Refused, null, 0, default, [message.Refusal!])]);

    private static List<EntryResult> Merge(SubmittedMessage message, EntryResult[] stored)
    {
        var next = 0;
        return [.. message.Entries.Select(e => e.Result ?? stored[next++])];
    }
}
