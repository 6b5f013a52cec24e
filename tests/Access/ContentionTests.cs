using PasientensMaledata.Access;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Others change the same row each time just before us: it is tried so often as is said, and then told, never taken for done.</summary>
public sealed class ContentionTests
{
    [Fact]
    public async Task A_follow_up_that_others_change_all_the_time_is_neither_opened_nor_closed()
    {
        Overtaken overtaken = null!;
        await using var store = await TestStore.OpenAsync(p => overtaken = new(p));
        var followUps = new FollowUpStore(overtaken, store.Service.Ring, null);
        var (one, other) = (await PatientAsync(store, World.Patient), await PatientAsync(store, World.Child));
        foreach (var patient in new[] { one, other })
        {
            await followUps.MeasuredAsync(patient, [], World.Bergen, null, store.Clock.GetUtcNow(), default);
        }

        // Under joined numbers there are two rows to close.
        await new PatientLink(store.Partitions, store.Service.Ring, store.Clock).JoinAsync(World.Patient, World.Child, default);
        overtaken.Always = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await followUps.MeasuredAsync(one, [], World.Voss, null, store.Clock.GetUtcNow(), default));
        Assert.Equal(Limits.MaxAttempts, overtaken.Tries);
        overtaken.Tries = 0;
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await followUps.CloseAsync(one.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        Assert.Equal(2 * Limits.MaxAttempts, overtaken.Tries);

        overtaken.Always = false;
        Assert.True(await followUps.CloseAsync(one.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        Assert.False(await followUps.CloseAsync(PatientKey.NewRandom(), World.Bergen, store.Clock.GetUtcNow(), default));
    }

    [Fact]
    public async Task A_setting_that_others_change_all_the_time_is_not_answered_as_stored()
    {
        Overtaken overtaken = null!;
        await using var store = await TestStore.OpenAsync(p => overtaken = new(p));
        var privacy = new PrivacyStore(overtaken, store.Service.Ring, store.Service.Directory, store.Clock);
        await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, false, default);
        await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, true, default);
        overtaken.Always = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await privacy.ReserveAsync(World.Patient, SettingActor.Citizen, false, default));
        Assert.Equal(Limits.MaxAttempts, overtaken.Tries);
        Assert.True((await privacy.ReadAsync(World.Patient, default)).IsReserved);
    }

    [Fact]
    public async Task A_look_up_that_cannot_be_counted_shows_nothing_and_does_not_count_for_the_next()
    {
        Overtaken overtaken = null!;
        await using var store = await TestStore.OpenAsync(p => overtaken = new(p));
        var caps = new LookUpCaps(overtaken, store.Service.Ring, store.Clock, perPractitioner: 2);
        overtaken.Always = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await caps.CountAsync(World.Caller, null, World.Person(10), default));
        overtaken.Always = false;
        foreach (var patient in new[] { 11, 12 })
        {
            Assert.Equal(new CapVerdict(true, false, false), await caps.CountAsync(World.Caller, null, World.Person(patient), default));
        }

        Assert.False((await caps.CountAsync(World.Caller, null, World.Person(10), default)).IsWithin);
    }

    [Fact]
    public async Task A_look_up_is_tried_to_be_counted_so_often_and_no_more()
    {
        Overtaken overtaken = null!;
        await using var store = await TestStore.OpenAsync(p => overtaken = new(p));
        overtaken.Always = true;

        // A client without any cap to count against.
        var caps = new LookUpCaps(overtaken, store.Service.Ring, store.Clock, perClient: 0);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await caps.CountAsync(World.Caller, null, World.Person(10), default));
        Assert.Equal(Limits.MaxAttempts, overtaken.Tries);
    }

    [Fact]
    public async Task Of_those_that_wait_for_the_last_slot_the_first_gets_it()
    {
        Gated gated = null!;
        await using var store = await TestStore.OpenAsync(p => gated = new(p));
        var caps = new LookUpCaps(gated, store.Service.Ring, store.Clock, perPractitioner: 2);
        var gate = new TaskCompletionSource();
        gated.Gate = gate.Task;
        var counted = new[] { 10, 11, 12 }.Select(patient => caps.CountAsync(World.Caller, null, World.Person(patient), default).AsTask()).ToList();
        gate.SetResult();
        Assert.Equal([true, true, false], (await Task.WhenAll(counted)).Select(v => v.IsWithin));
    }

    [Fact]
    public async Task Settings_that_another_process_has_sealed_under_a_newer_master_key_are_read()
    {
        await using var store = await TestStore.OpenAsync();
        var path = Path.Combine(store.Folder, "master-keys.json");
        store.Service.Ring.Master.WithNext().WriteFile(path);
        var newer = await KeyRing.OpenAsync(store.Blobs, () => MasterKeys.ReadOrCreate(path), default);
        Assert.True(await newer.ReplaceAsync(newer.Current, default));
        await new PrivacyStore(store.Partitions, newer, new PatientDirectory(store.Partitions, newer), store.Clock).ReserveAsync(World.Patient, SettingActor.Citizen, true, default);
        Assert.Equal(1, store.Service.Ring.Master.Current);
        Assert.True((await new PrivacyStore(store.Partitions, store.Service.Ring, store.Service.Directory, store.Clock).ReadAsync(World.Patient, default)).IsReserved);
        Assert.Equal(2, store.Service.Ring.Master.Current);
    }

    private static async Task<Person> PatientAsync(TestStore store, NationalId number) =>
        (await PatientHead.ReadAsync(store.Partitions, store.Service.Ring, await store.Service.Directory.FindOrCreateAsync(number, default), default))!.Person;

    /// <summary>Where no commit is begun before it may be.</summary>
    private sealed class Gated(IPartitions inner) : IPartitions
    {
        public Task Gate { get; set; } = Task.CompletedTask;

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => inner.ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public async ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            await Gate;
            return await inner.CommitAsync(partition, operations, commitBy, cancellationToken);
        }
    }

    /// <summary>Where every commit comes too late, from when it is said.</summary>
    private sealed class Overtaken(IPartitions inner) : IPartitions
    {
        public bool Always { get; set; }

        public int Tries { get; set; }

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => inner.ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            if (!Always)
            {
                return inner.CommitAsync(partition, operations, commitBy, cancellationToken);
            }

            Tries++;
            return new(new CommitResult(CommitOutcome.Changed, 0));
        }
    }
}
