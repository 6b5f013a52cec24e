using System.Globalization;
using System.Text;
using System.Text.Json;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>
/// Recomputes the log from its journals, and holds everything else against that: sequence, tiles, checkpoints, the patients' rows. Shares with the service
/// the reading of storage and the Ed25519 of its library, and trusts nothing else. Needs memory for each patient and each journal, not for each event.
/// May run beside the service.
/// </summary>
/// <param name="blobs">Journals, sequence, tiles, checkpoints.</param>
/// <param name="partitions">The patients' rows.</param>
public sealed class LogVerifier(IBlobs blobs, IPartitions partitions)
{
    private const int Recent = 256;
    private static readonly PartitionKey LogPartition = new("access-log");

    /// <summary>Verifies.</summary>
    /// <param name="trusted">The public keys that are believed.</param>
    /// <param name="remembered">A checkpoint of earlier: the log must have grown out of it. Null where none is remembered.</param>
    /// <param name="progress">Takes how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="StorageUnavailableException">Storage stayed away: nothing is said of the log.</exception>
    public async Task<LogVerdict> VerifyAsync(IReadOnlyList<LogVerifierKey> trusted, string? remembered, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var run = new Run(blobs, partitions, trusted, progress);
        try
        {
            await run.VerifyAsync(remembered, cancellationToken);
            return run.Verdict(null);
        }
        catch (FaultFoundException e)
        {
            return run.Verdict(e.Fault);
        }
    }

    private sealed class Run(IBlobs blobs, IPartitions partitions, IReadOnlyList<LogVerifierKey> trusted, IProgress<VerifyProgress>? progress)
    {
        private readonly GrowingTree tree = new();
        private readonly TileAudit tiles = new(blobs);
        private readonly PatientAudit patients = new(blobs, partitions);
        private readonly SequenceAudit sequence = new(blobs);
        private readonly CheckpointAudit checkpoints = new(blobs, trusted);
        private readonly (string Blob, long Line)[] recent = new (string, long)[Recent];
        private readonly List<ExpectedHead> others = [];
        private long events;
        private long covered;
        private long unsequenced;
        private long right;
        private long lastRight;

        public LogVerdict Verdict(LogFault? fault) => new(fault, events, covered, unsequenced, right, patients.Patients, checkpoints.Newest);

        public async Task VerifyAsync(string? remembered, CancellationToken cancellationToken)
        {
            var state = await ReadStateAsync(cancellationToken);
            var shown = await ReadShownAsync(cancellationToken);
            var newest = await checkpoints.CaptureAsync(cancellationToken);
            if (shown is not null && (newest is null || newest.Size < shown.Head.Size))
            {
                throw new FaultFoundException(new("checkpoint/", 0, -1, "The newest checkpoint that is shown is not among the published ones.", $"one of {shown.Head.Size} events", newest is null ? "none" : $"one of {newest.Size}"));
            }

            if (remembered is not null)
            {
                others.Add(new("the remembered checkpoint", 0, SignedHead.Read(remembered, trusted, out var wrong) ?? throw new FaultFoundException(new("the remembered checkpoint", 0, -1, wrong))));
            }

            if (shown is not null)
            {
                others.Add(shown);
            }

            covered = newest?.Size ?? 0;
            var derived = Math.Max(covered, state?.Size ?? 0);
            var bytes = await SequencedBytesAsync(cancellationToken);
            await FollowAsync(derived, state, cancellationToken);
            if (events < derived)
            {
                throw new FaultFoundException(new("row access-log state.access-log", 0, -1, "The sequence is shorter than what is derived of it.", $"{derived} events", $"{events}"));
            }

            Tell("journals without a place", 0, 0);
            unsequenced = await sequence.UnsequencedAsync(cancellationToken);
            await tiles.VerifyNoOtherAsync(async () => events == derived && bytes == await SequencedBytesAsync(cancellationToken), cancellationToken);
            await patients.VerifyRowsAsync(derived, done => Tell("patients' rows", done, patients.Patients), cancellationToken);

            // A row is written after its event has its place, so one that has none by now is made up.
            if (patients.Latest is { } latest && await sequence.SizeAsync(cancellationToken) is var size && latest.Index >= size)
            {
                throw new FaultFoundException(new(latest.Row, 0, latest.Index, "The row is of an event that the sequence does not have.", $"one of {size} events", $"event {latest.Index}"));
            }
        }

        private async Task FollowAsync(long derived, State? state, CancellationToken cancellationToken)
        {
            await using var published = checkpoints.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            var next = await NextAsync(published, cancellationToken);
            next = await HoldAsync(published, next, cancellationToken);
            await foreach (var line in sequence.ReadAsync(cancellationToken))
            {
                events = line.Index + 1;
                recent[line.Index % Recent] = (line.Blob, line.LineNumber);
                var head = EventHead.Read(line.Line.Span) ?? throw new FaultFoundException(new(line.Blob, line.LineNumber, line.Index, "The line is no event."));
                if (line.Index >= derived)
                {
                    continue;
                }

                var leaf = head.Patient is { } patient ? patients.Add(line, patient) : GrowingTree.Leaf(0, null, line.SequencedAt, line.Line.Span);
                state?.Hold(line, leaf);
                tree.Add(leaf, tiles.Take);
                await tiles.VerifyFullAsync(Where, cancellationToken);
                next = await HoldAsync(published, next, cancellationToken);
                if (events % 4096 == 0)
                {
                    Tell("events", events, derived);
                }
            }

            if ((next ?? others.Find(o => o.Head.Size > tree.Size)) is { } lost)
            {
                throw new FaultFoundException(new(lost.Where, lost.Line, -1, "The log has fewer events than the checkpoint covers: some were taken away.", $"{lost.Head.Size} events", $"{tree.Size}"));
            }
        }

