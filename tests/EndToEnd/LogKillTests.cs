using System.Collections.Concurrent;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.EndToEnd;

/// <summary>The service as a process of its own, killed without warning amid look-ups, and amid sequencing by a second process.</summary>
public sealed class LogKillTests(ITestOutputHelper output)
{
    private const int Kills = 6;
    private const int Clients = 6;

    [Fact]
    public async Task Every_look_up_that_was_answered_is_in_the_log_once_after_kill_9_and_the_log_is_whole()
    {
        var stop = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("pmd-log-kill-").FullName;
        var answered = new ConcurrentBag<string>();
        var asked = 0;
        var random = new Random(11);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var service = ServiceProcess.Start(["--port", "0", "--data", folder]);
            using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}/") };
            var enough = answered.Count + random.Next(30, 150);
            var isKilled = 0;
            await Task.WhenAll([SequenceAsync(folder, () => answered.Count >= enough, stop), .. Enumerable.Range(0, Clients).Select(async number =>
            {
                var person = SyntheticNumbers.Number(300 + number);
                while (true)
                {
                    var name = $"look-up-{Interlocked.Increment(ref asked)}";
                    using var request = new HttpRequestMessage(HttpMethod.Post, "Observation/_search") { Content = new FormUrlEncodedContent([KeyValuePair.Create("patient.identifier", person)]) };
                    request.Headers.Add("correlation-id", name);
                    try
                    {
                        using var response = await client.SendAsync(request, stop);
                        Assert.Contains("searchset", await response.Content.ReadAsStringAsync(stop));
                        answered.Add(name);
                    }
                    catch (HttpRequestException)
                    {
                        return;
                    }

                    // In the midst of the others' look-ups.
                    if (answered.Count >= enough && Interlocked.Exchange(ref isKilled, 1) == 0)
                    {
                        service.Signal("KILL");
                    }
                }
            })]);
        }

        await using (var storage = EmbeddedStorage.Open(folder, TimeProvider.System))
        {
            var log = await OpenAsync(storage, folder);
            await log.Sequencer.RunAsync(everything: true, stop);
            var verdict = await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync(await LogKeys.ReadVerifiersAsync(log.Blobs, stop), null, null, stop);
            Assert.True(verdict.Fault is null, verdict.Fault?.ToString());
            Assert.Equal((verdict.Events, 0), (verdict.Covered, verdict.Unsequenced));
            Dictionary<string, int> there = [];
            await foreach (var (_, logged) in log.Reader.ReadSequenceAsync(0, long.MaxValue, stop))
            {
                there[logged.CorrelationId] = there.GetValueOrDefault(logged.CorrelationId) + 1;
            }

            Assert.All(answered, name => Assert.Equal(1, there.GetValueOrDefault(name)));
            Assert.All(there.Values, times => Assert.Equal(1, times));
            output.WriteLine($"{asked} asked, {answered.Count} answered, {verdict.Events} logged, {verdict.Checkpoints} checkpoints");
        }

        Directory.Delete(folder, recursive: true);
    }

    // Beside the service, as ./pmd log sequence does: what the service is killed in the midst of is then anything.
    private static async Task SequenceAsync(string folder, Func<bool> isEnough, CancellationToken stop)
    {
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var log = await OpenAsync(storage, folder);
        do
        {
            await log.Sequencer.RunAsync(everything: false, stop);
        }
        while (!isEnough());
    }

    private static async Task<LogParts> OpenAsync(EmbeddedStorage storage, string folder)
    {
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        return LogParts.Over(storage.Blobs, storage.Partitions, ring, _ => null, TimeProvider.System);
    }
}
