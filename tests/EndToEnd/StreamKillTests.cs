using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Simulator;
using PasientensMaledata.Tests.Functions;
using PasientensMaledata.Tests.Functions.Streaming;

namespace PasientensMaledata.Tests.EndToEnd;

/// <summary>The stream into a process of its own that is killed without warning, and delivered again from the checkpoint as the Functions host does.</summary>
public sealed class StreamKillTests
{
    private const int Kills = 6;
    private const int EventsOfPartition = 120;
    private static readonly string[] Partitions = ["0", "1", "2"];

    [Fact]
    public async Task Every_event_is_stored_or_kept_among_the_refused_after_kill_9_in_the_midst_of_batches()
    {
        var folder = Directory.CreateTempSubdirectory("pmd-stream-kill-").FullName;
        var random = new Random(11);
        var people = Enumerable.Range(80, 6).Select(SyntheticNumbers.Number).ToArray();
        var events = Partitions.ToDictionary(p => p, p => Enumerable.Range(0, EventsOfPartition).Select(i => i % 4 == 3
            ? new HostEvent(Encoding.UTF8.GetBytes($"not json {p}-{i}"))
            : StreamTests.Event(Messages.HeartRate(people[i % people.Length], $"{p}-{i}"))).ToList());
        var checkpoints = Partitions.ToDictionary(p => p, _ => 0);
        var answered = 0;
        var enqueued = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        for (var kill = 0; kill <= Kills; kill++)
        {
            using var service = ServiceProcess.Start(["--port", "0", "--data", folder]);
            using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
            var enough = kill == Kills ? int.MaxValue : Volatile.Read(ref answered) + random.Next(2, 9);
            await Task.WhenAll(Partitions.Select(async partition =>
            {
                while (checkpoints[partition] < EventsOfPartition)
                {
                    // A partition's own, since several ask at once.
                    var (at, batch) = (checkpoints[partition], events[partition].Skip(checkpoints[partition]).Take(1 + (checkpoints[partition] % 7)).ToList());
                    using var content = new ByteArrayContent(HostBatch.Write(batch, partition, at, enqueued));
                    content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
                    try
                    {
                        using var response = await client.PostAsync("IngestStream", content);
                        Assert.Equal(200, (int)response.StatusCode);
                    }
                    catch (HttpRequestException)
                    {
                        // Killed: what was answered since the last checkpoint is delivered again.
                        checkpoints[partition] = Math.Max(0, at - 5);
                        return;
                    }

                    checkpoints[partition] = at + batch.Count;
                    if (Interlocked.Increment(ref answered) >= enough)
                    {
                        service.Signal("KILL");
                    }
                }
            }));
            if (kill < Kills)
            {
                continue;
            }

            var refused = new HashSet<string>();
            for (var next = "submissions/refused?_count=50"; next is not null;)
            {
                var page = JsonNode.Parse(await client.GetStringAsync(next))!;
                refused.UnionWith(page["refused"]!.AsArray().Select(r => $"{r!["origin"]!["partition"]}-{r["origin"]!["sequenceNumber"]}"));
                next = (string?)page["next"];
            }

            Assert.Equal(Partitions.SelectMany(p => Enumerable.Range(0, EventsOfPartition).Where(i => i % 4 == 3).Select(i => $"{p}-{i}")).Order(StringComparer.Ordinal), refused.Order(StringComparer.Ordinal));
            var stored = new List<string>();
            foreach (var person in people)
            {
                using var response = await client.PostAsync("Observation/_search", new FormUrlEncodedContent([new("patient.identifier", person), new("_count", "1000")]));
                stored.AddRange(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["entry"]!.AsArray().Select(e => (string)e!["resource"]!["identifier"]![0]!["value"]!));
            }

            Assert.Equal(Partitions.SelectMany(p => Enumerable.Range(0, EventsOfPartition).Where(i => i % 4 != 3).Select(i => $"{p}-{i}")).Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
        }

        Directory.Delete(folder, recursive: true);
    }
}
