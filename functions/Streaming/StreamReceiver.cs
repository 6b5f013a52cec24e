using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions.Streaming;

/// <summary>What the host is told of a batch.</summary>
/// <param name="Status">2xx: the batch is done with, and the checkpoint may move on. Else the host tries it again.</param>
/// <param name="Log">What became of it, in words that name nobody.</param>
public sealed record BatchAnswer(int Status, string Log);

/// <summary>
/// Receives batches of events. A batch is done with when every event in it is stored, known, ignored, or refused and kept; anything else is tried
/// again by the host, and is then a no-op where it had been stored.
/// </summary>
/// <param name="reception">Receives.</param>
/// <param name="options">How.</param>
/// <param name="identify">Whose an event is, by what is attested of it; null where nothing is.</param>
/// <param name="time">The clock.</param>
public sealed class StreamReceiver(Reception reception, StreamOptions options, Func<string?, StreamSender> identify, TimeProvider time)
{
    // Bytes of bodies that are worked on at once; what follows waits, so that memory is bounded whatever is compressed in a batch.
    private const int MaxSliceBytes = 16_777_216;

    // Of a batch that stopped near the time limit: how far it had come, by the host's invocation id, so that the retry goes on from there.
    private const int MaxUnfinished = 64;
    private readonly Dictionary<string, int> unfinished = new(StringComparer.Ordinal);

    /// <summary>Receives a batch.</summary>
    /// <param name="batch">The events.</param>
    /// <param name="invocation">The host's id of the invocation, the same when it is tried again; empty where there is none.</param>
    /// <param name="cancellationToken">The host left.</param>
    public async Task<BatchAnswer> ReceiveAsync(EventBatch batch, string invocation, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.TimeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var tally = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var done = batch.Retry == 0 ? 0 : Done(invocation);
        try
        {
            while (done < batch.Events.Count)
            {
                either.Token.ThrowIfCancellationRequested();
                var isReceived = await ReceiveSliceAsync(batch, done, tally, either.Token);
                if (isReceived is not { } upTo)
                {
                    return Again(limit.IsCancellationRequested ? "the time is up" : "storage stayed away from some of it");
                }

                done = upTo;
                Remember(invocation, done, batch.Events.Count);
            }

            return new(StatusCodes.Status200OK, $"{batch.Events.Count} events: {Words(tally)}.");
        }
        catch (StorageUnavailableException)
        {
            return Again("storage is away");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Again("the time is up");
        }

        BatchAnswer Again(string reason) =>
            new(StatusCodes.Status503ServiceUnavailable, $"{batch.Events.Count} events: {reason}; {done} are done with ({Words(tally)}), and the batch is to be tried again.");
    }

    // The number of the event after the slice; null where not all of it is done with.
    private async Task<int?> ReceiveSliceAsync(EventBatch batch, int from, SortedDictionary<string, int> tally, CancellationToken cancellationToken)
    {
        var messages = new List<SubmittedMessage>();
        try
        {
            var received = time.GetUtcNow().UtcDateTime;
            var upTo = from;
            for (var bytes = 0; upTo < batch.Events.Count && bytes < MaxSliceBytes; upTo++)
            {
                var message = SubmittedMessage.Read(EnvelopeOf(batch, batch.Events[upTo], received), batch.Events[upTo].Body);
                messages.Add(message);
                bytes += Math.Max(message.Body.Length, message.Plain.Length);
            }

            var isDone = true;
            foreach (var result in (await reception.ReceiveAsync(messages, cancellationToken)).SelectMany(r => r.Results))
            {
                var word = BundleWriter.WordFor(result.Outcome);
                tally[word] = tally.GetValueOrDefault(word) + 1;
                isDone &= result.Outcome != EntryOutcome.Unavailable;
            }

            return isDone ? upTo : null;
        }
        finally
        {
            messages.ForEach(m => m.Dispose());
        }
    }

    private Envelope EnvelopeOf(EventBatch batch, StreamEvent one, DateTime received)
    {
        var origin = new StreamOrigin(batch.Hub, batch.Partition, one.SequenceNumber, one.Enqueued);
        var sender = SenderOf(batch.Hub, one.Publisher);
        var id = SubmissionId.Of(origin);
        var logged = new AccessEvent
        {
            Id = Guid.NewGuid(),
            CorrelationId = id.ToString(),
            Time = new(received.Ticks - (received.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = AccessAction.Submit,
            Outcome = sender.Refusal is null ? AccessOutcome.Permitted : AccessOutcome.Refused,
            Reason = sender.Refusal?.Reason ?? "",
            Client = sender.Client,
        };
        return new(id, sender.Id, origin, received, new(MessageKind.Either, IsGzip: one.IsGzip), sender.Admit, logged, sender.Refusal);
    }

    // In a hub that belongs to one Sender, another's publisher endpoint is a mistake of the operator's, not a licence.
    private StreamSender SenderOf(string hub, string? publisher)
    {
        if (!options.HubSenders.TryGetValue(hub, out var owner))
        {
            return identify(publisher);
        }

        var sender = identify(owner.ToString());
        return publisher is null || publisher == owner.ToString() ? sender : StreamSender.Unknown;
    }

    private int Done(string invocation)
    {
        lock (unfinished)
        {
            return unfinished.GetValueOrDefault(invocation);
        }
    }

    private void Remember(string invocation, int done, int of)
    {
        lock (unfinished)
        {
            unfinished.Remove(invocation);
            if (done < of && invocation.Length > 0)
            {
                if (unfinished.Count == MaxUnfinished)
                {
                    // Forgetting costs time alone: the retry then begins at the first event.
                    unfinished.Clear();
                }

                unfinished[invocation] = done;
            }
        }
    }

    private static string Words(SortedDictionary<string, int> tally) =>
        tally.Count == 0 ? "nothing yet" : string.Join(", ", tally.Select(t => $"{t.Value} {t.Key}"));
}
