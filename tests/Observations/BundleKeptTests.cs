using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Observations.Rows;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Observations;

public sealed class BundleKeptTests
{
    [Fact]
    public async Task Identifier_timestamp_and_municipality_of_the_Bundle_are_kept_with_each_Observation()
    {
        await using var store = await TestStore.OpenAsync();
        var person = SyntheticNumbers.Number(90);
        var bundle = Collection(HeartRate(person, "1"));
        bundle["identifier"] = new JsonObject { ["system"] = "https://example.org/bundle", ["value"] = "b-1" };
        bundle["timestamp"] = "2026-11-20T10:00:00+01:00";
        await store.SubmitAsync(bundle);
        var found = (await store.SearchAsync(person, "")).Observations[0];
        using var seal = found.Head.Person.OpenSeal();
        Assert.Equal("2026-11-20T09:00:00.0000000Z|https://example.org/bundle|b-1", new ObservationRow(found.Row.Span).ReadBundle(seal));
        Assert.Equal("4601", Encoding.ASCII.GetString(new ObservationRow(found.Row.Span).Municipality));
    }
}
