using System.Text.Json;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Access.Participants;

/// <summary>How an import ended.</summary>
public enum ImportOutcome
{
    /// <summary>The file is in force.</summary>
    Imported,

    /// <summary>The file is word for word what was in force.</summary>
    Unchanged,

    /// <summary>Nothing was done: there are problems.</summary>
    Refused,

    /// <summary>Nothing was done: another import was first.</summary>
    Overtaken,
}

/// <summary>The answer to an import.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Version">The version in force after it.</param>
/// <param name="Read">What was read of the file.</param>
public sealed record ImportResult(ImportOutcome Outcome, int Version, ParticipantFileRead Read);

/// <summary>
/// The Participants in storage: each version a blob that is never changed, and a small blob that names the one in force. A running process reads
/// the small one every few seconds, so that an import needs no restart; when it cannot for too long, nobody is known, and everything is refused.
/// </summary>
/// <param name="blobs">Where they lie.</param>
/// <param name="time">The clock.</param>
public sealed class ParticipantStore(IBlobs blobs, TimeProvider time)
{
    /// <summary>How often a running process looks for another version.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(3);

    private static readonly BlobName Pointer = new("participants/current");
    private volatile Loaded? loaded;

    /// <summary>The Participants in force; null where they could not be read for <see cref="Limits.MaxParticipantsAge"/>, or have never been.</summary>
    public ParticipantList? Current => loaded is { } read && time.GetElapsedTime(read.At) <= Limits.MaxParticipantsAge ? read.List : null;

    /// <summary>Looks whether another version is in force, and reads it.</summary>
    /// <exception cref="StorageUnavailableException">Storage did not answer, or what it holds does not read. What was in force stays so for a while.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        var (number, _) = await ReadPointerAsync(cancellationToken);
        var list = number == loaded?.List.Version ? loaded.List : await ReadAsync(number, cancellationToken);
        loaded = new(list, asked);
    }

    /// <summary>Puts a file in force.</summary>
    /// <param name="file">JSON in UTF-8.</param>
    /// <param name="allowRemoval">Whether a Participant may be missing that was there; without, that is a problem: what it sent is known by its id.</param>
    /// <param name="cancellationToken">Ends the wait; the import may or may not have been done, and can be repeated.</param>
    public async Task<ImportResult> ImportAsync(ReadOnlyMemory<byte> file, bool allowRemoval, CancellationToken cancellationToken)
    {
        var (number, version) = await ReadPointerAsync(cancellationToken);
        var read = ParticipantFile.Read(file, number + 1);
        if (read.List is not { } list)
        {
            return new(ImportOutcome.Refused, number, read);
        }

        if (number > 0 && await ReadFileAsync(number, cancellationToken) is { } before)
        {
            if (before.Span.SequenceEqual(file.Span))
            {
                return new(ImportOutcome.Unchanged, number, read);
            }

            var ids = list.Participants.Select(p => p.Id).ToHashSet();
            var gone = ParticipantFile.Read(before, number).List!.Participants.Where(p => !ids.Contains(p.Id)).Select(p => p.Id).ToList();
            if (gone.Count > 0 && !allowRemoval)
            {
                return new(ImportOutcome.Refused, number, read with
                {
                    List = null,
                    Problems = [.. gone.Select(id => new FileProblem("/participants", $"{id} is missing. A participant is not taken out: let its enrolment end (enrolled.to)."))],
                });
            }
        }

        // An import that was interrupted may have left a version that nothing names: the next free number is as good.
        var next = number + 1;
        while (!await blobs.CreateAsync(NameOf(next), file, cancellationToken))
        {
            if (await ReadFileAsync(next, cancellationToken) is { } left && left.Span.SequenceEqual(file.Span))
            {
                break;
            }

            next++;
        }

        var pointer = JsonSerializer.SerializeToUtf8Bytes(new PointerText(next, time.GetUtcNow().UtcDateTime));
        var done = version is { } known ? await blobs.ReplaceAsync(Pointer, known, pointer, cancellationToken) : await blobs.CreateAsync(Pointer, pointer, cancellationToken);

        // The adapter's own second try may have met its first.
        return done || (await ReadPointerAsync(cancellationToken)).Number == next ? new(ImportOutcome.Imported, next, read) : new(ImportOutcome.Overtaken, number, read);
    }

    private async Task<ParticipantList> ReadAsync(int number, CancellationToken cancellationToken) =>
        number == 0 ? ParticipantList.Empty
        : await ReadFileAsync(number, cancellationToken) is { } file && ParticipantFile.Read(file, number).List is { } list ? list
        : throw new StorageUnavailableException($"Version {number} of the participants is in force, and cannot be read.");

    private async Task<(int Number, BlobVersion? Version)> ReadPointerAsync(CancellationToken cancellationToken)
    {
        if (await blobs.ReadAsync(Pointer, 0, StorageLimits.MaxBlobBytes, cancellationToken) is not { } blob)
        {
            return (0, null);
        }

        try
        {
            return JsonSerializer.Deserialize<PointerText>(blob.Content.Span) is { Version: > 0 } text
                ? (text.Version, blob.Version)
                : throw new StorageUnavailableException("What names the participants in force does not read.");
        }
        catch (JsonException e)
        {
            throw new StorageUnavailableException("What names the participants in force does not read.", e);
        }
    }

    private async Task<ReadOnlyMemory<byte>?> ReadFileAsync(int number, CancellationToken cancellationToken) =>
        await blobs.ReadAsync(NameOf(number), 0, StorageLimits.MaxBlobBytes, cancellationToken) is { } blob ? blob.Content : null;

    private static BlobName NameOf(int number) => new($"participants/versions/{number:00000000}");

    private sealed record PointerText(int Version, DateTime ImportedAt);

    private sealed record Loaded(ParticipantList List, long At);
}
