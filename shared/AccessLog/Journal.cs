using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using PasientensMaledata.Storage;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// The access log as a running process writes it. An event is durable before it is answered: <see cref="AppendAsync(AccessEvent, CancellationToken)"/>
/// returns when it is, and throws when it cannot be known to be. While an append is under way the next events gather, so that they share one.
/// A journal is this process' alone, and never opened again. Thread-safe.
/// </summary>
/// <param name="blobs">Where journals lie.</param>
/// <param name="time">The clock that names the hour.</param>
public sealed class Journal(IBlobs blobs, TimeProvider time)
{
    /// <summary>Appends to one blob, after which the next is begun.</summary>
    public const int MaxAppends = 10_000;

    // Bytes gathered for one append.
    private const int MaxBatchBytes = 1_048_576;

    private readonly string process = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private readonly Lock gate = new();
    private Queue<Waiting> queue = [];
    private bool isWriting;

    // Of the writer alone.
    private JournalName? current;
    private DateTime hour;
    private int number;
    private int appends;
    private long position;
    private long appended;
    private long batches;

    /// <summary>Events written since the process began, and the appends they took.</summary>
    public (long Events, long Appends) Written => (Interlocked.Read(ref appended), Interlocked.Read(ref batches));

    /// <inheritdoc cref="AppendAsync(IReadOnlyList{AccessEvent}, CancellationToken)"/>
    public ValueTask AppendAsync(AccessEvent logged, CancellationToken cancellationToken) => AppendAsync([logged], cancellationToken);

    /// <summary>Writes events, all in one append, and returns when they are durable.</summary>
    /// <param name="logged">At least one; their lines together at most <see cref="StorageLimits.MaxAppendBytes"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the events may or may not be written.</param>
    /// <exception cref="StorageUnavailableException">They are not known to be written: nothing may be answered.</exception>
    /// <exception cref="ArgumentException">Their lines are longer than an append may be.</exception>
    public async ValueTask AppendAsync(IReadOnlyList<AccessEvent> logged, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(logged);
        cancellationToken.ThrowIfCancellationRequested();
        if (logged.Count == 0)
        {
            return;
        }

        var lines = new ArrayBufferWriter<byte>(1024 * logged.Count);
        foreach (var one in logged)
        {
            EventLine.Write(lines, one);
        }

        if (lines.WrittenCount > StorageLimits.MaxAppendBytes)
        {
            throw new ArgumentException($"The events take {lines.WrittenCount} bytes, and an append takes {StorageLimits.MaxAppendBytes}.", nameof(logged));
        }

        using var activity = Activity.Current is null ? null : Signals.Source.StartActivity("access log append");
        var waiting = new Waiting(lines.WrittenMemory, logged.Count, Activity.Current);
        lock (gate)
        {
            queue.Enqueue(waiting);
            if (!isWriting)
            {
                isWriting = true;
                _ = Task.Run(WriteAllAsync, CancellationToken.None);
            }
        }

        await waiting.Done.Task.WaitAsync(cancellationToken);
        foreach (var one in logged)
        {
            Count(one);
        }
    }

    private static void Count(AccessEvent logged)
    {
        switch (logged.Action)
        {
            case AccessAction.Search or AccessAction.Page or AccessAction.Last or AccessAction.Read or AccessAction.History
                or AccessAction.CitizenView or AccessAction.CitizenLogView or AccessAction.CitizenExport when Signals.LookUps.Enabled:
                var decision = logged.Outcome == AccessOutcome.Permitted ? "permitted" : logged.Reason;
                Signals.LookUps.Add(1, new("action", EventWords.Of(logged.Action)), new("decision", decision));
                break;
            case AccessAction.Submit when logged is { Outcome: AccessOutcome.Refused, Submission: null }:
                Signals.Submissions.Add(1, new("outcome", "denied"), new("origin", "http"));
                break;
        }
    }

