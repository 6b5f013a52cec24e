using System.Diagnostics;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Bench.Tampering;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>Changes a log in thousands of ways, one at a time, and asks the verifier of each.</summary>
internal static class TamperBench
{
    private const int Patients = 20;
    private const int Together = 37;

    public static async Task<Report> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var (events, changes) = options.IsQuick ? (300, 40) : (10_000, 10_000);
        var folder = Directory.CreateDirectory(Path.Combine(options.Folder, "tamper")).FullName;
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), cancellationToken);
        var log = LogParts.Over(storage.Blobs, storage.Partitions, ring, _ => null, TimeProvider.System);
        var made = new LogEvents(9, Patients);
        for (var done = 0; done < events; done += Together)
        {
            await log.Journal.AppendAsync([.. Enumerable.Range(0, Math.Min(Together, events - done)).Select(_ => made.Next(DateTime.UtcNow))], cancellationToken);
            if (done / Together % 10 == 0)
            {
                await log.Sequencer.RunAsync(everything: false, cancellationToken);
            }
        }

        await log.Sequencer.RunAsync(everything: true, cancellationToken);
        using var signer = await log.Keys.OpenSignerAsync(cancellationToken);
        var remembered = await log.Checkpoints.NewestAsync(cancellationToken);
        var whole = await MemoryLog.CopyAsync(
            log.Blobs, log.Partitions, [new PartitionKey("access-log"), .. Enumerable.Range(0, Patients).Select(i => EventRow.Partition(made.Patient(i)))], cancellationToken);

        async Task<LogVerdict> VerifyAsync(MemoryLog one) => await new LogVerifier(one, one).VerifyAsync([signer.Verifier], remembered, null, cancellationToken);
        if (await VerifyAsync(whole) is { } untouched && (untouched.Fault is not null || untouched.Covered != events))
        {
            throw new WrongAnswerException($"The untouched log is told to be changed: {untouched.Fault}");
        }

        var tamperer = new Tamperer(whole, signer, new SeededRandom(20261120));
        SortedDictionary<string, int> kinds = new(StringComparer.Ordinal);
        var gate = new Lock();
        var (begun, found) = (0, 0);
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(
            async () =>
            {
                while (true)
                {
                    MemoryLog changed;
                    string what;
                    lock (gate)
                    {
                        if (begun == changes)
                        {
                            return;
                        }

                        begun++;
                        (changed, what) = tamperer.Tamper();
                        var kind = what.Split(' ')[0];
                        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
                    }

                    // A line that is put behind what is signed for is no change of it: it is told as one that has no place yet.
                    if (await VerifyAsync(changed) is { Fault: null, Unsequenced: 0 })
                    {
                        throw new WrongAnswerException($"Not found: {what}.");
                    }

                    if (Interlocked.Increment(ref found) is var so && so % 250 == 0)
                    {
                        await options.Output.WriteLineAsync($"  tamper: {Figures.Whole(so)} of {Figures.Whole(changes)} changes found, {Figures.Whole(Stopwatch.GetElapsedTime(began).TotalSeconds)} s");
                    }
                }
            },
            cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if ((await VerifyAsync(whole)).Fault is { } fault)
        {
            throw new WrongAnswerException($"The untouched log is told to be changed: {fault}");
        }

        var table = new Table("change", "made", "found");
        foreach (var (kind, count) in kinds)
        {
            table.Add(kind, Figures.Whole(count), Figures.Whole(count));
        }

        table.Add("all", Figures.Whole(changes), Figures.Whole(found));
        return new(
            "tamper",
            $"{Figures.Whole(events)} events of {Patients} patients, all covered by a checkpoint that is remembered; seed 20261120.",
            $"Each change is made to a copy of the whole log, which is then verified. A line put behind what is signed for is told as one without a place. The untouched log is verified before and after. {Figures.Whole(seconds)} s.",
            [table],
            [Figures.Aim("every change is found", found == changes)]);
    }
}
