using System.CommandLine;

namespace PasientensMaledata.Tools;

/// <summary>Every command, in the order of the help. A new one is a file with a <c>Create</c>, and a line here.</summary>
internal static class Commands
{
    public static IReadOnlyList<Func<Command>> All { get; } =
    [
        SimulateCommand.Create,
        PatientCommand.Create,
        KeysCommand.Create,
        ParticipantsCommand.Create,
        FollowUpCommand.Create,
        StreamCommand.Create,
        SenderCommand.Create,
        RefusedCommand.Create,
        ExportCommand.Create,
        DeleteCommand.Create,
        RestoreCommand.Create,
        VerifyLogCommand.Create,
        VerifyLogCommand.CreateProof,
        LogCommand.Create,
        IssuerCommand.Create,
        TokenCommand.Create,
        StatisticsCommand.Create,
    ];

    /// <summary><c>./pmd</c> with all of them.</summary>
    public static RootCommand Root()
    {
        var pmd = new RootCommand("The operator's command line of Pasientens måledata. Ends with 0 when all is done, 1 when something was not, 2 when the command line is wrong, 130 after Ctrl-C.");
        foreach (var command in All)
        {
            pmd.Subcommands.Add(command());
        }

        return pmd;
    }
}

/// <summary>What a command ends with, for scripts.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>It ran, and something was not done.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int WrongUsage = 2;

    /// <summary>Stopped with Ctrl-C, by the convention of shells.</summary>
    public const int Interrupted = 130;
}
