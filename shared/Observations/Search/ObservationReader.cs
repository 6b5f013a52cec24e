using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Search;

/// <summary>An Observation that was found.</summary>
/// <param name="Id">Its id on the wire.</param>
/// <param name="Row">Its row's value.</param>
/// <param name="Head">Whose it is.</param>
public readonly record struct FoundObservation(string Id, ReadOnlyMemory<byte> Row, PatientHead Head);

/// <summary>What a look-up found.</summary>
/// <param name="Observations">In the order asked for.</param>
/// <param name="Total">Number of all matches, where it is known.</param>
/// <param name="After">Position of the last one, where there are more.</param>
/// <param name="AsOf">Everything stamped before this was seen: a cursor for <c>_lastUpdated=ge</c>.</param>
/// <param name="TooCostly">Whether it was given up, since more rows match than can be sorted or counted.</param>
public sealed record LookUp(IReadOnlyList<FoundObservation> Observations, int? Total, string? After, DateTime AsOf, bool TooCostly = false);

/// <summary>A patient whose partition's head was read: all that a decision needs to know before anything else of theirs is.</summary>
/// <param name="Heads">First that of the key that takes new writes, then those joined with it; none for a patient never seen.</param>
/// <param name="AsOf">Everything stamped before this is seen by what is read now.</param>
public sealed record OpenedPatient(IReadOnlyList<PatientHead> Heads, DateTime AsOf)
{
    /// <summary>The key that takes new writes; null for a patient never seen.</summary>
    public PatientKey? Key => Heads.Count > 0 ? Heads[0].Person.Key : null;

    /// <summary>The privacy settings, those of joined keys together.</summary>
    public PatientSettings Settings => PatientHead.SettingsOf(Heads);

    /// <summary>The FollowUps, those of joined keys together.</summary>
    public IReadOnlyList<FollowUp> FollowUps => PatientHead.FollowUpsOf(Heads);
}

/// <summary>Finds Observations. Filters on what the rows say openly, before paging; opens only what is given.</summary>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="time">The clock.</param>
public sealed class ObservationReader(IPartitions partitions, KeyRing ring, TimeProvider time)
{
    // Rows read from each of several Concepts at first: few, since most answers need few of each.
    private const int SmallPage = 64;

    // Changes that a poll reads one by one; more are found by reading everything.
    private const int MostPointers = 100;

    /// <summary>Reads a patient's head, from which it is decided what may be seen. One storage request, and one more for each joined key.</summary>
    /// <param name="patient">Any of the patient's keys; null for a number never seen.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<OpenedPatient> OpenAsync(PatientKey? patient, CancellationToken cancellationToken)
    {
        // Before anything is read: what commits meanwhile is stamped after it (docs/architecture.md, "Changes").
        var cursor = Cursor();
        return new(patient is { } key ? await PatientHead.ReadAllAsync(partitions, ring, key, cancellationToken) : [], cursor);
    }

    /// <summary>Whose Observation an id names; null for an id that is none of ours.</summary>
    public PatientKey? PatientOf(string id) => ObservationId.TryParse(id, ring.Current.Id, out var patient, out _) ? patient : null;

    /// <summary>Searches.</summary>
    /// <param name="patient">The patient.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="visibility">What may be seen.</param>
    /// <param name="after">Position after which to begin; null for the beginning.</param>
    /// <param name="asOf">The cursor of the first page; null on the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<LookUp> SearchAsync(OpenedPatient patient, ObservationQuery query, Visibility visibility, string? after, DateTime? asOf, CancellationToken cancellationToken)
    {
        var cursor = asOf ?? patient.AsOf;
        var heads = patient.Heads;
        query = heads.Count > 0 ? query.SinceJoining(heads[0].Person.JoinedAt) : query;
        var limit = query.Count ?? Limits.MaxPageSize;
        return query.CountOnly ? await CountAsync(heads, query, visibility, cursor, cancellationToken)
            : query.OldestFirst ? await SearchOldestFirstAsync(heads, query, visibility, after, limit, cursor, cancellationToken)
            : await SearchNewestFirstAsync(heads, query, visibility, after, limit, cursor, cancellationToken);
    }

