using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// Gives what the journals hold its place: commits the order, then derives the tree and the patients' rows from it. May be killed anywhere, and run
/// twice at once: the append position of the sequence decides the order, and what follows from the order is the same whoever derives it.
/// </summary>
/// <param name="blobs">Journals, sequence, tiles.</param>
/// <param name="partitions">The patients' rows, and how far things are derived.</param>
/// <param name="keys">The keys that sign checkpoints.</param>
/// <param name="time">The clock.</param>
public sealed class Sequencer(IBlobs blobs, IPartitions partitions, LogKeys keys, TimeProvider time)
{
    /// <summary>How often a service that runs alone sequences.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Journals that were begun so long before the last pass are looked at each time; older ones when everything is.</summary>
    public static readonly TimeSpan LookBack = TimeSpan.FromHours(3);

    // Bytes of journals in one record, held in memory while they are derived.
    private const int MaxRecordBytes = 8_388_608;

    private readonly Sequence sequence = new(blobs);
    private readonly CheckpointStore checkpoints = new(blobs, partitions);

    /// <summary>Sequences and derives what there is, and publishes a checkpoint of it.</summary>
    /// <param name="everything">Whether every journal is looked at, not only those of the last hours.</param>
    /// <param name="cancellationToken">Ends it: what is done stays done.</param>
    /// <returns>How many events were sequenced now.</returns>
    /// <exception cref="StorageUnavailableException">Storage stayed away: the next pass goes on.</exception>
    /// <exception cref="InvalidDataException">Journal, sequence or what is derived is damaged.</exception>
    public async Task<long> RunAsync(bool everything, CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        var sequenced = 0L;
        for (var isRefused = true; isRefused;)
        {
            var state = await CatchUpAsync(await OpenAsync(cancellationToken), cancellationToken);
            var grown = await FindGrownAsync(state, everything, cancellationToken);
            isRefused = false;
            while (!isRefused && await TakeAsync(state, grown, cancellationToken) is { } record)
            {
                // Refused, another process was first: what it took is not to be taken again.
                var next = await sequence.AppendAsync(state.Position, record, cancellationToken);
                sequenced += next is null ? 0 : record.Next - record.First;
                var derived = next is { } position ? await DeriveAsync(state, record, position, cancellationToken) : null;
                isRefused = derived is null;
                state = derived ?? state;
            }
        }

        var done = await OpenAsync(cancellationToken);
        await checkpoints.PublishAsync(done.OpenEdge(), keys, cancellationToken);
        await new LogStatus(began, done.Size).WriteAsync(partitions, cancellationToken);
        Signals.Sequenced.Add(sequenced);
        return sequenced;
    }

    /// <summary>Forgets what is derived, and derives it anew.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task<long> RebuildAsync(CancellationToken cancellationToken)
    {
        await LogState.ForgetAsync(partitions, time.GetUtcNow(), cancellationToken);
        return await RunAsync(everything: true, cancellationToken);
    }

    private Task<LogState> OpenAsync(CancellationToken cancellationToken) => LogState.OpenAsync(partitions, time.GetUtcNow(), cancellationToken);

    // What others committed, or this process before it was killed.
    private async Task<LogState> CatchUpAsync(LogState state, CancellationToken cancellationToken)
    {
        while (true)
        {
            var isOvertaken = false;
            await foreach (var (record, next) in sequence.ReadAsync(state.Position, cancellationToken))
            {
                if (record.First != state.Size)
                {
                    throw new InvalidDataException($"The sequence goes on with event {record.First}, and {state.Size} are derived.");
                }

                if (await DeriveAsync(state, record, next, cancellationToken) is not { } derived)
                {
                    isOvertaken = true;
                    break;
                }

                state = derived;
            }

            if (!isOvertaken)
            {
                return state;
            }

            state = await OpenAsync(cancellationToken);
        }
    }

