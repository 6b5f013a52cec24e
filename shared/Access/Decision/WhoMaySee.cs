using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Decision;

/// <summary>An organisation whose health personnel could look up today, and why.</summary>
/// <param name="Consumer">The organisation.</param>
/// <param name="Controller">Who shares with it.</param>
/// <param name="ControllerName">Its name; its number where it is no Participant, as in open mode.</param>
/// <param name="Scope">By what kind of Agreement.</param>
/// <param name="Follows">Whether the Controller follows the citizen up now; else it has done so.</param>
public sealed record PossibleViewer(Participant Consumer, OrganisationNumber Controller, string ControllerName, AgreementScope Scope, bool Follows);

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
        var following = followUps.Where(f => f.IsOpen(now, rules.FollowUpSilence)).Select(f => f.Controller).ToHashSet();
        var measured = rules.FollowUpRequired ? following : followUps.Select(f => f.Controller).ToHashSet();
        return
        [
            .. from consumer in participants.Participants
               where consumer.IsInForce(today)
               from agreed in Agreed(consumer, participants, measured, today)
               where measured.Contains(agreed.Controller)
               select new PossibleViewer(consumer, agreed.Controller, participants.Find(agreed.Controller)?.Name ?? agreed.Controller.Digits, agreed.Scope, following.Contains(agreed.Controller)),
        ];
    }

    // Open mode's one caller sees all, and needs no Agreement: whoever has measured shares with all.
    private static IEnumerable<(OrganisationNumber Controller, AgreementScope Scope)> Agreed(
        Participant consumer, ParticipantList participants, IReadOnlySet<OrganisationNumber> measured, DateOnly today) => consumer.IsDevelopment
        ? measured.Select(c => (c, AgreementScope.National)).OrderBy(c => c.c.Digits, StringComparer.Ordinal)
        : participants.AgreementsFor(consumer, today).Select(a => (a.Controller, a.Scope));
}