    /// <summary>The newest of each Concept; those entered in error left out. What has no effective time is ordered by receipt.</summary>
    public async ValueTask<LookUp> LastAsync(OpenedPatient patient, ObservationQuery query, Visibility visibility, CancellationToken cancellationToken)
    {
        var heads = patient.Heads;
        var concepts = heads.SelectMany(h => query.Concepts(h, h.Catalogue.Select(l => l.Concept))).Distinct().Order(StringComparer.Ordinal).ToList();
        var longs = await ReadLongAsync(heads, query, cancellationToken);
        var found = new List<FoundObservation>();
        foreach (var concept in concepts)
        {
            found.AddRange(await LastOfAsync(heads, longs, query, visibility, concept, cancellationToken));
        }

        return new(found, found.Count, null, patient.AsOf);
    }

    /// <summary>Reads the current version of an Observation by its id on the wire; null where there is none to be seen.</summary>
    public async ValueTask<FoundObservation?> ReadAsync(OpenedPatient opened, string id, Visibility visibility, CancellationToken cancellationToken) =>
        await ReadVersionsAsync(opened, id, visibility, async (patient, known) => await partitions.ReadAsync(patient.Partition, known.Location, cancellationToken) is { } row ? [row] : [], cancellationToken) is [var found]
            ? found
            : null;

    /// <summary>Reads one version of an Observation; null where there is none.</summary>
    public async ValueTask<FoundObservation?> ReadVersionAsync(OpenedPatient opened, string id, int version, Visibility visibility, CancellationToken cancellationToken)
    {
        var found = await ReadVersionsAsync(
            opened,
            id,
            visibility,
            async (patient, known) =>
            {
                if (version < 1 || version > known.Versions.Count)
                {
                    return null;
                }

                var place = version == known.CurrentNumber ? known.Location : ObservationKeys.History(Identify(id), version);
                return await partitions.ReadAsync(patient.Partition, place, cancellationToken) is { } row ? [row] : [];
            },
            cancellationToken);
        return found is [var only] ? only : null;
    }

    /// <summary>Reads all versions of an Observation, the latest stored first; none where there is no such Observation.</summary>
    public async ValueTask<IReadOnlyList<FoundObservation>> ReadHistoryAsync(OpenedPatient opened, string id, Visibility visibility, CancellationToken cancellationToken) =>
        await ReadVersionsAsync(
            opened,
            id,
            visibility,
            async (patient, known) =>
            {
                var rows = new List<Row>();
                if (await partitions.ReadAsync(patient.Partition, known.Location, cancellationToken) is { } current)
                {
                    rows.Add(current);
                }

                var identity = Identify(id);
                string? continuation = null;
                do
                {
                    var page = await partitions.ReadRangeAsync(
                        patient.Partition, ObservationKeys.History(identity, 0), ObservationKeys.History(identity, int.MaxValue), StorageLimits.MaxPageRows, continuation, cancellationToken);
                    rows.AddRange(page.Rows);
                    continuation = page.Continuation;
                }
                while (continuation is not null);

                // Read while it was corrected: what was current by then stands in the history, or the current one is gone.
                return rows.Count == known.Versions.Count ? [.. rows.OrderByDescending(r => new ObservationRow(r.Value.Span).Version)] : [];
            },
            cancellationToken) ?? [];

    /// <summary>Whether an id was that of an Observation that was deleted for good, and this caller may know: its Controller shares with them, and nothing is withheld from them.</summary>
    public async ValueTask<bool> WasDeletedAsync(OpenedPatient opened, string id, Visibility visibility, CancellationToken cancellationToken) =>
        ObservationId.TryParse(id, ring.Current.Id, out var patient, out var identity) && opened.Heads.Any(h => h.Person.Key == patient)
        && await partitions.ReadAsync(patient.Partition, ObservationKeys.Identity(identity), cancellationToken) is { } row
        && DeletedIdentity.FromRow(row.Value.Span) is { IsForGood: true } deleted && visibility.TellsOfDeleted(deleted.Controller);

    private ObservationIdentity Identify(string id) => ObservationId.TryParse(id, ring.Current.Id, out _, out var identity) ? identity : default;

