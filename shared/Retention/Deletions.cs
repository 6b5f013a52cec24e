using System.Text;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Deletion;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Retention;

/// <summary>
/// Deletes what is to be deleted, each patient's logged before it is done, so that the citizen sees it. Works while the service runs; stopped, it is gone
/// on with by asking again. What remains of a patient: that their number leads to a key, their privacy settings, and the access log.
/// </summary>
/// <param name="partitions">Rows.</param>
/// <param name="ring">The keys.</param>
/// <param name="journal">The access log.</param>
/// <param name="time">The clock.</param>
public sealed class Deletions(IPartitions partitions, KeyRing ring, Journal journal, TimeProvider time)
{
    // Patients at a time, where all are gone through.
    private const int AtOnce = 8;

    private readonly ObservationDeletion deletion = new(partitions);
    private readonly PatientDirectory directory = new(partitions, ring);
    private readonly FollowUpStore followUps = new(partitions, ring, null);

    /// <summary>Deletes one Observation, for good: the same, sent again, is refused.</summary>
    /// <param name="patient">Under which key it lies.</param>
    /// <param name="identity">Which.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isDry">Whether it is only counted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>1 where it was there, else 0.</returns>
    public Task<int> DeleteObservationAsync(PatientKey patient, ObservationIdentity identity, string reason, bool isDry, CancellationToken cancellationToken)
    {
        var controller = "";
        return DeleteAsync(
            patient,
            row =>
            {
                if (row.Identity != identity)
                {
                    return false;
                }

                controller = Encoding.ASCII.GetString(row.Controller);
                return true;
            },
            isForGood: true,
            isDry ? null : count => OperatorEvent.Of(time, patient, OperatorEvent.DeleteObservation, reason, count, $"{identity} {controller}".TrimEnd()),
            cancellationToken);
    }

    /// <summary>Deletes all of a patient's Observations, under every key of theirs.</summary>
    /// <returns>How many.</returns>
    public async Task<int> DeletePatientAsync(PatientKey patient, string reason, bool isDry, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var head in await PatientHead.ReadAllAsync(partitions, ring, patient, cancellationToken))
        {
            var key = head.Person.Key;
            count += await DeleteAsync(
                key, _ => true, isForGood: false, isDry ? null : found => OperatorEvent.Of(time, key, OperatorEvent.DeletePatient, reason, found), cancellationToken);
        }

