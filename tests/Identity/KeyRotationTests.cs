using PasientensMaledata.Functions;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Observations;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Identity;

public sealed class KeyRotationTests
{
    private static readonly string[] People = [.. Enumerable.Range(40, 20).Select(SyntheticNumbers.Number)];

    // The operator's command is another process: it has a ring of its own.
    private static async Task<(KeyRing Ring, KeyRotation Rotation)> OperatorAsync(TestStore store)
    {
        var ring = await KeyRing.OpenAsync(store.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(store.Folder, "master-keys.json")), default);
        return (ring, new(store.Partitions, ring, store.Clock));
    }

    // Lets the clock go until the work is done; the service looks at its keys as often as it does when it runs.
    private static async Task RunAsync(TestStore store, Task work)
    {
        while (!work.IsCompleted)
        {
            await store.Service.Ring.RefreshAsync(default);
            store.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await work;
    }

    private static async Task CheckAllAsync(TestStore store, int each)
    {
        foreach (var person in People)
        {
            Assert.Equal(each, (await store.SearchAsync(person, "")).Observations.Count);
        }
    }

    [Fact]
    public async Task The_directory_key_is_rotated_while_the_service_writes_and_nobody_gets_two_patients()
    {
        await using var store = await TestStore.OpenAsync();
        await store.SubmitAsync(Collection(People.Take(10).Select(p => HeartRate(p, "1"))));
        var (ring, rotation) = await OperatorAsync(store);
        var before = ring.Current.Directory;
        var reports = new List<RotationProgress>();
        var work = rotation.RotateDirectoryAsync(new Immediate(reports.Add), default);
        await store.SubmitAsync(Collection(People.Select(p => HeartRate(p, "2"))));
        await RunAsync(store, work);
        await store.SubmitAsync(Collection(People.Select(p => HeartRate(p, "3"))));
        await store.SubmitAsync(Collection(People.Skip(10).Select(p => HeartRate(p, "1"))));

        await CheckAllAsync(store, 3);
        Assert.Equal(20, reports[^1].Rewritten);
        Assert.Equal(reports[^1].Of, reports[^1].Partitions);
        Assert.NotEqual(before, store.Service.Ring.Current.Directory);
        Assert.Null(store.Service.Ring.Current.PreviousDirectory);
        foreach (var person in People)
        {
            var (partition, row) = PatientDirectory.Place(person, before);
            Assert.Null(await store.Partitions.ReadAsync(partition, row, default));
        }
    }

    [Fact]
    public async Task An_interrupted_rotation_of_the_directory_key_is_finished_by_starting_it_again()
    {
        await using var store = await TestStore.OpenAsync();
        await store.SubmitAsync(Collection(People.Select(p => HeartRate(p, "1"))));
        var (_, rotation) = await OperatorAsync(store);
        using var interrupt = new CancellationTokenSource();
        var work = rotation.RotateDirectoryAsync(
            new Immediate(p =>
            {
                if (p.Partitions == 100)
                {
                    interrupt.Cancel();
                }
            }),
            interrupt.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(store, work));
        await CheckAllAsync(store, 1);

        var (_, again) = await OperatorAsync(store);
        await RunAsync(store, again.RotateDirectoryAsync(new Immediate(_ => { }), default));
        await CheckAllAsync(store, 1);
        Assert.Equal(2, store.Service.Ring.Current.DirectoryNumber);
    }

    [Fact]
    public async Task The_master_key_is_rotated_while_the_service_runs_and_the_old_one_opens_nothing_more()
    {
        await using var store = await TestStore.OpenAsync();
        var path = Path.Combine(store.Folder, "master-keys.json");
        await store.SubmitAsync(Collection(People.Select(p => HeartRate(p, "1"))));
        var old = MasterKeys.Parse(await File.ReadAllBytesAsync(path));
        old.WithNext().WriteFile(path);
        var (_, rotation) = await OperatorAsync(store);
        await RunAsync(store, rotation.RewrapAsync(new Immediate(_ => { }), default));
        MasterKeys.Parse(await File.ReadAllBytesAsync(path)).CurrentOnly().WriteFile(path);
        await CheckAllAsync(store, 1);

        var fresh = await KeyRing.OpenAsync(store.Blobs, () => MasterKeys.ReadOrCreate(path), default);
        var service = Service.Open(store.Partitions, store.Blobs, fresh, NationalIdPolicy.Lenient, "embedded", store.Clock);
        var number = PatientLinkTests.Id(People[0]);
        Assert.Single((await service.Reader.SearchAsync(await service.Reader.OpenAsync(await service.Directory.FindAsync(number, default), default), new(), Visibility.Everything, null, null, default)).Observations);
        await Assert.ThrowsAsync<System.Security.Cryptography.CryptographicException>(() => KeyRing.OpenAsync(store.Blobs, () => old, default));
        Assert.Equal(EntryOutcome.Known, (await store.SubmitAsync(Collection(HeartRate(People[0], "1"))))[0].Outcome);
    }

    private sealed class Immediate(Action<RotationProgress> report) : IProgress<RotationProgress>
    {
        public void Report(RotationProgress value) => report(value);
    }
}
