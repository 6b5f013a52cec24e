using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;

namespace PasientensMaledata.Access.Decision;

/// <summary>An organisation whose health personnel could look up today, and why.</summary>
/// <param name="Consumer">The organisation.</param>
/// <param name="Controller">Who shares with it.</param>
/// <param name="Scope">By what kind of Agreement.</param>
/// <param name="HealthCommunity">The health community of the Agreement; empty for others.</param>
public sealed record PossibleViewer(Participant Consumer, Participant Controller, AgreementScope Scope, string HealthCommunity);

/// <summary>Which organisations could look a citizen up. Pure, and by the rules of <see cref="LookUpDecision"/>.</summary>
public static class WhoMaySee
{
    /// <summary>Lists them; none for one who takes no part.</summary>
    /// <param name="settings">The citizen's settings.</param>
    /// <param name="followUps">The citizen's FollowUps: who has measured.</param>
    /// <param name="participants">The Participants.</param>
    /// <param name="rules">What the operator chose.</param>
    /// <param name="now">The moment.</param>
    public static IReadOnlyList<PossibleViewer> List(
        PatientSettings settings, IReadOnlyList<FollowUp> followUps, ParticipantList participants, AccessRules rules, DateTimeOffset now)
    {
        if (settings.IsReserved)
        {
            return [];
        }

        var today = NorwegianDate.Of(now);
        var measured = followUps.Where(f => !rules.FollowUpRequired || f.IsOpen(now, rules.FollowUpSilence)).Select(f => f.Controller).ToHashSet();
        return
        [
            .. from consumer in participants.Participants
               where consumer.IsInForce(today)
               from agreement in participants.AgreementsFor(consumer, today)
               where measured.Contains(agreement.Controller)
               select new PossibleViewer(consumer, participants.Find(agreement.Controller)!, agreement.Scope, agreement.HealthCommunity),
        ];
    }
}
