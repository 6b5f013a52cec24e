using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.Storage;

/// <summary>The laws of rows hold for a caller that asks again and reads back, however storage fails.</summary>
public sealed class FaultyPartitionsTests : PartitionsContract, IAsyncDisposable
{
    private const int Seed = 20261101;

    private readonly TemporaryFolder folder = new();
    private readonly EmbeddedStorage storage;
    private readonly RetryingPartitions retrying;

    public FaultyPartitionsTests()
    {
        storage = EmbeddedStorage.Open(folder.Path, Time);
        retrying = new RetryingPartitions(new FaultyPartitions(storage.Partitions, FaultPlan.Rough, new Random(Seed), Time));
    }

    protected override IPartitions Partitions => retrying;

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_lost_answer_is_that_of_a_committed_batch()
    {
        var faulty = Faulty(new FaultPlan { LostAnswer = 1 });
        var partition = NewPartition();
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await faulty.CommitAsync(partition, [Insert("a")], null, Cancel));
        Assert.NotNull(await storage.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
    }

    [Fact]
    public async Task A_refused_batch_is_not_committed()
    {
        var faulty = Faulty(new FaultPlan { Unavailable = 1 });
        var partition = NewPartition();
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await faulty.CommitAsync(partition, [Insert("a")], null, Cancel));
        Assert.Null(await storage.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
    }

    [Fact]
    public async Task A_batch_that_was_tried_again_meets_itself()
    {
        var faulty = Faulty(new FaultPlan { Retried = 1 });
        var partition = NewPartition();
        Assert.Equal(new CommitResult(CommitOutcome.Exists, 0), await faulty.CommitAsync(partition, [Insert("a")], null, Cancel));
        Assert.NotNull(await storage.Partitions.ReadAsync(partition, new RowKey("a"), Cancel));
    }

    [Fact]
    public async Task A_delayed_call_waits_for_its_clock()
    {
        var faulty = Faulty(new FaultPlan { Delayed = 1, MaxDelay = TimeSpan.FromSeconds(10) });
        var reading = faulty.ReadAsync(NewPartition(), new RowKey("a"), Cancel).AsTask();
        Assert.False(reading.IsCompleted);
        while (!reading.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Null(await reading);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_faults()
    {
        var partition = NewPartition();
        async Task<string> RunAsync()
        {
            var faulty = Faulty(FaultPlan.Rough);
            var outcomes = "";
            for (var i = 0; i < 100; i++)
            {
                try
                {
                    outcomes += (await faulty.ReadRangeAsync(partition, new RowKey("a"), new RowKey("b"), 5, null, Cancel)).Continuation ?? "-";
                }
                catch (StorageUnavailableException)
                {
                    outcomes += "!";
                }
            }

            return outcomes + faulty.FaultCount;
        }

        var first = await RunAsync();
        Assert.Contains('!', first);
        Assert.Contains('.', first);
        Assert.Equal(first, await RunAsync());
    }

    private FaultyPartitions Faulty(FaultPlan plan) => new(storage.Partitions, plan, new Random(Seed), Time);
}

/// <summary>The laws of blobs hold for a caller that asks again and reads back, however storage fails.</summary>
public sealed class FaultyBlobsTests : BlobsContract, IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EmbeddedStorage storage;
    private readonly RetryingBlobs retrying;

    public FaultyBlobsTests()
    {
        storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
        retrying = new RetryingBlobs(new FaultyBlobs(storage.Blobs, FaultPlan.Rough, new Random(20261102), new FakeTimeProvider()));
    }

    protected override IBlobs Blobs => retrying;

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Empty blobs are all alike, so that after a lost answer nobody can tell whose it is; but one is told that it is theirs.</summary>
    public override async Task Of_many_creations_of_one_appendable_name_exactly_one_is_done()
    {
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Blobs.CreateAppendableAsync(Name("b"), Cancel).AsTask()));
        Assert.Contains(true, done);
    }

    [Fact]
    public async Task A_lost_answer_is_that_of_an_append_that_was_done()
    {
        var faulty = new FaultyBlobs(storage.Blobs, new FaultPlan { LostAnswer = 1 }, new Random(1), TimeProvider.System);
        await storage.Blobs.CreateAppendableAsync(Name("a"), Cancel);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await faulty.AppendAsync(Name("a"), 0, Text("x"), Cancel));
        Assert.Equal("x", await ReadAsync(Name("a")));
    }
}
