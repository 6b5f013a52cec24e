using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>Checks, keys and stores Observations, entry by entry: one that is refused never harms another.</summary>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="directory">From numbers to patients.</param>
/// <param name="policy">Which person numbers are accepted.</param>
/// <param name="followUps">Is told of what is measured.</param>
/// <param name="time">The clock.</param>
public sealed class SubmissionStore(IPartitions partitions, KeyRing ring, PatientDirectory directory, NationalIdPolicy policy, FollowUpStore followUps, TimeProvider time)
{
    /// <inheritdoc cref="SubmitAsync(IReadOnlyList{Submission}, CancellationToken)"/>
    public async Task<EntryResult[]> SubmitAsync(SubmissionSource source, IReadOnlyList<SubmittedObservation> observations, Admit admit, CancellationToken cancellationToken) =>
        (await SubmitAsync([new(source, observations, admit)], cancellationToken))[0];

    /// <summary>
    /// Stores what can be stored and tells of each entry what became of it, in the order given. Entries of one patient share batches, whichever
    /// Submission they came in; those of one identity are decided in that order.
    /// </summary>
    /// <param name="submissions">What was sent, in order.</param>
    /// <param name="cancellationToken">Stops it between requests to storage. What is stored by then is told of, so that it is logged; the rest is unavailable.</param>
    /// <exception cref="OperationCanceledException">It was stopped before anything was stored.</exception>
    public async Task<EntryResult[][]> SubmitAsync(IReadOnlyList<Submission> submissions, CancellationToken cancellationToken)
    {
        EntryResult[][] results = [.. submissions.Select(s => new EntryResult[s.Observations.Count])];
        var slots = new List<(int Submission, int Entry)>();
        var byPatient = new Dictionary<NationalId, List<(int Slot, PreparedObservation Observation)>>();
        var unfit = new List<(int Slot, NationalId Subject, Submission Submission)>();
        var now = time.GetUtcNow();
        for (var i = 0; i < submissions.Count; i++)
        {
            var (source, observations, admit) = submissions[i];
            var ordinals = new Dictionary<(UInt128, string?), int>();
            for (var j = 0; j < observations.Count; j++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var check = ObservationChecks.Check(observations[j].Element, policy, now);
                slots.Add((i, j));
                if (check.Subject is not { } subject || !check.IsAccepted)
                {
                    results[i][j] = new(EntryOutcome.Refused, null, 0, default, check.Issues);
                    if (check.Subject is { } whose)
                    {
                        unfit.Add((slots.Count - 1, whose, submissions[i]));
                    }

                    continue;
                }

                var prepared = Prepare(observations[j], check, subject, ordinals, source, admit);
                if (admit(prepared.Responsibility, null) is { Refusal: { } refusal } admission)
                {
                    results[i][j] = new(admission.Outcome, null, 0, default, [refusal, .. check.Issues], new(null, default, prepared.Concept, default, prepared.Effective, admission.Reason));
                    continue;
                }

                if (!byPatient.TryGetValue(subject, out var list))
                {
                    byPatient.Add(subject, list = []);
                }

                list.Add((slots.Count - 1, prepared));
            }
        }

        if (byPatient.Count == 1)
        {
            await WriteAsync(byPatient.First(), default);
        }
        else if (byPatient.Count > 1)
        {
            await Parallel.ForEachAsync(byPatient, InParallel, WriteAsync);
        }

        if (unfit.Count > 0)
        {
            await Parallel.ForEachAsync(unfit.GroupBy(u => u.Subject), InParallel, RefuseAsync);
        }

        if (cancellationToken.IsCancellationRequested && !results.Any(r => r.Any(e => e.IsStored)) && results.Any(r => r.Any(e => e.Outcome == EntryOutcome.Unavailable)))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return results;

        async ValueTask WriteAsync(KeyValuePair<NationalId, List<(int Slot, PreparedObservation Observation)>> patient, CancellationToken ofAll)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ofAll);
            var writer = new PatientWriter(partitions, ring, directory, followUps, time, patient.Key);
            foreach (var (slot, result) in await writer.WriteAsync(patient.Value, either.Token))
            {
                results[slots[slot].Submission][slots[slot].Entry] = result;
            }
        }

        async ValueTask RefuseAsync(IGrouping<NationalId, (int Slot, NationalId Subject, Submission Submission)> patient, CancellationToken ofAll)
        {
            var heads = await HeadsOfAsync(patient.Key, cancellationToken);
            foreach (var (slot, _, submission) in patient)
            {
                ref var result = ref results[slots[slot].Submission][slots[slot].Entry];
                result = heads is null ? Unavailable : AsReserved(submission, heads) ?? result;
            }
        }
    }

    private static ParallelOptions InParallel { get; } = new() { MaxDegreeOfParallelism = Limits.MaxParallelPatients };

    private static EntryResult Unavailable { get; } = new(EntryOutcome.Unavailable, null, 0, default, [Issue.Error("transient", null, "Storage did not answer. Send this entry again.")]);

    // Nothing is kept of one who takes no part, not even what is wrong: it is refused as theirs before it is refused as wrong.
    private static EntryResult? AsReserved(Submission submission, IReadOnlyList<PatientHead> heads) =>
        heads.Count > 0 && submission.Admit(ResponsibilityOf([], submission.Source), heads) is { Reason: Admission.Reserved, Refusal: { } refusal } admission
            ? new(admission.Outcome, null, 0, default, [refusal], new(heads[0].Person.Key, default, "", default, default, admission.Reason))
            : null;

    // None for a patient never heard of; null where storage stays away.
    private async ValueTask<IReadOnlyList<PatientHead>?> HeadsOfAsync(NationalId subject, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts && !cancellationToken.IsCancellationRequested; attempt++)
        {
            try
            {
                return await directory.FindAsync(subject, cancellationToken) is { } key ? await PatientHead.ReadAllAsync(partitions, ring, key, cancellationToken) : [];
            }
            catch (Exception e) when (e is StorageUnavailableException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
            }
        }

        return null;
    }

    private static Responsibility ResponsibilityOf(IReadOnlyList<OrganisationNumber> performers, SubmissionSource source) =>
        new(performers, MunicipalityNumber.TryParse(source.Municipality, out var municipality) ? municipality : default);

    private PreparedObservation Prepare(SubmittedObservation observation, CheckedObservation check, NationalId subject, Dictionary<(UInt128, string?), int> ordinals, SubmissionSource source, Admit admit)
    {
        var keys = ring.Current;
        var document = ObservationDocument.Read(observation.Element, observation.Body);
        var (concept, group) = check.Concept is { } known ? (known.Slug, 0) : BucketOf(document, keys.Identity);
        if (!ObservationStatusCode.TryParse(document.Status, out var status))
        {
            throw new InvalidOperationException("The checks accepted a status that is none.");
        }

        var content = document.HashContent(keys.Content);
        var ordinal = CollectionsMarshal.GetValueRefOrAddDefault(ordinals, (content, document.SentId), out _)++;
        DateTime? issued = DateTimeOffset.TryParse(document.Issued, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var stated) ? stated.UtcDateTime : null;
        return new(
            ordinal, document, subject, check.Effective, status, concept, group, content,
            observation.IsPut, observation.IfMatch, observation.IfNoneExist, issued, check.Issues,
            source, ResponsibilityOf(document.Organisations, source), admit);
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
