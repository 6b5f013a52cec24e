using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions.Access;

/// <summary>Brings together what the decisions are made on. The decisions themselves are pure, and stand in <c>shared/Access/Decision</c>.</summary>
/// <param name="participants">The Participants now; null where they cannot be relied on.</param>
/// <param name="rules">What the operator chose.</param>
/// <param name="registers">The national registers.</param>
/// <param name="pairings">Which HPR numbers go with which PractitionerKeys.</param>
/// <param name="caps">How many patients one may ask for; null for no bound, as for the development caller.</param>
/// <param name="time">The clock.</param>
public sealed class AccessControl(
    Func<ParticipantList?> participants, AccessRules rules, IRegisters registers, PractitionerPairings pairings, LookUpCaps? caps, TimeProvider time)
{
    /// <summary>The Participants now; null where they cannot be relied on.</summary>
    public ParticipantList? Participants => participants();

    /// <summary>What the operator chose.</summary>
    public AccessRules Rules => rules;

    /// <summary>Why a look-up is refused before anything is read of the patient; null where it is not: too many patients within the hour.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="patient">Whose measurements; null for a number never seen.</param>
    /// <param name="number">The number asked for; null for a read by id, and for a page.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Refusal?> CountAsync(PersonnelCaller caller, PatientKey? patient, NationalId? number, CancellationToken cancellationToken) =>
        caps is null || (patient is null && number is null) || (await caps.CountAsync(caller, patient, number, cancellationToken)).IsWithin
            ? null
            : Refusal.For(RefusalReason.TooManyPatients);

    /// <summary>Decides on a look-up by health personnel.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="request">The request, for its access basis.</param>
    /// <param name="patient">The patient, opened.</param>
    /// <param name="number">The patient's number, where the request names it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<LookUpVerdict> DecideAsync(PersonnelCaller caller, HttpRequest request, OpenedPatient patient, NationalId? number, CancellationToken cancellationToken)
    {
        if (!CallHeaders.TryReadBasis(request, rules, out var basis))
        {
            return new LookUpVerdict.Refuse(Refusal.For(RefusalReason.BasisUnknown));
        }

        var list = participants();
        var facts = await LookUpFacts.GatherAsync(registers, caller, list, cancellationToken);
        var verdict = LookUpDecision.Decide(new()
        {
            Caller = caller,
            Basis = basis,
            Number = number,
            Settings = patient.Settings,
            FollowUps = patient.FollowUps,
            Participants = list,
            HealthPerson = facts.HealthPerson,
            Units = facts.Units,
            PairedHprs = LookUpDecision.NeedsPairing(caller, patient.Settings) ? await pairings.FindAsync(caller.Key, cancellationToken) : [],
            Rules = rules,
            Now = time.GetUtcNow(),
        });

        // Only what HelseID says of a caller who was found fit.
        if (verdict is LookUpVerdict.Permit && caller.Hpr is { } hpr)
        {
            await pairings.LearnAsync(caller.Key, hpr, cancellationToken);
        }

        return verdict;
    }

    /// <summary>Why a citizen's request is refused; null where it is permitted.</summary>
    /// <param name="caller">Who asks, and about whom.</param>
    /// <param name="changes">Whether it changes a setting.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Refusal?> WhyNotAsync(CitizenCaller caller, bool changes, CancellationToken cancellationToken) => CitizenDecision.Decide(
        caller,
        changes,
        await registers.FindAsync(caller.Subject, cancellationToken),
        caller.Relation == Relation.Self ? default : await registers.FindAsync(caller.Acting, cancellationToken),
        time.GetUtcNow());

    /// <summary>Who sends, and what they may store; or why they may not send.</summary>
    public (Participant? Sender, Admit? Admit, Refusal? Refusal) Sender(SystemCaller caller)
    {
        var list = participants();
        var (sender, refusal) = SubmissionDecision.FindSender(caller, list, time.GetUtcNow());
        return sender is null ? (null, null, refusal) : (sender, AdmitFor(sender, list!), null);
    }

    /// <summary>What a Sender may store.</summary>
    public Admit AdmitFor(Participant sender, ParticipantList list) => SenderAdmission.For(sender, list, time);
}
