using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Bench.Tampering;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tests.AccessLog;

public sealed class VerifierTests
{
    private const int Events = 1_000;

    // Where each of hundreds of mutants of the code meets this test, fewer do.
    private static readonly int Mutations = int.Parse(Environment.GetEnvironmentVariable("PMD_TAMPER_CHANGES") ?? "1000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_whole_log_is_found_whole_and_each_of_a_thousand_changes_of_it_is_found()
    {
        await using var log = await FilledAsync(Events);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var copy = await CopyAsync(log);
        var remembered = await new CheckpointStore(log.Blobs, log.Partitions).NewestAsync(default);
        var untouched = await VerifyAsync(copy, signer, remembered);
        Assert.Equal((null, Events, Events, 0), (untouched.Fault?.ToString(), untouched.Events, untouched.Covered, untouched.Unsequenced));
        var tamperer = new Tamperer(copy, signer, new SeededRandom(20261120));
        Dictionary<string, int> kinds = [];
        for (var i = 0; i < Mutations; i++)
        {
            var (changed, done) = tamperer.Tamper();
            var verdict = await VerifyAsync(changed, signer, remembered);
            Assert.True(verdict.Fault is not null, $"Not found, change {i}: {done}");
            var kind = done.Split(' ')[0];
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }

        Assert.Equal(["backdate", "drop", "duplicate", "flip", "replace", "rewrite", "roll", "sign", "swap", "truncate"], kinds.Keys.Order());
        Assert.Null((await VerifyAsync(copy, signer, remembered)).Fault);
    }

    [Fact]
    public async Task What_one_with_the_key_rewrites_or_rolls_back_only_a_remembered_checkpoint_shows()
    {
        await using var log = await FilledAsync(300);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var copy = await CopyAsync(log);
        var remembered = await new CheckpointStore(log.Blobs, log.Partitions).NewestAsync(default);
        var tamperer = new Tamperer(copy, signer, new SeededRandom(3));
        var seen = new HashSet<string>();
        while (seen.Count < 2)
        {
            var (changed, done) = tamperer.Tamper();
            if (done.StartsWith("roll", StringComparison.Ordinal) || done.EndsWith("the stolen key", StringComparison.Ordinal))
            {
                Assert.Null((await VerifyAsync(changed, signer, null)).Fault);
                Assert.Contains("remembered", (await VerifyAsync(changed, signer, remembered)).Fault!.ToString());
                seen.Add(done.Split(' ')[0]);
            }
        }
    }

    [Fact]
    public async Task A_fault_names_the_blob_the_line_and_the_event()
    {
        await using var log = await FilledAsync(600);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var copy = await CopyAsync(log);
        var (index, line, at) = (0L, default(JournalLine), 0);
        await foreach (var one in log.Reader().ReadLinesAsync(123, 124, default))
        {
            (index, line) = one;
        }

        var name = line.Journal.Blob.ToString();
        var number = copy.Blobs[name].AsSpan(0, (int)line.From).Count((byte)'\n') + 1;

        // In a full tile; then among those that no tile holds yet.
        var changed = copy.Copy();
        changed.Blobs[name] = [.. copy.Blobs[name]];
        at = (int)line.From + Encoding.UTF8.GetString(line.Line.Span).IndexOf("\"s\":\"", StringComparison.Ordinal) + 5;
        changed.Blobs[name][at] ^= 1;
        var fault = (await VerifyAsync(changed, signer, null)).Fault!;
        Assert.Equal(index, fault.Index);
        Assert.Contains($"{name}, line {number}", fault.ToString());
        await foreach (var one in log.Reader().ReadLinesAsync(599, 600, default))
        {
            (index, line) = one;
        }

        changed = copy.Copy();
        name = line.Journal.Blob.ToString();
        changed.Blobs[name] = [.. copy.Blobs[name]];
        changed.Blobs[name][(int)line.From + Encoding.UTF8.GetString(line.Line.Span).IndexOf("\"s\":\"", StringComparison.Ordinal) + 5] ^= 1;
        fault = (await VerifyAsync(changed, signer, null)).Fault!;
        Assert.Equal(599, fault.Index);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(50, "the sequence does not have")]
    [InlineData(999_999, "the sequence does not have")]
    public async Task A_row_of_an_event_that_never_was_is_found_whatever_index_it_gives_itself(long index, string said)
    {
        await using var log = await FilledAsync(50);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var copy = await CopyAsync(log);
        var rows = copy.Rows.First(p => p.Key.StartsWith("log-", StringComparison.Ordinal) && p.Value.Keys.Count(k => k.StartsWith("e.", StringComparison.Ordinal)) > 1).Value;
        var key = rows.Keys.First(k => k.StartsWith("e.", StringComparison.Ordinal));
        rows[$"{key[..19]}{long.MaxValue - index:x16}"] = rows[key];
        var fault = (await VerifyAsync(copy, signer, null)).Fault;
        Assert.NotNull(fault);
        Assert.Contains(said, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_sequenced_yet_is_counted_and_not_proved()
    {
        await using var log = await FilledAsync(50);
        using var signer = await log.Keys.OpenSignerAsync(default);
        await log.AppendAsync(log.Journal(), 7);
        var verdict = await VerifyAsync(await CopyAsync(log), signer, null);
        Assert.Equal((null, 50, 50, 7), (verdict.Fault?.ToString(), verdict.Events, verdict.Covered, verdict.Unsequenced));
    }

    [Fact]
    public async Task An_empty_log_and_one_never_begun_are_whole()
    {
        await using var log = await TestLog.OpenAsync();
        Assert.Null((await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync([], null, null, default)).Fault);
        await log.Sequencer().RunAsync(everything: true, default);
        using var signer = await log.Keys.OpenSignerAsync(default);
        var verdict = await VerifyAsync(await CopyAsync(log), signer, null);
        Assert.Equal((null, 0, 1), (verdict.Fault?.ToString(), verdict.Events, verdict.Checkpoints));
    }

    [Fact]
    public async Task A_log_is_verified_while_it_is_written()
    {
        await using var log = await FilledAsync(100);
        using var signer = await log.Keys.OpenSignerAsync(default);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            var journal = log.Journal();
            while (!stop.IsCancellationRequested)
            {
                await log.AppendAsync(journal, 90);
                await log.Sequencer().RunAsync(everything: false, default);
            }
        });
        for (var i = 0; i < 20; i++)
        {
            var verdict = await new LogVerifier(log.Blobs, log.Partitions).VerifyAsync([signer.Verifier], null, null, default);
            Assert.True(verdict.Fault is null, verdict.Fault?.ToString());
            Assert.True(verdict.Covered >= 100);
        }

        await stop.CancelAsync();
        await writing;
    }

    internal static async Task<TestLog> FilledAsync(int events)
    {
        var log = await TestLog.OpenAsync();
        var journals = new[] { log.Journal(), log.Journal() };
        for (var done = 0; done < events;)
        {
            var count = Math.Min(events - done, 37);
            await log.AppendAsync(journals[done % 2], count);
            done += count;
            log.Clock.Advance(TimeSpan.FromMinutes(3));
            await log.Sequencer().RunAsync(everything: false, default);
        }

        return log;
    }

    private static Task<MemoryLog> CopyAsync(TestLog log) => MemoryLog.CopyAsync(
        log.Blobs, log.Partitions, [new("access-log"), .. Enumerable.Range(0, 10).Select(i => EventRow.Partition(log.Events.Patient(i)))], default);

    private static Task<LogVerdict> VerifyAsync(MemoryLog log, LogSigner signer, string? remembered) =>
        new LogVerifier(log, log).VerifyAsync([signer.Verifier], remembered, null, default);
}
