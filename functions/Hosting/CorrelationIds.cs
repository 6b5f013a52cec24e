namespace PasientensMaledata.Functions.Hosting;

/// <summary>Gives back the ids by which callers tie answers to calls, so that one can be found at both ends. Where none was sent, one is made.</summary>
public static class CorrelationIds
{
    private const int MaxLength = 128;
    private static readonly string[] Names = ["correlation-id", "x-pmd-correlation-id", "nhn-event-id"];

    /// <summary>Adds them to the answer.</summary>
    public static Task EchoAsync(HttpContext context, RequestDelegate next)
    {
        // At the last moment, so that no clearing of an answer takes them away.
        context.Response.OnStarting(() =>
        {
            var sent = false;
            foreach (var name in Names)
            {
                if (context.Request.Headers[name] is [{ Length: > 0 and <= MaxLength } id] && id.All(c => c is >= '!' and <= '~'))
                {
                    context.Response.Headers[name] = id;
                    sent = true;
                }
            }

            if (!sent)
            {
                context.Response.Headers[Names[0]] = Guid.NewGuid().ToString();
            }

            return Task.CompletedTask;
        });
        return next(context);
    }
}
