using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Follow-ups, over real storage.</summary>
public sealed class FollowUpTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromDays(30);

    [Fact]
    public async Task The_first_measurement_opens_one_and_the_next_costs_no_request_within_a_day()
    {
        CountingPartitions? counting = null;
        await using var store = await TestStore.OpenAsync(p => counting = new(p));
        var (followUps, patient) = (new FollowUpStore(counting!, store.Service.Ring, Silence), await PatientAsync(store));
        await Measure(store, followUps, patient, World.Bergen);
        var opened = Assert.Single((await HeadAsync(store, patient)).FollowUps);
        Assert.Equal((World.Bergen, Now(store), Now(store), null), (opened.Controller, opened.From, opened.Last, opened.ClosedAt));

        counting!.Reset();
        store.Clock.Advance(TimeSpan.FromDays(1));
        await Measure(store, followUps, patient, World.Bergen, [opened]);
        Assert.Equal(0, counting.Requests);
        store.Clock.Advance(TimeSpan.FromTicks(1));
        await Measure(store, followUps, patient, World.Bergen, [opened]);
        var kept = Assert.Single((await HeadAsync(store, patient)).FollowUps);
        Assert.Equal((opened.From, Now(store)), (kept.From, kept.Last));

        await Measure(store, followUps, patient, World.Voss, [kept]);
        Assert.Equal(2, (await HeadAsync(store, patient)).FollowUps.Count);
    }

    [Fact]
    public async Task One_that_is_closed_is_opened_by_what_was_measured_later_and_by_nothing_else()
    {
        await using var store = await TestStore.OpenAsync();
        var (followUps, patient) = (new FollowUpStore(store.Partitions, store.Service.Ring, Silence), await PatientAsync(store));
        Assert.False(await followUps.CloseAsync(patient.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        await Measure(store, followUps, patient, World.Bergen);
        var closedAt = Now(store);
        Assert.True(await followUps.CloseAsync(patient.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        Assert.False(await followUps.CloseAsync(patient.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        Assert.False(await followUps.CloseAsync(patient.Key, World.Voss, store.Clock.GetUtcNow(), default));
        Assert.Equal(closedAt, Assert.Single((await HeadAsync(store, patient)).FollowUps).ClosedAt);

        store.Clock.Advance(TimeSpan.FromHours(1));
        await Measure(store, followUps, patient, World.Bergen, measuredAt: closedAt);
        await followUps.MeasuredAsync(patient, [], World.Bergen, null, store.Clock.GetUtcNow(), default);
        Assert.Equal(closedAt, Assert.Single((await HeadAsync(store, patient)).FollowUps).ClosedAt);
        await Measure(store, followUps, patient, World.Bergen, measuredAt: closedAt.AddSeconds(1));
        var again = Assert.Single((await HeadAsync(store, patient)).FollowUps);
        Assert.Equal((Now(store), null), (again.From, again.ClosedAt));
    }

    [Fact]
    public async Task After_a_silence_a_new_one_begins_with_the_next_measurement()
    {
        await using var store = await TestStore.OpenAsync();
        var (followUps, patient) = (new FollowUpStore(store.Partitions, store.Service.Ring, Silence), await PatientAsync(store));
        await Measure(store, followUps, patient, World.Bergen);
        var first = Assert.Single((await HeadAsync(store, patient)).FollowUps);
        store.Clock.Advance(Silence);
        Assert.True(first.IsOpen(store.Clock.GetUtcNow(), Silence));
        store.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(first.IsOpen(store.Clock.GetUtcNow(), Silence));
        Assert.True(first.IsOpen(store.Clock.GetUtcNow(), null));
        await Measure(store, followUps, patient, World.Bergen, [first]);
        Assert.Equal(Now(store), Assert.Single((await HeadAsync(store, patient)).FollowUps).From);
    }

    [Fact]
    public async Task Under_joined_numbers_one_is_closed_wherever_it_lies()
    {
        await using var store = await TestStore.OpenAsync();
        var followUps = new FollowUpStore(store.Partitions, store.Service.Ring, Silence);
        var (one, other) = (await PatientAsync(store), await PatientAsync(store, World.Child));
        await Measure(store, followUps, one, World.Bergen);
        await Measure(store, followUps, other, World.Bergen);
        await new PatientLink(store.Partitions, store.Service.Ring, store.Clock).JoinAsync(World.Patient, World.Child, default);
        Assert.True(await followUps.CloseAsync(other.Key, World.Bergen, store.Clock.GetUtcNow(), default));
        var heads = await PatientHead.ReadAllAsync(store.Partitions, store.Service.Ring, one.Key, default);
        var all = PatientHead.FollowUpsOf(heads);
        Assert.Equal(2, all.Count);
        Assert.All(all, f => Assert.NotNull(f.ClosedAt));
    }

    [Fact]
    public async Task Of_many_first_measurements_at_once_one_opens_it()
    {
        await using var store = await TestStore.OpenAsync();
        var (followUps, patient) = (new FollowUpStore(store.Partitions, store.Service.Ring, Silence), await PatientAsync(store));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Measure(store, followUps, patient, World.Bergen))));
        Assert.Single((await HeadAsync(store, patient)).FollowUps);
    }

    [Fact]
    public async Task A_row_that_was_moved_to_another_patient_opens_nothing()
    {
        await using var store = await TestStore.OpenAsync();
        var (followUps, patient, thief) = (new FollowUpStore(store.Partitions, store.Service.Ring, Silence), await PatientAsync(store), await PatientAsync(store, World.Child));
        await Measure(store, followUps, patient, World.Bergen);
        var row = (await store.Partitions.ReadAsync(patient.Key.Partition, FollowUp.Key(patient.Key, World.Bergen), default))!.Value;
        await store.Partitions.CommitAsync(thief.Key.Partition, [RowOperation.Insert(row.Key, row.Value)], null, default);
        await Assert.ThrowsAsync<System.Security.Cryptography.CryptographicException>(() => HeadAsync(store, thief));
    }

    private static DateTime Now(TestStore store) => store.Clock.GetUtcNow().UtcDateTime;

    private static async Task Measure(TestStore store, FollowUpStore followUps, Person patient, OrganisationNumber controller, IReadOnlyList<FollowUp>? known = null, DateTime? measuredAt = null) =>
        await followUps.MeasuredAsync(patient, known ?? [], controller, measuredAt ?? Now(store), store.Clock.GetUtcNow(), default);

    private static async Task<Person> PatientAsync(TestStore store, NationalId? number = null) =>
        (await PatientHead.ReadAsync(store.Partitions, store.Service.Ring, await store.Service.Directory.FindOrCreateAsync(number ?? World.Patient, default), default))!.Person;

    private static async Task<PatientHead> HeadAsync(TestStore store, Person patient) => (await PatientHead.ReadAsync(store.Partitions, store.Service.Ring, patient.Key, default))!;
}
