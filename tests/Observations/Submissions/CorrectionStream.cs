using System.Text.Json.Nodes;
using PasientensMaledata.Access;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Observations.Submissions;

/// <summary>A stream of creates, repeats, corrections and reversals of some patients' Observations, all from one seed.</summary>
internal sealed class CorrectionStream
{
    private static readonly DateTime First = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly Random random;

    public CorrectionStream(int seed, int patients, int identitiesEach)
    {
        random = new Random(seed);
        for (var p = 0; p < patients; p++)
        {
            for (var i = 0; i < identitiesEach; i++)
            {
                Add(SyntheticNumbers.Number(100 + p), $"{p}-{i}");
            }
        }
    }

    /// <summary>What is sent, in order of the times it carries.</summary>
    public List<Operation> Operations { get; } = [];

    /// <summary>One version of one Observation, as it is sent.</summary>
    /// <param name="Patient">Of whom.</param>
    /// <param name="Name">Its identifier.</param>
    /// <param name="Time">When it was issued.</param>
    /// <param name="IsPut">Whether it is sent by PUT.</param>
    /// <param name="InBundle">Whether the time stands in Bundle.timestamp instead of issued.</param>
    /// <param name="Resource">The Observation.</param>
    public sealed record Operation(string Patient, string Name, DateTime Time, bool IsPut, bool InBundle, JsonObject Resource);

    /// <summary>Every operation at least once, some several times, in any order, in bundles.</summary>
    public IEnumerable<List<Operation>> Shuffled()
    {
        var deliveries = Operations.SelectMany(o => Enumerable.Repeat(o, 1 + (random.Next(3) == 0 ? random.Next(1, 4) : 0))).ToArray();
        random.Shuffle(deliveries);
        var bundle = new List<Operation>();
        foreach (var operation in deliveries)
        {
            if (bundle.Count > 0 && (bundle.Count == 20 || operation.InBundle || bundle[0].InBundle))
            {
                yield return bundle;
                bundle = [];
            }

            bundle.Add(operation);
        }

        yield return bundle;
    }

    /// <summary>The Bundle that carries them.</summary>
    public static JsonObject Bundle(IReadOnlyList<Operation> operations)
    {
        var bundle = Messages.Batch(operations.Select(o => (o.IsPut ? "PUT" : "POST", o.Resource.DeepClone().AsObject())));
        if (operations[0].InBundle)
        {
            bundle["timestamp"] = $"{operations[0].Time:yyyy-MM-dd'T'HH:mm:ss'Z'}";
        }

        return bundle;
    }

    /// <summary>Sends until nothing is left unanswered; what was answered for each.</summary>
    public static async Task<EntryResult[]> DeliverAsync(TestStore store, IReadOnlyList<Operation> operations)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            store.Clock.Advance(TimeSpan.FromMilliseconds(3));
            var results = await store.SubmitAsync(Bundle(operations), SenderId.Development);
            if (Array.TrueForAll(results, r => r.Outcome != EntryOutcome.Unavailable))
            {
                return results;
            }
        }

        throw new InvalidOperationException("Storage stayed away a hundred times.");
    }

    /// <summary>The current Observations by name, and every version of each, as sent.</summary>
    public static async Task<Dictionary<string, (string Current, List<string> Versions, string Patient)>> ReadAsync(TestStore store, IEnumerable<string> patients)
    {
        var all = new Dictionary<string, (string, List<string>, string)>();
        foreach (var patient in patients)
        {
            foreach (var found in (await store.SearchAsync(patient, "")).Observations)
            {
                var current = TestStore.Sent(found);
                var history = await store.Service.Reader.ReadHistoryAsync(await store.Service.Reader.OpenAsync(store.Service.Reader.PatientOf(found.Id), default), found.Id, Visibility.Everything, default);
                Assert.Equal(history.Count, history.Select(h => new ObservationRow(h.Row.Span).Version).Distinct().Count());
                all.Add((string)current["identifier"]![0]!["value"]!, (Content(current), [.. history.Select(h => Content(TestStore.Sent(h)))], (string)current["subject"]!["identifier"]!["value"]!));
            }
        }

        return all;
    }

    /// <summary>What counts as content: all but the id.</summary>
    public static string Content(JsonNode observation)
    {
        var copy = observation.DeepClone().AsObject();
        copy.Remove("id");
        return copy.ToJsonString();
    }

    private void Add(string patient, string name)
    {
        var time = First.AddSeconds(random.Next(1_000_000));
        var versions = random.Next(1, 6);
        var inBundle = random.Next(3) == 0;
        for (var v = 0; v < versions; v++)
        {
            var isPut = v == 0 ? random.Next(4) == 0 : random.Next(2) == 0;
            var observation = Messages.Observation(patient, "http://loinc.org", random.Next(5) == 0 ? "29463-7" : "8867-4", name, Effective(), random.Next(4), "1");
            if (isPut)
            {
                observation["id"] = $"put-{name}";
            }

            observation["status"] = v == 0 ? "final" : isPut && random.Next(2) == 0 ? "final" : new[] { "amended", "corrected", "entered-in-error", "cancelled" }[random.Next(4)];
            if (!inBundle)
            {
                observation["issued"] = $"{time:yyyy-MM-dd'T'HH:mm:ss'Z'}";
            }

            Operations.Add(new(patient, name, time, isPut, inBundle, observation));
            time = time.AddSeconds(random.Next(1, 5000));
        }
    }

    private string? Effective() => random.Next(10) switch
    {
        0 => null,
        1 => "2026",
        _ => $"2026-11-{random.Next(1, 20):00}T08:00:00+01:00",
    };
}
