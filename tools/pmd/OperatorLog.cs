using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Tools;

/// <summary>What an operator does with people's data, or with who may see them, stands in the access log.</summary>
internal static class OperatorLog
{
    /// <summary>Logs it.</summary>
    /// <param name="storage">Where the log is.</param>
    /// <param name="action">What kind of thing was done.</param>
    /// <param name="operation">The command, why, and of how many.</param>
    /// <param name="patient">Whose data; null where it is about nobody, or many.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="setting">The participants that are in force after it, whole.</param>
    public static ValueTask AppendAsync(OpenedStorage storage, AccessAction action, LoggedOperation operation, PatientKey? patient, CancellationToken stop, string? setting = null)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new Journal(storage.Blobs, TimeProvider.System).AppendAsync(
            new AccessEvent
            {
                Id = Guid.NewGuid(),
                CorrelationId = Guid.NewGuid().ToString(),
                Time = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
                Action = action,
                Outcome = AccessOutcome.Permitted,
                Patient = patient,
                Operation = operation,
                Setting = setting,
            },
            stop);
    }
}
