using System.Security.Cryptography;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;
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

    [Fact]
    public async Task A_setting_that_was_changed_or_moved_in_storage_shows_nothing()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var key = (await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, true, default)).Patient!.Value;
        var thief = (await privacy.RestrictAsync(World.Child, SettingActor.Citizen, Restriction.Everything, default)).Patient!.Value;
        var row = (await store.Partitions.ReadAsync(key.Partition, SettingRow.Key(key, SettingId.Reservation), default))!.Value;
        Assert.DoesNotContain(World.Patient.Digits, System.Text.Encoding.ASCII.GetString(row.Value.Span), StringComparison.Ordinal);

        // Under another patient; as another setting; a byte less; another format; a key that is none.
        await AssertUnreadable(thief, SettingRow.Key(thief, SettingId.Reservation), row.Value.ToArray());
        await AssertUnreadable(key, SettingRow.Key(key, SettingId.Restriction), row.Value.ToArray());
        await AssertUnreadable(key, SettingRow.Key(key, SettingId.Block(World.DoctorHpr, World.Secret)), row.Value.Span[..^1].ToArray());
        await AssertUnreadable(key, SettingRow.Key(key, SettingId.Restriction), [2, .. row.Value.Span[1..]]);
        await AssertUnreadable(key, SettingRow.Key(key, SettingId.Restriction), []);
        await AssertUnreadable(key, new("a.set.x"), row.Value.ToArray());
        await AssertUnreadable(key, new("a.set.other.0"), row.Value.ToArray());

        async Task AssertUnreadable(PatientKey patient, RowKey at, byte[] value)
        {
            Assert.Equal(CommitOutcome.Committed, (await store.Partitions.CommitAsync(patient.Partition, [RowOperation.Insert(at, value)], null, default)).Outcome);
            await Assert.ThrowsAsync<CryptographicException>(async () => await PatientHead.ReadAllAsync(store.Partitions, store.Service.Ring, patient, default));
            await Assert.ThrowsAsync<CryptographicException>(async () => await privacy.ReadAsync(patient == key ? World.Patient : World.Child, default));
            var inserted = (await store.Partitions.ReadAsync(patient.Partition, at, default))!.Value;
            await store.Partitions.CommitAsync(patient.Partition, [RowOperation.Delete(at, inserted.Version)], null, default);
        }
    }

    [Fact]
    public async Task A_change_by_a_representative_says_who_and_a_block_names_somebody()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var actor = new SettingActor(SettingSource.Representative, World.DoctorKey);
        var set = await privacy.RestrictAsync(World.Child, actor, Restriction.Of(["bp"]), default);
        Assert.Equal((SettingSource.Representative, World.DoctorKey, store.Clock.GetUtcNow().UtcDateTime), (set.Setting!.Source, set.Setting.Acting, set.Setting.Time));
        Assert.Equal(set.Setting, (await privacy.ReadAsync(World.Child, default)).Find(SettingId.Restriction));
        Assert.Equal(SettingOutcome.Stored, (await privacy.RestrictAsync(World.Child, actor, Restriction.Everything, default)).Outcome);
        Assert.Equal(SettingOutcome.Stored, (await privacy.RestrictAsync(World.Child, actor, Restriction.Nothing, default)).Outcome);
        Assert.Equal(SettingOutcome.Known, (await privacy.RestrictAsync(World.Child, actor, Restriction.Nothing, default)).Outcome);
        Assert.Equal(SettingOutcome.Known, (await privacy.ReserveAsync(World.Patient, actor, false, default)).Outcome);
        Assert.True((await privacy.ReadAsync(World.Child, default)).Restriction.IsNothing);
        await Assert.ThrowsAsync<ArgumentException>(async () => await privacy.BlockAsync(World.Child, actor, new(null, null, "X"), default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await privacy.UnblockAsync(World.Child, actor, SettingId.Reservation, default));

        // By key alone, as from the log of one without HPR number; lifted by its id.
        var block = await privacy.BlockAsync(World.Child, actor, new(null, World.DoctorKey, ""), default);
        Assert.Equal(SettingOutcome.Stored, (await privacy.UnblockAsync(World.Child, actor, block.Setting!.Id, default)).Outcome);
    }

    [Fact]
    public async Task Storage_that_fails_at_random_loses_no_setting_that_was_answered()
    {
        await using var store = await TestStore.OpenAsync();
        var faulty = new FaultyPartitions(store.Partitions, FaultPlan.Rough, new Random(20_261_120), TimeProvider.System);
        var privacy = new PrivacyStore(faulty, store.Service.Ring, new PatientDirectory(faulty, store.Service.Ring), store.Clock);
        for (var i = 1; i <= 40; i++)
        {
            for (var done = false; !done;)
            {
                try
                {
                    done = (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr($"{i}"), null, ""), default)).Outcome is SettingOutcome.Stored or SettingOutcome.Known;
                }
                catch (StorageUnavailableException)
                {
                    // As a citizen who is told 503, and tries again.
                }
            }
        }

        Assert.True(faulty.FaultCount > 0);
        Assert.Equal(40, (await Privacy(store).ReadAsync(World.Patient, default)).Blocks.Length);
    }

    [Fact]
    public async Task A_citizen_with_as_many_blocks_as_there_may_be_may_change_everything_else()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        for (var i = 1; i <= Limits.MaxBlocks; i++)
        {
            await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr($"{i}"), null, ""), default);
        }

        Assert.Equal(SettingOutcome.Stored, (await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, true, default)).Outcome);
        Assert.Equal(SettingOutcome.Stored, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr("1"), null, "A"), default)).Outcome);
        Assert.Equal(SettingOutcome.Known, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, new(World.Hpr("2"), null, ""), default)).Outcome);
        Assert.Equal(SettingOutcome.Stored, (await privacy.ApplyAsync(World.Patient, World.BlockByHpr(World.Hpr("9999"), active: false), default)).Outcome);
        Assert.Equal(SettingOutcome.TooMany, (await privacy.ApplyAsync(World.Patient, World.BlockByHpr(World.Hpr("9998")), default)).Outcome);
        Assert.Equal(Limits.MaxBlocks, (await privacy.ReadAsync(World.Patient, default)).Blocks.Length);
    }

    [Fact]
    public async Task A_block_that_is_said_again_keeps_what_was_known_of_the_practitioner_and_takes_what_is_new()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        var other = PractitionerKey.Of(World.Child, World.Secret);
        foreach (var (said, known) in new (Block, Block)[]
        {
            (new(World.DoctorHpr, null, "A"), new(World.DoctorHpr, null, "A")),
            (new(World.DoctorHpr, World.DoctorKey, ""), new(World.DoctorHpr, World.DoctorKey, "A")),
            (new(World.DoctorHpr, null, "B"), new(World.DoctorHpr, World.DoctorKey, "B")),
            (new(World.DoctorHpr, other, ""), new(World.DoctorHpr, other, "B")),
        })
        {
            Assert.Equal(SettingOutcome.Stored, (await privacy.BlockAsync(World.Patient, SettingActor.Citizen, said, default)).Outcome);
            Assert.Equal(known, Assert.Single((await privacy.ReadAsync(World.Patient, default)).Blocks).Block);
        }
    }

    [Fact]
    public async Task Opening_what_was_never_closed_writes_nothing_and_times_are_whole_milliseconds()
    {
        await using var store = await TestStore.OpenAsync();
        var privacy = Privacy(store);
        store.Clock.Advance(TimeSpan.FromTicks(1_234_567));
        var set = await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, true, default);
        Assert.Equal(new DateTime(2026, 11, 20, 12, 0, 0, 123, DateTimeKind.Utc), set.Setting!.Time);
        var opened = await privacy.RestrictAsync(World.Patient, SettingActor.Citizen, Restriction.Nothing, default);
        Assert.Equal((SettingOutcome.Known, null), (opened.Outcome, opened.Setting));
        Assert.Equal(SettingOutcome.NotFound, (await privacy.UnblockAsync(World.Patient, SettingActor.Citizen, World.DoctorHpr, default)).Outcome);
        Assert.Single((await privacy.ReadAsync(World.Patient, default)).All);
    }

    private static PrivacyStore Privacy(TestStore store) => new(store.Partitions, store.Service.Ring, store.Service.Directory, store.Clock);
}
