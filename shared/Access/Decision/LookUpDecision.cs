using System.Collections.Immutable;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Decision;

/// <summary>Everything that a look-up by health personnel is decided on.</summary>
public sealed record LookUpRequest
{
    /// <summary>Who asks, by a validated token with the scope for reading.</summary>
    public required PersonnelCaller Caller { get; init; }

    /// <summary>The ground stated.</summary>
    public AccessBasis Basis { get; init; }

    /// <summary>The patient's number, where the request names one; null for a read by id and for a page.</summary>
    public NationalId? Number { get; init; }

    /// <summary>The patient's settings, those of joined keys together; <see cref="PatientSettings.None"/> where nobody has been heard of the patient.</summary>
    public PatientSettings Settings { get; init; } = PatientSettings.None;

    /// <summary>The patient's FollowUps, of joined keys together.</summary>
    public IReadOnlyList<FollowUp> FollowUps { get; init; } = [];

    /// <summary>The Participants; null where they could not be read for so long that they cannot be relied on.</summary>
    public required ParticipantList? Participants { get; init; }

    /// <summary>What HPR says of the caller.</summary>
    public Registered<HealthPerson> HealthPerson { get; init; }

    /// <summary>What Enhetsregisteret says of the units that the caller claims and that are not listed under its Participant.</summary>
    public ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>> Units { get; init; } = ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>>.Empty;

    /// <summary>HPR numbers that earlier tokens had beside the caller's PractitionerKey.</summary>
    public IReadOnlyCollection<HprNumber> PairedHprs { get; init; } = [];

    /// <summary>What the operator chose.</summary>
    public AccessRules Rules { get; init; } = AccessRules.Default;

    /// <summary>The moment.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>The answer to a <see cref="LookUpRequest"/>.</summary>
public abstract record LookUpVerdict
{
    private LookUpVerdict()
    {
    }

    /// <summary>Something may be shown.</summary>
    /// <param name="Consumer">The Participant that looks up.</param>
    /// <param name="Controllers">Whose Observations are visible. What is outside is as if absent: filtered before paging, never counted or told of.</param>
    /// <param name="Withheld">The Concepts that are withheld: filtered before paging, counted for the log alone.</param>
    /// <param name="AnnouncesRestriction">Whether the caller is told that something is restricted. It does not depend on what the search asks for, and so tells not what.</param>
    /// <param name="Opened">Whether the access basis opened what is restricted: to be logged.</param>
    /// <param name="Hpr">The caller's HPR number, by the token or its attest; null where neither has one.</param>
    public sealed record Permit(
        Participant Consumer, ControllerScope Controllers, Restriction Withheld, bool AnnouncesRestriction, bool Opened, HprNumber? Hpr) : LookUpVerdict
    {
        /// <summary>Whether an Observation of a Controller is there at all to this caller; if not, it is as if absent.</summary>
        public bool Includes(OrganisationNumber controller) => Controllers.Includes(controller);

        /// <summary>Whether an Observation may be shown.</summary>
        public bool Shows(OrganisationNumber controller, string concept) => Controllers.Includes(controller) && !Withheld.Covers(concept);
    }

    /// <summary>Nothing is shown.</summary>
    /// <param name="Refusal">Why.</param>
    public sealed record Refuse(Refusal Refusal) : LookUpVerdict;

    internal static LookUpVerdict Because(RefusalReason reason) => new Refuse(Refusal.For(reason));
}

/// <summary>Decides on look-ups by health personnel. Pure: no storage, no HTTP, no clock.</summary>
public static class LookUpDecision
{
    /// <summary>The level that a person must be signed in at (pmd-api.md 1.10, ATT-9).</summary>
    public const int RequiredLevel = 4;

    /// <summary>
    /// Decides. The order is that of Kjernejournal (pmd-api.md 2.3): person, organisation, Block, what is closed. What concerns the patient comes
    /// last, so that nobody learns of it who may not look up at all.
    /// </summary>
    public static LookUpVerdict Decide(LookUpRequest request)
    {
        var today = NorwegianDate.Of(request.Now);
        if (WhyNotCaller(request, today, out var consumer) is { } unfit)
        {
            return LookUpVerdict.Because(unfit);
        }

        // ATT-5: by what the token and the attest say of who it is. Absolute, also in emergencies (helseid.md 4.1).
        var hpr = HprOf(request.Caller);
        if (WhyBlocked(request, hpr) is { } blocked)
        {
            return LookUpVerdict.Because(blocked);
        }

        if (request.Settings.IsReserved)
        {
            return LookUpVerdict.Because(RefusalReason.Reserved);
        }

        var agreed = request.Participants!.ControllersFor(consumer!, today);
        var followed = agreed;
        if (request.Rules.FollowUpRequired)
        {
            // Only among those who share: whether another Controller follows the patient up is not told.
            var open = request.FollowUps.Where(f => agreed.Includes(f.Controller) && f.IsOpen(request.Now, request.Rules.FollowUpSilence)).Select(f => f.Controller).ToList();
            if (open.Count == 0)
            {
                return LookUpVerdict.Because(RefusalReason.NoFollowUp);
            }

            followed = ControllerScope.Of(open);
        }

        // Whether anything that is there to this caller can be closed: where no Controller who shares has ever measured, nothing is announced.
        var restriction = request.Settings.Restriction;
        var isClosed = !restriction.IsNothing && (followed.IsAll || request.FollowUps.Any(f => followed.Includes(f.Controller)));
        if (WhyNotOpen(request, isClosed) is { } wrongBasis)
        {
            return LookUpVerdict.Because(wrongBasis);
        }

        var opened = request.Basis.Opens;
        return new LookUpVerdict.Permit(consumer!, followed, opened ? Restriction.Nothing : restriction, isClosed, opened, hpr);
    }

