using System.Buffers.Binary;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Identity;

/// <summary>Progress of a rotation.</summary>
/// <param name="Partitions">Partitions of the directory gone through, of <paramref name="Of"/>.</param>
/// <param name="Of">Partitions of the directory.</param>
/// <param name="Rewritten">Rows written anew so far.</param>
public readonly record struct RotationProgress(int Partitions, int Of, long Rewritten);

/// <summary>
/// Rotates the directory key and the master key while the service runs. Where a rotation stands is read from what is stored, so one that was
/// interrupted goes on when it is started again.
/// </summary>
/// <param name="partitions">Where the rows lie.</param>
/// <param name="ring">The keys.</param>
/// <param name="time">The clock.</param>
public sealed class KeyRotation(IPartitions partitions, KeyRing ring, TimeProvider time)
{
    /// <summary>After a new key is published, so long until every process has it: twice the interval at which they look.</summary>
    public static readonly TimeSpan Spread = KeyRing.RefreshInterval * 2;

    private static readonly PartitionKey DirectoryState = new("directory-state");
    private static readonly RowKey DirectoryNumber = new("number.directory-state");

    /// <summary>Writes every row of the directory under a new key, and forgets the old one.</summary>
    public async Task RotateDirectoryAsync(IProgress<RotationProgress> progress, CancellationToken cancellationToken)
    {
        await ring.RefreshAsync(cancellationToken);
        if (ring.Current.PreviousDirectory is null && !await ring.ReplaceAsync(ring.Current.WithNextDirectory(), cancellationToken))
        {
            throw new StorageUnavailableException("The keys were changed by another process. Start again.");
        }

        await Task.Delay(Spread, time, cancellationToken);
        var keys = ring.Current;
        var rewritten = 0L;
        await ForEachRowAsync(
            async (row, partition) =>
            {
                if (PatientDirectory.KeyNumberOf(row.Value.Span) == keys.DirectoryNumber)
                {
                    return;
                }

                var key = PatientDirectory.KeyOf(row.Value.Span);
                if (await ReadAsync(key, cancellationToken) is not { } person)
                {
                    // The patient was deleted; this row says nothing any more.
                    await DeleteAsync(partition, row, cancellationToken);
                    return;
                }

                using var seal = person.OpenSeal();
                var digits = PatientDirectory.DigitsOf(row.Value.Span, seal);
                var (newPartition, newRow) = PatientDirectory.Place(digits, keys.Directory);
                await partitions.CommitAsync(newPartition, [RowOperation.Insert(newRow, PatientDirectory.ToRow(digits, person, keys.DirectoryNumber))], null, cancellationToken);
                rewritten++;
            },
            p => progress.Report(new(p, 512, rewritten)),
            cancellationToken);

        await WriteNumberAsync(keys.DirectoryNumber, cancellationToken);
        if (!await ring.ReplaceAsync(keys with { PreviousDirectory = null }, cancellationToken))
        {
            throw new StorageUnavailableException("The keys were changed by another process. Start again.");
        }

        await Task.Delay(Spread, time, cancellationToken);
        await ForEachRowAsync(
            async (row, partition) =>
            {
                if (PatientDirectory.KeyNumberOf(row.Value.Span) != keys.DirectoryNumber)
                {
                    await DeleteAsync(partition, row, cancellationToken);
                }
            },
            p => progress.Report(new(256 + p, 512, rewritten)),
            cancellationToken);
    }

    /// <summary>
    /// Whether the directory's rows lie under a key that the ring has. Not so where one of the two was restored from before a rotation: then no known number
    /// would be found, and each would be taken for a new patient's, without their privacy settings.
    /// </summary>
    public static async Task<bool> FitAsync(IPartitions partitions, KeyRing ring, CancellationToken cancellationToken)
    {
        // Before the first rotation there is no row.
        var number = await partitions.ReadAsync(DirectoryState, DirectoryNumber, cancellationToken) is { } row ? BinaryPrimitives.ReadInt32BigEndian(row.Value.Span) : 1;
        var keys = ring.Current;
        return number == keys.DirectoryNumber || (keys.PreviousDirectory is not null && number == keys.DirectoryNumber - 1);
    }

    private async Task WriteNumberAsync(int number, CancellationToken cancellationToken)
    {
        var value = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(value, number);
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var row = await partitions.ReadAsync(DirectoryState, DirectoryNumber, cancellationToken);
            if (row is { } known && known.Value.Span.SequenceEqual(value))
            {
                return;
            }

            var operation = row is { } before ? RowOperation.Replace(DirectoryNumber, before.Version, value) : RowOperation.Insert(DirectoryNumber, value);
            await partitions.CommitAsync(DirectoryState, [operation], null, cancellationToken);
        }

        throw new StorageUnavailableException("The number of the directory key cannot be written. Start again.");
    }

    /// <summary>Wraps every patient's data key under the newest of the master keys, which the secret must already hold beside the old.</summary>
    public async Task RewrapAsync(IProgress<RotationProgress> progress, CancellationToken cancellationToken)
    {
        // Publishes that there is a newer master key: every process reads the secret again.
        await ring.RefreshAsync(cancellationToken);
        if (!await ring.ReplaceAsync(ring.Current, cancellationToken))
        {
            throw new StorageUnavailableException("The keys were changed by another process. Start again.");
        }

        await Task.Delay(Spread, time, cancellationToken);
        var rewritten = 0L;
        await ForEachRowAsync(
            async (row, _) => rewritten += await RewrapAsync(PatientDirectory.KeyOf(row.Value.Span), cancellationToken),
            p => progress.Report(new(p, 256, rewritten)),
            cancellationToken);
    }

    private async Task<int> RewrapAsync(PatientKey key, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            if (await partitions.ReadAsync(key.Partition, Person.RowKey(key), cancellationToken) is not { } row)
            {
                return 0;
            }

            var person = Person.FromRow(key, row.Value.Span, ring.Master);
            var count = 0;
            foreach (var joined in person.Joined)
            {
                count += await RewrapAsync(joined, cancellationToken);
            }

            if (Person.MasterNumber(row.Value.Span) == ring.Master.Current
                || (await partitions.CommitAsync(key.Partition, [RowOperation.Replace(Person.RowKey(key), row.Version, person.ToRow(ring.Master))], null, cancellationToken)).Outcome == CommitOutcome.Committed)
            {
                return count + (Person.MasterNumber(row.Value.Span) == ring.Master.Current ? 0 : 1);
            }
        }

        throw new StorageUnavailableException("A patient's row was changed by others at every try.");
    }

    private async Task<Person?> ReadAsync(PatientKey key, CancellationToken cancellationToken) =>
        await partitions.ReadAsync(key.Partition, Person.RowKey(key), cancellationToken) is { } row ? Person.FromRow(key, row.Value.Span, ring.Master) : null;

    private async Task DeleteAsync(PartitionKey partition, Row row, CancellationToken cancellationToken) =>
        await partitions.CommitAsync(partition, [RowOperation.Delete(row.Key, row.Version)], null, cancellationToken);

    private async Task ForEachRowAsync(Func<Row, PartitionKey, Task> handle, Action<int> done, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var partition in PatientDirectory.Partitions)
        {
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(partition, new("d."), new("d~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
                foreach (var row in page.Rows)
                {
                    await handle(row, partition);
                }

                continuation = page.Continuation;
            }
            while (continuation is not null);
            done(++count);
        }
    }
}
