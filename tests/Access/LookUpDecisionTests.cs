using System.Collections.Immutable;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Look-ups by health personnel: each rule of the decision.</summary>
public sealed class LookUpDecisionTests
{
    [Fact]
    public void With_everything_in_order_those_who_share_are_seen_and_no_others()
    {
        var permit = Permit(World.Request);
        Assert.True(permit.Shows(World.Bergen, "bp"));
        Assert.True(permit.Shows(World.Voss, "bp"));
        Assert.False(permit.Shows(World.Stranger, "bp"));
        Assert.False(permit.AnnouncesRestriction);
        Assert.False(permit.Opened);
        Assert.Equal(World.DoctorHpr, permit.Hpr);
        Assert.Equal(World.Hospital, permit.Consumer.Organisation);
    }

    [Fact]
    public void Open_modes_caller_sees_everything_by_the_same_decision()
    {
        var now = World.Now;
        var request = new LookUpRequest { Caller = Development.Personnel(World.Secret, AccessBasis.None, now), Participants = Development.Participants, Now = now };
        var permit = Permit(request);
        Assert.True(permit.Controllers.IsAll);
        Assert.True(permit.Controllers.Includes(ReadOnlySpan<byte>.Empty));

        var restricted = request with { Settings = World.Settings(World.Restrict(Restriction.Everything)) };
        Assert.True(Permit(restricted).AnnouncesRestriction);
        Assert.False(Permit(restricted).Shows(World.Bergen, "bp"));
        Assert.True(Permit(restricted with { Basis = AccessBasis.OpeningEmergency, Caller = Development.Personnel(World.Secret, AccessBasis.OpeningEmergency, now) }).Shows(World.Bergen, "bp"));
    }

    [Fact]
    public void A_block_by_HPR_number_or_by_key_refuses_in_an_emergency_too()
    {
        var emergency = World.Request with { Basis = AccessBasis.OpeningEmergency, Caller = WithPurpose("BTG") };
        AssertRefused(RefusalReason.Blocked, emergency with { Settings = World.Settings(World.BlockByHpr(World.DoctorHpr)) });
        AssertRefused(RefusalReason.Blocked, emergency with { Settings = World.Settings(World.BlockByKey(World.DoctorKey)) });
        AssertRefused(RefusalReason.Blocked, World.Request with { Settings = World.Settings(World.BlockByKey(World.DoctorKey)), Caller = World.Caller with { Hpr = null } });
    }

    [Fact]
    public void The_level_is_four_and_no_less()
    {
        AssertRefused(RefusalReason.Level, World.Request with { Caller = World.Caller with { SecurityLevel = 3 } });
        AssertRefused(RefusalReason.Level, World.Request with { Caller = World.Caller with { SecurityLevel = 0 } });
    }

    [Fact]
    public void The_organisation_is_an_enrolled_participant_with_a_data_processor_agreement()
    {
        AssertRefused(RefusalReason.OrganisationMissing, World.Request with { Caller = World.Caller with { Client = World.Caller.Client with { LegalEntity = null } } });
        AssertRefused(RefusalReason.NotEnrolled, World.Request with { Participants = ParticipantList.Empty });
        AssertRefused(RefusalReason.Unreachable, World.Request with { Participants = null });

        // A unit is no participant: the token's legal entity is.
        AssertRefused(RefusalReason.NotEnrolled, World.Request with { Caller = World.Caller with { Client = World.Caller.Client with { LegalEntity = World.Ward } } });
        AssertRefused(RefusalReason.NotEnrolled, World.Request with { Participants = With(p => p with { Enrolled = Yesterday }) });
        AssertRefused(RefusalReason.ProcessorAgreement, World.Request with { Participants = With(p => p with { DataProcessorAgreement = Yesterday }) });
        AssertRefused(RefusalReason.ProcessorAgreement, World.Request with { Participants = With(p => p with { DataProcessorAgreement = default }) });
    }

