using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>A head that the log must have at its size.</summary>
internal sealed record ExpectedHead(string Where, long Line, SignedHead Head);

/// <summary>Reads the published checkpoints as they lay when it began.</summary>
internal sealed class CheckpointAudit(IBlobs blobs, IReadOnlyList<LogVerifierKey> trusted)
{
    private const int SizesInBlob = 16_384;

    private readonly List<(string Name, long Length)> captured = [];

    /// <summary>The last note; null where there is none.</summary>
    public string? Newest { get; private set; }

    /// <summary>Takes note of what there is now, so that what is published meanwhile does not disturb.</summary>
    public async Task<SignedHead?> CaptureAsync(CancellationToken cancellationToken)
    {
        await foreach (var item in blobs.ListAsync("checkpoint/", cancellationToken))
        {
            if (item.Length > 0)
            {
                captured.Add((item.Name.ToString(), item.Length));
            }
        }

        return captured.Count == 0 ? null : (await ReadBlobAsync(captured.Count - 1, cancellationToken))[^1].Head;
    }

    /// <summary>All of them, sizes growing.</summary>
    public async IAsyncEnumerable<ExpectedHead> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var before = -1L;
        for (var i = 0; i < captured.Count; i++)
        {
            foreach (var head in await ReadBlobAsync(i, cancellationToken))
            {
                if (head.Head.Size <= before)
                {
                    throw new FaultFoundException(new(head.Where, head.Line, -1, "Checkpoints are of growing sizes.", $"more than {before}", $"{head.Head.Size}"));
                }

                before = head.Head.Size;
                yield return head;
            }
        }
    }

    private async Task<List<ExpectedHead>> ReadBlobAsync(int i, CancellationToken cancellationToken)
    {
        var (name, length) = captured[i];
        var read = await blobs.ReadAsync(new(name), 0, (int)Math.Min(length, StorageLimits.MaxBlobBytes), cancellationToken);
        var text = read is { } range && range.Content.Length == length ? Encoding.UTF8.GetString(range.Content.Span) : throw new FaultFoundException(new(name, 0, -1, "The blob is gone, or shorter than it was."));
        List<ExpectedHead> heads = [];
        var line = 1L;
        foreach (var note in Notes(text))
        {
            var head = SignedHead.Read(note, trusted, out var wrong) ?? throw new FaultFoundException(new(name, line, -1, wrong));
            if (name != $"checkpoint/{(head.Size / SizesInBlob).ToString("d12", CultureInfo.InvariantCulture)}.txt")
            {
                throw new FaultFoundException(new(name, line, -1, $"A checkpoint of {head.Size} events does not belong in this blob."));
            }

            heads.Add(new(name, line, head));
            line += note.Count(c => c == '\n');
            Newest = note;
        }

        return heads;
    }

    // A note ends with its signatures: lines that begin with a dash, after the blank one.
    private static IEnumerable<string> Notes(string text)
    {
        for (var begin = 0; begin < text.Length;)
        {
            var blank = text.IndexOf("\n\n", begin, StringComparison.Ordinal);
            var end = blank < 0 ? text.Length : blank + 2;
            while (end < text.Length && text[end] == '\u2014')
            {
                var next = text.IndexOf('\n', end);
                end = next < 0 ? text.Length : next + 1;
            }

            yield return text[begin..end];
            begin = end;
        }
    }
}
