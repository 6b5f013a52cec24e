using System.Globalization;
using System.Text;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>Checks, keys and stores Observations, entry by entry: one that is refused never harms another.</summary>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="directory">From numbers to patients.</param>
/// <param name="policy">Which person numbers are accepted.</param>
/// <param name="time">The clock.</param>
public sealed class SubmissionStore(IPartitions partitions, KeyRing ring, PatientDirectory directory, NationalIdPolicy policy, TimeProvider time)
{
    /// <summary>Stores what can be stored and tells of each entry what became of it, in the order given.</summary>
    /// <exception cref="OperationCanceledException">The caller left; what was stored by then stays stored.</exception>
    public async Task<EntryResult[]> SubmitAsync(SubmissionSource source, IReadOnlyList<SubmittedObservation> observations, CancellationToken cancellationToken)
    {
        var results = new EntryResult[observations.Count];
        var byPatient = new Dictionary<NationalId, List<(int Slot, PreparedObservation Observation)>>();
        var ordinals = new Dictionary<(UInt128, string?), int>();
        var now = time.GetUtcNow();
        for (var slot = 0; slot < observations.Count; slot++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var check = ObservationChecks.Check(observations[slot].Element, policy, now);
            if (check.Subject is not { } subject || !check.IsAccepted)
            {
                results[slot] = new(EntryOutcome.Refused, null, 0, default, check.Issues);
                continue;
            }

            if (!byPatient.TryGetValue(subject, out var list))
            {
                byPatient.Add(subject, list = []);
            }

            list.Add((slot, Prepare(observations[slot], check, subject, ordinals)));
        }

        if (byPatient.Count == 1)
        {
            await WriteAsync(byPatient.First(), cancellationToken);
            return results;
        }

        await Parallel.ForEachAsync(
            byPatient,
            new ParallelOptions { MaxDegreeOfParallelism = Limits.MaxParallelPatients, CancellationToken = cancellationToken },
            WriteAsync);
        return results;

        async ValueTask WriteAsync(KeyValuePair<NationalId, List<(int Slot, PreparedObservation Observation)>> patient, CancellationToken stop)
        {
            var writer = new PatientWriter(partitions, ring, directory, time, source, patient.Key);
            foreach (var (slot, result) in await writer.WriteAsync(patient.Value, stop))
            {
                results[slot] = result;
            }
        }
    }

    private PreparedObservation Prepare(SubmittedObservation observation, CheckedObservation check, NationalId subject, Dictionary<(UInt128, string?), int> ordinals)
    {
        var keys = ring.Current;
        var document = ObservationDocument.Read(observation.Element, observation.Body);
        var (concept, group) = check.Concept is { } known ? (known.Slug, 0) : BucketOf(document, keys.Identity);
        if (!ObservationStatusCode.TryParse(document.Status, out var status))
        {
            throw new InvalidOperationException("The checks accepted a status that is none.");
        }

        var content = document.HashContent(keys.Content);
        var ordinal = ordinals.GetValueOrDefault((content, document.SentId));
        ordinals[(content, document.SentId)] = ordinal + 1;
        DateTime? issued = DateTimeOffset.TryParse(document.Issued, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var stated) ? stated.UtcDateTime : null;
        return new(
            ordinal, document, subject, check.Effective, status, concept, group, content,
            observation.IsPut, observation.IfMatch, observation.IfNoneExist, issued, check.Issues);
    }

    // What the catalogue does not know goes to one of 16 buckets by its first coding, or its text.
    private static (string Concept, ulong Group) BucketOf(ObservationDocument document, byte[] key)
    {
        var named = document.Codings is [var first, ..] ? $"{first.System}|{first.Value}" : $"\n{document.CodeText}";
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(key, Encoding.UTF8.GetBytes(named), hash);
        var group = Math.Max(1, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(hash));
        return ($"x{group & 15:x}", group);
    }
}
