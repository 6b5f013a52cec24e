using CsCheck;
using PasientensMaledata.Storage.Faulty;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>Stored + known + ignored + refused = received, always.</summary>
public sealed class AccountingTests
{
    private const int EventsOfPartition = 40;

    [Fact]
    public Task Every_entry_of_every_event_is_accounted_for_whatever_storage_the_host_and_death_do() =>
        Gen.Int[1, 1_000_000].SampleAsync(CheckAsync, iter: int.TryParse(Environment.GetEnvironmentVariable("PMD_LAW_STREAMS"), out var streams) ? streams : 8, threads: 1);

    private static async Task CheckAsync(int seed)
    {
        await using var world = await StreamWorld.OpenAsync();
        await world.ReserveAsync(EventMixture.Reserved);
        var mixture = new EventMixture(seed);
        var random = new Random(seed);
        var sent = new Dictionary<string, List<ExpectedEvent>> { ["0"] = mixture.Next(EventsOfPartition), ["1"] = mixture.Next(EventsOfPartition) };
        foreach (var (partition, events) in sent)
        {
            await world.DeliverAsync(partition, events, FaultPlan.Rough, random);
        }

        // Refused: exactly those that were to be, each with its fate; an event in several blobs says the same in each.
        var refused = new Dictionary<(string Partition, long Number, int? Index), (RefusedEntry Entry, RefusedSubmission Of)>();
        foreach (var one in await world.RefusedAsync())
        {
            var origin = (StreamOrigin)one.Origin;
            foreach (var entry in one.Entries)
            {
                refused[(origin.Partition, origin.SequenceNumber, entry.Index)] = (entry, one);
            }
        }

        var stored = new Dictionary<string, Dictionary<string, decimal>>();
        foreach (var person in Enumerable.Range(0, EventMixture.People).Select(EventMixture.Person))
        {
            stored[person] = (await world.StoredAsync(person)).ToDictionary(o => (string)o["identifier"]![0]!["value"]!, o => (decimal)o["valueQuantity"]!["value"]!);
        }

        var journals = await world.JournalsAsync();
        var received = 0;
        foreach (var (partition, events) in sent)
        {
            for (var i = 0; i < events.Count; i++)
            {
                foreach (var expected in events[i].Entries)
                {
                    received++;
                    var key = (partition, 100L + i, expected.Index);
                    switch (expected.Fate)
                    {
                        case Fate.Stored:
                            Assert.Equal(expected.Value, stored[expected.Person][expected.Name]);
                            Assert.DoesNotContain(key, refused.Keys);
                            break;
                        case Fate.Ignored:
                            Assert.DoesNotContain(key, refused.Keys);
                            break;
                        case Fate.Kept:
                            Assert.True(refused[key].Entry.IsKept);
                            Assert.NotNull(refused[key].Of.Body);
                            break;
                        default:
                            Assert.False(refused[key].Entry.IsKept);
                            break;
                    }
                }

                if (events[i].Event.Publisher != "nobody-known")
                {
                    Assert.Contains(SubmissionId.Of(new("measurements", partition, 100 + i, TestService.Noon.UtcDateTime)).ToString(), journals, StringComparison.Ordinal);
                }
            }
        }

        var all = sent.Values.SelectMany(e => e).SelectMany(e => e.Entries).ToList();
        Assert.Equal(received, all.Count);
        Assert.Equal(all.Count(e => e.Fate is Fate.Kept or Fate.Bare), refused.Count);
        Assert.Equal(all.Where(e => e.Fate == Fate.Stored).Select(e => e.Name).Distinct().Count(), stored.Values.Sum(s => s.Count));

        // Of who takes no part nothing is kept, wherever it stood.
        Assert.All(refused.Values, r => Assert.False(r.Of.Body?.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(EventMixture.Reserved)) >= 0));
    }
}
