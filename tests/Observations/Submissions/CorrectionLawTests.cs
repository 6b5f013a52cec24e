using PasientensMaledata.Storage.Faulty;

namespace PasientensMaledata.Tests.Observations.Submissions;

/// <summary>
/// For any stream of creates, repeats, corrections and reversals that carry their times, in any order and with any faults, what is current is what one
/// clean ordered pass gives; nothing acknowledged is lost, doubled or under another patient; the history holds every accepted version once.
/// </summary>
public sealed class CorrectionLawTests(ITestOutputHelper output)
{
    // Set PMD_LAW_SEED to run one seed again.
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PMD_LAW_SEED"), out var seed) ? seed : 20_261_120;

    private static readonly int Wanted = int.TryParse(Environment.GetEnvironmentVariable("PMD_LAW_OPERATIONS"), out var wanted) ? wanted : 100_000;

    [Fact]
    public async Task Any_order_with_any_faults_ends_as_one_clean_ordered_pass()
    {
        var operations = 0;
        var faults = 0L;
        for (var seed = Seed; operations < Wanted; seed++)
        {
            output.WriteLine($"seed {seed}");
            var (sent, injected) = await CheckAsync(seed);
            operations += sent;
            faults += injected;
        }

        output.WriteLine($"{operations} operations, {faults} faults");
        Assert.True(faults > Wanted / 100, "Hardly any fault was injected.");
    }

    internal static async Task<(int Operations, long Faults)> CheckAsync(int seed)
    {
        var stream = new CorrectionStream(seed, patients: 20, identitiesEach: 60);
        FaultyPartitions? faulty = null;
        await using var shuffled = await TestStore.OpenAsync(p => faulty = new(p, FaultPlan.Rough, new Random(seed), TimeProvider.System));
        var accepted = new Dictionary<string, HashSet<string>>();
        var operations = 0;
        foreach (var bundle in stream.Shuffled())
        {
            operations += bundle.Count;
            var results = await CorrectionStream.DeliverAsync(shuffled, bundle);
            for (var i = 0; i < bundle.Count; i++)
            {
                Assert.True(results[i].IsStored, $"seed {seed}: {bundle[i].Name} was {results[i].Outcome}");
                if (!accepted.TryGetValue(bundle[i].Name, out var contents))
                {
                    accepted.Add(bundle[i].Name, contents = []);
                }

                contents.Add(CorrectionStream.Content(bundle[i].Resource));
            }
        }

        await using var clean = await TestStore.OpenAsync();
        foreach (var operation in stream.Operations.OrderBy(o => o.Time).Chunk(200).SelectMany(Bundles))
        {
            operations += operation.Count;
            Assert.All(await CorrectionStream.DeliverAsync(clean, operation), r => Assert.True(r.IsStored, $"seed {seed}: {r.Outcome}"));
        }

        var patients = stream.Operations.Select(o => o.Patient).Distinct().ToList();
        shuffled.Unwrap();
        var (got, expected) = (await CorrectionStream.ReadAsync(shuffled, patients), await CorrectionStream.ReadAsync(clean, patients));
        Assert.Equal(expected.Keys.Order(), got.Keys.Order());
        foreach (var (name, (current, versions, patient)) in got)
        {
            Assert.True(expected[name].Current == current, $"seed {seed}: the current version of {name} is {current}, in a clean pass {expected[name].Current}");
            Assert.Equal(expected[name].Patient, patient);
            Assert.True(versions.Order().SequenceEqual(accepted[name].Order()), $"seed {seed}: the history of {name} holds {versions.Count} versions, {accepted[name].Count} were accepted");
        }

        return (operations, faulty!.FaultCount);
    }

    // Those with their time in the Bundle go alone, the others together.
    private static IEnumerable<List<CorrectionStream.Operation>> Bundles(CorrectionStream.Operation[] operations)
    {
        var bundle = new List<CorrectionStream.Operation>();
        foreach (var operation in operations)
        {
            if (operation.InBundle)
            {
                if (bundle.Count > 0)
                {
                    yield return bundle;
                }

                yield return [operation];
                bundle = [];
            }
            else
            {
                bundle.Add(operation);
            }
        }

        if (bundle.Count > 0)
        {
            yield return bundle;
        }
    }
}
