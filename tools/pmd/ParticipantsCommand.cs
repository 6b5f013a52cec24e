using System.CommandLine;
using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd participants</c>: who is enrolled, and who shares with whom.</summary>
internal static class ParticipantsCommand
{
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "JSON of the form in docs/participants.schema.json." };

    private static readonly Option<bool> AllowRemoval = new("--allow-removal") { Description = "Let a participant be missing that was there. What it sent stays, under an id that nobody has." };

    public static Command Create()
    {
        var check = new Command("check", "Reads a file and tells what is wrong in it. Changes nothing.") { File };
        check.SetAction(async (parsed, stop) =>
        {
            if (await ReadAsync(parsed.GetValue(File)!, stop) is not { } file)
            {
                return ExitCodes.WrongUsage;
            }

            var read = ParticipantFile.Read(file, 0);
            Tell(read);
            return read.List is null ? ExitCodes.Failed : ExitCodes.Done;
        });

        var import = new Command("import", "Puts a file in force, whole, in place of the one before. Running services follow within seconds. Logged.") { File, AllowRemoval, StorageOptions.Data, StorageOptions.Storage };
        import.SetAction(async (parsed, stop) =>
            await ReadAsync(parsed.GetValue(File)!, stop) is { } file
                ? await StorageOptions.UseAsync(parsed, (storage, _) => ImportAsync(storage, file, parsed.GetValue(AllowRemoval), stop), stop)
                : ExitCodes.WrongUsage);

        var list = new Command("list", "Lists those in force.") { StorageOptions.Data, StorageOptions.Storage };
        list.SetAction((parsed, stop) => StorageOptions.UseAsync(
            parsed,
            async (storage, _) =>
            {
                var store = new ParticipantStore(storage.Blobs, TimeProvider.System);
                await store.RefreshAsync(stop);
                List(store.Current!, NorwegianDate.Of(TimeProvider.System.GetUtcNow()));
                return ExitCodes.Done;
            },
            stop));

        return new Command("participants", "Enrolled organisations and the agreements between them.") { check, import, list };
    }

    private static async Task<int> ImportAsync(OpenedStorage storage, ReadOnlyMemory<byte> file, bool allowRemoval, CancellationToken stop)
    {
        var result = await new ParticipantStore(storage.Blobs, TimeProvider.System).ImportAsync(file, allowRemoval, stop);
        if (result.Outcome is ImportOutcome.Imported or ImportOutcome.Unchanged)
        {
            // Also where it was the same: it may have been put in force, and the command have ended before it was logged.
            await storage.LogAsync(
                OperatorEvent.Of(
                    TimeProvider.System, null, $"participants import, version {result.Version}", "", result.Read.List!.Participants.Length, action: AccessAction.ParticipantsChange) with
                { Setting = Loggable(file) },
                stop);
        }

        return Tell(result);
    }

    // The whole text, so that statistics know who was enrolled when, unless it is longer than an event may be: then the version tells which it was.
    private static string? Loggable(ReadOnlyMemory<byte> file)
    {
        using var json = JsonDocument.Parse(file, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        var text = JsonSerializer.Serialize(json.RootElement);
        return JsonEncodedText.Encode(text).EncodedUtf8Bytes.Length <= StorageLimits.MaxAppendBytes / 2 ? text : null;
    }

    private static int Tell(ImportResult result)
    {
        Tell(result.Read);
        switch (result.Outcome)
        {
            case ImportOutcome.Imported:
                Console.WriteLine($"Done: version {result.Version} is in force.");
                return ExitCodes.Done;
            case ImportOutcome.Unchanged:
                Console.WriteLine($"Nothing to do: version {result.Version} is the same.");
                return ExitCodes.Done;
            case ImportOutcome.Overtaken:
                Console.Error.WriteLine("Nothing was changed: another import was first. Look at what is in force, and start again.");
                return ExitCodes.Failed;
            default:
                Console.Error.WriteLine("Nothing was changed.");
                return ExitCodes.Failed;
        }
    }

    private static void Tell(ParticipantFileRead read)
    {
        foreach (var problem in read.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        foreach (var remark in read.Remarks)
        {
            Console.WriteLine($"remark: {remark}");
        }

        if (read.List is { } list)
        {
            Console.WriteLine($"The file reads well: {list.Participants.Length} participants, {list.Agreements.Length} agreements.");
        }
    }

    private static void List(ParticipantList list, DateOnly today)
    {
        Console.WriteLine(list.Version == 0 ? "Nobody is enrolled. Import a file with ./pmd participants import FILE." : $"Version {list.Version}:");
        foreach (var participant in list.Participants)
        {
            var state = participant.IsInForce(today) ? "in force" : participant.Enrolled.Holds(today) ? "no data-processor agreement" : "not enrolled now";
            var sees = list.AgreementsFor(participant, today).Select(a => list.Find(a.Controller)!.Id).Distinct().ToList();
            Console.WriteLine($"{participant.Id,-36} {participant.Organisation} {ParticipantFile.WordFor(participant.Role),-10} {state}{(participant.IsController ? ", controller" : "")}{(participant.Clients.Length > 0 ? ", sends" : "")}");
            Console.WriteLine($"{"",-36} {participant.Name}; sees {(sees.Count == 0 ? "nothing" : string.Join(", ", sees))}");
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(FileInfo file, CancellationToken stop)
    {
        try
        {
            return await System.IO.File.ReadAllBytesAsync(file.FullName, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }
}
