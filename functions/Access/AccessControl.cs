using System.Collections.Immutable;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions.Access;

/// <summary>Brings together what the decisions are made on. The decisions themselves are pure, and stand in <c>shared/Access/Decision</c>.</summary>
/// <param name="participants">The Participants now; null where they cannot be relied on.</param>
/// <param name="rules">What the operator chose.</param>
/// <param name="registers">The national registers.</param>
/// <param name="time">The clock.</param>
public sealed class AccessControl(Func<ParticipantList?> participants, AccessRules rules, IRegisters registers, TimeProvider time)
{
    /// <summary>The Participants now; null where they cannot be relied on.</summary>
    public ParticipantList? Participants => participants();

    /// <summary>What the operator chose.</summary>
    public AccessRules Rules => rules;

    /// <summary>Decides on a look-up by health personnel.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="context">The request.</param>
    /// <param name="patient">The patient, opened.</param>
    /// <param name="number">The patient's number, where the request names it.</param>
    public async ValueTask<LookUpVerdict> DecideAsync(PersonnelCaller caller, HttpContext context, OpenedPatient patient, NationalId? number)
    {
        if (!AccessBasis.TryRead(CallHeaders.Basis(context.Request), out var basis))
        {
            return new LookUpVerdict.Refuse(Refusal.For(RefusalReason.BasisUnknown));
        }

        var list = participants();
        return LookUpDecision.Decide(new()
        {
            Caller = caller,
            Basis = basis,
            Number = number,
            Settings = patient.Settings,
            FollowUps = patient.FollowUps,
            Participants = list,
            HealthPerson = caller.Hpr is { } hpr ? await registers.FindAsync(hpr, context.RequestAborted) : default,
            Units = await UnitsAsync(caller, list, context.RequestAborted),
            Rules = rules,
            Now = time.GetUtcNow(),
        });
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
        return SubmissionDecision.FindSender(caller, list, time.GetUtcNow()) is { Sender: { } sender, Refusal: null }
            ? (sender, AdmitFor(sender, list!), null)
            : (null, null, SubmissionDecision.FindSender(caller, list, time.GetUtcNow()).Refusal);
    }

    /// <summary>Whose an event of the stream is, by what the event hub attests. In open mode, without that, it is the development Sender's.</summary>
    /// <exception cref="StorageUnavailableException">It cannot be told now: the batch is to come again.</exception>
    public StreamSender StreamSender(string? attested)
    {
        var list = participants() ?? throw new StorageUnavailableException("Who takes part cannot be told now.");
        var development = list.Participants.FirstOrDefault(p => p.IsDevelopment);
        if (development is not null && (attested is null || SenderId.TryParse(attested, out _)))
        {
            return new(SenderId.TryParse(attested, out var named) ? named : development.Id, AdmitFor(development, list), null);
        }

        return SenderId.TryParse(attested, out var id) && SubmissionDecision.FindSender(id, list, time.GetUtcNow()) is { Sender: { } sender }
            ? new(sender.Id, AdmitFor(sender, list), null)
            : new(null, NobodyMay, SenderRefusal.Unknown);
    }

    private static Admit NobodyMay => (_, _) => new(default, SenderRefusal.Unknown.Issue, SenderRefusal.Unknown.Reason);

    /// <summary>What a Sender may store.</summary>
    public Admit AdmitFor(Participant sender, ParticipantList list) => (responsibility, heads) =>
    {
        var verdict = SubmissionDecision.Decide(
            sender, responsibility.Performers, responsibility.Municipality == default ? null : responsibility.Municipality, PatientHead.SettingsOf(heads ?? []), list, time.GetUtcNow());
        return new(verdict.Controller, verdict.Refusal is { } refusal ? Issue.Error(refusal.IssueCode, null, refusal.Advice) : null, verdict.Refusal?.Word ?? "");
    };

    // Only what is not listed is asked for: most tokens cost no question.
    private async ValueTask<ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>>> UnitsAsync(PersonnelCaller caller, ParticipantList? list, CancellationToken cancellationToken)
    {
        var units = ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>>.Empty;
        var consumer = caller.Client.LegalEntity is { } organisation ? list?.Find(organisation) : null;
        var stated = OrganisationNumber.TryParse(caller.Attest?.PointOfCare?.Id, out var pointOfCare) ? pointOfCare : (OrganisationNumber?)null;
        foreach (var unit in new[] { caller.Client.Unit, stated })
        {
            if (unit is { } number && consumer is not null && !consumer.Has(number) && !units.ContainsKey(number))
            {
                units = units.Add(number, await registers.FindAsync(number, cancellationToken));
            }
        }

        return units;
    }
}