        // Holds the tree against every checkpoint of its size; gives the next larger one.
        private async Task<ExpectedHead?> HoldAsync(IAsyncEnumerator<ExpectedHead> published, ExpectedHead? next, CancellationToken cancellationToken)
        {
            byte[]? root = null;
            foreach (var other in others)
            {
                if (other.Head.Size == tree.Size)
                {
                    await HoldAsync(other, root ??= tree.Root(), cancellationToken);
                }
            }

            if (next?.Head.Size != tree.Size)
            {
                return next;
            }

            await HoldAsync(next, root ?? tree.Root(), cancellationToken);
            right++;
            lastRight = tree.Size;
            return await NextAsync(published, cancellationToken);
        }

        private async Task HoldAsync(ExpectedHead expected, byte[] root, CancellationToken cancellationToken)
        {
            if (!expected.Head.Root.AsSpan().SequenceEqual(root))
            {
                // A tile that was filled later knows which event it is.
                if (await tiles.FirstOtherAsync(cancellationToken) is { } other)
                {
                    throw new FaultFoundException(new(other.Tile, (other.Index % Recent) + 1, other.Index, $"The hash is not that of the journals, {Where(other.Index)}.", other.Expected, other.Found));
                }

                throw new FaultFoundException(new(
                    expected.Where, expected.Line, lastRight, $"The root over {tree.Size} events is not that of the journals: one of the events {lastRight} to {tree.Size - 1} is another, or has another place.",
                    Convert.ToBase64String(expected.Head.Root), Convert.ToBase64String(root)));
            }
        }

        private static async Task<ExpectedHead?> NextAsync(IAsyncEnumerator<ExpectedHead> published, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await published.MoveNextAsync() ? published.Current : null;
        }

        private string Where(long index) => $"{recent[index % Recent].Blob}, line {recent[index % Recent].Line}";

        private void Tell(string doing, long done, long of) => progress?.Report(new(doing, done, of));

        // The newest checkpoint as it is shown: a copy of one that is published.
        private async Task<ExpectedHead?> ReadShownAsync(CancellationToken cancellationToken)
        {
            if (await partitions.ReadAsync(LogPartition, new("checkpoint.access-log"), cancellationToken) is not { } row)
            {
                return null;
            }

            const string Name = "row access-log checkpoint.access-log";
            return new(Name, 0, SignedHead.Read(Encoding.UTF8.GetString(row.Value.Span), trusted, out var wrong) ?? throw new FaultFoundException(new(Name, 0, -1, wrong)));
        }

        private async Task<State?> ReadStateAsync(CancellationToken cancellationToken) =>
            await partitions.ReadAsync(LogPartition, new("state.access-log"), cancellationToken) is { } row ? State.Read(row.Value.Span) : null;

        // What is committed meanwhile may have tiles that are none of ours.
        private async Task<long> SequencedBytesAsync(CancellationToken cancellationToken)
        {
            var bytes = 0L;
            await foreach (var item in blobs.ListAsync("sequence/", cancellationToken))
            {
                bytes += item.Length;
            }

            return bytes;
        }
    }

    /// <summary>How far the service says that it has derived the log, and the hashes that no full tile holds yet.</summary>
    private sealed record State(long Size, IReadOnlyList<byte[]> Edge)
    {
        private const string Name = "row access-log state.access-log";

        public static State Read(ReadOnlySpan<byte> value)
        {
            try
            {
                var state = JsonSerializer.Deserialize<State>(value);
                if (state is { Size: >= 0, Edge: not null } && (state.Size % Recent == 0 || (state.Edge.Count > 0 && state.Edge[0].Length == state.Size % Recent * 32)))
                {
                    return state;
                }
            }
            catch (JsonException)
            {
                // Told below.
            }

            throw new FaultFoundException(new(Name, 0, -1, "The row is not what the service writes."));
        }

        public void Hold(AuditedLine line, byte[] leaf)
        {
            var first = Size - (Size % Recent);
            if (line.Index >= first && line.Index < Size && Edge[0].AsSpan((int)(line.Index - first) * 32, 32) is var found && !found.SequenceEqual(leaf))
            {
                throw new FaultFoundException(new(
                    Name, 0, line.Index, string.Create(CultureInfo.InvariantCulture, $"The hash is not that of the journals, {line.Blob}, line {line.LineNumber}."), Convert.ToHexStringLower(leaf), Convert.ToHexStringLower(found)));
            }
        }
    }
}