    /// <summary>
    /// Whether the pairing of HPR numbers and PractitionerKeys must be asked before deciding: a Block by HPR number alone is in force, and the caller
    /// has none.
    /// </summary>
    public static bool NeedsPairing(PersonnelCaller caller, PatientSettings settings) =>
        HprOf(caller) is null && settings.Blocks.Any(b => b.Block!.Hpr is not null);

    /// <summary>The caller's HPR number: the token's claim, else the attest's, which HelseID fills in; null where neither has one.</summary>
    public static HprNumber? HprOf(PersonnelCaller caller) =>
        caller.Hpr ?? (caller.Attest?.Hpr is { System: HprNumber.Oid } stated && HprNumber.TryParse(stated.Id, out var number) ? number : null);

    private static RefusalReason? WhyNotCaller(LookUpRequest request, DateOnly today, out Participant? consumer)
    {
        consumer = null;
        var caller = request.Caller;
        if (request.Participants is not { } participants)
        {
            return RefusalReason.Unreachable;
        }

        if (caller.SecurityLevel < RequiredLevel)
        {
            return RefusalReason.Level;
        }

        // Rule 2: the organisation is enrolled and has a data-processor agreement.
        if (caller.Client.LegalEntity is not { } organisation)
        {
            return RefusalReason.OrganisationMissing;
        }

        consumer = participants.Find(organisation);
        if (consumer is null || !consumer.Enrolled.Holds(today))
        {
            return RefusalReason.NotEnrolled;
        }

        if (!consumer.DataProcessorAgreement.Holds(today))
        {
            return RefusalReason.ProcessorAgreement;
        }

        // HelseID does not check the unit of a client that serves several organisations (helseid.md 1.5).
        var enrolled = consumer;
        if (caller.Client.Unit is { } unit && FindUnit(unit, enrolled, request) is not RegisterAnswer.Found and var answer)
        {
            return answer == RegisterAnswer.Unreachable ? RefusalReason.Unreachable : RefusalReason.Unit;
        }

        // Whoever has a person number is not thereby health personnel (helseid.md 5).
        if (caller.Attest is { } attest)
        {
            if (AttestRules.Check(attest, request, number => FindUnit(number, enrolled, request)) is { } broken)
            {
                return broken;
            }
        }
        else if (request.Rules.AttestRequired)
        {
            return RefusalReason.AttestMissing;
        }
        else if (caller.Hpr is null)
        {
            return RefusalReason.NotPersonnel;
        }

        return AttestRules.CheckAuthorization(caller.Attest, request.HealthPerson);
    }

    // Listed under the Participant, or confirmed by Enhetsregisteret.
    private static RegisterAnswer FindUnit(OrganisationNumber number, Participant consumer, LookUpRequest request)
    {
        if (consumer.Has(number))
        {
            return RegisterAnswer.Found;
        }

        var registered = request.Units.GetValueOrDefault(number);
        return registered.Answer == RegisterAnswer.Found && registered.Value!.Parent != consumer.Organisation ? RegisterAnswer.NotFound : registered.Answer;
    }

    private static RefusalReason? WhyBlocked(LookUpRequest request, HprNumber? hpr)
    {
        var uncertain = false;
        foreach (var setting in request.Settings.Blocks)
        {
            var block = setting.Block!;
            if ((block.Key is { } key && key == request.Caller.Key) || (block.Hpr is { } blocked && (blocked == hpr || request.PairedHprs.Contains(blocked))))
            {
                return RefusalReason.Blocked;
            }

            uncertain |= block.Hpr is not null && hpr is null && request.PairedHprs.Count == 0;
        }

        return uncertain ? RefusalReason.BlockUncertain : null;
    }

    // Rule 5. Consent opens; an emergency opens with the purpose that signals an override, BTG (ATT-41).
    private static RefusalReason? WhyNotOpen(LookUpRequest request, bool isClosed)
    {
        if (!request.Basis.Opens)
        {
            return null;
        }

        if (request.Caller.Attest is not { } attest)
        {
            return RefusalReason.AttestMissing;
        }

        if (request.Basis == AccessBasis.OpeningEmergency && attest.PurposeOfUse?.Code != AttestRules.BreakGlass)
        {
            return RefusalReason.BasisPurpose;
        }

        return isClosed ? null : RefusalReason.BasisOpensNothing;
    }
}
