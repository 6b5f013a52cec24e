using System.CommandLine;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Retention;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd delete</c>: deletes Observations, with all their versions. Logged for each patient.</summary>
internal static class DeleteCommand
{
    private static readonly Option<string?> Controller = new("--controller") { Description = "All of a Controller: its organisation number.", HelpName = "N" };
    private static readonly Option<bool> Patient = new("--patient") { Description = "All of a patient, whose person number is read from standard input, so that no shell keeps it." };
    private static readonly Option<string?> Observation = new("--observation") { Description = "One, by its id as answers carry it. The same, sent again, is then refused.", HelpName = "ID" };
    private static readonly Option<bool> Expired = new("--expired") { Description = "What has been kept as long as the participants' file has it kept (retentionDays), as is done each night." };
    private static readonly Option<string?> Reason = new("--reason") { Description = $"Why: {string.Join(", ", CitizenWords.ReasonsOfDeletion)}, or in your own words without names. It stands in the access log, and the citizen sees it.", HelpName = "WHY" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Counts what would be deleted; changes nothing." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Does not ask." };

    public static Command Create()
    {
        var command = new Command("delete", "Deletes Observations with all their versions. An event of it remains in the access log. The service may run meanwhile; stopped, start it again to go on.")
        {
            Observation, Patient, Controller, Expired, Reason, DryRun, Yes, StorageOptions.Data, StorageOptions.Storage, StorageOptions.Numbers,
        };
        command.Validators.Add(result =>
        {
            if (new[] { result.TextOf(Controller) is not null, result.GetValue(Patient), result.TextOf(Observation) is not null, result.GetValue(Expired) }.Count(c => c) != 1)
            {
                result.AddError("Name one of --observation, --patient, --controller and --expired.");
            }
            else if (!result.GetValue(Expired) && !result.GetValue(DryRun) && string.IsNullOrWhiteSpace(result.TextOf(Reason)))
            {
                result.AddError("--reason is missing: it is told the citizen.");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        OrganisationNumber controller = default;
        if (parsed.GetValue(Controller) is { } text && !OrganisationNumber.TryParse(text, out controller))
        {
            await Console.Error.WriteLineAsync("--controller is no organisation number: nine digits, the last a control digit.");
            return ExitCodes.WrongUsage;
        }

        NationalId number = default;
        if (parsed.GetValue(Patient) && !NationalId.TryParse((await Console.In.ReadLineAsync(stop))?.Trim(), null, parsed.GetValue(StorageOptions.Numbers), out number, out var remark))
        {
            await Console.Error.WriteLineAsync($"What standard input holds is no person number: {remark.Advice()}");
            return ExitCodes.WrongUsage;
        }

        // Asked after the number is read: the answer comes from the same input.
        return await StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                var log = LogCommand.Open(storage, ring);
                var deletions = new Deletions(storage.Partitions, ring, log.Journal, TimeProvider.System);
                var reason = PersonNumbers.Hide(parsed.GetValue(Reason)?.Trim() ?? "");
                return parsed.GetValue(Observation) is { } id ? await DeleteObservationAsync(parsed, id, reason, storage, ring, deletions, stop)
                    : parsed.GetValue(Patient) ? await DeletePatientAsync(parsed, number, reason, storage, ring, deletions, stop)
                    : parsed.GetValue(Expired) ? await DeleteExpiredAsync(parsed, storage, deletions, stop)
                    : await TwiceAsync(parsed, isDry => deletions.DeleteControllerAsync(controller, reason, isDry, new Parts(), stop), stop);
            },
            stop);
    }

    private static async Task<int> DeleteObservationAsync(
        ParseResult parsed, string id, string reason, OpenedStorage storage, KeyRing ring, Deletions deletions, CancellationToken stop)
    {
        if (!ObservationId.TryParse(id, ring.Current.Id, out var patient, out var identity))
        {
            await Console.Error.WriteLineAsync("--observation is no id of here: 52 characters, as answers carry it.");
            return ExitCodes.WrongUsage;
        }

        await TellWhoSawAsync(patient, identity, storage, stop);
        return await TwiceAsync(
            parsed, async isDry => (await deletions.DeleteObservationAsync(patient, identity, reason, isDry, stop), 1), stop);
    }

    private static async Task<int> DeletePatientAsync(ParseResult parsed, NationalId number, string reason, OpenedStorage storage, KeyRing ring, Deletions deletions, CancellationToken stop)
    {
        if (await new PatientDirectory(storage.Partitions, ring).FindAsync(number, stop) is not { } patient)
        {
            Console.WriteLine("Nothing to do: there is no such patient.");
            return ExitCodes.Done;
        }

        return await TwiceAsync(parsed, async isDry => (await deletions.DeletePatientAsync(patient, reason, isDry, stop), 1), stop);
    }

    private static async Task<int> DeleteExpiredAsync(ParseResult parsed, OpenedStorage storage, Deletions deletions, CancellationToken stop)
    {
        var participants = new ParticipantStore(storage.Blobs, TimeProvider.System);
        await participants.RefreshAsync(stop);
        return await TwiceAsync(parsed, isDry => deletions.DeleteExpiredAsync(participants.Current!.RetentionDays, isDry, new Parts(), stop), stop);
    }

    // Counted, asked, done.
    private static async Task<int> TwiceAsync(ParseResult parsed, Func<bool, Task<(int Observations, int Patients)>> delete, CancellationToken stop)
    {
        if (parsed.GetValue(DryRun) || !parsed.GetValue(Yes))
        {
            var (observations, patients) = await delete(true);
            Console.WriteLine($"{observations} Observations of {patients} patients would be deleted, with all their versions.");
            if (parsed.GetValue(DryRun))
            {
                return ExitCodes.Done;
            }

            if (observations > 0)
            {
                Console.Write("This cannot be undone. Write yes to delete them: ");
                if ((await Console.In.ReadLineAsync(stop))?.Trim() != "yes")
                {
                    await Console.Error.WriteLineAsync("Nothing was deleted.");
                    return ExitCodes.Failed;
                }
            }
        }

        // Also where none were counted: a deletion that was stopped may have left rows.
        var (deleted, of) = await delete(false);
        Console.WriteLine(deleted == 0 ? "Done: there was nothing left to delete." : $"Done: {deleted} Observations of {of} patients are deleted.");
        return ExitCodes.Done;
    }

    // Whoever was given it may keep a copy, and is to be told.
    private static async Task TellWhoSawAsync(PatientKey patient, ObservationIdentity identity, OpenedStorage storage, CancellationToken stop)
    {
        var log = new CitizenLog(storage.Partitions, storage.Blobs);
        var seen = new SortedDictionary<string, (int Times, DateTime Last)>(StringComparer.Ordinal);
        string? after = null;
        while (await log.ReadAsync([patient], null, null, after, Limits.MaxLogPage, stop) is { Count: > 0 } page)
        {
            foreach (var looked in page.Where(e => e.Event.LookUp?.Returned.Contains(identity.LogForm) == true))
            {
                var who = looked.Event.Citizen is not null ? "the citizen, or who acts for them" : $"organisation {looked.Event.Attest?.LegalEntity.Code ?? looked.Event.Client?.Organisation}";
                var before = seen.GetValueOrDefault(who);
                seen[who] = (before.Times + 1, looked.Event.Time > before.Last ? looked.Event.Time : before.Last);
            }

            after = page[^1].Row.Id;
        }

        Console.WriteLine(seen.Count == 0 ? "By the log, as far as it is sequenced, nobody was given it." : "By the log, as far as it is sequenced, it was given to:");
        foreach (var (who, (times, last)) in seen)
        {
            Console.WriteLine($"  {who}: {times} times, last {last:yyyy-MM-dd HH:mm} UTC");
        }
    }
}
