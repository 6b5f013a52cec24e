using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.Privacy;

/// <summary>How a change of a setting ended. However it did, asking again is harmless.</summary>
public enum SettingOutcome
{
    /// <summary>It is stored, and holds from the next request on.</summary>
    Stored,

    /// <summary>Nothing to do: it is so already.</summary>
    Known,

    /// <summary>Nothing done: what is stored is of a later time.</summary>
    Outdated,

    /// <summary>Nothing done: there is no such setting to lift.</summary>
    NotFound,

    /// <summary>Nothing done: the citizen has as many Blocks as there may be.</summary>
    TooMany,
}

/// <summary>The answer to a change.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Setting">The setting that holds now; null where there is none. It goes into the AccessLog where it was stored.</param>
/// <param name="Patient">Whose it is: the key that takes new writes; null where there is no such patient.</param>
public sealed record SettingChange(SettingOutcome Outcome, PrivacySetting? Setting, PatientKey? Patient)
{
    /// <summary>By which number it was changed.</summary>
    public NationalId Citizen { get; init; }
}

/// <summary>Who changes a setting here.</summary>
/// <param name="Source">The citizen, a representative, or an operator on the citizen's request.</param>
/// <param name="Acting">Keyed pseudonym of the representative; null for the others.</param>
public sealed record SettingActor(SettingSource Source, PractitionerKey? Acting)
{
    /// <summary>The citizen.</summary>
    public static SettingActor Citizen { get; } = new(SettingSource.Citizen, null);
}

/// <summary>
/// Changes privacy settings. A patient who is not known yet is made known, so that a setting holds from the first measurement on. Changes are
/// conditional on what was read, so that of two at once none is lost.
/// </summary>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="directory">From numbers to patients.</param>
/// <param name="time">The clock.</param>
/// <param name="hasPrivacyComponent">Whether Helsenorge's privacy component is the master: what is changed here is then to be told it.</param>
public sealed class PrivacyStore(IPartitions partitions, KeyRing ring, PatientDirectory directory, TimeProvider time, bool hasPrivacyComponent = false)
{
    /// <summary>The settings of a citizen; none for one never heard of.</summary>
    public async ValueTask<PatientSettings> ReadAsync(NationalId citizen, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(citizen, cancellationToken) is not { } key)
        {
            return PatientSettings.None;
        }

