using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Functions.Access;

/// <summary>One submission by HTTP: who sends, and what they may store. A refusal is logged and answered here.</summary>
/// <param name="Sender">Who sends.</param>
/// <param name="Admit">What they may store.</param>
/// <param name="Client">The system that sends, for the log.</param>
internal sealed record SubmitCall(SenderId Sender, Admit Admit, LoggedClient Client)
{
    /// <summary>Finds the Sender; null where there is none, which is then logged and answered.</summary>
    public static async Task<SubmitCall?> OpenAsync(HttpContext context, Service service)
    {
        var caller = (SystemCaller)RequestCaller.Of(context);
        var logged = Logged.Event(context, service, caller, AccessAction.Submit, null);
        var (sender, admit, refusal) = service.Access.Sender(caller);
        if (sender is not null)
        {
            return new(sender.Id, admit!, logged.Client!);
        }

        await LookUpCall.RefuseAsync(context, service, logged, refusal!);
        return null;
    }
}
