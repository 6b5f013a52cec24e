using CsCheck;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;

namespace PasientensMaledata.Tests.Access;

/// <summary>Laws of the decision on look-ups, over random callers, settings, agreements and follow-ups.</summary>
public sealed class LookUpLawTests
{
    [Fact]
    public void The_random_look_ups_show_something_often_enough_and_are_refused_for_many_reasons()
    {
        var verdicts = new List<LookUpVerdict>();
        Worlds.Requests.Sample(r => { lock (verdicts) { verdicts.Add(LookUpDecision.Decide(r)); } }, iter: 2_000);
        Assert.InRange(verdicts.Count(v => v is LookUpVerdict.Permit), verdicts.Count / 8, verdicts.Count);
        Assert.True(verdicts.OfType<LookUpVerdict.Refuse>().Select(v => v.Refusal.Reason).Distinct().Count() >= 9);
    }

    [Fact]
    public void Another_block_never_shows_more() => Gen.Select(Worlds.Requests, Gen.OneOf(
        Gen.OneOf(Worlds.Hprs).Select(h => World.BlockByHpr(h, World.Now.UtcDateTime)), Gen.OneOf(Worlds.Keys).Select(k => World.BlockByKey(k, World.Now.UtcDateTime))))
        .Sample((request, block) => Worlds.Shown(request with { Settings = request.Settings.With(block) }).IsSubsetOf(Worlds.Shown(request)));

    [Fact]
    public void A_block_of_the_caller_shows_nothing_whatever_else_is_so() => Worlds.Requests.Sample(request =>
        Worlds.Shown(request with { Settings = request.Settings.With(World.BlockByKey(World.DoctorKey, World.Now.UtcDateTime)) }).Count == 0
        && Worlds.Shown(request with { Settings = request.Settings.With(World.BlockByHpr(World.DoctorHpr, World.Now.UtcDateTime)) }).Count == 0);

    [Fact]
    public void One_agreement_less_never_shows_more() => Gen.Select(Worlds.Requests, Gen.Int[0, 3]).Sample((request, which) =>
    {
        var agreements = request.Participants!.Agreements;
        return agreements.Length == 0
            || Worlds.Shown(request with { Participants = new(1, World.Participants, agreements.RemoveAt(which % agreements.Length)) }).IsSubsetOf(Worlds.Shown(request));
    });

    [Fact]
    public void Without_agreements_nothing_is_shown_and_nothing_announced() => Worlds.Requests.Sample(request =>
        LookUpDecision.Decide(request with { Participants = new(1, World.Participants, []) }) is not LookUpVerdict.Permit permit
        || (permit.Controllers.IsEmpty && !permit.AnnouncesRestriction && !permit.Opened));

    [Fact]
    public void The_order_in_which_settings_come_does_not_matter() => Gen.Select(Worlds.Requests, Worlds.Settings.Array[0, 6], Gen.Int).Sample((request, settings, seed) =>
    {
        var shuffled = settings.ToArray();
        new Random(seed).Shuffle(shuffled);
        var (one, other) = (World.Settings(settings), World.Settings(shuffled));
        Assert.Equal(one.All, other.All);
        return Worlds.Shown(request with { Settings = one }).SetEquals(Worlds.Shown(request with { Settings = other }));
    });

    [Fact]
    public void Settings_of_keys_joined_in_any_order_and_any_number_of_times_are_the_same() =>
        Gen.Select(Worlds.Settings.Array[0, 4], Worlds.Settings.Array[0, 4], Worlds.Settings.Array[0, 4]).Sample((a, b, c) =>
        {
            var (x, y, z) = (World.Settings(a), World.Settings(b), World.Settings(c));
            Assert.Equal(x.Join(y).Join(z).All, z.Join(x.Join(y.Join(x))).All);
            Assert.Equal(World.Settings([.. a, .. b, .. c]).All, x.Join(y).Join(z).All);
        });

