using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>A proof is taken once, whoever takes it and however storage fails; and is forgotten when nobody would take it any more.</summary>
public sealed class ReplayMemoryTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_thirty_two_copies_at_once_to_two_processes_exactly_one_is_taken()
    {
        await using var world = new TokenWorld();
        var processes = new[] { world.Authenticator, world.NewProcess() };
        var headers = world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search);
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => world.SearchAsync(headers, processes[i % 2]))));
        Assert.Single(answers, a => a.IsKnown);
        Assert.All(answers.Where(a => !a.IsKnown), a => Assert.Equal((401, "invalid_dpop_proof", RefusalReason.ProofReplayed), (a.Refusal!.Status, a.Refusal.Error, a.Refusal.Reason)));
    }

    [Fact]
    public async Task One_client_cannot_use_up_the_jti_of_another()
    {
        await using var world = new TokenWorld();
        using var other = SigningKey.Ec();
        foreach (var client in new[] { world.Client(TokenKind.Clinician), new DevelopmentClient(world.Issuer, TokenKind.Clinician, other, world.Clock) })
        {
            var token = client.Token().Sign(world.Issuer.Key);
            var proof = client.Proof("POST", TokenWorld.Search, token).With("jti", "the-same").Sign(client.Key);
            Assert.True((await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [proof]))).IsKnown);
        }
    }

    [Fact]
    public async Task A_proof_costs_one_request_to_storage()
    {
        CountingPartitions? counting = null;
        await using var world = new TokenWorld(p => counting = new(p));
        await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search));
        Assert.Equal(1, counting!.Requests);
    }

    [Fact]
    public async Task Whoever_is_refused_for_another_reason_costs_none()
    {
        CountingPartitions? counting = null;
        await using var world = new TokenWorld(p => counting = new(p));
        foreach (var broken in BrokenTokens.All.Concat(BrokenProofs.All))
        {
            await world.SearchAsync(broken.Headers(world.Client(TokenKind.Clinician), "POST", TokenWorld.Search));
        }

        Assert.Equal(0, counting!.Requests);
    }

    [Fact]
    public async Task Nobody_is_let_in_while_storage_stays_away()
    {
        await using var world = new TokenWorld(p => new FaultyPartitions(p, new FaultPlan { Unavailable = 1 }, new Random(1), TimeProvider.System));
        var refusal = (await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search))).Refusal!;
        Assert.Equal((503, "transient", RefusalReason.MemoryUnreachable), (refusal.Status, refusal.IssueCode, refusal.Reason));
        Assert.NotNull(refusal.RetryAfter);
        Assert.Null(refusal.Challenge);
    }

    [Fact]
    public async Task What_an_earlier_attempt_of_the_same_request_has_stored_is_its_own()
    {
        await using var world = new TokenWorld(p => new FaultyPartitions(p, new FaultPlan { Retried = 1 }, new Random(1), TimeProvider.System));
        var headers = world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search);
        Assert.True((await world.SearchAsync(headers)).IsKnown);
        Assert.Equal(RefusalReason.ProofReplayed, (await world.SearchAsync(headers)).Refusal!.Reason);
    }

    [Fact]
    public async Task A_copy_is_refused_for_as_long_as_its_time_holds_with_purges_all_the_while()
    {
        await using var world = new TokenWorld();
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        var headers = world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search);
        Assert.True((await world.SearchAsync(headers)).IsKnown);
        for (var second = 0; second < 30; second++)
        {
            await memory.PurgeAsync(120, Cancel);
            Assert.False((await world.SearchAsync(headers)).IsKnown);
            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Proofs_are_forgotten_when_their_time_is_over()
    {
        await using var world = new TokenWorld();
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        var client = world.Client(TokenKind.Clinician);
        for (var i = 0; i < 250; i++)
        {
            Assert.True((await world.SearchAsync(client.Headers("POST", TokenWorld.Search))).IsKnown);
        }

        Assert.Equal(0, await memory.PurgeAsync(120, Cancel));
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(250, await memory.PurgeAsync(120, Cancel));
        Assert.Equal(0, await memory.PurgeAsync(120, Cancel));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(300)]
    public async Task A_proof_is_kept_for_its_minute_its_time_twice_the_skew_and_six_minutes_more(int age)
    {
        await using var world = new TokenWorld(null, ("Auth:ProofSeconds", $"{age}"));
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);

        // At noon: the first second of its minute.
        Assert.True((await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search))).IsKnown);
        world.Clock.Advance(TimeSpan.FromSeconds(60 + age + 10 + 360 - 1));
        Assert.Equal(0, await memory.PurgeAsync(120, Cancel));
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await memory.PurgeAsync(120, Cancel));
    }

    [Fact]
    public async Task A_purge_with_nothing_due_costs_one_request()
    {
        CountingPartitions? counting = null;
        await using var world = new TokenWorld(p => counting = new(p));
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        await memory.PurgeAsync(120, Cancel);
        counting!.Reset();
        await memory.PurgeAsync(120, Cancel);
        Assert.Equal(1, counting.Requests);
    }

    [Fact]
    public async Task What_another_purge_has_taken_meanwhile_is_not_counted_and_what_it_left_is()
    {
        Meddling? meddling = null;
        await using var world = new TokenWorld(p => meddling = new(p));
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        var partition = new PartitionKey($"dpop-{world.Clock.GetUtcNow().ToUnixTimeSeconds() / 60}-0");
        await world.Partitions.CommitAsync(partition, [.. Enumerable.Range(0, 100).Select(i => RowOperation.Insert(new($"0{i:d3}"), new byte[1]))], null, Cancel);
        await world.Partitions.CommitAsync(partition, [.. Enumerable.Range(100, 50).Select(i => RowOperation.Insert(new($"0{i:d3}"), new byte[1]))], null, Cancel);
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        meddling!.Partition = partition;
        Assert.Equal(149, await memory.PurgeAsync(120, Cancel));
        Assert.Equal(0, await memory.PurgeAsync(120, Cancel));
    }

    [Fact]
    public async Task A_purge_that_was_away_for_a_day_catches_up_bit_by_bit()
    {
        await using var world = new TokenWorld();
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        await memory.PurgeAsync(120, Cancel);
        await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search));
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search));
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        var forgotten = 0;
        for (var run = 0; run < 13; run++)
        {
            forgotten += await memory.PurgeAsync(120, Cancel);
        }

        Assert.Equal(2, forgotten);
    }

    [Fact]
    public async Task Two_purges_at_once_forget_everything()
    {
        await using var world = new TokenWorld();
        var memory = new ReplayMemory(world.Partitions, world.Options.Window, world.Clock);
        for (var i = 0; i < 50; i++)
        {
            await world.SearchAsync(world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search));
        }

        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => memory.PurgeAsync(120, Cancel), Cancel)));
        var minute = (world.Clock.GetUtcNow() - TimeSpan.FromMinutes(10)).ToUnixTimeSeconds() / 60;
        foreach (var shard in "0123456789abcdef")
        {
            Assert.Empty((await world.Partitions.ReadRangeAsync(new($"dpop-{minute}-{shard}"), new("0"), new("g"), 100, null, Cancel)).Rows);
        }
    }

    /// <summary>Takes one row away just before the second commit to a partition.</summary>
    private sealed class Meddling(IPartitions inner) : IPartitions
    {
        private int commits;

        public PartitionKey? Partition { get; set; }

        public ValueTask<Row?> ReadAsync(PartitionKey partition, RowKey key, CancellationToken cancellationToken) => inner.ReadAsync(partition, key, cancellationToken);

        public ValueTask<RowPage> ReadRangeAsync(PartitionKey partition, RowKey from, RowKey to, int maxRows, string? continuation, CancellationToken cancellationToken) =>
            inner.ReadRangeAsync(partition, from, to, maxRows, continuation, cancellationToken);

        public async ValueTask<CommitResult> CommitAsync(PartitionKey partition, IReadOnlyList<RowOperation> operations, DateTimeOffset? commitBy, CancellationToken cancellationToken)
        {
            if (partition == Partition && ++commits == 2)
            {
                var row = (await inner.ReadRangeAsync(partition, new("0"), new("g"), 1, null, cancellationToken)).Rows[0];
                await inner.CommitAsync(partition, [RowOperation.Delete(row.Key, row.Version)], null, cancellationToken);
            }

            return await inner.CommitAsync(partition, operations, commitBy, cancellationToken);
        }
    }
}
