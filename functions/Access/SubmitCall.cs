using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Functions.Access;

/// <summary>One submission by HTTP: who sends, and what they may store. A refusal is logged and answered here.</summary>
/// <param name="Sender">Who sends.</param>
/// <param name="Admit">What they may store.</param>
/// <param name="Logged">The event that is logged of it.</param>
internal sealed record SubmitCall(SenderId Sender, Admit Admit, AccessEvent Logged)
{
    /// <summary>Finds the Sender; null where there is none, which is then logged and answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="service">The parts.</param>
    /// <param name="action">What is done.</param>
    public static async Task<SubmitCall?> OpenAsync(HttpContext context, Service service, AccessAction action = AccessAction.Submit)
    {
        var caller = (SystemCaller)RequestCaller.Of(context);
        var (sender, admit, refusal) = service.Access.Sender(caller);
        var logged = Access.Logged.Event(context, service, caller, action, null);
        if (sender is not null)
        {
            return new(sender.Id, admit!, logged);
        }

        await LookUpCall.RefuseAsync(context, service, logged, refusal!);
        return null;
    }
}
