using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>
/// Writes the Observations of one patient, of one Submission or several. It first inserts as if all were new, in batches; only where a batch conflicts are the
/// identities in it read, the known ones answered, and the rest written again. Asking again is always harmless.
/// </summary>
internal sealed partial class PatientWriter(IPartitions partitions, KeyRing ring, PatientDirectory directory, FollowUpStore followUps, TimeProvider time, NationalId subject)
{
    private readonly Dictionary<(PatientKey Patient, ObservationIdentity Identity), IdentityState> states = [];
    private readonly List<(int Slot, EntryResult Result)> results = [];
    private PatientHead head = null!;
    private bool isOpen;
    private Dictionary<PatientKey, PatientHead> heads = [];
    private Seal seal = null!;

    /// <summary>What is known of an identity's row; <see cref="Row"/> null where there is none, and where what it was of is deleted.</summary>
    private sealed record IdentityState(IdentityRow? Row, RowVersion Version, bool IsDeleted = false);

    /// <summary>An entry on its way.</summary>
    private sealed class Pending(int slot, PreparedObservation observation)
    {
        public int Slot => slot;

        public PreparedObservation Observation { get; set; } = observation;

        public PatientKey Patient { get; set; }

        public ObservationIdentity Identity { get; set; }

        // Set where the id is of our form: by PUT that Observation is corrected or nothing; by POST it is what was read here and comes back.
        public bool IsAddressed { get; set; }

        // The version of the last try.
        public VersionEntry Tried { get; set; }

        // Whether that try may have been committed all the same.
        public bool AnswerWasLost { get; set; }

        public Action TriedAction { get; set; }

        public bool MustRead { get; set; }

        public (PatientKey Patient, ObservationIdentity Identity) Key => (Patient, Identity);
    }

