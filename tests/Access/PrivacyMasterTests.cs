using System.Buffers.Binary;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tests.Access;

/// <summary>When settings are loaded from the master, and how long they are relied on.</summary>
public sealed class PrivacyMasterTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private static readonly PartitionKey Partition = new("privacy-component");
    private static readonly RowKey Mark = new("loaded.privacy-component");

    [Fact]
    public async Task A_process_loads_at_its_start_and_is_relied_on_from_then()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var master = world.NewProcess();
        Assert.False(master.IsRelied);
        Assert.Equal(DateTime.MinValue, master.Loaded);
        Assert.NotNull(await master.GoOnAsync(default));
        Assert.True(master.IsRelied);
        Assert.Equal((world.Storage.Clock.GetUtcNow().UtcDateTime, DateTimeKind.Utc), (master.Loaded, master.Loaded.Kind));
        Assert.Null(await master.GoOnAsync(default));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task A_process_that_starts_within_ten_minutes_of_anothers_load_relies_on_that(long ticks, bool loads)
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        await world.NewProcess().GoOnAsync(default);
        world.Storage.Clock.Advance(TimeSpan.FromMinutes(10) + (ticks * Tick));
        var other = world.NewProcess();
        Assert.False(other.IsRelied);
        Assert.Equal(loads, await other.GoOnAsync(default) is not null);
        Assert.True(other.IsRelied);
    }

    [Fact]
    public async Task A_load_that_failed_is_tried_again_after_half_a_minute()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var master = world.NewProcess();
        world.There.IsAway = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => master.GoOnAsync(default));
        Assert.False(master.IsRelied);
        world.There.IsAway = false;
        world.Storage.Clock.Advance(TimeSpan.FromSeconds(30) - Tick);
        Assert.Null(await master.GoOnAsync(default));
        Assert.Single(world.There.Addresses);
        world.Storage.Clock.Advance(Tick);
        Assert.NotNull(await master.GoOnAsync(default));
        Assert.True(master.IsRelied);
    }

    [Fact]
    public async Task Each_night_at_half_past_two_one_process_loads()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var (one, other) = (world.NewProcess(), world.NewProcess());
        Assert.NotNull(await one.GoOnAsync(default));
        Assert.Null(await other.GoOnAsync(default));

        // 20 November, 12:00, until the night; at 2:29:59 both look, and at 2:30:59 they may look again.
        await AssertAsync(new(2026, 11, 21, 2, 29, 59, TimeSpan.Zero), false, false);
        await AssertAsync(new(2026, 11, 21, 2, 30, 58, TimeSpan.Zero), false, false);
        await AssertAsync(new(2026, 11, 21, 2, 30, 59, TimeSpan.Zero), true, false);
        await AssertAsync(new(2026, 11, 22, 2, 28, 59, TimeSpan.Zero), false, false);

        // Half past two itself.
        await AssertAsync(new(2026, 11, 22, 2, 30, 0, TimeSpan.Zero), true, false);
        await AssertAsync(new(2026, 11, 22, 2, 31, 0, TimeSpan.Zero), false, false);

        async Task AssertAsync(DateTimeOffset at, bool firstLoads, bool secondLoads)
        {
            world.Storage.Clock.SetUtcNow(at);
            Assert.Equal((firstLoads, secondLoads), (await one.GoOnAsync(default) is not null, await other.GoOnAsync(default) is not null));
        }
    }

    [Theory]
    [InlineData(21, 2)]
    [InlineData(22, 1)]
    public async Task A_load_of_the_evening_before_is_not_that_of_the_night(int day, int hour)
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        world.Storage.Clock.SetUtcNow(new(2026, 11, 20, 22, 0, 0, TimeSpan.Zero));
        var master = world.NewProcess();
        Assert.NotNull(await master.GoOnAsync(default));
        world.Storage.Clock.SetUtcNow(new(2026, 11, day, hour, 31, 0, TimeSpan.Zero));
        Assert.NotNull(await master.GoOnAsync(default));
    }

    [Fact]
    public async Task A_load_at_half_past_two_itself_is_that_nights()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var master = world.NewProcess();
        world.Storage.Clock.SetUtcNow(new(2026, 11, 21, 2, 30, 0, TimeSpan.Zero));
        Assert.NotNull(await master.GoOnAsync(default));
        world.Storage.Clock.SetUtcNow(new(2026, 11, 22, 2, 29, 0, TimeSpan.Zero));
        Assert.Null(await master.GoOnAsync(default));
    }

    [Fact]
    public async Task What_is_stored_is_relied_on_for_48_hours_of_the_last_whole_load()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var master = world.NewProcess();
        await master.RunAsync(default);
        Assert.True(master.IsRelied);
        world.Storage.Clock.Advance(TimeSpan.FromHours(48));
        Assert.True(master.IsRelied);
        world.Storage.Clock.Advance(Tick);
        Assert.False(master.IsRelied);
        world.There.IsAway = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => master.RunAsync(default));
        Assert.False(master.IsRelied);
        world.There.IsAway = false;
        await master.RunAsync(default);
        Assert.True(master.IsRelied);
    }

    [Fact]
    public async Task A_first_load_that_fails_leaves_the_decision_to_the_age_of_what_is_stored()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        await world.NewProcess().RunAsync(default);
        world.Storage.Clock.Advance(TimeSpan.FromHours(1));
        world.There.IsAway = true;
        var restarted = world.NewProcess();
        await Assert.ThrowsAsync<HttpRequestException>(() => restarted.GoOnAsync(default));
        Assert.True(restarted.IsRelied);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0000000000000000FF")]
    [InlineData("FFFFFFFFFFFFFFFF")]
    [InlineData("2BCA2875F4374000")]
    public async Task A_stored_moment_that_does_not_read_is_no_moment(string hex)
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        await world.Partitions.CommitAsync(Partition, [RowOperation.Insert(Mark, Convert.FromHexString(hex))], null, default);
        var master = world.NewProcess();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => master.GoOnAsync(default));
        Assert.False(master.IsRelied);
        Assert.Equal(DateTime.MinValue, master.Loaded);
    }

    [Fact]
    public async Task The_first_and_the_last_moment_of_the_calendar_read()
    {
        foreach (var moment in new[] { DateTime.MinValue, DateTime.MaxValue })
        {
            await using var world = await PrivacyComponentWorld.OpenAsync();
            var value = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(value, moment.Ticks);
            await world.Partitions.CommitAsync(Partition, [RowOperation.Insert(Mark, value)], null, default);
            var master = world.NewProcess();
            Assert.Equal(moment == DateTime.MinValue, await master.GoOnAsync(default) is not null);
            Assert.Equal(moment == DateTime.MinValue ? world.Storage.Clock.GetUtcNow().UtcDateTime : moment, master.Loaded);
        }
    }

    [Fact]
    public async Task What_is_changed_here_is_told_at_once_and_what_could_not_be_told_the_next_time()
    {
        await using var world = await PrivacyComponentWorld.OpenAsync();
        var master = world.NewProcess();
        await master.GoOnAsync(default);
        _ = NationalId.TryParse("13717404089", null, NationalIdPolicy.Synthetic, out var citizen, out _);
        var set = await world.Store.ReserveAsync(citizen, SettingActor.Citizen, true, default);
        master.Tell(set.Patient!.Value);
        world.There.IsAway = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => master.GoOnAsync(default));
        world.There.IsAway = false;
        Assert.Equal(0, world.There.Told);
        Assert.Null(await master.GoOnAsync(default));
        Assert.Equal(1, world.There.Told);
        await master.GoOnAsync(default);
        Assert.Equal(1, world.There.Told);
    }
}
