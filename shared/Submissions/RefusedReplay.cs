using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Submissions;

/// <summary>How the replay of refused Submissions went, in entries.</summary>
/// <param name="Stored">Stored, known or ignored: no longer among the refused.</param>
/// <param name="Refused">Refused again, and kept as they are refused now.</param>
/// <param name="Left">Left as they were: nothing is kept of their content, their Sender may not send, storage stayed away, or another replay was first.</param>
public readonly record struct ReplayTally(int Stored, int Refused, int Left)
{
    /// <summary>Both together.</summary>
    public static ReplayTally operator +(ReplayTally a, ReplayTally b) => new(a.Stored + b.Stored, a.Refused + b.Refused, a.Left + b.Left);
}

/// <summary>
/// Receives again what was refused, the same way in as the first time, and takes from the refused what is now stored. Done twice, or stopped half
/// way and done again, it changes nothing more: what was stored is known.
/// </summary>
/// <param name="refused">What was refused.</param>
/// <param name="reception">Receives.</param>
/// <param name="ring">The key of hashes.</param>
/// <param name="sender">What a Sender may store now; null where it may not send.</param>
/// <param name="time">The clock.</param>
public sealed class RefusedReplay(RefusedStore refused, Reception reception, KeyRing ring, Func<SenderId, Admit?> sender, TimeProvider time)
{
    /// <summary>Replays those of a blob that are chosen.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="isChosen">Which of its Submissions.</param>
    /// <param name="cancellationToken">Ends the wait between Submissions.</param>
    public async Task<ReplayTally> ReplayAsync(RefusedBlob blob, Func<RefusedSubmission, bool> isChosen, CancellationToken cancellationToken)
    {
        var tally = default(ReplayTally);
        var left = new List<RefusedSubmission>();
        foreach (var one in blob.Submissions)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!isChosen(one))
            {
                left.Add(one);
                continue;
            }

            var (its, remaining) = await ReplayAsync(one, cancellationToken);
            tally += its;
            if (remaining is not null)
            {
                left.Add(remaining);
            }
        }

        if (left.SequenceEqual(blob.Submissions))
        {
            return tally;
        }

        // Another replay may have been first. Then what it left counts; what was stored here is stored all the same, and is known to the next.
        return await refused.ReplaceAsync(blob, left, cancellationToken) ? tally : new(0, 0, tally.Stored + tally.Refused + tally.Left);
    }

    private async Task<(ReplayTally Tally, RefusedSubmission? Left)> ReplayAsync(RefusedSubmission one, CancellationToken cancellationToken)
    {
        var bare = one.Entries.Where(e => !e.IsKept).ToList();
        var kept = one.Entries.Where(e => e.IsKept).ToList();
        if (one.Body is null || one.SenderId is not { } id || sender(id) is not { } admit)
        {
            return (new(0, 0, one.Entries.Count), one);
        }

        var now = time.GetUtcNow().UtcDateTime;
        var logged = new AccessEvent
        {
            Id = Guid.NewGuid(),
            CorrelationId = one.Id,
            Time = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = AccessAction.Submit,
            Outcome = AccessOutcome.Permitted,
        };
        using var message = SubmittedMessage.Read(new(one.SubmissionId, id, one.Origin, now, one.Manner, admit, logged), one.Body);
        var receipt = await reception.ReplayAsync(message, cancellationToken);
        if (receipt.Results.Any(r => r.Outcome == EntryOutcome.Unavailable))
        {
            return (new(0, 0, one.Entries.Count), one);
        }

        var again = RefusedSubmission.Of(receipt, ring.Current.Refused);
        var stored = receipt.Results.Count(r => !r.IsRefused);
        if (again is null && bare.Count == 0)
        {
            return (new(stored, 0, 0), null);
        }

        // Entries that stood in a Bundle have their places in it; a message that was refused whole had none yet.
        var entries = (again?.Entries ?? []).Select(e => e.Index is { } at && kept[0].Index is not null ? e with { Index = kept[at].Index } : e);
        return (new(stored, again?.Entries.Count ?? 0, bare.Count), one with
        {
            Manner = again?.Manner ?? one.Manner,
            Body = again?.Body,
            Entries = [.. bare, .. entries],
            Others = one.Others.Concat(RefusedSubmission.OthersOf(receipt)).GroupBy(o => o.Key).ToDictionary(g => g.Key, g => g.Sum(o => o.Value)),
        });
    }
}
