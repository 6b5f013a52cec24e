using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Functions;

/// <summary>The call by which Helsenorge's privacy component pushes settings, and the nightly load.</summary>
public static partial class PrivacyComponentFunctions
{
    /// <summary>
    /// <c>POST /personvern/LagreInnbyggersPersonvernInnstilling</c>: one setting. An answer of 200 is its receipt: the setting is stored and logged,
    /// or a later one is. What is not understood, is of a time to come or cannot be stored gets none, and the operator is warned.
    /// </summary>
    public static async Task ReceiveAsync(HttpContext context, Service service)
    {
        var caller = (PrivacyComponentCaller)RequestCaller.Of(context);
        using var body = await JsonBody.ReadAsync(context, mayBeEmpty: false);
        if (body.Problem is { } problem)
        {
            Warn(context, "its form", 1);
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, problem);
            return;
        }

        var read = service.PrivacyForm!.Read(body.Element, service.Ring.Current.Practitioner, service.Time.GetUtcNow());
        if (read.Setting is not { } setting)
        {
            Warn(context, string.Join(' ', read.Problems.Select(p => p.Where)), 1);
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status422UnprocessableEntity, [.. read.Problems.Select(p => Issue.Error("value", p.Where.TrimStart('/').Replace('/', '.'), p.Problem))]);
            return;
        }

        var change = await service.Privacy.ApplyAsync(read.Citizen, setting, context.RequestAborted);
        if (change.Outcome == SettingOutcome.TooMany)
        {
            Warn(context, "more blocks than there may be", 1);
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status422UnprocessableEntity, Issue.Error("too-costly", null, $"The citizen has {Limits.MaxBlocks} blocks, and there may be no more."));
            return;
        }

        // Also one of theirs that was known: it may have been stored, and the process have died before it was logged.
        if (change is { Outcome: SettingOutcome.Stored } or { Outcome: SettingOutcome.Known, Setting.Source: SettingSource.PrivacyComponent })
        {
            await service.Journal.AppendAsync(
                Logged.Setting(Logged.Event(context, service, caller, AccessAction.SettingChange, change.Patient), change, service.Ring), context.RequestAborted);
        }

        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("outcome", change.Outcome switch { SettingOutcome.Stored => "stored", SettingOutcome.Outdated => "outdated", _ => "known" });
            json.WriteEndObject();
        });
    }

    /// <summary>Makes privacy settings the same here and in the privacy component, where that is the master.</summary>
    public static async Task ReconcileAsync(Service service, CancellationToken cancellationToken)
    {
        if (service.PrivacyMaster is { } master)
        {
            var report = await master.RunAsync(cancellationToken);
            Count(report.Unintelligible);
        }
    }

    /// <summary>Counts settings that were not understood, so that an alert is raised.</summary>
    internal static void Count(int unread)
    {
        if (unread > 0)
        {
            Signals.UnreadSettings.Add(unread);
        }
    }

    // Which members, never what is in them.
    private static void Warn(HttpContext context, string where, int settings)
    {
        Count(settings);
        Log(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PasientensMaledata.Privacy"), where);
    }

    [LoggerMessage(LogLevel.Warning, "The privacy component pushed a setting that is not understood, and that is not in force here: {Where}")]
    private static partial void Log(ILogger logger, string where);
}
