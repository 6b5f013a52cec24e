using System.Text;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.Storage;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>
/// The verification that the service does of itself, again and again: the whole log, which must have grown out of the checkpoint that the time before
/// found. That checkpoint lies apart from the log. Keys that lie with the log are believed, so that the signing key can be rotated; one who holds all that
/// the service holds is found by an auditor's <c>./pmd verify-log --since</c> alone.
/// </summary>
/// <param name="blobs">Journals, sequence, tiles, checkpoints, and what is remembered.</param>
/// <param name="partitions">The patients' rows.</param>
public sealed class StandingVerification(IBlobs blobs, IPartitions partitions)
{
    private static readonly BlobName Remembered = new("verified/access-log.json");

    /// <summary>Verifies, counts how it ended, and remembers the newest checkpoint where the log is whole. Two at once are harmless.</summary>
    /// <exception cref="StorageUnavailableException">Storage stayed away: nothing is said of the log. Counted as unfinished.</exception>
    /// <exception cref="OperationCanceledException">The time was up. Counted as unfinished.</exception>
    public async Task<LogVerdict> RunAsync(CancellationToken cancellationToken)
    {
        var outcome = "unfinished";
        try
        {
            var (before, version) = await ReadAsync(cancellationToken);
            IReadOnlyList<LogVerifierKey> trusted = [.. (before?.Verifiers() ?? []).Concat(await LogKeys.ReadVerifiersAsync(blobs, cancellationToken)).DistinctBy(k => k.ToString())];
            var verdict = await new LogVerifier(blobs, partitions).VerifyAsync(trusted, before?.Checkpoint, null, cancellationToken);
            if (verdict.Fault is not null)
            {
                outcome = "fault";
                Signals.VerifyFailures.Add(1);
                return verdict;
            }

            if (verdict.Newest is { } newest)
            {
                // Where another was first, theirs is as good.
                var content = Encoding.UTF8.GetBytes(new RememberedCheckpoint([.. trusted.Select(k => k.ToString())], newest).Format());
                _ = version is { } known ? await blobs.ReplaceAsync(Remembered, known, content, cancellationToken) : await blobs.CreateAsync(Remembered, content, cancellationToken);
            }

            outcome = "whole";
            return verdict;
        }
        finally
        {
            Signals.VerifyRuns.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    private async Task<(RememberedCheckpoint? Checkpoint, BlobVersion? Version)> ReadAsync(CancellationToken cancellationToken)
    {
        if (await blobs.ReadAsync(Remembered, 0, StorageLimits.MaxBlobBytes, cancellationToken) is not { } read)
        {
            return (null, null);
        }

        return (RememberedCheckpoint.Parse(Encoding.UTF8.GetString(read.Content.Span)), read.Version);
    }
}