    // Listed or not, what Enhetsregisteret says of the unit and its parent, and what comes of it.
    public static TheoryData<bool, RegisterAnswer, bool, RefusalReason?> Units => new()
    {
        { true, RegisterAnswer.NotFound, false, null },
        { false, RegisterAnswer.NoSource, false, RefusalReason.Unit },
        { false, RegisterAnswer.NotFound, false, RefusalReason.Unit },
        { false, RegisterAnswer.Unreachable, false, RefusalReason.Unreachable },
        { false, RegisterAnswer.Found, false, RefusalReason.Unit },
        { false, RegisterAnswer.Found, true, null },
    };

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_is_listed_or_confirmed_by_the_register_as_the_organisations(bool listed, RegisterAnswer answer, bool ofHospital, RefusalReason? reason)
    {
        var registered = answer == RegisterAnswer.Found ? Registered.Found(new RegisteredOrganisation(ofHospital ? World.Hospital : World.Bergen)) : new(answer, null);
        var request = World.Request with
        {
            Participants = With(p => listed ? p : p with { Units = [] }),
            Units = ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>>.Empty.Add(World.Ward, registered),
        };
        Assert.Equal(reason, Reason(request));

        // The same of a unit that the attest alone names.
        var attested = request with { Caller = World.Caller with { Client = World.Caller.Client with { Unit = null } } };
        Assert.Equal(reason == RefusalReason.Unit ? RefusalReason.AttestPointOfCare : reason, Reason(attested));
    }

    [Fact]
    public void Where_the_attest_is_optional_an_HPR_number_does_and_nothing_closed_is_opened()
    {
        var without = World.Request with { Caller = World.Caller with { Attest = null }, Rules = new() { AttestRequired = false } };
        Permit(without);
        AssertRefused(RefusalReason.NotPersonnel, without with { Caller = without.Caller with { Hpr = null } });
        AssertRefused(RefusalReason.AttestMissing, without with { Rules = AccessRules.Default });
        Assert.True(new AccessRules().AttestRequired);
        AssertRefused(RefusalReason.AttestMissing, without with { Basis = AccessBasis.OpeningConsent, Settings = World.Settings(World.Restrict(Restriction.Everything)) });

        // An attest that is there is held to the rules all the same.
        var wrong = World.Caller with { Attest = World.Attest with { PurposeOfUse = null } };
        AssertRefused(RefusalReason.AttestIncomplete, without with { Caller = wrong });
    }

    // Basis, purpose, whether something is closed: refused, or whether what is closed is shown.
    public static TheoryData<string, string, bool, RefusalReason?, bool> Bases => new()
    {
        { "", "TREAT", true, null, false },
        { "UNNTAK", "TREAT", true, null, false },
        { "SAMTYKKE", "TREAT", true, null, false },
        { "AKUTT", "BTG", true, null, false },
        { "FORHOYET_SAMTYKKE", "TREAT", true, null, true },
        { "FORHOYET_SAMTYKKE", "BTG", true, null, true },
        { "FORHOYET_AKUTT", "BTG", true, null, true },
        { "FORHOYET_AKUTT", "TREAT", true, RefusalReason.BasisPurpose, false },
        { "FORHOYET_AKUTT", "ETREAT", true, RefusalReason.BasisPurpose, false },
        { "FORHOYET_SAMTYKKE", "TREAT", false, RefusalReason.BasisOpensNothing, false },
        { "FORHOYET_AKUTT", "BTG", false, RefusalReason.BasisOpensNothing, false },
        { "SAMTYKKE", "TREAT", false, null, false },
    };

    [Theory]
    [MemberData(nameof(Bases))]
    public void What_is_closed_is_opened_by_a_basis_that_opens_and_by_no_other(string code, string purpose, bool isClosed, RefusalReason? reason, bool isShown)
    {
        Assert.True(AccessBasis.TryRead(code.Length == 0 ? [] : [code], out var basis));
        var request = World.Request with
        {
            Caller = WithPurpose(purpose),
            Basis = basis,
            Settings = isClosed ? World.Settings(World.Restrict(Restriction.Of(["bp"]))) : PatientSettings.None,
        };
        Assert.Equal(reason, Reason(request));
        if (reason is null)
        {
            var permit = Permit(request);
            Assert.Equal(isClosed, permit.AnnouncesRestriction);
            Assert.Equal(!isClosed || isShown, permit.Shows(World.Bergen, "bp"));
            Assert.True(permit.Shows(World.Bergen, "pulse"));
            Assert.Equal(isShown, permit.Opened);
            Assert.True(permit.Includes(World.Bergen));
        }
    }

