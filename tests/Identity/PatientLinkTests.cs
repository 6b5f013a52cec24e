using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Tests.Observations;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Identity;

public sealed class PatientLinkTests
{
    private static readonly string DNumber = SyntheticNumbers.DNumber(30);
    private static readonly string Fnr = SyntheticNumbers.Number(31);
    private static readonly string Third = SyntheticNumbers.Number(32);

    internal static NationalId Id(string number) => NationalId.TryParse(number, null, NationalIdPolicy.Lenient, out var id, out _) ? id : throw new ArgumentException("No number.", nameof(number));

    private static Task<LinkOutcome> LinkAsync(TestStore store, string first, string second) =>
        new PatientLink(store.Partitions, store.Service.Ring, store.Clock).JoinAsync(Id(first), Id(second), default);

    private static async Task<int> CountAsync(TestStore store, string number) => (await store.SearchAsync(number, "")).Observations.Count;

    [Theory]
    [InlineData(true, true, LinkOutcome.Joined)]
    [InlineData(true, false, LinkOutcome.Added)]
    [InlineData(false, true, LinkOutcome.Added)]
    [InlineData(false, false, LinkOutcome.Added)]
    public async Task After_joining_a_search_by_either_number_gives_all(bool firstHasData, bool secondHasData, LinkOutcome outcome)
    {
        await using var store = await TestStore.OpenAsync();
        if (firstHasData)
        {
            await store.SubmitAsync(Collection(HeartRate(DNumber, "1"), HeartRate(DNumber, "2")));
        }

        if (secondHasData)
        {
            await store.SubmitAsync(Collection(HeartRate(Fnr, "3")));
        }

        Assert.Equal(outcome, await LinkAsync(store, DNumber, Fnr));
        var expected = (firstHasData ? 2 : 0) + (secondHasData ? 1 : 0);
        Assert.Equal(expected, await CountAsync(store, DNumber));
        Assert.Equal(expected, await CountAsync(store, Fnr));
        Assert.Equal(LinkOutcome.AlreadyLinked, await LinkAsync(store, Fnr, DNumber));

        await store.SubmitAsync(Collection(Weight(Fnr, "4"), Weight(DNumber, "5")));
        Assert.Equal(expected + 2, await CountAsync(store, DNumber));
        Assert.Equal(expected + 2, await CountAsync(store, Fnr));
    }

    [Fact]
    public async Task What_was_stored_before_the_joining_stays_known_and_is_corrected_where_it_lies()
    {
        await using var store = await TestStore.OpenAsync();
        await store.SubmitAsync(Collection(HeartRate(DNumber, "1")));
        var stored = (await store.SubmitAsync(Collection(HeartRate(Fnr, "2"))))[0];
        await LinkAsync(store, DNumber, Fnr);

        var again = (await store.SubmitAsync(Collection(HeartRate(Fnr, "2"))))[0];
        Assert.Equal((EntryOutcome.Known, stored.Id), (again.Outcome, again.Id));
        var correction = HeartRate(Fnr, "2", value: 99);
        correction["status"] = "corrected";
        var corrected = (await store.SubmitAsync(Collection(correction)))[0];
        Assert.Equal((EntryOutcome.Corrected, stored.Id, 2), (corrected.Outcome, corrected.Id, corrected.Version));
        Assert.Equal(2, await CountAsync(store, DNumber));
    }

    [Fact]
    public async Task A_reader_that_polls_by_either_number_sees_what_the_joining_brought()
    {
        await using var store = await TestStore.OpenAsync();
        await store.SubmitAsync(Collection(HeartRate(DNumber, "1")));
        await store.SubmitAsync(Collection(HeartRate(Fnr, "2")));
        store.Clock.Advance(TimeSpan.FromMinutes(5));
        foreach (var number in new[] { DNumber, Fnr })
        {
            Assert.Empty((await store.SearchAsync(number, $"_lastUpdated=ge{Cursor()}")).Observations);
        }

        var cursor = Cursor();
        store.Clock.Advance(TimeSpan.FromMinutes(1));
        await LinkAsync(store, DNumber, Fnr);
        foreach (var number in new[] { DNumber, Fnr })
        {
            Assert.Equal(2, (await store.SearchAsync(number, $"_lastUpdated=ge{cursor}")).Observations.Count);
        }

        store.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty((await store.SearchAsync(Fnr, $"_lastUpdated=ge{Cursor()}")).Observations);

        string Cursor() => PasientensMaledata.Observations.Wire.BundleWriter.Instant(store.Clock.GetUtcNow().UtcDateTime - Limits.CommitWindow);
    }

    [Fact]
    public async Task Joining_three_numbers_in_any_order_gives_one_patient()
    {
        await using var store = await TestStore.OpenAsync();
        await store.SubmitAsync(Collection(HeartRate(DNumber, "1")));
        await store.SubmitAsync(Collection(HeartRate(Fnr, "2")));
        await store.SubmitAsync(Collection(HeartRate(Third, "3")));
        await LinkAsync(store, Fnr, Third);
        await LinkAsync(store, DNumber, Third);
        foreach (var number in new[] { DNumber, Fnr, Third })
        {
            Assert.Equal(3, await CountAsync(store, number));
        }
    }
}
