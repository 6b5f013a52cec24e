using System.Collections.Immutable;
using CsCheck;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Random look-ups around <see cref="World"/>: about half of them permitted, the others refused for every kind of reason.</summary>
internal static class Worlds
{
    public static readonly OrganisationNumber[] Controllers = [World.Bergen, World.Voss, World.Stranger];
    public static readonly string[] Concepts = ["bp", "pulse", "x3"];
    public static readonly HprNumber[] Hprs = [World.DoctorHpr, World.Hpr("1234567")];
    public static readonly PractitionerKey[] Keys = [World.DoctorKey, PractitionerKey.Of(World.Child, World.Secret)];

    public static readonly Gen<AccessBasis> Basis = Gen.OneOf([AccessBasis.None, .. AccessBasis.All]);

    public static readonly Gen<Restriction> Restrictions =
        Gen.OneOf(Gen.Const(Restriction.Everything), Gen.Bool.Array[3].Select(chosen => Restriction.Of(Concepts.Where((_, i) => chosen[i]))));

    private static readonly Gen<DateTime> Times = Gen.Int[0, 4].Select(day => World.Now.UtcDateTime.AddDays(-day));

    public static readonly Gen<PrivacySetting> Settings = Gen.OneOf(
        Gen.Select(Gen.OneOf(Hprs), Times, Gen.Bool, (hpr, time, active) => World.BlockByHpr(hpr, time, active)),
        Gen.Select(Gen.OneOf(Keys), Times, Gen.Bool, (key, time, active) => World.BlockByKey(key, time, active)),
        Gen.Select(Restrictions, Times, Gen.Bool, (closed, time, active) => World.Restrict(closed, time, active)),
        Gen.Select(Times, Gen.Int[0, 4], (time, dice) => World.Reserve(time, active: dice == 0)));

    private static readonly Gen<Agreement> Agreement = Gen.Select(
        Gen.OneOf(World.Bergen, World.Voss),
        Gen.Enum<AgreementScope>(),
        Gen.OneOf(World.Hospital, World.Bergen),
        Gen.OneOf("bergen", "førde"),
        Gen.OneOf(World.ThisYear, new(new(2026, 1, 1), new(2026, 11, 19)), new(new(2026, 11, 20), null), new(new(2026, 11, 21), null)),
        (controller, scope, consumer, community, period) =>
            new Agreement(controller, scope, scope == AgreementScope.Organisation ? consumer : null, scope == AgreementScope.HealthCommunity ? community : "", period));

    public static readonly Gen<ImmutableArray<Agreement>> Agreements = Agreement.Array[0, 4].Select(a => a.ToImmutableArray());

    public static readonly Gen<FollowUp[]> FollowUps = Gen.Select(
        Gen.OneOf(Controllers), Gen.Int[0, 60], Gen.Bool,
        (controller, silent, closed) => new FollowUp(controller, World.Now.UtcDateTime.AddDays(-90), World.Now.UtcDateTime.AddDays(-silent), closed ? World.Now.UtcDateTime.AddDays(-silent) : null)).Array[0, 4];

    public static readonly Gen<LookUpRequest> Requests = Gen.Select(
        Gen.Select(Gen.Int[0, 9], Gen.OneOf("TREAT", "BTG", "ETREAT"), Gen.OneOf<HprNumber?>(World.DoctorHpr, World.DoctorHpr, null)),
        Basis, Settings.Array[0, 3], Agreements, FollowUps, Gen.Select(Gen.Bool, Gen.Bool), Gen.Bool.Select(known => known ? new[] { World.DoctorHpr } : []),
        (who, basis, settings, agreements, followUps, rules, paired) =>
        {
            var (dice, purpose, hpr) = who;
            var attest = World.Attest with
            {
                PurposeOfUse = new(purpose, AttestRules.PurposeSystem, ""),
                Hpr = hpr is { } number ? new(number.Digits, HprNumber.Oid, "") : null,
            };
            return World.Request with
            {
                Caller = World.Caller with { Hpr = hpr, Attest = dice == 0 ? null : attest, SecurityLevel = dice == 1 ? 3 : 4 },
                Basis = basis,
                Settings = World.Settings(settings),
                Participants = new(1, World.Participants, agreements),
                FollowUps = followUps,
                PairedHprs = paired,
                Rules = new() { AttestRequired = rules.Item1, FollowUpRequired = rules.Item2, FollowUpSilence = TimeSpan.FromDays(30) },
            };
        });

    /// <summary>All that is shown of anything there could be.</summary>
    public static HashSet<(OrganisationNumber, string)> Shown(LookUpRequest request) =>
        LookUpDecision.Decide(request) is LookUpVerdict.Permit permit
            ? [.. from controller in Controllers from concept in Concepts where permit.Shows(controller, concept) select (controller, concept)]
            : [];
}
