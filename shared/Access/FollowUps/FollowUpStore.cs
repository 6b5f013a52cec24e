using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.FollowUps;

/// <summary>The tag in <c>Bundle.meta.tag</c> by which a Sender says that the Bundle's measurements are the last of their patients' FollowUps.</summary>
public static class FollowUpTag
{
    /// <summary>Its system.</summary>
    public const string System = "urn:pmd:follow-up";

    /// <summary>Its only code.</summary>
    public const string Closed = "closed";
}

/// <summary>Opens FollowUps at the first measurement, keeps them up, and closes them.</summary>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="silence">After how long without a measurement a FollowUp counts as over: then a new one begins. Null for never.</param>
public sealed class FollowUpStore(IPartitions partitions, KeyRing ring, TimeSpan? silence)
{
    // How old the time of the last measurement may be: it is written once a day, not at each.
    private static readonly TimeSpan Stale = TimeSpan.FromDays(1);

    /// <summary>
    /// Tells that a Controller's measurement is about to be stored. No storage request where the FollowUp was kept up within a day; else a read and a
    /// write. Called before the measurement is stored, so that what is stored is never outside.
    /// </summary>
    /// <param name="patient">The patient, under the key that takes new writes.</param>
    /// <param name="known">The patient's FollowUps as read with the head.</param>
    /// <param name="controller">Whose measurement it is.</param>
    /// <param name="measuredAt">When it was measured, UTC; null where that is not known. What was measured before a FollowUp was closed does not open it again.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask MeasuredAsync(
        Person patient, IReadOnlyList<FollowUp> known, OrganisationNumber controller, DateTime? measuredAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (known.Any(f => f.Controller == controller && After(f, measuredAt, now) == f))
        {
            return;
        }

        using var seal = patient.OpenSeal();
        var key = FollowUp.Key(patient.Key, controller);
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            RowOperation operation;
            if (await partitions.ReadAsync(patient.Key.Partition, key, cancellationToken) is { } row)
            {
                var stored = FollowUp.Read(patient.Key, row, seal);
                var after = After(stored, measuredAt, now);
                if (after == stored)
                {
                    return;
                }

                operation = RowOperation.Replace(key, row.Version, after.ToRow(patient.Key, seal));
            }
            else
            {
                operation = RowOperation.Insert(key, new FollowUp(controller, now.UtcDateTime, now.UtcDateTime, null).ToRow(patient.Key, seal));
            }

            if ((await partitions.CommitAsync(patient.Key.Partition, [operation], null, cancellationToken)).Outcome == CommitOutcome.Committed)
            {
                return;
            }
        }

        throw new StorageUnavailableException("Others change the same follow-up all the time.");
    }

    /// <summary>Closes a patient's FollowUp by a Controller, under every key of the patient; false where none was open.</summary>
    public async ValueTask<bool> CloseAsync(PatientKey patient, OrganisationNumber controller, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var closed = false;
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var again = false;
            foreach (var rows in await PatientRows.ReadAllAsync(partitions, ring, patient, cancellationToken))
            {
                var key = FollowUp.Key(rows.Person.Key, controller);
                foreach (var row in rows.Rows.Where(r => r.Key == key))
                {
                    using var seal = rows.Person.OpenSeal();
                    if (FollowUp.Read(rows.Person.Key, row, seal) is { ClosedAt: null } open)
                    {
                        var value = (open with { ClosedAt = now.UtcDateTime }).ToRow(rows.Person.Key, seal);
                        var done = (await partitions.CommitAsync(rows.Person.Key.Partition, [RowOperation.Replace(key, row.Version, value)], null, cancellationToken)).Outcome == CommitOutcome.Committed;
                        closed |= done;
                        again |= !done;
                    }
                }
            }

            if (!again)
            {
                return closed;
            }
        }

        throw new StorageUnavailableException("Others change the same follow-up all the time.");
    }

    // What a measurement makes of a FollowUp; the same one where it changes nothing worth writing.
    private FollowUp After(FollowUp before, DateTime? measuredAt, DateTimeOffset now)
    {
        var at = now.UtcDateTime;
        if (before.ClosedAt is { } closed)
        {
            return measuredAt > closed ? new(before.Controller, at, at, null) : before;
        }

        return !before.IsOpen(now, silence) ? before with { From = at, Last = at }
            : at - before.Last > Stale ? before with { Last = at }
            : before;
    }
}
