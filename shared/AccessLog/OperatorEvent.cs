using PasientensMaledata.Identity;

namespace PasientensMaledata.AccessLog;

/// <summary>What an operator, or the service on their behalf, did with people's data: the commands as the log names them.</summary>
public static class OperatorEvent
{
    /// <summary>One Observation was deleted.</summary>
    public const string DeleteObservation = "delete observation";

    /// <summary>All of a patient's were.</summary>
    public const string DeletePatient = "delete patient";

    /// <summary>All of a Controller's were; an event for each patient.</summary>
    public const string DeleteController = "delete controller";

    /// <summary>Those that had been kept as long as they are to be were.</summary>
    public const string DeleteExpired = "delete expired";

    /// <summary>A Controller's Observations were written out; an event for each patient.</summary>
    public const string Export = "export";

    /// <summary>Two numbers were joined.</summary>
    public const string Link = "patient link";

    /// <summary>Usage statistics were made, with rows for each event under pseudonyms.</summary>
    public const string StatisticsExport = "statistics export";

    /// <summary>The log got a new signing key.</summary>
    public const string RotateLogKey = "log rotate-key";

    /// <summary>An event of now.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="patient">Whose data; null for that of many, or of nobody.</param>
    /// <param name="command">What was done.</param>
    /// <param name="reason">Why: a class, or the operator's words.</param>
    /// <param name="count">Of how many Observations, or whatever the command is about.</param>
    /// <param name="subject">What is needed to do it again.</param>
    /// <param name="action">What kind of thing it is.</param>
    public static AccessEvent Of(TimeProvider time, PatientKey? patient, string command, string reason, int count, string subject = "", AccessAction action = AccessAction.Operation)
    {
        var now = time.GetUtcNow().UtcTicks;
        return new()
        {
            Id = Guid.NewGuid(),
            CorrelationId = "",
            Time = new(now - (now % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = action,
            Outcome = AccessOutcome.Permitted,
            Patient = patient,
            Operation = new(command, reason, count, subject),
        };
    }
}