    [Fact]
    public void Nothing_is_closed_to_one_with_whom_nobody_shares_who_has_measured()
    {
        var settings = World.Settings(World.Restrict(Restriction.Everything));
        var others = World.Request with { Settings = settings, FollowUps = [World.FollowUps[0] with { Controller = World.Stranger }] };
        Assert.False(Permit(others).AnnouncesRestriction);
        AssertRefused(RefusalReason.BasisOpensNothing, others with { Basis = AccessBasis.OpeningConsent });

        // A follow-up that is over is one all the same: what was measured is still there.
        Assert.True(Permit(others with { FollowUps = [World.FollowUps[0] with { ClosedAt = World.Now.UtcDateTime }] }).AnnouncesRestriction);
    }

    [Fact]
    public void A_block_by_HPR_number_and_a_caller_of_whom_none_is_known_is_refused_in_the_same_words_as_a_block()
    {
        var caller = World.Caller with { Hpr = null, Attest = World.Attest with { Hpr = null } };
        var other = World.Settings(World.BlockByHpr(World.Hpr("1234567")));
        var request = World.Request with { Caller = caller, Settings = other };
        AssertRefused(RefusalReason.BlockUncertain, request);
        Assert.True(LookUpDecision.NeedsPairing(caller, other));
        AssertRefused(RefusalReason.BlockUncertain, request with { Settings = World.Settings(World.BlockByHpr(World.Hpr("1234567")), World.BlockByHpr(World.Hpr("1234568"))) });
        var (uncertain, blocked) = (Refusal.For(RefusalReason.BlockUncertain), Refusal.For(RefusalReason.Blocked));
        Assert.Equal((blocked.Status, blocked.IssueCode, blocked.Advice), (uncertain.Status, uncertain.IssueCode, uncertain.Advice));

        // With a pairing it can be told.
        Permit(request with { PairedHprs = [World.DoctorHpr] });
        AssertRefused(RefusalReason.Blocked, request with { PairedHprs = [World.DoctorHpr, World.Hpr("1234567")] });

        // Where it need not be told, nobody asks.
        Assert.True(LookUpDecision.NeedsPairing(caller, World.Settings(World.BlockByHpr(World.Hpr("1234567")), World.BlockByKey(World.DoctorKey))));
        Assert.False(LookUpDecision.NeedsPairing(World.Caller, other));
        Assert.False(LookUpDecision.NeedsPairing(caller, World.Settings(World.BlockByKey(World.DoctorKey))));
        Assert.False(LookUpDecision.NeedsPairing(World.Caller with { Hpr = null }, other));
        Permit(World.Request with { Settings = other });
        Permit(request with { Settings = World.Settings(World.BlockByHpr(World.DoctorHpr, active: false)) });
    }

    [Fact]
    public void Somebody_elses_block_shuts_nobody_else_out() =>
        Permit(World.Request with { Settings = World.Settings(World.BlockByKey(PractitionerKey.Of(World.Child, World.Secret)), World.BlockByHpr(World.Hpr("1234567"))) });

    [Fact]
    public void Who_has_opted_out_is_not_shown_and_a_block_is_told_before_that()
    {
        AssertRefused(RefusalReason.Reserved, World.Request with { Settings = World.Settings(World.Reserve()) });
        AssertRefused(RefusalReason.Blocked, World.Request with { Settings = World.Settings(World.Reserve(), World.BlockByHpr(World.DoctorHpr)) });
        AssertRefused(RefusalReason.AttestMissing, World.Request with { Settings = World.Settings(World.Reserve()), Caller = World.Caller with { Attest = null } });
    }

