using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage.Faulty;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Observations.Search;

/// <summary>A search gives what a plain filter over everything that was sent gives, whatever it is and however it is paged.</summary>
public sealed class SearchLawTests
{
    private static readonly string Person = SyntheticNumbers.Number(10);
    private static readonly string Other = SyntheticNumbers.Number(11);

    private static readonly (string System, string Code)[] Codings =
    [
        ("http://loinc.org", "8867-4"), ("http://snomed.info/sct", "364075005"), ("http://loinc.org", "29463-7"), ("http://loinc.org", "2708-6"),
        ("urn:oid:1.2.3", "8867-4"), ("urn:oid:1.2.3", "unknown-1"), ("urn:oid:1.2.3", "unknown-2"), ("", "loose"),
    ];

    private static readonly string[] Statuses = ["registered", "preliminary", "final", "amended", "entered-in-error"];

    private static readonly Gen<string> Moment = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 500 * 24 * 60], Gen.Int[0, 59], Gen.Int[-11, 14], Gen.Int[0, 3]).Select((precision, minute, second, offset, fraction) =>
    {
        var local = new DateTime(2025, 7, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMinutes(minute).AddSeconds(second);
        var zone = offset == 0 ? "Z" : $"{(offset < 0 ? '-' : '+')}{Math.Abs(offset):00}:{(offset % 2 == 0 ? "00" : "30")}";
        return precision switch
        {
            0 => local.ToString("yyyy", CultureInfo.InvariantCulture),
            1 => local.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            2 => local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => local.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + (fraction == 0 ? ".250" : "") + zone,
        };
    });

    private static readonly Gen<JsonObject> AnyObservation = Gen.Select(Gen.Int[0, 9], Moment, Moment, Gen.Int[0, 255], Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int).Select((shape, one, two, codings, status, category, salt) =>
    {
        var coded = new JsonArray([.. Codings.Where((_, i) => (codings & (1 << i)) != 0).Take(3).DefaultIfEmpty(Codings[codings % 8]).Select(c => c.System.Length == 0
            ? new JsonObject { ["code"] = c.Code }
            : new JsonObject { ["system"] = c.System, ["code"] = c.Code })]);
        var observation = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["status"] = Statuses[status],
            ["code"] = new JsonObject { ["coding"] = coded },
            ["subject"] = new JsonObject { ["identifier"] = new JsonObject { ["value"] = Person } },
            ["valueInteger"] = salt,
        };
        if (category > 0)
        {
            observation["category"] = new JsonArray(Messages.Concept("http://terminology.hl7.org/CodeSystem/observation-category", category == 1 ? "vital-signs" : "survey"));
        }

        var ordered = FhirTime.TryParse(one, TimeUse.Search, out var a) && FhirTime.TryParse(two, TimeUse.Search, out var b) && a.StartTicks <= b.StartTicks ? (one, two) : (two, one);
        switch (shape)
        {
            case 0:
                break;
            case 1:
                observation["effectivePeriod"] = new JsonObject { ["start"] = ordered.Item1, ["end"] = ordered.Item2 };
                break;
            case 2:
                observation["effectivePeriod"] = new JsonObject { ["start"] = one };
                break;
            case 3:
                observation["effectivePeriod"] = new JsonObject { ["end"] = one };
                break;
            default:
                observation["effectiveDateTime"] = one;
                break;
        }

        return observation;
    });

    private static readonly Gen<string> AnyQuery = Gen.Select(
        Choice("", "code=8867-4", "code=http://loinc.org|8867-4", "code=8867-4,29463-7", "code=urn:oid:1.2.3|", "code=|loose", "code=8867-4&code=364075005", "code=unknown-1", "code=absent"),
        Choice("", "category=survey", "category=vital-signs,survey", "status=final", "status=final,amended"),
        Gen.Select(Choice("", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb"), Moment).Select((prefix, moment) => $"date={prefix}{moment}").Array[0, 2],
        Choice("", "_sort=date", "_sort=-date")).Select((code, facet, dates, sort) => string.Join('&', new[] { code, facet, sort }.Concat(dates).Where(p => p.Length > 0)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Search_gives_what_a_plain_filter_over_everything_gives(bool withFaults)
    {
        Gen.Select(AnyObservation.Array[0, 120], AnyQuery.Array[12], Gen.Int[1, 9], Gen.Int).Sample(
            (observations, queries, count, seed) => CheckAsync(observations, queries, count, withFaults ? seed : null).GetAwaiter().GetResult(),
            iter: 30,
            threads: 1);
    }

    private static async Task CheckAsync(JsonObject[] generated, string[] queries, int count, int? faultSeed)
    {
        var observations = generated.Select((o, i) => SubmitBundleTests.With(
            o.DeepClone().AsObject(), "identifier", new JsonArray(new JsonObject { ["system"] = "urn:oid:1.9", ["value"] = $"{i}" }))).ToArray();
        await using var store = await TestStore.OpenAsync(p => faultSeed is { } seed ? new FaultyPartitions(p, FaultPlan.Rough, new Random(seed), TimeProvider.System) : p);
        var stored = new List<JsonNode>();
        foreach (var chunk in observations.Chunk(40))
        {
            var results = await store.SubmitAsync(Messages.Collection(chunk.Select(o => o.DeepClone().AsObject())));
            while (results.Any(r => r.Outcome == EntryOutcome.Unavailable))
            {
                results = await store.SubmitAsync(Messages.Collection(chunk.Select(o => o.DeepClone().AsObject())));
            }

            stored.AddRange(chunk);
            Assert.All(results, r => Assert.True(r.IsStored, string.Join(' ', r.Issues)));
            store.Clock.Advance(TimeSpan.FromSeconds(7));
        }

        foreach (var query in queries.Append(""))
        {
            var expected = stored.Where(o => Matches(o, query)).Select(Name).Order(StringComparer.Ordinal).ToList();
            var whole = await store.SearchAsync(Person, query);
            Assert.Equal(expected, TestStore.Sent(whole).Select(Name).Order(StringComparer.Ordinal));
            Assert.Equal(expected.Count, (await store.SearchAsync(Person, $"{query}&_summary=count")).Total);

            // Ordered by start, those without time last.
            var starts = TestStore.Sent(whole).Select(Effective).ToList();
            var timed = starts.TakeWhile(e => e.HasTime).Select(e => Math.Max(0, e.StartTicks)).ToList();
            Assert.All(starts.Skip(timed.Count), e => Assert.False(e.HasTime));
            Assert.Equal(query.Contains("_sort=date", StringComparison.Ordinal) ? timed.Order() : timed.OrderDescending(), timed);

            // Pages put together are the whole, in the same order.
            var paged = new List<string>();
            string? after = null;
            do
            {
                var page = await store.SearchAsync(Person, $"{query}&_count={count}", after);
                Assert.True(page.Observations.Count <= count);
                paged.AddRange(TestStore.Sent(page).Select(Name));
                after = page.After;
            }
            while (after is not null);
            Assert.Equal(TestStore.Sent(whole).Select(Name), paged);
            Assert.Empty((await store.SearchAsync(Other, query)).Observations);
        }
    }

    private static Gen<string> Choice(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Name(JsonNode observation) => (string)observation["identifier"]![0]!["value"]!;

    private static EffectiveTime Effective(JsonNode observation)
    {
        using var json = JsonDocument.Parse(observation.ToJsonString());
        return EffectiveTime.Read(json.RootElement, out _);
    }

    private static bool Matches(JsonNode observation, string query) =>
        query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).All(p => p[0] switch
        {
            "code" => p[1].Split(',').Any(t => observation["code"]!["coding"]!.AsArray().Any(c => Carries(c!, t))),
            "category" => p[1].Split(',').Any(t => observation["category"]?[0]!["coding"]!.AsArray().Any(c => Carries(c!, t)) ?? false),
            "status" => p[1].Split(',').Contains((string)observation["status"]!),
            "date" => DateComparison.TryParse(p[1], out var date, out _) && date.Matches(Effective(observation)),
            _ => true,
        });

    private static bool Carries(JsonNode coding, string token)
    {
        var (system, code) = ((string?)coding["system"], (string?)coding["code"]);
        return token.Split('|') is [var left, var right]
            ? (left.Length == 0 ? system is null : system == left) && (right.Length == 0 || code == right)
            : code == token;
    }
}