    // Reads an identity's row and then what it says. Null where there is nothing to be seen; read again where a correction came between.
    private async ValueTask<IReadOnlyList<FoundObservation>?> ReadVersionsAsync(
        OpenedPatient opened, string id, Visibility visibility, Func<PatientKey, IdentityRow, ValueTask<IReadOnlyList<Row>?>> read, CancellationToken cancellationToken)
    {
        if (!ObservationId.TryParse(id, ring.Current.Id, out var patient, out var identity) || opened.Heads.FirstOrDefault(h => h.Person.Key == patient) is not { } head)
        {
            return null;
        }

        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            if (await partitions.ReadAsync(patient.Partition, ObservationKeys.Identity(identity), cancellationToken) is not { } known
                || DeletedIdentity.FromRow(known.Value.Span) is not null
                || await read(patient, IdentityRow.FromRow(known.Value.Span)) is not { } rows)
            {
                return null;
            }

            if (rows.Count > 0)
            {
                return [.. rows.Where(r => visibility.Shows(new(r.Value.Span))).Select(r => new FoundObservation(id, r.Value, head))];
            }
        }

        throw new StorageUnavailableException("An Observation was moved at every try to read it.");
    }

    private DateTime Cursor()
    {
        var now = (time.GetUtcNow() - Limits.CommitWindow).UtcDateTime;
        return new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
    }

    private async ValueTask<LookUp> SearchNewestFirstAsync(IReadOnlyList<PatientHead> heads, ObservationQuery query, Visibility visibility, string? after, int limit, DateTime cursor, CancellationToken cancellationToken)
    {
        var found = new List<FoundObservation>();
        var last = after;
        await foreach (var (row, head) in MergeAsync(heads, query, after, limit + 1, cancellationToken))
        {
            if (Match(row, head, query, visibility) is not { } match)
            {
                continue;
            }

            if (found.Count == limit)
            {
                return new(found, null, last, cursor);
            }

            found.Add(match);
            last = ObservationKeys.PositionOf(row.Key);
        }

        return new(found, after is null ? found.Count : null, null, cursor);
    }

    private async ValueTask<LookUp> SearchOldestFirstAsync(IReadOnlyList<PatientHead> heads, ObservationQuery query, Visibility visibility, string? after, int limit, DateTime cursor, CancellationToken cancellationToken)
    {
        var matches = new List<(string Position, FoundObservation Found)>();
        await foreach (var (row, head) in MergeAsync(heads, query, null, StorageLimits.MaxPageRows, cancellationToken))
        {
            if (Match(row, head, query, visibility) is not { } match)
            {
                continue;
            }

            if (matches.Count == Limits.MaxSortedMatches)
            {
                return new([], null, null, cursor, TooCostly: true);
            }

            matches.Add((ObservationKeys.PositionOf(row.Key), match));
        }

        // Those without effective time stay last, the earliest received of them first.
        matches.Reverse();
        var ordered = matches.Where(m => !ObservationKeys.IsUntimed(m.Position)).Concat(matches.Where(m => ObservationKeys.IsUntimed(m.Position))).ToList();
        var skip = after is null ? 0 : ordered.TakeWhile(m => !LiesAfter(m.Position, after)).Count();
        var page = ordered.Skip(skip).Take(limit).ToList();
        var more = skip + page.Count < ordered.Count;
        return new([.. page.Select(m => m.Found)], ordered.Count, more ? page[^1].Position : null, cursor);
    }

    // In oldest-first order.
    private static bool LiesAfter(string position, string after) =>
        ObservationKeys.IsUntimed(position) == ObservationKeys.IsUntimed(after)
            ? string.CompareOrdinal(position, after) < 0
            : ObservationKeys.IsUntimed(position);

    private async ValueTask<LookUp> CountAsync(IReadOnlyList<PatientHead> heads, ObservationQuery query, Visibility visibility, DateTime cursor, CancellationToken cancellationToken)
    {
        var total = 0;
        await foreach (var (row, head) in MergeAsync(heads, query, null, StorageLimits.MaxPageRows, cancellationToken))
        {
            if (Match(row, head, query, visibility) is not null && ++total > Limits.MaxCountedMatches)
            {
                return new([], null, null, cursor, TooCostly: true);
            }
        }

        return new([], total, null, cursor);
    }

    private FoundObservation? Match(Row row, PatientHead head, ObservationQuery query, Visibility visibility)
    {
        var observation = new ObservationRow(row.Value.Span);
        if (!query.Matches(observation))
        {
            return null;
        }

        if (query.CountOnly && query.Ids.Count == 0)
        {
            return visibility.Shows(observation) ? new("", row.Value, head) : null;
        }

        var id = ObservationId.Format(head.Person.Key, observation.Identity, ring.Current.Id);
        foreach (var ids in query.Ids)
        {
            if (!ids.Contains(id))
            {
                return null;
            }
        }

        return visibility.Shows(observation) ? new(id, row.Value, head) : null;
    }

    // All rows in which something can match, newest first, from the Concepts' ranges and the long spans; each Observation once.
    private async IAsyncEnumerable<(Row Row, PatientHead Head)> MergeAsync(
        IReadOnlyList<PatientHead> heads, ObservationQuery query, string? after, int wanted, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await ReadChangedAsync(heads, query, cancellationToken) is { } changed)
        {
            foreach (var pair in changed.Where(c => after is null || string.CompareOrdinal(ObservationKeys.PositionOf(c.Row.Key), after) > 0))
            {
                yield return pair;
            }

            yield break;
        }

        var (oldest, newest) = query.StartBounds();
        var ranges = heads.SelectMany(h => query.Concepts(h, h.Concepts).Select(c => (Head: h, Range: ObservationKeys.Range(c, newest, oldest, after)))).ToList();
        var pageSize = Math.Clamp(ranges.Count <= 1 ? wanted : Math.Max(SmallPage, wanted * 2 / ranges.Count), 1, StorageLimits.MaxPageRows);
        var streams = ranges.Select(r => new RowStream(partitions, r.Head, r.Range, pageSize)).ToList();
        foreach (var (head, rows) in await ReadLongAsync(heads, query, cancellationToken))
        {
            streams.Add(new(head, [.. rows.Where(r => after is null || string.CompareOrdinal(ObservationKeys.PositionOf(r.Key), after) > 0)]));
        }

        var filled = await Task.WhenAll(streams.Select(s => s.FillAsync(cancellationToken).AsTask()));
        streams = [.. streams.Where((_, i) => filled[i])];
        var seen = streams.Count > 1 ? new HashSet<ObservationIdentity>() : null;
        while (streams.Count > 0)
        {
            var first = streams[0];
            for (var i = 1; i < streams.Count; i++)
            {
                first = streams[i].CompareTo(first) < 0 ? streams[i] : first;
            }

            // A correction under way can be met both where it lay and where it lies.
            if (seen is null || seen.Add(new ObservationRow(first.Current.Value.Span).Identity))
            {
                yield return (first.Current, first.Head);
            }

            first.Advance();
            if (!await first.FillAsync(cancellationToken))
            {
                streams.Remove(first);
            }
        }
    }

    // A poll for changes: the few that the pointers name, in order of position. Null where that is not asked for, or not few.
    private async ValueTask<IReadOnlyList<(Row Row, PatientHead Head)>?> ReadChangedAsync(IReadOnlyList<PatientHead> heads, ObservationQuery query, CancellationToken cancellationToken)
    {
        var (oldest, newest) = query.StampBounds();
        if (oldest <= 0)
        {
            return null;
        }

        var pointers = new List<(PatientHead Head, RowKey Location)>();
        foreach (var head in heads)
        {
            var (from, to) = ObservationKeys.Updates(oldest, newest);
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(head.Person.Key.Partition, from, to, MostPointers + 1, continuation, cancellationToken);
                pointers.AddRange(page.Rows.Select(r => (head, new RowKey(System.Text.Encoding.ASCII.GetString(r.Value.Span)))));
                continuation = page.Continuation;
            }
            while (continuation is not null && pointers.Count <= MostPointers);
        }

        if (pointers.Count > MostPointers)
        {
            return null;
        }

        // A pointer to where nothing lies, or something later, is an old one: what superseded it has one of its own.
        var rows = new List<(Row Row, PatientHead Head)>();
        await Parallel.ForEachAsync(
            pointers.Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = Limits.MaxParallelReads, CancellationToken = cancellationToken },
            async (pointer, stop) =>
            {
                if (await partitions.ReadAsync(pointer.Head.Person.Key.Partition, pointer.Location, stop) is { } row)
                {
                    lock (rows)
                    {
                        rows.Add((row, pointer.Head));
                    }
                }
            });
        rows.Sort((a, b) => string.CompareOrdinal(ObservationKeys.PositionOf(a.Row.Key), ObservationKeys.PositionOf(b.Row.Key)));
        return rows;
    }

    private async ValueTask<List<(PatientHead Head, List<Row> Rows)>> ReadLongAsync(IReadOnlyList<PatientHead> heads, ObservationQuery query, CancellationToken cancellationToken)
    {
        var all = new List<(PatientHead, List<Row>)>();
        foreach (var head in heads)
        {
            var concepts = query.Concepts(head, head.Catalogue.Where(l => l.Kind == CatalogueKind.LongSpan).Select(l => l.Concept));
            if (concepts.Count == 0)
            {
                continue;
            }

            var rows = new List<Row>();
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(head.Person.Key.Partition, ObservationKeys.LongFrom, ObservationKeys.LongTo, StorageLimits.MaxPageRows, continuation, cancellationToken);
                rows.AddRange(page.Rows);
                continuation = page.Continuation;
            }
            while (continuation is not null);
            rows.Sort((a, b) => string.CompareOrdinal(ObservationKeys.PositionOf(a.Key), ObservationKeys.PositionOf(b.Key)));
            all.Add((head, rows));
        }

        return all;
    }

    private async ValueTask<IEnumerable<FoundObservation>> LastOfAsync(
        IReadOnlyList<PatientHead> heads, List<(PatientHead Head, List<Row> Rows)> longs, ObservationQuery query, Visibility visibility, string concept, CancellationToken cancellationToken)
    {
        var groups = heads.SelectMany(h => h.Catalogue).Where(l => l.Kind == CatalogueKind.Group && l.Concept == concept).Select(l => l.Code).Distinct().Count();
        var newest = new Dictionary<ulong, List<(long Time, FoundObservation Found)>>();
        foreach (var head in heads)
        {
            // Timed rows come newest first, and so do untimed ones: of each, the first few of every group are enough.
            var (oldestStart, newestStart) = query.StartBounds();
            var kinds = head.Catalogue.Where(l => l.Concept == concept).Select(l => l.Kind).ToHashSet();
            if (kinds.Contains(CatalogueKind.ShortSpan))
            {
                await TakeAsync(ObservationKeys.Timed(concept, newestStart, oldestStart), head);
            }

            if (kinds.Contains(CatalogueKind.Untimed) && query.Dates.Count == 0)
            {
                await TakeAsync(ObservationKeys.Untimed(concept), head);
            }
        }

        foreach (var (head, rows) in longs)
        {
            foreach (var row in rows.Where(r => r.Key.ToString().AsSpan(2).StartsWith($"{concept}.")))
            {
                Take(row, head, newest);
            }
        }

        return newest.OrderBy(g => g.Key).SelectMany(g => g.Value.OrderByDescending(f => f.Time).ThenBy(f => f.Found.Id, StringComparer.Ordinal).Take(query.Max)).Select(f => f.Found);

        async ValueTask TakeAsync((RowKey From, RowKey To) range, PatientHead head)
        {
            var ofRange = new Dictionary<ulong, List<(long Time, FoundObservation Found)>>();
            var stream = new RowStream(partitions, head, range, Math.Clamp(query.Max + 1, SmallPage / 4, StorageLimits.MaxPageRows));
            var enough = 0;
            for (var read = 0; enough < Math.Max(1, groups) && await stream.FillAsync(cancellationToken); read++)
            {
                if (Take(stream.Current, head, ofRange) == query.Max)
                {
                    enough++;
                }

                stream.Advance();
            }

            foreach (var (group, list) in ofRange)
            {
                Of(newest, group).AddRange(list);
            }
        }

        int Take(Row row, PatientHead head, Dictionary<ulong, List<(long Time, FoundObservation Found)>> into)
        {
            if (Match(row, head, query, visibility) is not { } found)
            {
                return 0;
            }

            var observation = new ObservationRow(row.Value.Span);
            if (observation.Status == ObservationStatus.EnteredInError)
            {
                return 0;
            }

            var list = Of(into, observation.Group);
            list.Add((observation.HasTime ? Math.Max(0, observation.StartTicks) : observation.Received.Ticks, found));
            return list.Count;
        }

        static List<(long Time, FoundObservation Found)> Of(Dictionary<ulong, List<(long Time, FoundObservation Found)>> lists, ulong group)
        {
            if (!lists.TryGetValue(group, out var list))
            {
                lists.Add(group, list = []);
            }

            return list;
        }
    }
}
