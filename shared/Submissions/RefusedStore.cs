using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using K4os.Compression.LZ4;
using PasientensMaledata.Access;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Submissions;

/// <summary>A blob of refused Submissions, as read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Submissions">What is in it.</param>
public sealed record RefusedBlob(BlobName Name, BlobVersion Version, IReadOnlyList<RefusedSubmission> Submissions);

/// <summary>
/// Keeps what was refused, sealed, in blobs <c>refused/yyyy/MM/dd/sender/name</c>: one for each request, and one for each Sender in what is received
/// together from the stream. A name says which Submissions it holds, so that keeping the same again writes nothing new.
/// </summary>
/// <param name="blobs">Where they lie.</param>
/// <param name="ring">The key that seals them.</param>
public sealed class RefusedStore(IBlobs blobs, KeyRing ring)
{
    /// <summary>Where they lie.</summary>
    public const string Prefix = "refused/";

    // Where a Sender's id stands, for those of whom it is not known: no Sender's id has this form.
    private const string UnknownSender = "_unknown";

    // Bytes of bodies in one blob, unless a single body is larger: base64 and an outcome for each entry come on top.
    private const int MaxBodiesBytes = 16_777_216;

    private const byte Format = 1;

    /// <summary>Keeps what was refused in the receipts; nothing is written where nothing was.</summary>
    /// <exception cref="StorageUnavailableException">It could not be kept: the Submissions may not be answered.</exception>
    public async Task KeepAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        var key = ring.Current.Refused;
        var refused = receipts.Select(r => RefusedSubmission.Of(r, key)).OfType<RefusedSubmission>();
        foreach (var together in refused.GroupBy(r => (r.Sender, r.SubmissionId.Day, Source: SourceOf(r))))
        {
            foreach (var part in Split([.. together.OrderBy(r => (r.Origin as StreamOrigin)?.SequenceNumber)]))
            {
                var name = new BlobName($"{FolderOf(together.Key.Day, part[0].SenderId)}{NameOf(part)}");

                // A taken name holds the same: it was kept before, or the answer to the first attempt was lost.
                await blobs.CreateAsync(name, Seal(name, part), cancellationToken);
            }
        }
    }

    /// <summary>Reads the blobs of a day, in the order of their names.</summary>
    /// <param name="day">The day, UTC, of receipt or of enqueueing.</param>
    /// <param name="sender">Whose; null for everyone's.</param>
    /// <param name="after">Last part of the name of the blob to begin after; null to begin with the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async IAsyncEnumerable<RefusedBlob> ReadAsync(DateOnly day, SenderId? sender, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in blobs.ListAsync(sender is null ? FolderOf(day) : FolderOf(day, sender), cancellationToken))
        {
            if ((after is null || string.CompareOrdinal(item.Name.ToString().Split('/')[^1], after) > 0) && await ReadAsync(item.Name, cancellationToken) is { } blob)
            {
                yield return blob;
            }
        }
    }

    /// <summary>Finds what was refused of one Submission; null where nothing was of a Submission of this Sender, or it is no longer kept.</summary>
    public async Task<RefusedSubmission?> FindAsync(SubmissionId id, SenderId? sender, CancellationToken cancellationToken)
    {
        await foreach (var blob in HoldingAsync(id, sender, cancellationToken))
        {
            return blob.Submissions.First(s => s.Id == id.ToString());
        }

        return null;
    }

    /// <summary>The blobs that hold a Submission: an event that was delivered again in other company is in several.</summary>
    public async IAsyncEnumerable<RefusedBlob> HoldingAsync(SubmissionId id, SenderId? sender, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = FolderOf(id.Day, sender);
        var text = id.ToString();
        if (text[0] == 'h')
        {
            if (await ReadAsync(new($"{folder}{text}"), cancellationToken) is { } blob)
            {
                yield return blob;
            }

            yield break;
        }

        var upToNumber = text.LastIndexOf('-') + 1;
        var number = long.Parse(text.AsSpan(upToNumber), CultureInfo.InvariantCulture);
        await foreach (var item in blobs.ListAsync($"{folder}{text[..upToNumber]}", cancellationToken))
        {
            if (item.Name.ToString()[(folder.Length + upToNumber)..].Split('-') is [var first, var last, _]
                && number >= long.Parse(first, NumberStyles.HexNumber, CultureInfo.InvariantCulture) && number <= long.Parse(last, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                && await ReadAsync(item.Name, cancellationToken) is { } blob && blob.Submissions.Any(s => s.Id == text))
            {
                yield return blob;
            }
        }
    }

    /// <summary>Replaces what a blob holds; deletes it where nothing is left. False where another was first.</summary>
    public ValueTask<bool> ReplaceAsync(RefusedBlob blob, IReadOnlyList<RefusedSubmission> left, CancellationToken cancellationToken) => left.Count == 0
        ? blobs.DeleteAsync(blob.Name, blob.Version, cancellationToken)
        : blobs.ReplaceAsync(blob.Name, blob.Version, Seal(blob.Name, left), cancellationToken);

    /// <summary>Deletes what is of a day before this one, and tells how many blobs that were.</summary>
    public async Task<int> DeleteBeforeAsync(DateOnly day, CancellationToken cancellationToken)
    {
        var deleted = 0;
        var end = FolderOf(day);
        await foreach (var item in blobs.ListAsync(Prefix, cancellationToken))
        {
            // In order: what follows is younger.
            if (string.CompareOrdinal(item.Name.ToString(), end) >= 0)
            {
                break;
            }

            if (await blobs.ReadAsync(item.Name, 0, 1, cancellationToken) is { } range && await blobs.DeleteAsync(item.Name, range.Version, cancellationToken))
            {
                deleted++;
            }
        }

        return deleted;
    }

    private static string FolderOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{day:yyyy'/'MM'/'dd}/");

    private static string FolderOf(DateOnly day, SenderId? sender) => $"{FolderOf(day)}{sender?.ToString() ?? UnknownSender}/";

    // Requests each by themselves; events of one partition together.
    private static string SourceOf(RefusedSubmission refused) =>
        refused.Origin is StreamOrigin stream ? $"{stream.Hub}/{stream.Partition}" : refused.Id;

    // Of events: the partition, first and last number, and a hash of what is refused of each.
    private static string NameOf(IReadOnlyList<RefusedSubmission> part)
    {
        if (part[0].Origin is not StreamOrigin first)
        {
            return part[0].Id;
        }

        var what = string.Join('\n', part.Select(s => $"{s.Id} {string.Join(' ', s.Entries.Select(e => e.Index))}"));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 8));
        var upToNumber = part[0].Id[..(part[0].Id.LastIndexOf('-') + 1)];
        return $"{upToNumber}{first.SequenceNumber:x16}-{((StreamOrigin)part[^1].Origin).SequenceNumber:x16}-{hash}";
    }

    private static IEnumerable<IReadOnlyList<RefusedSubmission>> Split(IReadOnlyList<RefusedSubmission> refused)
    {
        var part = new List<RefusedSubmission>();
        var bytes = 0;
        foreach (var one in refused)
        {
            var size = one.Body?.Length ?? 0;
            if (part.Count > 0 && bytes + size > MaxBodiesBytes)
            {
                yield return part;
                (part, bytes) = ([], 0);
            }

            part.Add(one);
            bytes += size;
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    private byte[] Seal(BlobName name, IReadOnlyList<RefusedSubmission> submissions)
    {
        var content = LZ4Pickler.Pickle(JsonSerializer.SerializeToUtf8Bytes(submissions));
        using var seal = new Seal(ring.Current.Refused);
        var closed = new byte[1 + content.Length + Storage.Sealing.Seal.Overhead];
        closed[0] = Format;
        seal.Close(content, Encoding.UTF8.GetBytes(name.ToString()), closed.AsSpan(1));
        return closed;
    }

    private async ValueTask<RefusedBlob?> ReadAsync(BlobName name, CancellationToken cancellationToken)
    {
        if (await blobs.ReadAsync(name, 0, StorageLimits.MaxBlobBytes, cancellationToken) is not { } blob)
        {
            return null;
        }

        using var seal = new Seal(ring.Current.Refused);
        var content = blob.Content.Length > 0 && blob.Content.Span[0] == Format ? seal.TryOpen(blob.Content.Span[1..], Encoding.UTF8.GetBytes(name.ToString())) : null;
        return content is null
            ? throw new CryptographicException("What was refused cannot be opened: it was changed, or sealed by another key.")
            : new(name, blob.Version, JsonSerializer.Deserialize<IReadOnlyList<RefusedSubmission>>(LZ4Pickler.Unpickle(content)) ?? throw new JsonException("A blob of refused Submissions is empty."));
    }
}
