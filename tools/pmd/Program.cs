using PasientensMaledata.Tools;

var pmd = Commands.Root();
var parsed = pmd.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    await Console.Error.WriteLineAsync(parsed.CommandResult.Command == pmd ? "See ./pmd --help." : $"See ./pmd {NameOf(parsed.CommandResult)} --help.");
    return ExitCodes.WrongUsage;
}

return await parsed.InvokeAsync();

// With the commands above it, the root aside.
static string NameOf(System.CommandLine.Parsing.SymbolResult? result) =>
    result is System.CommandLine.Parsing.CommandResult { Parent: { } parent } command ? $"{NameOf(parent)} {command.Command.Name}".Trim() : "";