    [Fact]
    public void Where_it_is_demanded_only_those_who_follow_the_patient_up_now_are_seen()
    {
        var demanded = World.Request with { Rules = new() { FollowUpRequired = true, FollowUpSilence = TimeSpan.FromDays(30) } };
        Assert.True(Permit(demanded).Shows(World.Voss, "bp"));

        var bergenOnly = demanded with { FollowUps = [World.FollowUps[0], World.FollowUps[1] with { ClosedAt = World.Now.UtcDateTime }] };
        Assert.True(Permit(bergenOnly).Shows(World.Bergen, "bp"));
        Assert.False(Permit(bergenOnly).Shows(World.Voss, "bp"));
        AssertRefused(RefusalReason.NoFollowUp, demanded with { FollowUps = [] });
        AssertRefused(RefusalReason.NoFollowUp, demanded with { FollowUps = [World.FollowUps[0] with { Controller = World.Stranger }] });
        AssertRefused(RefusalReason.NoFollowUp, demanded with { FollowUps = [World.FollowUps[0] with { Last = World.Now.UtcDateTime.AddDays(-30).AddTicks(-1) }] });
        Permit(demanded with { FollowUps = [World.FollowUps[0] with { Last = World.Now.UtcDateTime.AddDays(-30) }] });
        Permit(demanded with { FollowUps = [World.FollowUps[0] with { Last = default }], Rules = new() { FollowUpRequired = true } });
    }

    [Fact]
    public void Agreements_are_with_an_organisation_a_health_community_or_all_and_hold_on_their_days()
    {
        Assert.True(Sees(new(World.Bergen, AgreementScope.Organisation, World.Hospital, "", World.ThisYear)));
        Assert.False(Sees(new(World.Bergen, AgreementScope.Organisation, World.Voss, "", World.ThisYear)));
        Assert.True(Sees(new(World.Bergen, AgreementScope.HealthCommunity, null, "bergen", World.ThisYear)));
        Assert.False(Sees(new(World.Bergen, AgreementScope.HealthCommunity, null, "førde", World.ThisYear)));
        Assert.False(Sees(new(World.Bergen, AgreementScope.HealthCommunity, null, "", World.ThisYear), p => p with { HealthCommunity = "" }));
        Assert.True(Sees(new(World.Bergen, AgreementScope.National, null, "", World.ThisYear)));
        Assert.False(Sees(new(World.Bergen, AgreementScope.National, null, "", Yesterday)));
        Assert.False(Sees(new(World.Bergen, AgreementScope.National, null, "", new(new(2026, 11, 21), null))));
        Assert.True(Sees(new(World.Bergen, AgreementScope.National, null, "", new(new(2026, 11, 20), new(2026, 11, 20)))));
        Assert.False(Sees(new(World.Bergen, (AgreementScope)9, null, "", World.ThisYear)));

        // The Controller itself must be one, enrolled and in force.
        Assert.False(Sees(new(World.Hospital, AgreementScope.National, null, "", World.ThisYear), null, World.Hospital));
        Assert.False(Sees(new(World.Stranger, AgreementScope.National, null, "", World.ThisYear), null, World.Stranger));
    }

    private static bool Sees(Agreement agreement, Func<Participant, Participant>? change = null, OrganisationNumber? controller = null) =>
        Permit(World.Request with { Participants = new(1, With(change ?? (p => p)).Participants, [agreement]) }).Shows(controller ?? World.Bergen, "bp");

    private static DatePeriod Yesterday { get; } = new(new(2026, 1, 1), new(2026, 11, 19));

    // The hospital, changed.
    private static ParticipantList With(Func<Participant, Participant> change) => new(1, World.Participants.SetItem(0, change(World.Participants[0])), World.Agreements);

    private static RefusalReason? Reason(LookUpRequest request) => LookUpDecision.Decide(request) is LookUpVerdict.Refuse refused ? refused.Refusal.Reason : null;

    internal static LookUpVerdict.Permit Permit(LookUpRequest request) => Assert.IsType<LookUpVerdict.Permit>(LookUpDecision.Decide(request));

    internal static void AssertRefused(RefusalReason reason, LookUpRequest request) =>
        Assert.Equal(reason, Assert.IsType<LookUpVerdict.Refuse>(LookUpDecision.Decide(request)).Refusal.Reason);

    internal static PersonnelCaller WithPurpose(string purpose) =>
        World.Caller with { Attest = World.Attest with { PurposeOfUse = new(purpose, AttestRules.PurposeSystem, "") } };
}
