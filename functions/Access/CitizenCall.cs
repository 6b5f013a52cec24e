using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Functions.Access;

/// <summary>One call of a citizen that is no look-up of measurements: decided, and logged before it is answered.</summary>
/// <param name="service">The parts.</param>
/// <param name="caller">Who asks, and about whom.</param>
/// <param name="logged">The event.</param>
internal sealed class CitizenCall(Service service, CitizenCaller caller, AccessEvent logged)
{
    /// <summary>Who asks, and about whom.</summary>
    public CitizenCaller Caller => caller;

    /// <summary>The event, for a refusal.</summary>
    public AccessEvent Event => logged;

    /// <summary>Who changes a setting.</summary>
    public SettingActor Actor => caller.Relation == Relation.Self
        ? SettingActor.Citizen
        : new(SettingSource.Representative, PractitionerKey.Of(caller.Acting, service.Ring.Current.Practitioner));

    /// <summary>Decides; null where it is refused, which is then logged and answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="service">The parts.</param>
    /// <param name="action">What is done.</param>
    /// <param name="changes">Whether it changes a setting.</param>
    public static async Task<CitizenCall?> OpenAsync(HttpContext context, Service service, AccessAction action, bool changes)
    {
        var caller = (CitizenCaller)RequestCaller.Of(context);
        var logged = Logged.Event(context, service, caller, action, await service.Directory.FindAsync(caller.Subject, context.RequestAborted));
        if (await service.Access.WhyNotAsync(caller, changes, context.RequestAborted) is not { } refusal)
        {
            return new(service, caller, logged);
        }

        await LookUpCall.RefuseAsync(context, service, logged, refusal);
        return null;
    }

    /// <summary>Logs it, before it is answered.</summary>
    /// <param name="patient">Whose, where they became known just now; null for whose it was from the beginning.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask LogAsync(PatientKey? patient, CancellationToken cancellationToken) =>
        service.Journal.AppendAsync(logged with { Patient = patient ?? logged.Patient }, cancellationToken);

    /// <summary>Logs that settings were seen by a call that was to change one, and did not.</summary>
    public ValueTask LogViewAsync(CancellationToken cancellationToken) => service.Journal.AppendAsync(logged with { Action = AccessAction.CitizenLogView }, cancellationToken);

    /// <summary>Logs that a setting was changed, before it is answered.</summary>
    public ValueTask LogChangeAsync(SettingChange change, CancellationToken cancellationToken) => service.Journal.AppendAsync(Logged.Setting(logged, change, service.Ring), cancellationToken);
}
