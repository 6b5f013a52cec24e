using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;
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

        // It is the client's cap: of it the operator is warned already, whoever meets it next.
        var third = World.Caller with { Key = PractitionerKey.Of(World.Person(50), World.Secret) };
        Assert.Equal(new(false, false, OfClient: true), await caps.CountAsync(third, null, World.Person(14), default));
    }

    [Theory]
    [InlineData("2026-11-20T12:00:00Z", 3600)]
    [InlineData("2026-11-20T12:00:00.001+05:30", 1800)]
    [InlineData("2026-11-20T12:30:00Z", 1800)]
    [InlineData("2026-11-20T12:59:59.001Z", 1)]
    public void Counting_begins_anew_at_the_next_full_hour(string now, int seconds) =>
        Assert.Equal(seconds, LookUpCaps.SecondsToNextHour(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture)));

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

    [Fact]
    public async Task The_caps_are_those_that_are_told()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock);
        var patients = Enumerable.Range(0, Limits.MaxPatientsPerClientHour + 1).Select(_ => PatientKey.NewRandom()).ToList();
        var verdicts = await Task.WhenAll(patients.Take(Limits.MaxPatientsPerPractitionerHour).Select(p => caps.CountAsync(World.Caller, p, null, default).AsTask()));
        Assert.All(verdicts, v => Assert.True(v.IsWithin));
        Assert.Equal(new(false, true, OfClient: false), await caps.CountAsync(World.Caller, patients[^1], null, default));

        // The rest of what the client may ask for, by practitioners of a hundred patients each. The one that was refused counts for the client.
        var others = patients[Limits.MaxPatientsPerPractitionerHour..^2].Chunk(100).SelectMany((chunk, i) => chunk.Select(p => (Caller: World.Caller with { Key = PractitionerKey.Of(World.Person(100 + i), World.Secret) }, Patient: p)));
        verdicts = await Task.WhenAll(others.Select(o => caps.CountAsync(o.Caller, o.Patient, null, default).AsTask()));
        Assert.All(verdicts, v => Assert.True(v.IsWithin));
        var last = World.Caller with { Key = PractitionerKey.Of(World.Person(99), World.Secret) };
        Assert.Equal(new(false, true, OfClient: true), await caps.CountAsync(last, patients[^2], null, default));
        Assert.True((await caps.CountAsync(last, patients[^1], null, default)).IsWithin);
    }

    [Fact]
    public async Task A_look_up_of_nobody_is_a_mistake_of_ours()
    {
        await using var store = await TestStore.OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock).CountAsync(World.Caller, null, null, default));
    }

    [Fact]
    public async Task Where_it_cannot_be_counted_the_call_fails_and_what_was_counted_stays_counted()
    {
        await using var store = await TestStore.OpenAsync();
        var away = new FaultyPartitions(store.Partitions, FaultPlan.Rough, new Random(20_261_120), TimeProvider.System);
        var caps = new LookUpCaps(away, store.Service.Ring, store.Clock, perPractitioner: 30, perClient: 1000);
        var failed = 0;
        for (var i = 0; i < 40; i++)
        {
            for (var answered = false; !answered;)
            {
                try
                {
                    Assert.Equal(i < 30, (await Count(caps, i)).IsWithin);
                    answered = true;
                }
                catch (StorageUnavailableException)
                {
                    failed++;
                }
            }
        }

        Assert.True(failed > 0);
    }

    [Fact]
    public async Task Each_client_has_a_cap_of_its_own_and_a_cap_of_none_lets_nobody_through()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 10, perClient: 1);
        var other = World.Caller with { Client = World.Caller.Client with { Id = "another" } };
        Assert.Equal(new CapVerdict(true, false, false), await caps.CountAsync(World.Caller, null, World.Person(1), default));
        Assert.Equal(new CapVerdict(true, false, false), await caps.CountAsync(other, null, World.Person(2), default));
        Assert.Equal(new CapVerdict(false, true, OfClient: true), await caps.CountAsync(other, null, World.Person(3), default));
        Assert.False((await new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 0).CountAsync(World.Caller, null, World.Person(4), default)).IsWithin);
    }

    [Fact]
    public async Task A_refused_look_up_is_counted_by_whose_cap_it_was_and_each_is_warned_of_once()
    {
        await using var store = await TestStore.OpenAsync();
        var caps = new LookUpCaps(store.Partitions, store.Service.Ring, store.Clock, perPractitioner: 1, perClient: 2);
        var counted = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var mine = new AsyncLocal<bool> { Value = true };
        using var listener = new System.Diagnostics.Metrics.MeterListener { InstrumentPublished = (i, l) => { if (i.Name == "pmd.access.capped") { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (mine.Value)
            {
                counted.Enqueue($"{tags[0].Key} {tags[0].Value} {value}");
            }
        });
        listener.Start();
        var other = World.Caller with { Key = PractitionerKey.Of(World.Child, World.Secret) };
        await Count(caps, 1);
        Assert.Equal(new CapVerdict(false, true, OfClient: false), await Count(caps, 2));
        Assert.Equal(new CapVerdict(false, true, OfClient: true), await caps.CountAsync(other, null, World.Person(13), default));
        Assert.Equal(new CapVerdict(false, false, OfClient: false), await Count(caps, 3));
        Assert.Equal(["of practitioner 1", "of client 1", "of practitioner 1"], counted);
    }

    private static async Task<CapVerdict> Count(LookUpCaps caps, int patient) => await caps.CountAsync(World.Caller, null, World.Person(patient + 10), default);
}
