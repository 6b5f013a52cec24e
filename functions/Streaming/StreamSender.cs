using PasientensMaledata.Access;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions.Streaming;

/// <summary>Whose an event is.</summary>
/// <param name="Id">The Sender; null where it cannot be told.</param>
/// <param name="Client">The Sender as the log has it; null where it cannot be told.</param>
/// <param name="Admit">Who may store what.</param>
/// <param name="Refusal">Why nothing of it is taken; null where it is.</param>
public sealed record StreamSender(SenderId? Id, LoggedClient? Client, Admit Admit, SenderRefusal? Refusal)
{
    /// <summary>Nobody who is enrolled.</summary>
    public static StreamSender Unknown { get; } = new(null, null, (_, _) => throw new InvalidOperationException("Nothing of an unknown Sender is stored."), SenderRefusal.Unknown);

    /// <summary>Finds the Sender whom Event Hubs attests.</summary>
    /// <param name="access">Who is enrolled.</param>
    /// <param name="attested">The publisher; null where the event was not sent to a publisher endpoint.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StorageUnavailableException">Who is enrolled cannot be told now.</exception>
    public static StreamSender Find(AccessControl access, string? attested, TimeProvider time)
    {
        if (!SenderId.TryParse(attested, out var id))
        {
            return Unknown;
        }

        var list = access.Participants ?? throw new StorageUnavailableException("The Participants cannot be read.");
        var (participant, refusal) = SubmissionDecision.FindSender(id, list, time.GetUtcNow());
        if (participant is not null)
        {
            return new(id, new(id.ToString(), participant.Name, participant.Organisation.Digits, "", ""), access.AdmitFor(participant, list), null);
        }

        // One who was enrolled hears of it among what was refused; of a name that nobody has, only that it came is known.
        return refusal!.Reason == RefusalReason.SenderUnknown
            ? Unknown
            : Unknown with { Id = id, Client = new(id.ToString(), "", "", "", ""), Refusal = new(Issue.Error(refusal.IssueCode, null, refusal.Advice), refusal.Word) };
    }
}
