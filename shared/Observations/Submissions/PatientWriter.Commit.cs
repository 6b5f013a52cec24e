using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Observations.Submissions;

/// <content>How writes are packed into batches and committed.</content>
internal sealed partial class PatientWriter
{
    /// <summary>Writes of one patient that are committed together, with the lines of the catalogue that they are the first to need.</summary>
    private sealed class Batch(PatientKey patient)
    {
        private int bytes;

        public PatientKey Patient => patient;

        public List<Write> Writes { get; } = [];

        public List<CatalogueLine> Lines { get; } = [];

        public List<RowOperation> Operations { get; } = [];

        /// <summary>Adds a write, unless the batch would be too large.</summary>
        public bool TryAdd(Write write, List<CatalogueLine> lines, byte[] identityKey)
        {
            var first = Operations.Count;
            foreach (var line in lines)
            {
                Operations.Add(PatientHead.Insert(patient, line, identityKey));
            }

            Operations.AddRange(write.Operations);
            var size = 0;
            for (var i = first; i < Operations.Count; i++)
            {
                size += Operations[i].Key.ToString().Length + Operations[i].Value.Length;
            }

            if (Writes.Count > 0 && (Operations.Count > StorageLimits.MaxBatchOperations || bytes + size > StorageLimits.MaxBatchBytes))
            {
                Operations.RemoveRange(first, Operations.Count - first);
                return false;
            }

            Writes.Add(write);
            Lines.AddRange(lines);
            bytes += size;
            return true;
        }
    }

    private async Task<List<Pending>> CommitAsync(List<Write> writes, CancellationToken cancellationToken)
    {
        var batches = Pack(writes);
        var failed = new List<Pending>();
        var first = 0;

        // An Observation is never stored before the line of the catalogue by which it is found: what brings lines goes first, and alone.
        for (; first < batches.Count && batches.Skip(first).Any(b => b.Lines.Count > 0); first++)
        {
            if (failed.Count > 0 || !await CommitAsync(batches[first], cancellationToken))
            {
                failed.AddRange(batches[first].Writes.Select(w => w.Entry));
            }
        }

        if (failed.Count > 0)
        {
            failed.AddRange(batches.Skip(first).SelectMany(b => b.Writes).Select(w => w.Entry));
        }
        else if (first == batches.Count - 1)
        {
            if (!await CommitAsync(batches[first], cancellationToken))
            {
                failed.AddRange(batches[first].Writes.Select(w => w.Entry));
            }
        }
        else
        {
            await Parallel.ForEachAsync(
                batches.Skip(first),
                new ParallelOptions { MaxDegreeOfParallelism = Limits.MaxParallelBatches, CancellationToken = cancellationToken },
                async (batch, stop) =>
                {
                    if (!await CommitAsync(batch, stop))
                    {
                        lock (failed)
                        {
                            failed.AddRange(batch.Writes.Select(w => w.Entry));
                        }
                    }
                });
        }

        failed.ForEach(e => e.MustRead = true);
        return failed;
    }

    private List<Batch> Pack(List<Write> writes)
    {
        var batches = new List<Batch>();
        foreach (var ofPatient in writes.GroupBy(w => w.Entry.Patient))
        {
            var known = heads[ofPatient.Key].Catalogue;
            var planned = new HashSet<CatalogueLine>();
            var lines = new List<CatalogueLine>();
            var batch = new Batch(ofPatient.Key);
            foreach (var write in ofPatient)
            {
                lines.Clear();
                for (var i = 0; i < write.Lines.Count; i++)
                {
                    if (!known.Contains(write.Lines[i]) && planned.Add(write.Lines[i]))
                    {
                        lines.Add(write.Lines[i]);
                    }
                }

                if (!batch.TryAdd(write, lines, ring.Current.Identity))
                {
                    batches.Add(batch);
                    batch = new(ofPatient.Key);
                    batch.TryAdd(write, lines, ring.Current.Identity);
                }
            }

            batches.Add(batch);
        }

        return batches;
    }

    private async ValueTask<bool> CommitAsync(Batch batch, CancellationToken cancellationToken)
    {
        CommitResult result;

        // One that has begun is waited for, and it does not last long: left alone, nobody would know what it stored.
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var commitBy = batch.Writes.Min(w => w.Stamp) + Limits.CommitWindow - Limits.ClockSkew - StorageLimits.MaxAttempt;
            // In order of key, as storage lays them.
            batch.Operations.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            result = await partitions.CommitAsync(batch.Patient.Partition, batch.Operations, commitBy, CancellationToken.None);
        }
        catch (StorageUnavailableException)
        {
            // It may have been committed: what is stored under the identities tells.
            batch.Writes.ForEach(w => w.Entry.AnswerWasLost = true);
            return false;
        }

        lock (results)
        {
            if (result.Outcome != CommitOutcome.Committed)
            {
                // Another may have brought the same lines of the catalogue: the head is read again.
                isOpen &= batch.Lines.Count == 0;

                // A batch tried again below us meets its own rows. A new Observation is then answered as known; a correction must not hear
                // that it was beaten by itself.
                batch.Writes.ForEach(w => w.Entry.AnswerWasLost |= w.Entry.TriedAction != Action.Create);
                return false;
            }

            batch.Lines.ForEach(heads[batch.Patient].Add);
            foreach (var write in batch.Writes)
            {
                AnswerStored(write.Entry, write.Entry.TriedAction, write.Current);
            }

            return true;
        }
    }
}
