using System.Text;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Observations.Deletion;

/// <summary>Whether an Observation, by its current version, is to be deleted.</summary>
public delegate bool Picks(ObservationRow row);

/// <summary>What a deletion did.</summary>
/// <param name="Deleted">How many Observations; in a dry run how many it would be.</param>
/// <param name="Remaining">Organisation numbers of the Controllers of which something remains under the key.</param>
public sealed record DeletionResult(int Deleted, IReadOnlySet<string> Remaining);

/// <summary>
/// Deletes Observations of a patient with all their versions and pointers, while the service runs. One that fits into a batch goes all at once; of one
/// with more versions the current goes first, with a mark in its place, so that nothing half of it is ever seen, and a deletion that was stopped
/// is gone on with. Asking again is harmless.
/// </summary>
/// <param name="partitions">Where they are stored.</param>
public sealed class ObservationDeletion(IPartitions partitions)
{
    private static readonly RowKey CurrentFrom = new("l.");
    private static readonly RowKey CurrentTo = new("o~");

    /// <summary>An Observation on its way out.</summary>
    /// <param name="Identity">Which.</param>
    /// <param name="IdentityVersion">Version of its row <c>i.</c>.</param>
    /// <param name="Mark">What is to stand there; null where it was deleted unfinished and the mark says all.</param>
    /// <param name="Current">Its current version's row; null where that is gone.</param>
    private sealed record Victim(ObservationIdentity Identity, RowVersion IdentityVersion, DeletedIdentity Mark, RowOperation? Current)
    {
        public List<RowOperation> Rest { get; } = [];
    }

    /// <summary>Deletes.</summary>
    /// <param name="patient">Under which key they lie; that of joined keys is asked for each by itself.</param>
    /// <param name="picks">Which.</param>
    /// <param name="isForGood">Whether the same, sent again, is refused.</param>
    /// <param name="before">Told how many there are, once, before the first is deleted; not where there are none. Null deletes nothing: a dry run.</param>
    /// <param name="cancellationToken">Stops it; what is deleted is deleted, and asking again goes on.</param>
    /// <exception cref="StorageUnavailableException">Storage stayed away, or others changed the same at every try.</exception>
    public async Task<DeletionResult> DeleteAsync(PatientKey patient, Picks picks, bool isForGood, Func<int, Task>? before, CancellationToken cancellationToken)
    {
        var (deleted, isAnnounced) = (0, false);
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var (victims, remaining, isWhole) = await FindAsync(patient, picks, isForGood, cancellationToken);
            var found = victims.Count(v => v.Current is not null);
            if (before is null)
            {
                return new(found, remaining);
            }

            if (victims.Count == 0 && isWhole)
            {
                return new(deleted, remaining);
            }

            // Not for what an earlier run announced, and left half-way.
            if (found > 0 && !isAnnounced)
            {
                await before(found);
                isAnnounced = true;
            }

            await CollectAsync(patient, victims, cancellationToken);
            foreach (var batch in Pack(victims))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if ((await partitions.CommitAsync(patient.Partition, batch.Operations, null, cancellationToken)).Outcome == CommitOutcome.Committed)
                {
                    deleted += batch.Count;
                    attempt = 0;
                }
            }
        }

        throw new StorageUnavailableException("Others changed the same Observations at every try. Start it again.");
    }

    /// <summary>Sets the mark by which an Observation stays deleted though it is not stored, as after tables were restored from before it came.</summary>
    public async Task MarkAsync(PatientKey patient, ObservationIdentity identity, string controller, CancellationToken cancellationToken) =>
        await partitions.CommitAsync(
            patient.Partition, [RowOperation.Insert(ObservationKeys.Identity(identity), new DeletedIdentity(true, false, controller).ToRow())], null, cancellationToken);

    // Whole: every identity's current version was seen. Else one was moved meanwhile, and it is to be looked again.
    private async Task<(List<Victim> Victims, IReadOnlySet<string> Remaining, bool IsWhole)> FindAsync(PatientKey patient, Picks picks, bool isForGood, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<ObservationIdentity, (RowOperation Delete, bool IsPicked, string Controller)>();
        await foreach (var row in ReadAsync(patient, CurrentFrom, CurrentTo, cancellationToken))
        {
            See(row);
        }

        var (victims, isWhole) = (new List<Victim>(), true);
        await foreach (var row in ReadAsync(patient, new("i."), new("i~"), cancellationToken))
        {
            if (!ObservationIdentity.TryParse(row.Key.ToString().AsSpan(2), out var identity))
            {
                continue;
            }

            if (DeletedIdentity.FromRow(row.Value.Span) is { } mark)
            {
                if (mark.IsUnfinished)
                {
                    victims.Add(new(identity, row.Version, mark, null));
                }

                continue;
            }

            var known = IdentityRow.FromRow(row.Value.Span);
            if (!seen.ContainsKey(identity) && await partitions.ReadAsync(patient.Partition, known.Location, cancellationToken) is { } came)
            {
                See(came);
            }

            if (!seen.TryGetValue(identity, out var current))
            {
                isWhole = false;
            }
            else if (current.IsPicked)
            {
                victims.Add(new(identity, row.Version, new(isForGood, false, current.Controller), current.Delete));
            }
        }

        return (victims, seen.Values.Where(s => !s.IsPicked).Select(s => s.Controller).ToHashSet(), isWhole);

        void See(Row row)
        {
            var observation = new ObservationRow(row.Value.Span);
            seen[observation.Identity] = (RowOperation.Delete(row.Key, row.Version), picks(observation), Encoding.ASCII.GetString(observation.Controller));
        }
    }

    // Their superseded versions, and the pointers to all.
    private async Task CollectAsync(PatientKey patient, List<Victim> victims, CancellationToken cancellationToken)
    {
        var byIdentity = victims.ToDictionary(v => v.Identity.ToString());
        foreach (var (from, to, at) in new[] { ("u.", "u~", 19), ("h.", "h~", 2) })
        {
            await foreach (var row in ReadAsync(patient, new(from), new(to), cancellationToken))
            {
                if (byIdentity.TryGetValue(row.Key.ToString().Substring(at, 32), out var victim))
                {
                    victim.Rest.Add(RowOperation.Delete(row.Key, row.Version));
                }
            }
        }
    }

    // As many in a batch as there is room for; Count says of how many the current version goes with it.
    private static IEnumerable<(List<RowOperation> Operations, int Count)> Pack(List<Victim> victims)
    {
        var (operations, count) = (new List<RowOperation>(), 0);
        foreach (var victim in victims)
        {
            var isAll = victim.Rest.Count + 2 <= StorageLimits.MaxBatchOperations;
            var most = isAll ? victim.Rest.Count : StorageLimits.MaxBatchOperations - 2;
            if (operations.Count + most + 2 > StorageLimits.MaxBatchOperations)
            {
                yield return (operations, count);
                (operations, count) = ([], 0);
            }

            var mark = victim.Mark with { IsUnfinished = !isAll };
            var key = ObservationKeys.Identity(victim.Identity);
            operations.Add(isAll && !mark.IsForGood ? RowOperation.Delete(key, victim.IdentityVersion) : RowOperation.Replace(key, victim.IdentityVersion, mark.ToRow()));
            operations.AddRange(victim.Rest.Take(most));
            if (victim.Current is { } current)
            {
                operations.Add(current);
                count++;
            }
        }

        if (operations.Count > 0)
        {
            yield return (operations, count);
        }
    }

    private async IAsyncEnumerable<Row> ReadAsync(PatientKey patient, RowKey from, RowKey to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(patient.Partition, from, to, StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
    }
}