    // Null where another process has derived it meanwhile.
    private async Task<LogState?> DeriveAsync(LogState state, SequenceRecord record, SequencePlace next, CancellationToken cancellationToken)
    {
        List<ReadOnlyMemory<byte>> lines = [];
        Dictionary<PatientKey, (List<int> Places, List<PlacedEvent> Events)> patients = [];
        foreach (var range in record.Ranges)
        {
            await foreach (var line in JournalLines.ReadAsync(blobs, range.Journal, range.From, range.To, cancellationToken))
            {
                // A line that is no event has its leaf, and no patient: the verifier tells of it.
                if (EventLine.TryPlace(line.Line.Span, out var whose, out var when) && whose is { } patient)
                {
                    if (!patients.TryGetValue(patient, out var theirs))
                    {
                        patients[patient] = theirs = ([], []);
                    }

                    theirs.Places.Add(lines.Count);
                    theirs.Events.Add(new(record.First + lines.Count, when, record.At, line));
                }

                lines.Add(line.Line);
            }
        }

        if (record.First + lines.Count != record.Next)
        {
            throw new InvalidDataException($"The record of event {record.First} is of {record.Next - record.First} lines, and its journals have {lines.Count}.");
        }

        var leaves = new byte[lines.Count][];
        await Parallel.ForEachAsync(
            patients,
            new ParallelOptions { MaxDegreeOfParallelism = Limits.MaxParallelPatients, CancellationToken = cancellationToken },
            async (patient, stop) =>
            {
                var hashes = await PatientChain.WriteAsync(partitions, state.Epoch, patient.Key, patient.Value.Events, stop);
                for (var i = 0; i < hashes.Length; i++)
                {
                    leaves[patient.Value.Places[i]] = hashes[i];
                }
            });

        var edge = state.OpenEdge();
        List<(Tile Tile, byte[] Hashes)> tiles = [];
        for (var i = 0; i < leaves.Length; i++)
        {
            edge.Add(leaves[i] ?? LeafEntry.OfNobody(record.At).Hash(lines[i].Span), (tile, hashes) => tiles.Add((tile, hashes)));
        }

        foreach (var (tile, hashes) in tiles)
        {
            if (!await blobs.CreateAsync(tile.Blob, hashes, cancellationToken)
                && !(await blobs.ReadAsync(tile.Blob, 0, Tile.Bytes, cancellationToken) is { } there && there.Content.Span.SequenceEqual(hashes)))
            {
                throw new InvalidDataException($"{tile.Blob} is not what journals and sequence make it.");
            }
        }

        return await state.AdvanceAsync(partitions, record, next, edge, cancellationToken);
    }

    private async Task<Queue<(JournalName Journal, long From)>> FindGrownAsync(LogState state, bool everything, CancellationToken cancellationToken)
    {
        Queue<(JournalName Journal, long From)> grown = [];
        var now = time.GetUtcNow().UtcDateTime;
        IEnumerable<string> prefixes = everything
            ? [JournalName.AllPrefix]

            // One hour ahead: another process' clock may be.
            : Enumerable.Range(0, LookBack.Hours + 2).Select(h => JournalName.HourPrefix(now.AddHours(h - LookBack.Hours)));
        foreach (var prefix in prefixes)
        {
            DateTime? hour = null;
            IReadOnlyDictionary<JournalName, long> offsets = new Dictionary<JournalName, long>();
            await foreach (var item in blobs.ListAsync(prefix, cancellationToken))
            {
                if (item.Length == 0 || !JournalName.TryParse(item.Name, out var journal))
                {
                    continue;
                }

                if (hour != journal.Hour)
                {
                    hour = journal.Hour;
                    offsets = await state.OffsetsAsync(partitions, journal.Hour, cancellationToken);
                }

                var from = offsets.GetValueOrDefault(journal);
                if (item.Length > from)
                {
                    grown.Enqueue((journal, from));
                }
            }
        }

        return grown;
    }

    // As many ranges as one record takes; what is left of a journal goes to the end of the queue. Null where there is nothing.
    private async Task<SequenceRecord?> TakeAsync(LogState state, Queue<(JournalName Journal, long From)> grown, CancellationToken cancellationToken)
    {
        List<SequencedRange> ranges = [];
        var now = time.GetUtcNow().UtcTicks;
        var at = new DateTime(now - (now % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
        var room = MaxRecordBytes;
        while (room > 0 && ranges.Count < Sequence.MaxRanges && grown.TryDequeue(out var next))
        {
            var (to, lines, late) = await JournalLines.MeasureAsync(blobs, next.Journal, next.From, room, at - Sequence.LateAfter, cancellationToken);
            if (lines == 0)
            {
                continue;
            }

            ranges.Add(new(next.Journal, next.From, to, lines, late));
            room -= (int)Math.Min(room, to - next.From);
            if (room == 0 || to - next.From > MaxRecordBytes / 2)
            {
                grown.Enqueue((next.Journal, to));
            }
        }

        return ranges.Count > 0 ? new(state.Size, at, ranges) : null;
    }
}
