namespace PasientensMaledata.Functions.Hosting;

/// <summary>Gives back the ids by which callers tie answers to calls, so that one can be found at both ends. Where none was sent, one is made.</summary>
public static class CorrelationIds
{
    private const int MaxLength = 128;
    private static readonly string[] Names = ["correlation-id", "x-pmd-correlation-id", "nhn-event-id"];
    private static readonly object Key = new();

    /// <summary>
    /// The request's id, as the log has it: the first that was sent, else the one that was made. One with as many digits as a person number has is
    /// given back, and not kept.
    /// </summary>
    public static string Of(HttpContext context)
    {
        if (context.Items[Key] is not string id)
        {
            context.Items[Key] = id = Array.ConvertAll(Names, n => Sent(context, n)).FirstOrDefault(s => s is not null && !HoldsElevenDigits(s)) ?? Guid.NewGuid().ToString();
        }

        return id;
    }

    /// <summary>Adds them to the answer.</summary>
    public static Task EchoAsync(HttpContext context, RequestDelegate next)
    {
        // At the last moment, so that no clearing of an answer takes them away.
        context.Response.OnStarting(() =>
        {
            var sent = false;
            foreach (var name in Names)
            {
                if (Sent(context, name) is { } id)
                {
                    context.Response.Headers[name] = id;
                    sent = true;
                }
            }

            if (!sent)
            {
                context.Response.Headers[Names[0]] = Of(context);
            }

            return Task.CompletedTask;
        });
        return next(context);
    }

    private static bool HoldsElevenDigits(string text)
    {
        var run = 0;
        foreach (var c in text)
        {
            run = char.IsAsciiDigit(c) ? run + 1 : 0;
            if (run == 11)
            {
                return true;
            }
        }

        return false;
    }

    private static string? Sent(HttpContext context, string name) =>
        context.Request.Headers[name] is [{ Length: > 0 and <= MaxLength } id] && id.All(c => c is >= '!' and <= '~') ? id : null;
}
