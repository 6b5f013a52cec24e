using System.Text.Json.Nodes;
using PasientensMaledata.Observations.Submissions;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Observations;

/// <summary>Each storage request costs time and money: docs/performance.md promises these figures.</summary>
public sealed class StorageRequestTests
{
    private static readonly string Person = SyntheticNumbers.Number(20);

    private static async Task<(TestStore Store, CountingPartitions Counter)> OpenAsync()
    {
        CountingPartitions? counter = null;
        var store = await TestStore.OpenAsync(p => counter = new(p));
        return (store, counter!);
    }

    [Fact]
    public async Task A_bundle_of_100_new_Observations_of_a_known_patient_takes_at_most_6()
    {
        var (store, counter) = await OpenAsync();
        await using var _ = store;
        await store.SubmitAsync(Collection(HeartRate(Person, "first")));
        counter.Reset();
        var results = await store.SubmitAsync(Collection(Enumerable.Range(0, 100).Select(i => HeartRate(Person, $"{i}", $"2026-11-{(i % 19) + 1:00}T08:00:00Z"))));
        Assert.All(results, r => Assert.Equal(EntryOutcome.Created, r.Outcome));
        Assert.True(counter.Requests <= 6, $"{counter.Requests} requests");
    }

    [Fact]
    public async Task A_look_up_takes_at_most_4_and_one_more_for_each_further_page_or_Concept()
    {
        var (store, counter) = await OpenAsync();
        await using var _ = store;
        JsonObject yearly = HeartRate(Person, "year", "2025");
        await store.SubmitAsync(Collection([.. Enumerable.Range(0, 1500).Select(i => HeartRate(Person, $"{i}", $"2026-{(i % 11) + 1:00}-{(i % 28) + 1:00}T08:00:00Z")), yearly]));
        foreach (var (query, found, most) in new[] { ("", 1000, 5), ("code=8867-4&_count=100", 100, 4), ("_count=100&date=ge2026-11", 100, 4), ("_count=900", 900, 4) })
        {
            counter.Reset();
            Assert.Equal(found, (await store.SearchAsync(Person, query)).Observations.Count);
            Assert.True(counter.Requests <= most, $"{query}: {counter.Requests} requests");
        }

        await store.SubmitAsync(Collection(Weight(Person, "w")));
        counter.Reset();
        Assert.Equal(100, (await store.SearchAsync(Person, "_count=100")).Observations.Count);
        Assert.True(counter.Requests <= 5, $"two Concepts: {counter.Requests} requests");
    }

    [Fact]
    public async Task A_search_for_someone_never_seen_takes_one()
    {
        var (store, counter) = await OpenAsync();
        await using var _ = store;
        counter.Reset();
        Assert.Empty((await store.SearchAsync(Person, "")).Observations);
        Assert.Equal(1, counter.Requests);
    }
}
