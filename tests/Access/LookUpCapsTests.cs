using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Access;

/// <summary>Caps on how many different patients are asked for.</summary>
public sealed class LookUpCapsTests
{
    [Fact]
    public async Task The_last_patient_within_the_cap_is_let_through_and_the_next_is_not_and_those_before_still_are()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 3, perClient: 100);
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await Count(caps, i)).IsWithin);
        }

        Assert.Equal(new(false, MustWarn: true, OfClient: false), await Count(caps, 3));
        Assert.Equal(new(false, MustWarn: false, OfClient: false), await Count(caps, 4));
        Assert.True((await Count(caps, 1)).IsWithin);

        store.Clock.Advance(TimeSpan.FromHours(1));
        Assert.True((await Count(caps, 4)).IsWithin);
    }

    [Fact]
    public async Task The_client_has_a_cap_of_its_own_over_all_practitioners()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 2, perClient: 3);
        var other = World.Caller with { Key = PractitionerKey.Of(World.Child, World.Secret) };
        Assert.True((await Count(caps, 0)).IsWithin);
        Assert.True((await Count(caps, 1)).IsWithin);
        Assert.True((await caps.CountAsync(other, null, World.Person(12), default)).IsWithin);
        Assert.Equal(new(false, true, OfClient: true), await caps.CountAsync(other, null, World.Person(13), default));
    }

    [Fact]
    public async Task Several_processes_keep_one_cap_exactly()
    {
        await using var store = await TestStore.OpenAsync();
        var processes = Enumerable.Range(0, 4).Select(_ => new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 20, perClient: 1000)).ToList();
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 40).SelectMany(i => processes.Select((p, j) => (p, i, j))).Where(x => (x.i + x.j) % 2 == 0).Select(x => Task.Run(async () => (x.i, (await Count(x.p, x.i)).IsWithin))));
        var within = verdicts.Where(v => v.IsWithin).Select(v => v.i).Distinct().ToList();
        Assert.Equal(20, within.Count);

        // Who was let through in one process is let through in all.
        foreach (var process in processes)
        {
            foreach (var i in Enumerable.Range(0, 40))
            {
                Assert.Equal(within.Contains(i), (await Count(process, i)).IsWithin);
            }
        }
    }

    [Fact]
    public async Task A_patient_costs_two_requests_the_first_time_in_the_hour_and_none_after()
    {
        CountingPartitions? counting = null;
        await using var store = await TestStore.OpenAsync(p => counting = new(p));
        var caps = new LookUpCaps(counting!, store.Service.Ring, store.Clock);
        counting!.Reset();
        for (var i = 0; i < 10; i++)
        {
            await Count(caps, i);
        }

        Assert.Equal(20, counting.Requests);
        await Count(caps, 5);
        Assert.Equal(20, counting.Requests);
    }

    [Fact]
    public async Task What_was_counted_in_hours_past_is_deleted_and_the_last_two_are_left()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 1);
        await Count(caps, 0);
        store.Clock.Advance(TimeSpan.FromHours(1));
        await Count(caps, 0);
        Assert.Equal(0, await caps.PurgeAsync(default));
        Assert.False((await Count(caps, 1)).IsWithin);
        store.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, await caps.PurgeAsync(default));
    }

    private static async Task<CapVerdict> Count(LookUpCaps caps, int patient) => await caps.CountAsync(World.Caller, null, World.Person(patient + 10), default);
}