    [Fact]
    public void More_closed_never_shows_more_to_one_who_does_not_open() => Gen.Select(Worlds.Requests, Worlds.Restrictions).Sample((request, closed) =>
    {
        var before = request with { Basis = request.Basis.Opens ? AccessBasis.Consent : request.Basis };
        var after = before with { Settings = before.Settings.With(World.Restrict(before.Settings.Restriction.Or(closed), World.Now.UtcDateTime.AddSeconds(1))) };
        return Worlds.Shown(after).IsSubsetOf(Worlds.Shown(before));
    });

    [Fact]
    public void What_is_closed_is_shown_only_by_a_basis_that_opens_and_to_one_who_has_an_attest() => Worlds.Requests.Sample(request =>
        (request.Basis.Opens && request.Caller.Attest is not null) || Worlds.Shown(request).All(s => !request.Settings.Restriction.Covers(s.Item2)));

    [Fact]
    public void One_who_takes_no_part_is_not_shown() => Worlds.Requests.Sample(request =>
        Worlds.Shown(request with { Settings = request.Settings.With(World.Reserve(World.Now.UtcDateTime.AddSeconds(1))) }).Count == 0);

    [Fact]
    public void Demanding_a_follow_up_or_an_attest_never_shows_more() => Worlds.Requests.Sample(request =>
        Worlds.Shown(request with { Rules = request.Rules with { FollowUpRequired = true } }).IsSubsetOf(Worlds.Shown(request with { Rules = request.Rules with { FollowUpRequired = false } }))
        && Worlds.Shown(request with { Rules = request.Rules with { AttestRequired = true } }).IsSubsetOf(Worlds.Shown(request with { Rules = request.Rules with { AttestRequired = false } })));

    [Fact]
    public void Ending_an_enrolment_or_a_data_processor_agreement_never_shows_more() => Gen.Select(Worlds.Requests, Gen.Int[0, World.Participants.Length - 1], Gen.Bool).Sample((request, which, enrolment) =>
    {
        var ended = new DatePeriod(new(2026, 1, 1), new(2026, 11, 19));
        var participant = World.Participants[which];
        var participants = World.Participants.SetItem(which, enrolment ? participant with { Enrolled = ended } : participant with { DataProcessorAgreement = ended });
        return Worlds.Shown(request with { Participants = new(1, participants, request.Participants!.Agreements) }).IsSubsetOf(Worlds.Shown(request));
    });

    [Fact]
    public void What_a_controller_who_does_not_share_has_measured_changes_nothing_in_the_answer() => Gen.Select(Worlds.Requests, Worlds.FollowUps).Sample((request, more) =>
    {
        var shared = request.Participants!.ControllersFor(World.Participants[0], new(2026, 11, 20));
        var with = LookUpDecision.Decide(request with { FollowUps = [.. request.FollowUps, .. more.Where(f => !shared.Includes(f.Controller))] });
        return Same(LookUpDecision.Decide(request), with);
    });

    [Fact]
    public void Without_participants_nothing_is_shown() => Worlds.Requests.Sample(request => Worlds.Shown(request with { Participants = null }).Count == 0);

    [Fact]
    public void Where_something_shared_is_closed_a_caller_who_does_not_open_is_told_and_not_what() => Gen.Select(Worlds.Requests, Worlds.Restrictions).Sample((request, other) =>
    {
        // The same announcement whichever Concepts are closed.
        if (request.Settings.Restriction.IsNothing || other.IsNothing || LookUpDecision.Decide(request) is not LookUpVerdict.Permit permit)
        {
            return true;
        }

        var changed = request with { Settings = request.Settings.With(World.Restrict(other, World.Now.UtcDateTime.AddSeconds(1))) };
        return Assert.IsType<LookUpVerdict.Permit>(LookUpDecision.Decide(changed)).AnnouncesRestriction == permit.AnnouncesRestriction;
    });

    private static bool Same(LookUpVerdict one, LookUpVerdict other) => (one, other) switch
    {
        (LookUpVerdict.Refuse a, LookUpVerdict.Refuse b) => a == b,
        (LookUpVerdict.Permit a, LookUpVerdict.Permit b) => a.AnnouncesRestriction == b.AnnouncesRestriction && a.Opened == b.Opened
            && Worlds.Controllers.All(c => Worlds.Concepts.All(x => a.Shows(c, x) == b.Shows(c, x))),
        _ => false,
    };
}
