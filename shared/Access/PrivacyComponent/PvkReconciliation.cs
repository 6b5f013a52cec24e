using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.PrivacyComponent;

/// <summary>What a reconciliation did.</summary>
/// <param name="Taken">Settings of the component that were not here.</param>
/// <param name="Told">Settings of ours that the component was told.</param>
/// <param name="Unintelligible">Settings of the component that are not understood: the operator is to be warned.</param>
/// <param name="Untold">Settings of ours that the component has no name for, such as a Block of one without HPR number.</param>
public sealed record PvkReport(int Taken, int Told, int Unintelligible, int Untold);

/// <summary>
/// Makes our settings and those of Helsenorge's privacy component the same: at start, nightly, and after a change here. Of each setting the later
/// holds. What the component has forgotten without saying that it was lifted stays in force here, and is told it again.
/// </summary>
/// <param name="client">The component.</param>
/// <param name="definitions">How our settings are known there.</param>
/// <param name="settings">Its form.</param>
/// <param name="store">Our settings.</param>
/// <param name="partitions">Where they are stored.</param>
/// <param name="ring">The keys.</param>
/// <param name="time">The clock.</param>
/// <param name="changed">Called for each setting taken, with whose it is, so that it is logged.</param>
public sealed class PvkReconciliation(
    PvkClient client, PvkDefinitions definitions, PvkSettings settings, PrivacyStore store, IPartitions partitions, KeyRing ring, TimeProvider time, Func<NationalId, SettingChange, CancellationToken, Task> changed)
{
    /// <summary>Goes through all. Harmless to repeat; interrupted, it begins anew.</summary>
    /// <exception cref="HttpRequestException">The component does not answer. What was taken is taken.</exception>
    public async Task<PvkReport> RunAsync(CancellationToken cancellationToken)
    {
        var report = new PvkReport(0, 0, 0, 0);
        var active = new HashSet<(string Number, SettingId Id)>();
        foreach (var definition in definitions.All)
        {
            foreach (var json in await client.GetActiveAsync(definition, cancellationToken))
            {
                var read = settings.Read(json, ring.Current.Practitioner, time.GetUtcNow());
                if (read.Setting is not { } setting)
                {
                    report = report with { Unintelligible = report.Unintelligible + 1 };
                    continue;
                }

                active.Add((read.Citizen.Digits, setting.Id));
                var change = await store.ApplyAsync(read.Citizen, setting, cancellationToken);
                if (change.Outcome == SettingOutcome.Stored)
                {
                    await changed(read.Citizen, change, cancellationToken);
                    report = report with { Taken = report.Taken + 1 };
                }
                else if (change.Outcome == SettingOutcome.Outdated)
                {
                    report = await TellAsync(report, read.Citizen.Digits, change.Setting!, cancellationToken);
                }
            }
        }

        await foreach (var patient in SettingIndex.ListAsync(partitions, cancellationToken))
        {
            report = await GoThroughAsync(report, patient, active, cancellationToken);
        }

        return report;
    }

    /// <summary>Tells what was changed here of one patient and has not been told yet; how many settings. What cannot be told now is told nightly.</summary>
    /// <exception cref="HttpRequestException">The component does not answer.</exception>
    public async Task<int> TellAsync(PatientKey patient, CancellationToken cancellationToken)
    {
        var report = new PvkReport(0, 0, 0, 0);
        foreach (var stored in await store.ReadStoredAsync(patient, cancellationToken))
        {
            report = await TellWaitingAsync(report, patient, stored, cancellationToken);
        }

        return report.Told;
    }

    private async Task<PvkReport> TellWaitingAsync(PvkReport report, PatientKey patient, StoredSetting stored, CancellationToken cancellationToken)
    {
        if (stored.AwaitsPrivacyComponent)
        {
            report = await TellAsync(report, stored.Number, stored.Setting, cancellationToken);
            await store.ToldAsync(patient, stored, cancellationToken);
        }

        return report;
    }

    private async Task<PvkReport> GoThroughAsync(PvkReport report, PatientKey patient, HashSet<(string Number, SettingId Id)> active, CancellationToken cancellationToken)
    {
        foreach (var stored in await store.ReadStoredAsync(patient, cancellationToken))
        {
            report = await TellWaitingAsync(report, patient, stored, cancellationToken);
            if (!stored.AwaitsPrivacyComponent && stored.Setting.IsActive && !active.Contains((stored.Number, stored.Setting.Id)))
            {
                report = await AskAsync(report, stored, cancellationToken);
            }
        }

        return report;
    }

    // Active here and not there: lifted there since, or never arrived.
    private async Task<PvkReport> AskAsync(PvkReport report, StoredSetting stored, CancellationToken cancellationToken)
    {
        if (settings.Write(stored.Number, stored.Setting) is not { } ours)
        {
            return report with { Untold = report.Untold + 1 };
        }

        if (await client.CheckAsync(ours, cancellationToken) is { } theirs
            && settings.Read(theirs, ring.Current.Practitioner, time.GetUtcNow()) is { Setting: { } lifted, Citizen: var citizen } && lifted.Id == stored.Setting.Id && lifted.Supersedes(stored.Setting))
        {
            var change = await store.ApplyAsync(citizen, lifted, cancellationToken);
            if (change.Outcome == SettingOutcome.Stored)
            {
                await changed(citizen, change, cancellationToken);
                return report with { Taken = report.Taken + 1 };
            }

            return report;
        }

        return await TellAsync(report, stored.Number, stored.Setting, cancellationToken);
    }

    private async Task<PvkReport> TellAsync(PvkReport report, string number, PrivacySetting setting, CancellationToken cancellationToken)
    {
        if (settings.Write(number, setting) is not { } ours)
        {
            return report with { Untold = report.Untold + 1 };
        }

        await client.SetAsync(ours, cancellationToken);
        return report with { Told = report.Told + 1 };
    }
}
