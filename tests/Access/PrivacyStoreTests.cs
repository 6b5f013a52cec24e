using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Changes of privacy settings, over real storage.</summary>
public sealed class PrivacyStoreTests
{
    [Fact]
    public async Task A_block_set_before_the_first_measurement_is_read_with_the_head_of_the_partition()
    {
        await using var store = await TestStore.OpenAsync();
        var change = await Privacy(store).BlockAsync(World.Patient, SettingActor.Citizen, new(World.DoctorHpr, null, "GRØNN VITS"), default);
        Assert.Equal(SettingOutcome.Stored, change.Outcome);

        var heads = await PatientHead.ReadAllAsync(store.Partitions, store.Service.Ring, change.Patient!.Value, default);
        var block = Assert.Single(PatientHead.SettingsOf(heads).Blocks);
        Assert.Equal(new(World.DoctorHpr, null, "GRØNN VITS"), block.Block);
        Assert.Equal(change.Setting, block);
    }

    [Fact]
    public async Task Saying_it_twice_changes_nothing_and_lifting_what_is_not_there_says_so()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        Assert.Equal(SettingOutcome.NotFound, (await privacy.UnblockAsync(World.Patient, SettingActor.Citizen, World.DoctorHpr, default)).Outcome);
        Assert.Null(await store.Service.Directory.FindAsync(World.Patient, default));

        Assert.Equal(SettingOutcome.Stored, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.DoctorHpr, World.DoctorKey, "A"), default)).Outcome);
        Assert.Equal(SettingOutcome.Known, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.DoctorHpr, null, ""), default)).Outcome);
        Assert.Equal(SettingOutcome.Stored, (await privacy.UnblockAsync(World.Patient, SettingActor.Citizen, World.DoctorHpr, default)).Outcome);
        Assert.Equal(SettingOutcome.NotFound, (await privacy.UnblockAsync(World.Patient, SettingActor.Citizen, World.DoctorHpr, default)).Outcome);
        Assert.Empty((await privacy.ReadAsync(World.Patient, default)).Blocks);
    }

    [Fact]
    public async Task A_change_by_the_citizen_holds_though_what_is_stored_is_of_a_clock_ahead()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var ahead = store.Clock.GetUtcNow().UtcDateTime.AddSeconds(3);
        await privacy.ApplyAsync(World.Patient, World.Reserve(ahead) with { Source = SettingSource.PrivacyComponent }, default);
        Assert.Equal(SettingOutcome.Stored, (await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, false, default)).Outcome);
        Assert.False((await privacy.ReadAsync(World.Patient, default)).IsReserved);
    }

    [Fact]
    public async Task A_setting_that_is_late_does_not_undo_a_later_one()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var time = World.Now.UtcDateTime;
        Assert.Equal(SettingOutcome.Stored, (await privacy.ApplyAsync(World.Patient, World.Reserve(time), default)).Outcome);
        Assert.Equal(SettingOutcome.Outdated, (await privacy.ApplyAsync(World.Patient, World.Reserve(time.AddMinutes(-1), active: false), default)).Outcome);
        Assert.Equal(SettingOutcome.Known, (await privacy.ApplyAsync(World.Patient, World.Reserve(time), default)).Outcome);
        Assert.True((await privacy.ReadAsync(World.Patient, default)).IsReserved);
    }

    [Fact]
    public async Task Settings_of_joined_numbers_hold_together_and_are_lifted_together()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var other = World.Hpr("1234567");
        await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.DoctorHpr, null, ""), default);
        await privacy.BlockAsync(World.Child, SettingActor.Citizen, new(other, null, ""), default);
        await privacy.RestrictAsync(World.Child, SettingActor.Citizen, Restriction.Of(["bp"]), default);
        await new PatientLink(store.Partitions, store.Service.Ring, store.Clock).JoinAsync(World.Patient, World.Child, default);

        var joined = await privacy.ReadAsync(World.Patient, default);
        Assert.Equal(2, joined.Blocks.Length);
        Assert.True(joined.Restriction.Covers("bp"));

        // What lies under the other key is lifted by what is written under the one that takes new writes.
        Assert.Equal(SettingOutcome.Stored, (await privacy.UnblockAsync(World.Child, SettingActor.Citizen, other, default)).Outcome);
        Assert.Equal(World.DoctorHpr, Assert.Single((await privacy.ReadAsync(World.Child, default)).Blocks).Block!.Hpr);
    }

    [Fact]
    public async Task A_citizen_has_at_most_so_many_blocks_and_may_lift_one_to_set_another()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        for (var i = 1; i <= Limits.MaxBlocks; i++)
        {
            Assert.Equal(SettingOutcome.Stored, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr($"{i}"), null, ""), default)).Outcome);
        }

        Assert.Equal(SettingOutcome.TooMany, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr("9999"), null, ""), default)).Outcome);
        await privacy.UnblockAsync(World.Patient, SettingActor.Citizen, World.Hpr("1"), default);
        Assert.Equal(SettingOutcome.Stored, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr("9999"), null, ""), default)).Outcome);
    }

    [Fact]
    public async Task Changes_at_once_are_all_there_in_the_end()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        await Task.WhenAll(Enumerable.Range(1, 6).Select(i => privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr($"{i}"), null, ""), default).AsTask()));
        Assert.Equal(6, (await privacy.ReadAsync(World.Patient, default)).Blocks.Length);
    }

    private static PrivacyStore Privacy(TestStore store) => new(store.Partitions, store.Service.Ring, store.Service.Directory, store.Clock);
}
