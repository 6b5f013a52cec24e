using System.Text.Json.Nodes;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Submissions;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.Streaming.StreamTests;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>What was refused is received again, the same way in, and as often as one likes.</summary>
public sealed class ReplayTests
{
    private static readonly string Person = SyntheticNumbers.Number(3_101);

    // Of a device whose clock ran ahead: refused now, and right in two days.
    private const string Ahead = "2026-11-22T08:00:00+01:00";

    [Fact]
    public async Task What_has_become_right_is_stored_and_is_no_longer_among_the_refused()
    {
        await using var world = await StreamWorld.OpenAsync();
        await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "1", Ahead), "clinic-a"), new("x"u8.ToArray(), "clinic-a")], 1);
        Assert.Equal(2, (await world.RefusedAsync()).Count);
        world.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(new ReplayTally(1, 1, 0), await world.ReplayAsync(world.Process()));
        Assert.Single(await world.StoredAsync(Person));
        Assert.Equal("structure", Assert.Single(Assert.Single(await world.RefusedAsync()).Entries).Reason);
        Assert.Equal(new ReplayTally(0, 1, 0), await world.ReplayAsync(world.Process()));
        Assert.Single(await world.StoredAsync(Person));
    }

    [Fact]
    public async Task Entries_keep_their_places_and_what_identity_rests_on()
    {
        await using var world = await StreamWorld.OpenAsync();
        var wrong = HeartRate(Person, "2");
        wrong.Remove("status");

        // No identifier: its identity rests on the Bundle's.
        var bundle = Collection(HeartRate(Person, "0"), HeartRate(Person, effective: Ahead), wrong, HeartRate(Person, "3", Ahead));
        bundle["identifier"] = new JsonObject { ["system"] = "https://example.org/bundle", ["value"] = "b-1" };
        await StreamWorld.PostAsync(world.Process(), [Event(bundle, "clinic-a")], 1);
        Assert.Equal([1, 2, 3], Assert.Single(await world.RefusedAsync()).Entries.Select(e => e.Index!.Value));
        world.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(new ReplayTally(2, 1, 0), await world.ReplayAsync(world.Process()));
        var left = Assert.Single(await world.RefusedAsync());
        Assert.Equal(2, Assert.Single(left.Entries).Index);
        Assert.Equal(3, left.Others["created"]);
        Assert.Equal(1, (await world.ReplayAsync(world.Process())).Refused);

        // The whole again, as the hub may deliver it: all but the wrong one are known.
        Assert.Equal("1 events: 3 known, 1 refused.", (await StreamWorld.PostAsync(world.Process(), [Event(bundle, "clinic-a")], 1)).Log);
        Assert.Equal(3, (await world.StoredAsync(Person)).Count);
    }

    [Fact]
    public async Task A_replay_that_dies_is_finished_by_the_next()
    {
        for (var calls = 1; ; calls++)
        {
            await using var world = await StreamWorld.OpenAsync();
            await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "1", Ahead), "clinic-a"), Event(HeartRate(Person, "2", Ahead), "clinic-a")], 1);
            world.Clock.Advance(TimeSpan.FromDays(2));
            var died = false;
            try
            {
                await world.ReplayAsync(world.Process(new Lifespan(calls)));
            }
            catch (Exception e) when (e.GetBaseException() is DeadException)
            {
                died = true;
            }

            Assert.Equal(0, (await world.ReplayAsync(world.Process())).Refused);
            Assert.Equal(2, (await world.StoredAsync(Person)).Count);
            Assert.Empty(await world.RefusedAsync());
            if (!died)
            {
                Assert.True(calls > 5, $"{calls} calls");
                return;
            }
        }
    }

    [Fact]
    public async Task Of_who_takes_no_part_there_is_nothing_to_replay_and_what_was_kept_before_is_let_go()
    {
        await using var world = await StreamWorld.OpenAsync();
        await StreamWorld.PostAsync(world.Process(), [Event(HeartRate(Person, "0"), "clinic-a"), Event(HeartRate(Person, "1", Ahead), "clinic-a"), Event(HeartRate(Person, "2"), "nobody")], 1);
        await world.ReserveAsync(Person);
        world.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(new ReplayTally(0, 1, 1), await world.ReplayAsync(world.Process()));
        var left = await world.RefusedAsync();
        Assert.Equal(["reserved", "sender-unknown"], left.SelectMany(l => l.Entries).Select(e => e.Reason).Order(StringComparer.Ordinal));
        Assert.All(left, l => Assert.Null(l.Body));
    }

    [Fact]
    public async Task What_came_by_HTTP_is_replayed_as_it_was_sent()
    {
        await using var service = await TestService.StartAsync();
        var person = SharedService.NewPerson();
        Assert.Equal(201, (await service.SendAsync(HttpMethod.Put, "Observation/own-1", With(HeartRate(person, value: 70), "own-1"))).StatusCode);
        var missed = await service.SendAsync(HttpMethod.Put, "Observation/own-1", With(HeartRate(person, value: 75), "own-1"), headers: ("If-Match", "W/\"2\""));
        Assert.Equal(412, missed.StatusCode);
        Assert.Equal(200, (await service.SendAsync(HttpMethod.Put, "Observation/own-1", With(HeartRate(person, value: 72), "own-1"))).StatusCode);
        var blob = await Single(service);
        var replay = new RefusedReplay(service.Service.Refused, service.Service.Reception, service.Service.Ring, s => SenderAdmission.Of(s, ParticipantList.Empty, service.Clock).Admit, service.Clock);
        Assert.Equal(new ReplayTally(1, 0, 0), await replay.ReplayAsync(blob, _ => true, default));
        Assert.Equal(75m, (decimal)Assert.Single((await service.SearchAsync($"patient.identifier={person}")).Observations)["valueQuantity"]!["value"]!);

        static string With(JsonObject observation, string id)
        {
            observation["id"] = id;
            return observation.ToJsonString();
        }

        static async Task<RefusedBlob> Single(TestService service)
        {
            var found = new List<RefusedBlob>();
            await foreach (var one in service.Service.Refused.ReadAsync(DateOnly.FromDateTime(TestService.Noon.UtcDateTime), null, null, default))
            {
                found.Add(one);
            }

            return Assert.Single(found);
        }
    }

    [Fact]
    public void A_publishers_token_is_what_Event_Hubs_reckons()
    {
        // Reckoned with openssl: printf '%s\n%s' "$sr" "$se" | openssl dgst -sha256 -hmac "$key" -binary | base64.
        const string Expected = "SharedAccessSignature sr=sb%3A%2F%2Fpmd.servicebus.windows.net%2Fmeasurements%2Fpublishers%2Fclinic-a&sig=i7KNMaWZkN%2Ft8tah0%2BdPI96S6iklxmDJSKu8mHi5AsU%3D&se=1800000000&skn=publishers";
        Assert.Equal(Expected, PublisherToken.Make("pmd.servicebus.windows.net", "measurements", new("clinic-a"), "publishers", "c29tZSBrZXkgdGhhdCBpcyBub25l", DateTimeOffset.FromUnixTimeSeconds(1_800_000_000)));
    }
}
