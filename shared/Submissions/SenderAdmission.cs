using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Submissions;

/// <summary>What a Sender may store, as the decision on an entry needs it asked.</summary>
public static class SenderAdmission
{
    /// <summary>What a Participant may store.</summary>
    /// <param name="sender">The Participant.</param>
    /// <param name="list">All of them.</param>
    /// <param name="time">The clock.</param>
    public static Admit For(Participant sender, ParticipantList list, TimeProvider time) => (responsibility, heads) =>
    {
        var verdict = SubmissionDecision.Decide(
            sender, responsibility.Performers, responsibility.Municipality == default ? null : responsibility.Municipality, PatientHead.SettingsOf(heads ?? []), list, time.GetUtcNow());
        return new(verdict.Controller, verdict.Refusal is { } refusal ? Issue.Error(refusal.IssueCode, null, refusal.Advice) : null, verdict.Refusal?.Word ?? "");
    };

    /// <summary>What a Sender may store that sent before, and is asked for again by the operator; null, with the refusal, where it may no longer send.</summary>
    /// <param name="sender">The Sender; open mode's is always there.</param>
    /// <param name="list">The Participants.</param>
    /// <param name="time">The clock.</param>
    public static (Admit? Admit, Refusal? Refusal) Of(SenderId sender, ParticipantList list, TimeProvider time)
    {
        var all = sender == SenderId.Development && list.Participants.All(p => p.Id != sender) ? Development.Participants : list;
        var (participant, refusal) = SubmissionDecision.FindSender(sender, all, time.GetUtcNow());
        return participant is null ? (null, refusal) : (For(participant, all, time), null);
    }
}
