using System.CommandLine;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd patient link</c>: two numbers of one human being become one patient.</summary>
internal static class PatientCommand
{
    private static readonly Argument<string> First = new("A") { Description = "A person number, or - to read it from standard input (a line each), so that no shell keeps it. It takes new measurements." };

    private static readonly Argument<string> Second = new("B") { Description = "Another number of the same human being, or -." };

    public static Command Create()
    {
        var link = new Command("link", "Joins two person numbers, such as a D-number and a later fødselsnummer: searches by either give all. The service may run meanwhile.")
        {
            First, Second, StorageOptions.Data, StorageOptions.Storage, StorageOptions.Numbers,
        };
        link.SetAction(LinkAsync);
        return new Command("patient", "Patients and their numbers.") { link };
    }

    private static async Task<int> LinkAsync(ParseResult parsed, CancellationToken stop)
    {
        var numbers = new NationalId[2];
        foreach (var (argument, i) in new[] { (First, 0), (Second, 1) })
        {
            var text = parsed.GetValue(argument) is "-" ? await Console.In.ReadLineAsync(stop) : parsed.GetValue(argument);
            if (!NationalId.TryParse(text?.Trim(), null, parsed.GetValue(StorageOptions.Numbers), out numbers[i], out var remark))
            {
                await Console.Error.WriteLineAsync($"{argument.Name} is no person number: {remark.Advice()}");
                return ExitCodes.WrongUsage;
            }
        }

        return await StorageOptions.UseAsync(
            parsed,
            async (storage, ring) =>
            {
                var outcome = await new PatientLink(storage.Partitions, ring, TimeProvider.System).JoinAsync(numbers[0], numbers[1], stop);

                // Also where they were joined already: it may have been done, and stopped before it was logged.
                var patient = await new PatientDirectory(storage.Partitions, ring).FindAsync(numbers[0], stop);
                await storage.LogAsync(
                    OperatorEvent.Of(TimeProvider.System, patient, OperatorEvent.Link, "", 1) with { Numbers = SealedNumbers.Close(numbers, ring) }, stop);
                Console.WriteLine(outcome switch
                {
                    LinkOutcome.AlreadyLinked => "The two numbers led to one patient already.",
                    LinkOutcome.Added => "Done: both numbers lead to one patient.",
                    _ => "Done: both patients' measurements are found by either number; the first takes new ones.",
                });
                return ExitCodes.Done;
            },
            stop);
    }
}
