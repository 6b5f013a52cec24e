using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Privacy;

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

    internal static LookUpVerdict.Permit Permit(LookUpRequest request) => Assert.IsType<LookUpVerdict.Permit>(LookUpDecision.Decide(request));

    internal static void AssertRefused(RefusalReason reason, LookUpRequest request) =>
        Assert.Equal(reason, Assert.IsType<LookUpVerdict.Refuse>(LookUpDecision.Decide(request)).Refusal.Reason);

    internal static PersonnelCaller WithPurpose(string purpose) =>
        World.Caller with { Attest = World.Attest with { PurposeOfUse = new(purpose, AttestRules.PurposeSystem, "") } };
}
