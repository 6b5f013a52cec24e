using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access;

/// <summary>The rows of one key of a patient that concern access: the FollowUps, the person and the settings, which lie beside each other.</summary>
/// <param name="Person">The person's row.</param>
/// <param name="Rows">The others, with their versions.</param>
internal sealed record PatientRows(Person Person, IReadOnlyList<Row> Rows)
{
    private static readonly RowKey From = new(FollowUp.Prefix);
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly RowKey To = new("a.set~");

    /// <summary>
    /// Reads those of someone: first of the key that takes new writes, then of the keys joined with it; none where there is no such patient. One
    /// storage request, and one more for each joined key.
    /// </summary>
    public static async ValueTask<IReadOnlyList<PatientRows>> ReadAllAsync(IPartitions partitions, KeyRing ring, PatientKey patient, CancellationToken cancellationToken)
    {
        var first = await ReadAsync(partitions, ring, patient, cancellationToken);
        if (first?.Person.LeadsTo is { } primary)
        {
            first = await ReadAsync(partitions, ring, primary, cancellationToken);
        }

        if (first is null)
        {
            return [];
        }

        var all = new List<PatientRows> { first };
        foreach (var joined in first.Person.Joined)
        {
            if (await ReadAsync(partitions, ring, joined, cancellationToken) is { } other)
            {
                all.Add(other);
            }
        }

        return all;
    }

    private static async ValueTask<PatientRows?> ReadAsync(IPartitions partitions, KeyRing ring, PatientKey patient, CancellationToken cancellationToken)
    {
        Person? person = null;
        var rows = new List<Row>();
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(patient.Partition, From, To, StorageLimits.MaxPageRows, continuation, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (row.Key != Person.RowKey(patient))
                {
                    rows.Add(row);
                    continue;
                }

                // Stryker disable once Equality : the keys are looked at more often than they need be
                if (Person.MasterNumber(row.Value.Span) > ring.Master.Current)
                {
                    // Wrapped by a master key made since.
                    await ring.RefreshAsync(cancellationToken);
                }

                person = Person.FromRow(patient, row.Value.Span, ring.Master);
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
        return person is null ? null : new(person, rows);
    }
}
