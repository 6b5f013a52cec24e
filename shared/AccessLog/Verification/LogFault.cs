using System.Globalization;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>The first thing that is not as the log promises.</summary>
/// <param name="Where">A blob, or a row.</param>
/// <param name="Line">The line in it, from 1; 0 where it has no lines.</param>
/// <param name="Index">Index of the event; -1 where it is about none.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Expected">What was to be there; empty where the fault says it all.</param>
/// <param name="Found">What is there.</param>
public sealed record LogFault(string Where, long Line, long Index, string What, string Expected = "", string Found = "")
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var line = Line > 0 ? string.Create(CultureInfo.InvariantCulture, $", line {Line}") : "";
        var index = Index >= 0 ? string.Create(CultureInfo.InvariantCulture, $" (event {Index})") : "";
        return $"{Where}{line}{index}: {What}{(Expected.Length > 0 ? $" Expected {Expected}, found {(Found.Length > 0 ? Found : "nothing")}." : "")}";
    }
}

/// <summary>What the verifier found.</summary>
/// <param name="Fault">The first fault; null where the log is whole.</param>
/// <param name="Events">Events that have their place.</param>
/// <param name="Covered">Of them, those that the newest checkpoint covers: what is proved.</param>
/// <param name="Unsequenced">Events that are journalled and have no place yet: for them stands immutable storage alone.</param>
/// <param name="Checkpoints">Checkpoints whose signature and root are right.</param>
/// <param name="Patients">Patients whose events were followed.</param>
/// <param name="Newest">The newest checkpoint's note, to be remembered; null where there is none.</param>
public sealed record LogVerdict(LogFault? Fault, long Events, long Covered, long Unsequenced, long Checkpoints, long Patients, string? Newest);

/// <summary>How far the verifier is.</summary>
/// <param name="Doing">What it is at.</param>
/// <param name="Done">How much of it is done.</param>
/// <param name="Of">How much there is.</param>
public readonly record struct VerifyProgress(string Doing, long Done, long Of);

/// <summary>Ends the verification with its first fault.</summary>
internal sealed class FaultFoundException(LogFault fault) : Exception(fault.ToString())
{
    public LogFault Fault { get; } = fault;
}