        var all = await PatientRows.ReadAllAsync(partitions, ring, key, cancellationToken);
        return all.Aggregate(PatientSettings.None, (settings, rows) => settings.Join(SettingRow.ReadAll(rows.Person, rows.Rows)));
    }

    /// <summary>Shuts a practitioner out. A key or name that a Block of the same HPR number had is kept where none is given.</summary>
    public ValueTask<SettingChange> BlockAsync(NationalId citizen, SettingActor actor, Block block, CancellationToken cancellationToken)
    {
        var secret = ring.Current.Practitioner;
        var id = block.Hpr is { } hpr ? SettingId.Block(hpr, secret)
            : block.Key is { } key ? SettingId.Block(key, secret)
            : throw new ArgumentException("A Block names a practitioner.", nameof(block));
        return ChangeAsync(citizen, actor, id, true, before => before is { IsActive: true, Block: { } known }
            ? (block with { Key = block.Key ?? known.Key, Name = block.Name.Length > 0 ? block.Name : known.Name }, default)
            : (block, default), cancellationToken);
    }

    /// <summary>Lifts a Block by its id.</summary>
    public ValueTask<SettingChange> UnblockAsync(NationalId citizen, SettingActor actor, SettingId id, CancellationToken cancellationToken) =>
        id.IsBlock ? ChangeAsync(citizen, actor, id, false, before => (before!.Block, default), cancellationToken) : throw new ArgumentException("The id is no Block's.", nameof(id));

    /// <summary>Lifts the Block of an HPR number.</summary>
    public ValueTask<SettingChange> UnblockAsync(NationalId citizen, SettingActor actor, HprNumber hpr, CancellationToken cancellationToken) =>
        UnblockAsync(citizen, actor, SettingId.Block(hpr, ring.Current.Practitioner), cancellationToken);

    /// <summary>Closes everything or some Concepts, in place of what was closed before; <see cref="Restriction.Nothing"/> opens all.</summary>
    public ValueTask<SettingChange> RestrictAsync(NationalId citizen, SettingActor actor, Restriction restriction, CancellationToken cancellationToken) =>
        ChangeAsync(citizen, actor, SettingId.Restriction, !restriction.IsNothing, _ => (null, restriction), cancellationToken);

    /// <summary>Opts out of the service, or in again.</summary>
    public ValueTask<SettingChange> ReserveAsync(NationalId citizen, SettingActor actor, bool isReserved, CancellationToken cancellationToken) =>
        ChangeAsync(citizen, actor, SettingId.Reservation, isReserved, _ => (null, default), cancellationToken);

    /// <summary>Takes a setting as it was made elsewhere, ordered by its own time: from the privacy component, or from the AccessLog.</summary>
    public ValueTask<SettingChange> ApplyAsync(NationalId citizen, PrivacySetting setting, CancellationToken cancellationToken) =>
        WriteAsync(citizen, setting.Id, lifts: false, (latest, _) => latest is null || setting.Supersedes(latest) || latest.Supersedes(setting) ? (setting, false) : null, cancellationToken);

    // The citizen's own change holds whatever stands there: its time is now, or just after what is stored of a clock that is ahead of ours.
    private ValueTask<SettingChange> ChangeAsync(
        NationalId citizen, SettingActor actor, SettingId id, bool isActive, Func<PrivacySetting?, (Block? Block, Restriction Restriction)> content, CancellationToken cancellationToken) =>
        WriteAsync(
            citizen,
            id,
            lifts: !isActive,
            (latest, now) =>
            {
                if (latest is null && !isActive)
                {
                    return null;
                }

                var (block, restriction) = content(latest);
                if (latest is not null && latest.IsActive == isActive && latest.Block == block && latest.Restriction.Equals(restriction))
                {
                    return null;
                }

                var at = latest is not null && latest.Time >= now ? latest.Time.AddMilliseconds(1) : now;
                return (new(id, isActive, block, restriction, at, now, actor.Source, actor.Acting), hasPrivacyComponent);
            },
            cancellationToken);

    // Decides on the latest of what is stored under any key of the patient; writes under the key that takes new writes.
    private async ValueTask<SettingChange> WriteAsync(
        NationalId citizen, SettingId id, bool lifts, Func<PrivacySetting?, DateTime, (PrivacySetting Setting, bool Awaits)?> decide, CancellationToken cancellationToken) =>
        await DecideAsync(citizen, id, lifts, decide, cancellationToken) with { Citizen = citizen };

    private async ValueTask<SettingChange> DecideAsync(
        NationalId citizen, SettingId id, bool lifts, Func<PrivacySetting?, DateTime, (PrivacySetting Setting, bool Awaits)?> decide, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
        {
            var found = await directory.FindAsync(citizen, cancellationToken);
            if (found is null && lifts)
            {
                return new(id.IsBlock ? SettingOutcome.NotFound : SettingOutcome.Known, null, null);
            }

            // Stryker disable once NullCoalescing : the one that is there is found again
            var key = found ?? await directory.FindOrCreateAsync(citizen, cancellationToken);
            var all = await PatientRows.ReadAllAsync(partitions, ring, key, cancellationToken);
            if (all.Count == 0)
            {
                throw new StorageUnavailableException("A patient's row is gone while a setting was written.");
            }

            var settings = all.Aggregate(PatientSettings.None, (joined, rows) => joined.Join(SettingRow.ReadAll(rows.Person, rows.Rows)));
            var latest = settings.Find(id);
            var now = Milliseconds(time.GetUtcNow().UtcDateTime);
            var patient = all[0].Person.Key;
            if (decide(latest, now) is not { } decided)
            {
                return new(lifts && id.IsBlock && latest is not { IsActive: true } ? SettingOutcome.NotFound : SettingOutcome.Known, latest, patient);
            }

            if (latest?.Supersedes(decided.Setting) == true)
            {
                return new(SettingOutcome.Outdated, latest, patient);
            }

            if (id.IsBlock && decided.Setting.IsActive && latest is not { IsActive: true } && settings.Blocks.Length >= Limits.MaxBlocks)
            {
                return new(SettingOutcome.TooMany, latest, patient);
            }

            // Before the setting: whoever goes through all settings finds every patient that has one.
            await SettingIndex.AddAsync(partitions, patient, hasSettings: settings.All.Any(), cancellationToken);
            if (await TryCommitAsync(all[0], decided.Setting, decided.Awaits, citizen, cancellationToken))
            {
                return new(SettingOutcome.Stored, decided.Setting, patient);
            }
        }

        throw new StorageUnavailableException("Others change the same privacy setting all the time.");
    }

    private async ValueTask<bool> TryCommitAsync(PatientRows rows, PrivacySetting setting, bool awaits, NationalId citizen, CancellationToken cancellationToken)
    {
        var patient = rows.Person.Key;
        var key = SettingRow.Key(patient, setting.Id);
        using var seal = rows.Person.OpenSeal();
        var before = rows.Rows.Where(r => r.Key == key).Select(r => (Row?)r).FirstOrDefault();
        var version = before is { } row ? SettingRow.Read(patient, row, seal).Version + 1 : 1;
        var value = SettingRow.Write(patient, new(setting, version, awaits, citizen.Digits), seal);
        var operation = before is { } stored ? RowOperation.Replace(key, stored.Version, value) : RowOperation.Insert(key, value);
        return (await partitions.CommitAsync(patient.Partition, [operation], null, cancellationToken)).Outcome == CommitOutcome.Committed;
    }

    /// <summary>The latest of each setting of a patient with what is stored beside it, in whatever key of the patient's it lies.</summary>
    internal async Task<IReadOnlyList<StoredSetting>> ReadStoredAsync(PatientKey patient, CancellationToken cancellationToken)
    {
        var latest = new Dictionary<SettingId, StoredSetting>();
        foreach (var rows in await PatientRows.ReadAllAsync(partitions, ring, patient, cancellationToken))
        {
            using var seal = rows.Person.OpenSeal();
            foreach (var row in rows.Rows.Where(r => r.Key.ToString().StartsWith(SettingRow.Prefix, StringComparison.Ordinal)))
            {
                var stored = SettingRow.Read(rows.Person.Key, row, seal);
                if (!latest.TryGetValue(stored.Setting.Id, out var known) || stored.Setting.Supersedes(known.Setting))
                {
                    latest[stored.Setting.Id] = stored;
                }
            }
        }

        return [.. latest.Values];
    }

    /// <summary>Remembers that the privacy component was told a setting, unless it has changed since.</summary>
    internal async Task ToldAsync(PatientKey patient, StoredSetting told, CancellationToken cancellationToken)
    {
        foreach (var rows in await PatientRows.ReadAllAsync(partitions, ring, patient, cancellationToken))
        {
            var key = SettingRow.Key(rows.Person.Key, told.Setting.Id);
            foreach (var row in rows.Rows.Where(r => r.Key == key))
            {
                using var seal = rows.Person.OpenSeal();
                if (SettingRow.Read(rows.Person.Key, row, seal) == told)
                {
                    // Changed meanwhile: then it waits to be told anew.
                    var value = SettingRow.Write(rows.Person.Key, told with { AwaitsPrivacyComponent = false }, seal);
                    await partitions.CommitAsync(rows.Person.Key.Partition, [RowOperation.Replace(key, row.Version, value)], null, cancellationToken);
                }
            }
        }
    }

    internal static DateTime Milliseconds(DateTime moment) => new(moment.Ticks - (moment.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
}