    /// <summary>
    /// Writes, and tells what became of each. Where it is cancelled it stops between requests to storage: what is stored by then is told of, so that
    /// it is logged, and the rest is answered as unavailable.
    /// </summary>
    public async Task<IReadOnlyList<(int Slot, EntryResult Result)>> WriteAsync(IReadOnlyList<(int Slot, PreparedObservation Observation)> observations, CancellationToken cancellationToken)
    {
        var pending = observations.Select(o => new Pending(o.Slot, o.Observation)).ToList();
        try
        {
            for (var attempt = 1; pending.Count > 0 && attempt <= Limits.MaxAttempts && !cancellationToken.IsCancellationRequested; attempt++)
            {
                var before = pending.Count;
                try
                {
                    pending = await WriteOnceAsync(pending, cancellationToken);
                }
                catch (Exception e) when (e is StorageUnavailableException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
                {
                    // Whatever was under way may or may not be stored: the next try begins by reading.
                    var answered = results.Select(r => r.Slot).ToHashSet();
                    pending.RemoveAll(p => answered.Contains(p.Slot));
                    pending.ForEach(p => p.MustRead = true);
                }

                attempt = pending.Count < before ? 0 : attempt;
            }
        }
        finally
        {
            seal?.Dispose();
        }

        foreach (var entry in pending)
        {
            Answer(entry, EntryOutcome.Unavailable, null, Issue.Error("transient", null, "Storage did not answer. Send this entry again: if it was stored after all, it will be answered as known."));
        }

        return results;
    }

    private async Task<List<Pending>> WriteOnceAsync(List<Pending> pending, CancellationToken cancellationToken)
    {
        if (!isOpen)
        {
            await OpenAsync(pending, cancellationToken);
            isOpen = true;
        }

        await ReadStatesAsync(pending, cancellationToken);

        // An identity is written once at a time; what waits behind it is decided when its outcome is known.
        var later = new List<Pending>();
        var writes = new List<Write>();
        var busy = new HashSet<(PatientKey, ObservationIdentity)>();
        foreach (var entry in pending)
        {
            if (entry.MustRead || busy.Contains(entry.Key))
            {
                entry.MustRead = true;
                later.Add(entry);
            }
            else if (await DecideAsync(entry, cancellationToken) is { } write)
            {
                busy.Add(entry.Key);
                writes.Add(write);
            }
        }

        later.AddRange(await CommitAsync(writes, cancellationToken));
        later.Sort((a, b) => a.Slot.CompareTo(b.Slot));
        return later;
    }

    private async Task OpenAsync(List<Pending> pending, CancellationToken cancellationToken)
    {
        var key = await directory.FindOrCreateAsync(subject, cancellationToken);
        var found = await PatientHead.ReadAllAsync(partitions, ring, key, cancellationToken);
        if (found.Count == 0)
        {
            throw new StorageUnavailableException("A patient's row is gone while it was written to.");
        }

        heads = found.ToDictionary(h => h.Person.Key);
        head = found[0];
        seal?.Dispose();
        seal = head.Person.OpenSeal();
        foreach (var entry in pending.ToList())
        {
            Place(entry);
            var admission = entry.Observation.Admit(entry.Observation.Responsibility, found);
            if (admission.Refusal is { } refusal)
            {
                pending.Remove(entry);
                results.Add((entry.Slot, new(admission.Outcome, null, 0, default, [refusal, .. entry.Observation.Issues], Record(entry) with { Reason = admission.Reason })));
                continue;
            }

            entry.Observation = entry.Observation with { Controller = admission.Controller };
        }

        // Before anything is stored, so that nothing is stored that no FollowUp covers.
        var known = PatientHead.FollowUpsOf(found);
        foreach (var ofController in pending.Where(p => p.Observation.Controller != default).GroupBy(p => p.Observation.Controller))
        {
            var last = ofController.Max(p => p.Observation.Effective.HasTime ? p.Observation.Effective.EndTicks : 0);
            DateTime? measured = last > 0 ? new(Math.Min(last, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null;
            await followUps.MeasuredAsync(head.Person, known, ofController.Key, measured, time.GetUtcNow(), cancellationToken);
        }
    }

    private EntryRecord Record(Pending entry) => new(
        head?.Person.Key, entry.Identity, entry.Observation.Concept, entry.Observation.Controller, entry.Observation.Effective);

    private void Place(Pending entry)
    {
        var observation = entry.Observation;
        var keys = ring.Current;
        if (observation.Document.SentId is { } id && ObservationId.TryParse(id, keys.Id, out var patient, out var identity) && (observation.IsPut || heads.ContainsKey(patient)))
        {
            (entry.IsAddressed, entry.Patient, entry.Identity, entry.MustRead) = (true, patient, identity, true);
            return;
        }

        PlaceByRule(entry);
    }

    private void PlaceByRule(Pending entry)
    {
        var observation = entry.Observation;
        entry.IsAddressed = false;
        (entry.Patient, entry.Identity) = (head.Person.Key, IdentityRule.Derive(ring.Current.Identity, head.Person.Key, observation));
        entry.MustRead = entry.MustRead || heads.Count > 1 || observation.IfMatch is not null || observation.IfNoneExist is not null;
    }

    private async Task ReadStatesAsync(List<Pending> pending, CancellationToken cancellationToken)
    {
        if (!pending.Exists(p => p.MustRead))
        {
            return;
        }

        var wanted = pending.Where(p => p.MustRead).SelectMany(KeysOf).ToHashSet();
        foreach (var key in wanted)
        {
            states.Remove(key);
        }

        await Parallel.ForEachAsync(
            wanted,
            new ParallelOptions { MaxDegreeOfParallelism = Limits.MaxParallelReads, CancellationToken = cancellationToken },
            async (key, stop) =>
            {
                try
                {
                    var row = await partitions.ReadAsync(key.Patient.Partition, ObservationKeys.Identity(key.Identity), stop);
                    lock (states)
                    {
                        states[key] = row is not { } found ? new(null, default)
                            : DeletedIdentity.FromRow(found.Value.Span) is not null ? new(null, found.Version, IsDeleted: true)
                            : new(IdentityRow.FromRow(found.Value.Span), found.Version);
                    }
                }
                catch (StorageUnavailableException)
                {
                    // Its entries wait for the next try; the others go on.
                }
            });

        foreach (var entry in pending.Where(p => p.MustRead))
        {
            var keys = KeysOf(entry).ToList();
            if (keys.TrueForAll(states.ContainsKey))
            {
                entry.MustRead = false;
                if (entry is { IsAddressed: true, Observation.IsPut: false } && states[entry.Key] is { Row: null, IsDeleted: false })
                {
                    // None of ours after all: an id like any other.
                    PlaceByRule(entry);
                    continue;
                }

                // What was stored before two keys were joined stays known, and is corrected where it lies.
                (entry.Patient, entry.Identity) = keys.Find(k => states[k] is { Row: not null } or { IsDeleted: true }) is { Identity: var identity } stored && identity != default ? stored : entry.Key;
            }
        }
    }

    private IEnumerable<(PatientKey Patient, ObservationIdentity Identity)> KeysOf(Pending entry) =>
        entry.IsAddressed ? heads.ContainsKey(entry.Patient) ? [entry.Key] : []
        : heads.Count == 1 ? [entry.Key]
        : heads.Keys.Select(k => (k, IdentityRule.Derive(ring.Current.Identity, k, entry.Observation)));

    private async ValueTask<Write?> DecideAsync(Pending entry, CancellationToken cancellationToken)
    {
        var observation = entry.Observation;
        var stored = states.GetValueOrDefault(entry.Key)?.Row;
        if (states.GetValueOrDefault(entry.Key) is { IsDeleted: true })
        {
            // No content of it is kept either: what is refused with a reason class never is.
            var gone = Issue.Error("deleted", IdentityExpression(observation), "An Observation with this identifier was stored and deleted here for good, as it was of the wrong patient. Nothing of it is kept. Correct the person, and send it anew.");
            results.Add((entry.Slot, new(EntryOutcome.Deleted, null, 0, default, [gone], Record(entry) with { Reason = "deleted" })));
            return null;
        }

        if (entry.IsAddressed && observation.IsPut && (!heads.ContainsKey(entry.Patient) || stored is null || stored.Sender != observation.Source.Sender))
        {
            Answer(entry, EntryOutcome.NotFound, null, Issue.Error("not-found", "Observation.id", "There is no Observation with this id that this sender has sent for this patient. To create one, use an id of your own."));
            return null;
        }

        if (observation.IfNoneExist is { } criterion && entry.Tried.Number == 0 && await MatchAsync(entry, criterion, stored, cancellationToken))
        {
            return null;
        }

        if (stored is not null && entry.AnswerWasLost && stored.Versions.Contains(entry.Tried))
        {
            // Our own try was committed.
            AnswerStored(entry, entry.TriedAction, stored.Current);
            return null;
        }

        var stamp = Stamp(stored);
        var (action, version) = Decision.Make(
            stored,
            new(observation.Source.Sender, observation.Content, observation.Status, observation.IsPut, observation.IfMatch, observation.Issued, observation.Source.BundleTimestamp),
            stamp);
        (entry.Tried, entry.TriedAction) = (version, action);
        switch (action)
        {
            case Action.Create:
                return Create(entry, version);
            case Action.Supersede or Action.KeepInHistory:
                return await ChangeAsync(entry, stored!, version, action, cancellationToken);
            case Action.Reorder:
                return await ReorderAsync(entry, stored!, version, stamp, cancellationToken);
            case Action.AnswerKnown:
                var superseded = stored!.Find(observation.Content)!.Value.Number != stored.CurrentNumber;
                Answer(entry, EntryOutcome.Known, stored.Current, Issue.Information("duplicate", null, superseded
                    ? $"Already stored, as a version that version {stored.CurrentNumber} has superseded. To go back to it, PUT it with If-Match W/\"{stored.CurrentNumber}\"."
                    : "Already stored; nothing was changed."));
                return null;
            case Action.AnswerConflict:
                Answer(entry, EntryOutcome.Conflict, stored!.Current, Issue.Error("conflict", IdentityExpression(observation), stored.Sender == observation.Source.Sender
                    ? "An Observation with this identifier is stored with other content. To correct it, send it by PUT, or with status amended, corrected, cancelled or entered-in-error; if it is another measurement, give it another identifier."
                    : "Another sender has stored an Observation with this identifier and other content, and only they can correct it. If it is another measurement, give it another identifier."));
                return null;
            case Action.AnswerPreconditionFailed:
                Answer(entry, EntryOutcome.PreconditionFailed, stored?.Current, Issue.Error("conflict", null, stored is null
                    ? "If-Match names a version of something that is not stored."
                    : $"If-Match names another version than the current, which is {stored.CurrentNumber}. Read it, and decide again."));
                return null;
            default:
                Answer(entry, EntryOutcome.Refused, stored?.Current, Issue.Error("too-costly", null, $"This Observation has {Limits.MaxVersions} versions, and takes no more."));
                return null;
        }
    }

    // FHIR R4 http#ccreate: one match, the body is ignored and the match is answered; several, 412.
    private async ValueTask<bool> MatchAsync(Pending entry, Token criterion, IdentityRow? stored, CancellationToken cancellationToken)
    {
        var matches = new HashSet<(PatientKey, ObservationIdentity)>();
        var versions = new Dictionary<(PatientKey, ObservationIdentity), VersionEntry>();
        if (stored is not null && entry.Observation.Document.Identifiers.Any(i => Matches(i, criterion)))
        {
            matches.Add(entry.Key);
            versions[entry.Key] = stored.Current;
        }

        foreach (var other in heads.Values.Where(_ => matches.Count == 0))
        {
            using var otherSeal = other.Person.OpenSeal();
            foreach (var range in other.Concepts.Select(c => ObservationKeys.Range(c, long.MaxValue, long.MinValue, null)).Append((From: ObservationKeys.LongFrom, To: ObservationKeys.LongTo)))
            {
                string? continuation = null;
                do
                {
                    var page = await partitions.ReadRangeAsync(other.Person.Key.Partition, range.From, range.To, StorageLimits.MaxPageRows, continuation, cancellationToken);
                    foreach (var row in page.Rows)
                    {
                        if (Matching(row, otherSeal, criterion, entry.Observation.Source.Sender) is { } match)
                        {
                            matches.Add((other.Person.Key, match.Identity));
                            versions[(other.Person.Key, match.Identity)] = match.Version;
                        }
                    }

                    continuation = page.Continuation;
                }
                while (continuation is not null);
            }
        }

        if (matches.Count == 0)
        {
            return false;
        }

        if (matches.Count > 1)
        {
            Answer(entry, EntryOutcome.PreconditionFailed, null, Issue.Error("multiple-matches", null, $"If-None-Exist matches {matches.Count} Observations of this patient; name an identifier that only one has."));
            return true;
        }

        var only = matches.Single();
        (entry.Patient, entry.Identity) = only;
        Answer(entry, EntryOutcome.Known, versions[only], Issue.Information("duplicate", null, "An Observation with the identifier in If-None-Exist is stored; the one sent was not looked at."));
        return true;
    }

    private static (ObservationIdentity Identity, VersionEntry Version)? Matching(Row row, Seal otherSeal, Token criterion, SenderId sender)
    {
        var observation = new ObservationRow(row.Value.Span);
        if (!observation.Sender.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(sender.ToString())))
        {
            return null;
        }

        var sent = observation.ReadSent(otherSeal);
        using var json = JsonDocument.Parse(sent);
        return ObservationDocument.Read(json.RootElement, sent).Identifiers.Any(i => Matches(i, criterion))
            ? (observation.Identity, new VersionEntry(observation.Version, default, false, 0, observation.LastUpdated))
            : null;
    }

    private static bool Matches(Token identifier, Token criterion) =>
        identifier.Value == criterion.Value && (criterion.System is null || (criterion.System.Length == 0 ? identifier.System is null : identifier.System == criterion.System));

    private static string IdentityExpression(PreparedObservation observation) =>
        observation.Document.Identifiers.Count > 0 ? "Observation.identifier[0]" : observation.Document.SentId is not null ? "Observation.id" : "Observation";

    /// <summary>The operations that store one entry, all or none.</summary>
    /// <param name="Entry">The entry.</param>
    /// <param name="Stamp">The stamp it brings, which pollers go by.</param>
    /// <param name="Current">The version that is current when it is stored.</param>
    /// <param name="Operations">What is written.</param>
    /// <param name="Lines">The lines of the catalogue by which it is found.</param>
    private sealed record Write(Pending Entry, DateTime Stamp, VersionEntry Current, IReadOnlyList<RowOperation> Operations, IReadOnlyList<CatalogueLine> Lines);

    private Write Create(Pending entry, VersionEntry version)
    {
        var facts = Facts(entry, version, version.Stamp);
        var location = ObservationKeys.Observation(facts.Concept, facts.Effective, facts.Received, facts.Identity);
        var identity = new IdentityRow(entry.Observation.Source.Sender, version.Stamp, location, version.Number, [version]);
        var value = ObservationRow.Write(facts, entry.Observation.Document, seal);
        return new(
            entry,
            version.Stamp,
            version,
            [
                RowOperation.Insert(ObservationKeys.Identity(facts.Identity), identity.ToRow()),
                RowOperation.Insert(location, value),
                RowOperation.Insert(ObservationKeys.Update(version.Stamp, facts.Identity), Ascii(location)),
            ],
            PatientHead.LinesFor(facts));
    }

    private async ValueTask<Write?> ChangeAsync(Pending entry, IdentityRow stored, VersionEntry version, Action action, CancellationToken cancellationToken)
    {
        var state = states[entry.Key];
        var at = heads[entry.Patient];
        using var ownSeal = at.Person.OpenSeal();
        var facts = Facts(entry, version, stored.Received);
        var value = ObservationRow.Write(facts, entry.Observation.Document, ownSeal);
        if (action == Action.KeepInHistory)
        {
            var kept = stored with { Versions = [.. stored.Versions, version] };
            return new(
                entry,
                version.Stamp,
                stored.Current,
                [
                    RowOperation.Insert(ObservationKeys.History(entry.Identity, version.Number), value),
                    RowOperation.Replace(ObservationKeys.Identity(entry.Identity), state.Version, kept.ToRow()),
                ],
                []);
        }

        if (await partitions.ReadAsync(entry.Patient.Partition, stored.Location, cancellationToken) is not { } superseded)
        {
            // Moved since the identity's row was read: read that again.
            entry.MustRead = true;
            throw new StorageUnavailableException("An Observation was moved while it was corrected.");
        }

        var location = ObservationKeys.Observation(facts.Concept, facts.Effective, facts.Received, facts.Identity);
        var changed = stored with { Location = location, CurrentNumber = version.Number, Versions = [.. stored.Versions, version] };
        List<RowOperation> operations =
        [
            RowOperation.Replace(ObservationKeys.Identity(entry.Identity), state.Version, changed.ToRow()),
            RowOperation.Insert(ObservationKeys.History(entry.Identity, stored.CurrentNumber), superseded.Value),
            RowOperation.Insert(ObservationKeys.Update(version.Stamp, entry.Identity), Ascii(location)),
            .. Move(stored.Location, superseded.Version, location, value),
        ];
        return new(entry, version.Stamp, version, operations, PatientHead.LinesFor(facts));
    }

    // The same content was said to be of an earlier time: it keeps that, and another version may now be the last.
    private async ValueTask<Write?> ReorderAsync(Pending entry, IdentityRow stored, VersionEntry earlier, DateTime stamp, CancellationToken cancellationToken)
    {
        var versions = stored.Versions.Select(v => v.Number == earlier.Number ? earlier : v).ToArray();
        var last = versions.Aggregate((a, b) => b.LiesAfter(a) ? b : a);
        var changed = stored with { Versions = versions };
        if (last.Number == stored.CurrentNumber)
        {
            return new(entry, stamp, last, [RowOperation.Replace(ObservationKeys.Identity(entry.Identity), states[entry.Key].Version, changed.ToRow())], []);
        }

        var promotedKey = ObservationKeys.History(entry.Identity, last.Number);
        if (await partitions.ReadAsync(entry.Patient.Partition, stored.Location, cancellationToken) is not { } superseded
            || await partitions.ReadAsync(entry.Patient.Partition, promotedKey, cancellationToken) is not { } promoted)
        {
            entry.MustRead = true;
            throw new StorageUnavailableException("An Observation was moved while it was corrected.");
        }

        var row = new ObservationRow(promoted.Value.Span);
        var location = ObservationKeys.Observation(row.Concept, row.Effective, stored.Received, entry.Identity);
        last = last with { Stamp = stamp };
        versions[last.Number - 1] = last;
        changed = changed with { Location = location, CurrentNumber = last.Number };
        var value = ObservationRow.Restamp(promoted.Value.Span, stamp);
        entry.Tried = last;
        List<RowOperation> operations =
        [
            RowOperation.Replace(ObservationKeys.Identity(entry.Identity), states[entry.Key].Version, changed.ToRow()),
            RowOperation.Delete(promotedKey, promoted.Version),
            RowOperation.Insert(ObservationKeys.History(entry.Identity, stored.CurrentNumber), superseded.Value),
            RowOperation.Insert(ObservationKeys.Update(stamp, entry.Identity), Ascii(location)),
            .. Move(stored.Location, superseded.Version, location, value),
        ];
        return new(entry, stamp, last, operations, PatientHead.LinesFor(row));
    }

    private static IEnumerable<RowOperation> Move(RowKey from, RowVersion version, RowKey to, byte[] value) =>
        from == to ? [RowOperation.Replace(to, version, value)] : [RowOperation.Delete(from, version), RowOperation.Insert(to, value)];

    private static ObservationFacts Facts(Pending entry, VersionEntry version, DateTime received)
    {
        var observation = entry.Observation;
        var document = observation.Document;
        var source = observation.Source;
        return new(
            entry.Identity, version.Number, version.Stamp, received, observation.Effective, observation.Concept, observation.Group, observation.Status,
            document.Codings, document.Categories, source.Sender,
            observation.Controller.ToString(), source.Municipality,
            source.BundleIdentifier, source.BundleTimestamp);
    }

    private void AnswerStored(Pending entry, Action action, VersionEntry current)
    {
        switch (action)
        {
            case Action.Create:
                Answer(entry, EntryOutcome.Created, current, null);
                break;
            case Action.Supersede:
                Answer(entry, EntryOutcome.Corrected, current, Issue.Information("informational", null, $"Stored as version {entry.Tried.Number}, a correction; the version before it is kept in the history."));
                break;
            case Action.Reorder:
                Answer(entry, EntryOutcome.Known, current, Issue.Information("duplicate", null, $"Already stored; it is now ordered by the earlier time. The current version is {current.Number}."));
                break;
            default:
                Answer(entry, EntryOutcome.StoredInHistory, current, Issue.Information("informational", null, $"Stored in the history as version {entry.Tried.Number}: the current version, {current.Number}, lies after it."));
                break;
        }
    }

    private void Answer(Pending entry, EntryOutcome outcome, VersionEntry? current, Issue? issue)
    {
        var id = entry.Identity == default || current is null ? null : ObservationId.Format(entry.Patient, entry.Identity, ring.Current.Id);
        IReadOnlyList<Issue> issues = issue is null ? entry.Observation.Issues : [issue, .. entry.Observation.Issues];
        results.Add((entry.Slot, new(outcome, id, current?.Number ?? 0, current?.Stamp ?? default, issues, Record(entry))));
    }

    // Whole milliseconds, as the wire has it, and no two versions of one Observation at the same.
    private DateTime Stamp(IdentityRow? stored)
    {
        var now = time.GetUtcNow().UtcDateTime;
        now = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
        var last = stored?.Versions.Max(v => v.Stamp) ?? default;
        return now > last ? now : last.AddMilliseconds(1);
    }

    private static byte[] Ascii(RowKey key) => System.Text.Encoding.ASCII.GetBytes(key.ToString());
}
