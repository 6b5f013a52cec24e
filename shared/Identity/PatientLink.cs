using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Identity;

/// <summary>How a joining ended.</summary>
public enum LinkOutcome
{
    /// <summary>The numbers led to one patient already.</summary>
    AlreadyLinked,

    /// <summary>One number was new, or both were: it leads to the other's patient now.</summary>
    Added,

    /// <summary>Both had data: from now on they are searched as one, and the first takes new writes.</summary>
    Joined,
}

/// <summary>
/// Joins two numbers of one human being, such as a D-number and a later fødselsnummer. Works while the service runs. Every step may be repeated: a
/// joining that was interrupted is finished by joining again.
/// </summary>
/// <param name="partitions">Where the rows lie.</param>
/// <param name="ring">The keys.</param>
/// <param name="time">The clock.</param>
public sealed class PatientLink(IPartitions partitions, KeyRing ring, TimeProvider time)
{
    private readonly PatientDirectory directory = new(partitions, ring);

    /// <summary>Lets both numbers lead to one patient; the first number's key takes new writes.</summary>
    /// <exception cref="StorageUnavailableException">Others changed the same patients at every try, or storage stayed away.</exception>
    public async Task<LinkOutcome> JoinAsync(NationalId first, NationalId second, CancellationToken cancellationToken)
    {
        var (firstKey, secondKey) = (await directory.FindAsync(first, cancellationToken), await directory.FindAsync(second, cancellationToken));
        if (firstKey is null || secondKey is null)
        {
            var known = firstKey ?? secondKey ?? await directory.FindOrCreateAsync(first, cancellationToken);
            var (person, _) = await ReadAsync(known, cancellationToken);
            var led = await directory.AddAsync(firstKey is null && secondKey is not null ? first : second, person, cancellationToken);

            // Someone else sent the new number in this moment: it has a patient of its own, to be joined.
            return led == known ? LinkOutcome.Added : await JoinAsync(known, led, second, cancellationToken);
        }

        return await JoinAsync(firstKey.Value, secondKey.Value, second, cancellationToken);
    }

    private async Task<LinkOutcome> JoinAsync(PatientKey first, PatientKey second, NationalId secondNumber, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var (primary, primaryVersion) = await ReadPrimaryAsync(first, cancellationToken);
            var (other, otherVersion) = await ReadPrimaryAsync(second, cancellationToken);
            if (primary.Key == other.Key)
            {
                return LinkOutcome.AlreadyLinked;
            }

            // First the one that takes new writes learns of the others: from here a search by its number gives all.
            IReadOnlyList<PatientKey> joined = [.. primary.Joined.Append(other.Key).Concat(other.Joined).Distinct()];
            if (!await ReplaceAsync(primary.WithJoined(joined, time.GetUtcNow().UtcDateTime), primaryVersion, cancellationToken))
            {
                continue;
            }

            if (!await ReplaceAsync(other.WithLeadTo(primary.Key), otherVersion, cancellationToken))
            {
                continue;
            }

            foreach (var key in other.Joined)
            {
                var (further, furtherVersion) = await ReadAsync(key, cancellationToken);
                await ReplaceAsync(further.WithLeadTo(primary.Key), furtherVersion, cancellationToken);
            }

            await directory.RepointAsync(secondNumber, primary, cancellationToken);
            return LinkOutcome.Joined;
        }

        throw new StorageUnavailableException("Others changed the same patients at every try.");
    }

    private async Task<(Person Person, RowVersion Version)> ReadPrimaryAsync(PatientKey key, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(key, cancellationToken);
        return read.Person.LeadsTo is { } primary ? await ReadAsync(primary, cancellationToken) : read;
    }

    private async Task<(Person Person, RowVersion Version)> ReadAsync(PatientKey key, CancellationToken cancellationToken)
    {
        var row = await partitions.ReadAsync(key.Partition, Person.RowKey(key), cancellationToken) ?? throw new StorageUnavailableException("A number leads to a patient without a row.");
        return (Person.FromRow(key, row.Value.Span, ring.Master), row.Version);
    }

    private async Task<bool> ReplaceAsync(Person person, RowVersion version, CancellationToken cancellationToken) =>
        (await partitions.CommitAsync(person.Key.Partition, [RowOperation.Replace(Person.RowKey(person.Key), version, person.ToRow(ring.Master))], null, cancellationToken)).Outcome == CommitOutcome.Committed;
}