    private async Task WriteAllAsync()
    {
        List<Waiting> batch = [];
        while (true)
        {
            batch.Clear();
            var bytes = 0;
            lock (gate)
            {
                while (queue.TryPeek(out var next) && (batch.Count == 0 || bytes + next.Lines.Length <= MaxBatchBytes))
                {
                    batch.Add(queue.Dequeue());
                    bytes += next.Lines.Length;
                }

                if (batch.Count == 0)
                {
                    isWriting = false;
                    return;
                }
            }

            // What is shared is traced as the first's: a request to storage has one caller. Not as that of whoever woke this task.
            Activity.Current = null;
            Activity.Current = batch[0].Activity;
            Exception? fault = null;
            try
            {
                await WriteAsync(Joined(batch, bytes));
                var events = batch.Sum(w => w.Count);
                Signals.LogBatch.Record(events);
                Interlocked.Add(ref appended, events);
                Interlocked.Increment(ref batches);
            }
            catch (Exception e)
            {
                // Whatever it is, those who wait must hear of it; what the journal holds is not known, so it is left.
                current = null;
                fault = e as StorageUnavailableException ?? new StorageUnavailableException("The access log cannot be written.", e);
            }

            foreach (var waiting in batch)
            {
                if (fault is null)
                {
                    waiting.Done.SetResult();
                }
                else
                {
                    waiting.Done.SetException(fault);
                }
            }
        }
    }

    private static ReadOnlyMemory<byte> Joined(List<Waiting> batch, int bytes)
    {
        if (batch is [var only])
        {
            return only.Lines;
        }

        var joined = new byte[bytes];
        var at = 0;
        foreach (var waiting in batch)
        {
            waiting.Lines.CopyTo(joined.AsMemory(at));
            at += waiting.Lines.Length;
        }

        return joined;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> lines)
    {
        // While it is not known whether the lines lie in this journal, they go to no other.
        var isUnknown = false;
        for (var attempt = 1; attempt <= Limits.MaxAttempts; attempt++)
        {
            try
            {
                if (isUnknown && await LieAtEndAsync(lines) is { } lie)
                {
                    if (lie)
                    {
                        Advance(lines.Length);
                        return;
                    }

                    // Other bytes lie where these were to be: these never can.
                    (current, isUnknown) = (null, false);
                }

                var journal = isUnknown ? current!.Value : await OpenAsync();
                isUnknown = true;
                if (await blobs.AppendAsync(journal.Blob, position, lines, CancellationToken.None) == AppendOutcome.Appended)
                {
                    Advance(lines.Length);
                    return;
                }
            }
            catch (StorageUnavailableException) when (attempt < Limits.MaxAttempts)
            {
                // Asked again, after what was done is read back.
            }
        }

        throw new StorageUnavailableException("The access log cannot be written.");
    }

    private void Advance(int bytes)
    {
        position += bytes;
        appends++;
    }

    /// <summary>
    /// Whether the lines lie at the position they were to be appended at. Null where the journal still ends there: an append that is on its way may yet
    /// come, so it is asked again at the same position, which only one of the two can have.
    /// </summary>
    private async Task<bool?> LieAtEndAsync(ReadOnlyMemory<byte> lines) =>
        await blobs.ReadAsync(current!.Value.Blob, position, lines.Length, CancellationToken.None) is { } read && read.Length > position
            ? read.Content.Span.SequenceEqual(lines.Span)
            : null;

    private async Task<JournalName> OpenAsync()
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (current is { } open && appends < MaxAppends && IsHour(now))
        {
            return open;
        }

        // The name is taken before it is made: where the answer is lost, this number is not used again.
        var name = JournalName.Of(now, process, number++);
        if (!await blobs.CreateAppendableAsync(name.Blob, CancellationToken.None) && await blobs.ReadAsync(name.Blob, 0, 1, CancellationToken.None) is not { Length: 0 })
        {
            throw new StorageUnavailableException("A journal of this process' own name is there already.");
        }

        (current, hour, appends, position) = (name, now, 0, 0);
        return name;
    }

    private bool IsHour(DateTime now) => now.Ticks / TimeSpan.TicksPerHour == hour.Ticks / TimeSpan.TicksPerHour;

    private sealed record Waiting(ReadOnlyMemory<byte> Lines, int Count, Activity? Activity)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
