using PasientensMaledata.Access;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>The small values that the decision is made of.</summary>
public sealed class SmallPartsTests
{
    [Fact]
    public void Both_ends_of_a_period_are_part_of_it()
    {
        var period = new DatePeriod(new(2026, 1, 2), new(2026, 1, 3));
        Assert.Equal([false, true, true, false], new[] { 1, 2, 3, 4 }.Select(day => period.Holds(new(2026, 1, day))));
        Assert.True(new DatePeriod(new(2026, 1, 2), null).Holds(new(9999, 12, 31)));
        Assert.True(DatePeriod.Always.Holds(DateOnly.MinValue));
        Assert.False(default(DatePeriod).Holds(DateOnly.MinValue));
        Assert.Throws<ArgumentException>(() => new DatePeriod(new(2026, 1, 2), new(2026, 1, 1)));
        Assert.True(new DatePeriod(new(2026, 1, 2), new(2026, 1, 2)).Holds(new(2026, 1, 2)));
    }

    [Fact]
    public void Days_are_Norwegian_ones()
    {
        Assert.Equal(new(2026, 7, 1), NorwegianDate.Of(new(2026, 6, 30, 22, 0, 0, TimeSpan.Zero)));
        Assert.Equal(new(2026, 6, 30), NorwegianDate.Of(new(2026, 6, 30, 21, 59, 59, TimeSpan.Zero)));
        Assert.Equal(new(2027, 1, 1), NorwegianDate.Of(new(2026, 12, 31, 23, 0, 0, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData("2000-02-29", "2016-02-28", 15)]
    [InlineData("2000-02-29", "2016-02-29", 16)]
    [InlineData("2000-02-29", "2015-02-28", 14)]
    [InlineData("2000-02-29", "2015-03-01", 15)]
    [InlineData("2000-05-10", "2016-05-09", 15)]
    [InlineData("2000-05-10", "2016-05-10", 16)]
    [InlineData("2000-05-10", "2016-04-30", 15)]
    [InlineData("2000-05-10", "2016-06-01", 16)]
    public void A_year_is_full_on_the_birthday(string born, string on, int age) => Assert.Equal(age, NorwegianDate.Age(DateOnly.Parse(born, null), DateOnly.Parse(on, null)));

    [Fact]
    public void A_scope_of_Controllers_knows_them_by_number_and_by_the_bytes_in_a_row()
    {
        var scope = ControllerScope.Of([World.Bergen]);
        Assert.True(scope.Includes(World.Bergen) && scope.Includes("312232324"u8));
        Assert.False(scope.Includes(World.Voss) || scope.Includes("313325016"u8) || scope.Includes(""u8) || scope.Includes("3122323240"u8) || scope.Includes("312232324x"u8));
        Assert.False(scope.Includes(default(OrganisationNumber)));
        Assert.False(scope.IsAll || scope.IsEmpty);
        Assert.True(ControllerScope.None.IsEmpty && !ControllerScope.None.IsAll && !ControllerScope.None.Includes(World.Bergen) && !ControllerScope.None.Includes(""u8));
        Assert.True(ControllerScope.All.IsAll && !ControllerScope.All.IsEmpty && ControllerScope.All.Includes(default(OrganisationNumber)) && ControllerScope.All.Includes(""u8));
        Assert.True(ControllerScope.Of([]).IsEmpty);
    }

    [Fact]
    public void A_restriction_closes_what_it_names()
    {
        var (bp, pulse) = (Restriction.Of(["bp"]), Restriction.Of(["pulse"]));
        Assert.True(bp.Covers("bp") && !bp.Covers("pulse") && !bp.IsNothing && !bp.IsEverything);
        Assert.True(Restriction.Nothing.IsNothing && !Restriction.Nothing.Covers("bp") && Restriction.Of([]).Equals(Restriction.Nothing) && Restriction.Of([]).IsNothing);
        Assert.True(Restriction.Everything.Covers("bp") && Restriction.Everything.IsEverything && !Restriction.Everything.IsNothing);
        Assert.Equal(Restriction.Of(["pulse", "bp"]), bp.Or(pulse));
        Assert.Equal(bp, bp.Or(Restriction.Nothing));
        Assert.Equal(bp, Restriction.Nothing.Or(bp));
        Assert.Equal(Restriction.Everything, bp.Or(Restriction.Everything));
        Assert.Equal(Restriction.Everything, Restriction.Everything.Or(bp));
        Assert.Equal(Restriction.Of(["pulse", "bp"]).GetHashCode(), bp.Or(pulse).GetHashCode());
        Assert.NotEqual(bp, pulse);
        Assert.NotEqual(Restriction.Everything, Restriction.Nothing);
        Assert.Equal(["bp", "pulse"], bp.Or(pulse).Concepts);
        Assert.Empty(Restriction.Everything.Concepts);
        Assert.Equal(("bp pulse", "everything"), (bp.Or(pulse).ToString(), Restriction.Everything.ToString()));
    }

    [Fact]
    public void Of_two_settings_at_the_same_time_the_stricter_holds()
    {
        var time = World.Now.UtcDateTime;
        AssertSupersedes(World.Reserve(time), World.Reserve(time, active: false));
        AssertSupersedes(World.Reserve(time.AddMilliseconds(1), active: false), World.Reserve(time));
        AssertSupersedes(World.Restrict(Restriction.Everything, time), World.Restrict(Restriction.Of(["bp", "pulse"]), time));
        AssertSupersedes(World.Restrict(Restriction.Of(["a", "b"]), time), World.Restrict(Restriction.Of(["c"]), time));
        AssertSupersedes(World.Restrict(Restriction.Of(["b"]), time), World.Restrict(Restriction.Of(["a"]), time));
        var block = World.BlockByHpr(World.DoctorHpr, time);
        AssertSupersedes(block with { Block = block.Block! with { Name = "B" } }, block with { Block = block.Block! with { Name = "A" } });
        Assert.False(block.Supersedes(block));

        // What comes back from where it was told is the same, whoever says it.
        Assert.False(block.Supersedes(block with { ReceivedAt = default, Source = SettingSource.PrivacyComponent }) || (block with { Source = SettingSource.PrivacyComponent }).Supersedes(block));

        static void AssertSupersedes(PrivacySetting one, PrivacySetting other)
        {
            Assert.True(one.Supersedes(other));
            Assert.False(other.Supersedes(one));
            Assert.Equal(one, PrivacySetting.Latest(one, other));
            Assert.Equal(one, PrivacySetting.Latest(other, one));
        }
    }

    [Fact]
    public void A_setting_is_read_back_from_its_text()
    {
        var acting = PractitionerKey.Of(World.Child, World.Secret);
        foreach (var setting in new[]
        {
            World.BlockByHpr(World.DoctorHpr) with { Block = new(World.DoctorHpr, World.DoctorKey, "Grønn \"Vits\"") },
            World.BlockByKey(World.DoctorKey, active: false),
            World.Restrict(Restriction.Everything) with { Source = SettingSource.Representative, Acting = acting },
            World.Restrict(Restriction.Of(["bp", "x3"])),
            World.Reserve() with { Source = SettingSource.PrivacyComponent },
        })
        {
            var text = SettingText.Write(setting);
            Assert.Equal(setting, SettingText.Read(System.Text.Encoding.UTF8.GetBytes(text)));
            Assert.DoesNotContain(World.Patient.Digits, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"id\":\"other\",\"active\":true}")]
    [InlineData("{\"id\":\"b-0123456789abcdef01234567\",\"active\":true,\"time\":\"2026-01-01T00:00:00Z\",\"receivedAt\":\"2026-01-01T00:00:00Z\",\"source\":\"citizen\"}")]
    [InlineData("{\"id\":\"reservation\",\"active\":true,\"extra\":1}")]
    [InlineData("no json")]
    public void What_is_no_setting_is_not_read_as_one(string text) => Assert.Null(SettingText.Read(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void The_id_of_a_block_is_the_same_for_the_same_person_and_tells_nobody()
    {
        var id = SettingId.Block(World.DoctorHpr, World.Secret);
        Assert.Equal(id, SettingId.Block(World.DoctorHpr, World.Secret));
        Assert.NotEqual(id, SettingId.Block(World.DoctorHpr, new byte[32]));
        Assert.NotEqual(id, SettingId.Block(World.DoctorKey, World.Secret));
        Assert.True(id.IsBlock && !SettingId.Reservation.IsBlock && !default(SettingId).IsBlock);
        Assert.DoesNotContain(World.DoctorHpr.Digits, id.ToString(), StringComparison.Ordinal);
        Assert.True(SettingId.TryParse(id.ToString(), out var read) && read == id);
        Assert.True(SettingId.TryParse("restriction", out read) && read == SettingId.Restriction);
        Assert.True(SettingId.TryParse("reservation", out read) && read == SettingId.Reservation);
        foreach (var none in new[] { null, "", "b-", id + "0", id.ToString().ToUpperInvariant(), "c" + id.ToString()[1..], id.ToString()[..^1] + "g" })
        {
            Assert.False(SettingId.TryParse(none, out _));
        }

        Assert.Throws<InvalidOperationException>(() => default(SettingId).ToString());
    }

    [Fact]
    public void Every_reason_has_one_refusal_with_a_status_and_a_word_of_its_own()
    {
        Assert.Equal(Enum.GetValues<RefusalReason>(), Refusal.All.Select(r => r.Reason));
        Assert.All(Enum.GetValues<RefusalReason>(), r => Assert.Equal(r, Refusal.For(r).Reason));
        Assert.Equal(Refusal.All.Count, Refusal.All.Select(r => r.Word).Distinct().Count());
        Assert.All(Refusal.All, r => Assert.Contains(r.Status, new[] { 400, 403, 422, 429, 503 }));
    }

    [Fact]
    public async Task A_pairing_learnt_from_a_token_is_known_to_other_processes_and_costs_one_request()
    {
        CountingPartitions? counting = null;
        await using var store = await TestStore.OpenAsync(p => counting = new(p));
        var pairings = new PractitionerPairings(counting!);
        counting!.Reset();
        await pairings.LearnAsync(World.DoctorKey, World.DoctorHpr, default);
        await pairings.LearnAsync(World.DoctorKey, World.DoctorHpr, default);
        Assert.Equal(1, counting.Requests);
        await new PractitionerPairings(store.Partitions).LearnAsync(World.DoctorKey, World.DoctorHpr, default);
        await pairings.LearnAsync(World.DoctorKey, World.Hpr("1234567"), default);
        Assert.Equal([World.Hpr("1234567"), World.DoctorHpr], (await new PractitionerPairings(store.Partitions).FindAsync(World.DoctorKey, default)).OrderBy(h => h.Digits));
        Assert.Empty(await pairings.FindAsync(PractitionerKey.Of(World.Child, World.Secret), default));
    }

    [Fact]
    public void Who_may_see_is_who_is_in_force_and_shared_with_by_one_who_has_measured()
    {
        var all = WhoMaySee.List(PatientSettings.None, World.FollowUps, World.List, AccessRules.Default, World.Now);
        Assert.Contains(all, v => v.Consumer.Organisation == World.Hospital && v.Controller == World.Bergen && v.Scope == AgreementScope.Organisation);
        Assert.Equal(5, all.Count);
        Assert.Empty(WhoMaySee.List(World.Settings(World.Reserve()), World.FollowUps, World.List, AccessRules.Default, World.Now));
        Assert.Empty(WhoMaySee.List(PatientSettings.None, [], World.List, AccessRules.Default, World.Now));
        var closed = World.FollowUps.Select(f => f with { ClosedAt = World.Now.UtcDateTime }).ToList();
        Assert.Equal(5, WhoMaySee.List(PatientSettings.None, closed, World.List, AccessRules.Default, World.Now).Count);
        Assert.Empty(WhoMaySee.List(PatientSettings.None, closed, World.List, new() { FollowUpRequired = true }, World.Now));
        Assert.Equal(5, WhoMaySee.List(PatientSettings.None, World.FollowUps, World.List, new() { FollowUpRequired = true }, World.Now).Count);
        Assert.Empty(WhoMaySee.List(PatientSettings.None, World.FollowUps, World.List, AccessRules.Default, World.Now.AddYears(1)));
    }

    [Fact]
    public void Open_modes_caller_says_in_every_part_that_it_is_that()
    {
        foreach (var (basis, purpose) in new[] { (AccessBasis.None, "TREAT"), (AccessBasis.OpeningConsent, "TREAT"), (AccessBasis.Emergency, "TREAT"), (AccessBasis.OpeningEmergency, "BTG") })
        {
            var caller = PasientensMaledata.Access.Callers.Development.Personnel(World.Secret, basis, World.Now);
            var attest = caller.Attest!;
            Assert.Equal(("Open mode", 4, "development", World.Now), (caller.Name, caller.SecurityLevel, caller.TokenId, caller.IssuedAt));
            Assert.Equal(("05898597468", caller.Hpr!.Value.Digits), (attest.Practitioner!.Id, attest.Hpr!.Id));
            Assert.Equal(("", "", "Open mode", "Open mode"), (attest.Practitioner.Name, attest.Hpr.Name, attest.LegalEntity!.Name, attest.PointOfCare!.Name));
            Assert.Equal(new("development", "", "Open mode"), attest.HealthcareService);
            Assert.Equal(new(purpose, AttestRules.PurposeSystem, ""), attest.PurposeOfUse);
            Assert.Equal(("development", true), (attest.DecisionId, attest.UserSelected));
        }
    }

    [Fact]
    public void In_open_mode_the_one_caller_may_see_what_any_Controller_has_measured_and_one_that_is_no_Participant_is_named_by_its_number()
    {
        var reversed = World.FollowUps.Reverse().ToList();
        var all = WhoMaySee.List(PatientSettings.None, reversed, PasientensMaledata.Access.Callers.Development.Participants, AccessRules.Default, World.Now);
        Assert.Equal([World.Bergen, World.Voss], all.Select(v => v.Controller));
        Assert.Equal(["312232324", "313325016"], all.Select(v => v.ControllerName));
        Assert.All(all, v => Assert.Equal(("", ""), (v.Consumer.Region, v.Consumer.HealthCommunity)));
        Assert.All(all, v => Assert.True(v.Consumer.IsDevelopment && v.Scope == AgreementScope.National && v.Follows));
        Assert.Equal("bergen", WhoMaySee.List(PatientSettings.None, reversed, World.List, AccessRules.Default, World.Now).First(v => v.Controller == World.Bergen).ControllerName);
    }
}