        return count;
    }

    /// <summary>Deletes all Observations of a Controller.</summary>
    /// <returns>How many, of how many patients.</returns>
    public Task<(int Observations, int Patients)> DeleteControllerAsync(OrganisationNumber controller, string reason, bool isDry, IProgress<int>? progress, CancellationToken cancellationToken) => ForAllAsync(
        (key, stop) => DeleteAsync(
            key,
            row => Is(row, controller),
            isForGood: false,
            isDry ? null : count => OperatorEvent.Of(time, key, OperatorEvent.DeleteController, reason, count, controller.Digits),
            stop),
        progress,
        cancellationToken);

    /// <summary>Deletes what was received longer ago than its Controller has it kept.</summary>
    /// <param name="keptDays">Days by Controller; what is not in it is kept.</param>
    /// <param name="isDry">Whether it is only counted.</param>
    /// <param name="progress">Told of each 1/256 done.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many, of how many patients.</returns>
    public async Task<(int Observations, int Patients)> DeleteExpiredAsync(IReadOnlyDictionary<OrganisationNumber, int> keptDays, bool isDry, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        if (keptDays.Count == 0)
        {
            return (0, 0);
        }

        var now = time.GetUtcNow().UtcDateTime;
        var before = keptDays.ToDictionary(k => k.Key.Digits, k => now.AddDays(-k.Value));
        var (first, last) = ObservationKeys.Updates(0, before.Values.Max().Ticks);
        return await ForAllAsync(
            async (key, stop) =>
            {
                // A pointer has the stamp of a version, and none is before the receipt of the first: where none is so old, nothing is.
                if (!await AnyAsync(key, first, last, stop))
                {
                    return 0;
                }

                return await DeleteAsync(
                    key,
                    row => before.TryGetValue(Encoding.ASCII.GetString(row.Controller), out var cutoff) && row.Received < cutoff,
                    isForGood: false,
                    isDry ? null : count => OperatorEvent.Of(time, key, OperatorEvent.DeleteExpired, "retention", count),
                    stop);
            },
            progress,
            cancellationToken);
    }

    /// <summary>Does again what an event says was deleted, where it lies there as restored from before it. Not logged anew. Whether there was anything.</summary>
    internal async Task<bool> RepeatAsync(AccessEvent logged, CancellationToken cancellationToken)
    {
        if (logged is not { Patient: { } patient, Operation: { } operation })
        {
            return false;
        }

        switch (operation.Command)
        {
            case OperatorEvent.DeleteObservation when operation.Subject.Split(' ') is [var hex, .. var controller] && ObservationIdentity.TryParse(hex, out var identity):
                var deleted = await RepeatAsync(row => row.Identity == identity, isForGood: true);
                await deletion.MarkAsync(patient, identity, controller is [var digits] ? digits : "", cancellationToken);
                return deleted;
            case OperatorEvent.DeletePatient:
                return await RepeatAsync(row => row.Received <= logged.Time, isForGood: false);
            case OperatorEvent.DeleteController when OrganisationNumber.TryParse(operation.Subject, out var controller):
                return await RepeatAsync(row => Is(row, controller) && row.Received <= logged.Time, isForGood: false);
            default:
                // What had been kept long enough goes again by itself.
                return false;
        }

        async Task<bool> RepeatAsync(Picks picks, bool isForGood) =>
            (await deletion.DeleteAsync(patient, picks, isForGood, _ => Task.CompletedTask, cancellationToken)).Deleted > 0;
    }

    private async Task<int> DeleteAsync(PatientKey key, Picks picks, bool isForGood, Func<int, AccessEvent>? logged, CancellationToken cancellationToken)
    {
        var result = await deletion.DeleteAsync(
            key, picks, isForGood, logged is null ? null : async count => await journal.AppendAsync(logged(count), cancellationToken), cancellationToken);
        if (result.Deleted > 0 && logged is not null && await PatientHead.ReadAsync(partitions, ring, key, cancellationToken) is { } head)
        {
            // Who has nothing of a patient any more does not follow them up.
            foreach (var followUp in head.FollowUps.Where(f => f.ClosedAt is null && !result.Remaining.Contains(f.Controller.Digits)))
            {
                await followUps.CloseAsync(key, followUp.Controller, time.GetUtcNow(), cancellationToken);
            }
        }

        return result.Deleted;
    }

    private async Task<(int Observations, int Patients)> ForAllAsync(Func<PatientKey, CancellationToken, Task<int>> work, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var (observations, patients) = (0, 0);

        // Another start each day, so that a run that is always cut short comes to all.
        var first = (int)((time.GetUtcNow().Ticks / TimeSpan.TicksPerDay * 83) % 256);
        await Parallel.ForEachAsync(
            directory.ListAsync(first, progress, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (key, stop) =>
            {
                var count = await work(key, stop);
                Interlocked.Add(ref observations, count);
                Interlocked.Add(ref patients, count > 0 ? 1 : 0);
            });
        return (observations, patients);
    }

    private async Task<bool> AnyAsync(PatientKey key, RowKey from, RowKey to, CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await partitions.ReadRangeAsync(key.Partition, from, to, 1, continuation, cancellationToken);
            if (page.Rows.Count > 0)
            {
                return true;
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
        return false;
    }

    private static bool Is(ObservationRow row, OrganisationNumber controller) => row.Controller.SequenceEqual(Encoding.ASCII.GetBytes(controller.Digits));
}
