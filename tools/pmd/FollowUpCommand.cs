using System.CommandLine;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd followup close</c>: a Controller no longer follows a patient up.</summary>
internal static class FollowUpCommand
{
    private static readonly Argument<string> Patient = new("NUMBER") { Description = "The patient's person number, or - to read it from standard input, so that no shell keeps it." };

    private static readonly Option<string> Controller = new("--controller") { Description = "Organisation number of the Controller.", Required = true, HelpName = "ORGNR" };

    public static Command Create()
    {
        var close = new Command("close", "Closes a patient's follow-up by a Controller. A measurement made later opens a new one. Logged.")
        {
            Patient, Controller, StorageOptions.Data, StorageOptions.Storage, StorageOptions.Numbers,
        };
        close.SetAction(CloseAsync);
        return new Command("followup", "Follow-up of patients at home.") { close };
    }

    private static async Task<int> CloseAsync(ParseResult parsed, CancellationToken stop)
    {
        var text = parsed.GetValue(Patient) is "-" ? await Console.In.ReadLineAsync(stop) : parsed.GetValue(Patient);
        if (!NationalId.TryParse(text?.Trim(), null, parsed.GetValue(StorageOptions.Numbers), out var number, out var remark))
        {
            await Console.Error.WriteLineAsync($"NUMBER is no person number: {remark.Advice()}");
            return ExitCodes.WrongUsage;
        }

        if (!OrganisationNumber.TryParse(parsed.GetValue(Controller), out var controller))
        {
            await Console.Error.WriteLineAsync("--controller is no organisation number: nine digits, the last a control digit.");
            return ExitCodes.WrongUsage;
        }

        return await StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                var patient = await new PatientDirectory(storage.Partitions, ring).FindAsync(number, stop);
                if (patient is not null)
                {
                    // First: what is done was logged, whatever happens then.
                    await storage.LogAsync(OperatorEvent.Of(TimeProvider.System, patient, $"followup close {controller}", "", 1), stop);
                }

                var closed = patient is { } key && await new FollowUpStore(storage.Partitions, ring, null).CloseAsync(key, controller, TimeProvider.System.GetUtcNow(), stop);
                Console.WriteLine(closed ? "Done: the follow-up is closed." : "Nothing to do: that Controller has no open follow-up of this patient.");
                return ExitCodes.Done;
            },
            stop);
    }
}
