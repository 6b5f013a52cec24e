using System.Globalization;
using System.Text;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Retention;

/// <summary>What a replay did.</summary>
/// <param name="Events">Events that were looked at.</param>
/// <param name="Settings">Privacy settings that the tables did not have.</param>
/// <param name="Deletions">Deletions that were done again.</param>
/// <param name="Joinings">Joinings of numbers that were done again.</param>
public sealed record ReplayResult(long Events, int Settings, int Deletions, int Joinings);

/// <summary>
/// Holds the tables to the access log: a privacy setting, a deletion or a joining that the log has and the tables have not, since they were restored from
/// an older backup, is done again. A row says up to which event the tables are known to have all; it goes with the tables when they are
/// restored, and so tells by itself what is missing. Everything is harmless to repeat.
/// </summary>
/// <param name="partitions">The tables.</param>
/// <param name="ring">The keys.</param>
/// <param name="log">The access log.</param>
/// <param name="time">The clock.</param>
public sealed class LogReplay(IPartitions partitions, KeyRing ring, LogParts log, TimeProvider time)
{
    private static readonly PartitionKey Partition = new("access-log");
    private static readonly RowKey Held = new("replayed.access-log");

    private readonly PatientDirectory directory = new(partitions, ring);
    private readonly PrivacyStore privacy = new(partitions, ring, new(partitions, ring), time);
    private readonly Deletions deletions = new(partitions, ring, log.Journal, time);

    /// <summary>
    /// Holds the tables to all that is logged, what has no place in the order yet included. Before this has been done nothing may be shown or stored.
    /// </summary>
    /// <exception cref="InvalidDataException">The log cannot be read, or has a setting of one who is not known and cannot be: then it is not known what holds.</exception>
    public async Task<ReplayResult> OpenAsync(CancellationToken cancellationToken)
    {
        await ring.RefreshAsync(cancellationToken);
        if (!await KeyRotation.FitAsync(partitions, ring, cancellationToken))
        {
            throw new InvalidDataException("The tables and the blob keys/ring are from before and after a rotation of the directory key. Restore both of the same time.");
        }

        // The tails before the order: what gets its place meanwhile is met there.
        var result = new ReplayResult(0, 0, 0, 0);
        await foreach (var line in JournalTails.ReadAsync(log.Blobs, partitions, time.GetUtcNow(), cancellationToken))
        {
            result = await ApplyAsync(result, line, cancellationToken);
        }

        return await CatchUpAsync(result, cancellationToken);
    }

    /// <summary>Holds the tables to what has got its place in the order since.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public Task<ReplayResult> CatchUpAsync(CancellationToken cancellationToken) => CatchUpAsync(new(0, 0, 0, 0), cancellationToken);

    private async Task<ReplayResult> CatchUpAsync(ReplayResult result, CancellationToken cancellationToken)
    {
        var row = await partitions.ReadAsync(Partition, Held, cancellationToken);
        var from = row is { } known ? long.Parse(Encoding.ASCII.GetString(known.Value.Span), NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var next = from;
        await foreach (var (index, line) in log.Reader.ReadLinesAsync(from, long.MaxValue, cancellationToken))
        {
            result = await ApplyAsync(result, line, cancellationToken);
            next = index + 1;
        }

        if (next > from)
        {
            // Where another was first, it has seen as much or will again.
            var value = Encoding.ASCII.GetBytes(next.ToString(CultureInfo.InvariantCulture));
            await partitions.CommitAsync(Partition, [row is { } before ? RowOperation.Replace(Held, before.Version, value) : RowOperation.Insert(Held, value)], null, cancellationToken);
        }

        return result;
    }

    private async Task<ReplayResult> ApplyAsync(ReplayResult result, JournalLine line, CancellationToken cancellationToken)
    {
        result = result with { Events = result.Events + 1 };

        // Nearly all events are others: these are not parsed.
        if (line.Line.Span.IndexOf("\"set\":"u8) < 0 && line.Line.Span.IndexOf("\"do\":"u8) < 0)
        {
            return result;
        }

        AccessEvent logged;
        try
        {
            logged = EventLine.Read(line.Line);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{line.Journal.Blob} has no event at byte {line.From}.", e);
        }

        return logged switch
        {
            { Action: AccessAction.SettingChange, Outcome: AccessOutcome.Permitted, Setting: { } setting } => await SetAsync(logged, setting, line, cancellationToken)
                ? result with { Settings = result.Settings + 1 }
                : result,
            { Operation.Command: OperatorEvent.Link } => await JoinAsync(logged, cancellationToken) ? result with { Joinings = result.Joinings + 1 } : result,
            { Operation: not null } => await deletions.RepeatAsync(logged, cancellationToken) ? result with { Deletions = result.Deletions + 1 } : result,
            _ => result,
        };
    }

    private async Task<bool> SetAsync(AccessEvent logged, string text, JournalLine line, CancellationToken cancellationToken)
    {
        var setting = SettingText.Read(Encoding.UTF8.GetBytes(text)) ?? throw new InvalidDataException($"{line.Journal.Blob} has a setting that does not read at byte {line.From}.");
        if (SealedNumbers.Open(logged.Numbers, ring) is [var citizen])
        {
            await directory.FindOrCreateAsync(citizen, logged.Patient, cancellationToken);
            return (await privacy.ApplyAsync(citizen, setting, cancellationToken)).Outcome == SettingOutcome.Stored;
        }

        // An event from before numbers were sealed in: it is enough that the tables have the setting, or a later one.
        return logged.Patient is { } patient && (await privacy.ReadStoredAsync(patient, cancellationToken)).Any(s => s.Setting.Id == setting.Id && !setting.Supersedes(s.Setting))
            ? false
            : throw new InvalidDataException($"{line.Journal.Blob} has at byte {line.From} a setting that the tables lack, of a patient whose number is not known.");
    }

    private async Task<bool> JoinAsync(AccessEvent logged, CancellationToken cancellationToken)
    {
        if (SealedNumbers.Open(logged.Numbers, ring) is not [var first, var second])
        {
            return false;
        }

        await directory.FindOrCreateAsync(first, logged.Patient, cancellationToken);
        return await new PatientLink(partitions, ring, time).JoinAsync(first, second, cancellationToken) != LinkOutcome.AlreadyLinked;
    }
}
