using System.Collections;
using System.Net;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// Open mode answers anyone. Therefore it runs on loopback only, never under a host, and turns away whatever came through a proxy or was meant for
/// another name (DNS rebinding).
/// </summary>
public static class OpenMode
{
    /// <summary>Why open mode must not start in this environment; null where it may.</summary>
    /// <param name="environment">The environment's variables.</param>
    public static string? WhyNotStart(IDictionary environment)
    {
        foreach (var name in environment.Keys.Cast<string>())
        {
            if (name.Equals("FUNCTIONS_CUSTOMHANDLER_PORT", StringComparison.OrdinalIgnoreCase) || name.StartsWith("WEBSITE_", StringComparison.OrdinalIgnoreCase))
            {
                return $"{name} is set: this is a hosted environment, and open mode answers anyone. It runs on a developer's machine only.";
            }

            var bindsAnywhere = name.Equals("ASPNETCORE_URLS", StringComparison.OrdinalIgnoreCase) || name.Equals("DOTNET_URLS", StringComparison.OrdinalIgnoreCase)
                || name.Equals("URLS", StringComparison.OrdinalIgnoreCase)
                || (name.StartsWith("Kestrel__Endpoints__", StringComparison.OrdinalIgnoreCase) && name.EndsWith("__Url", StringComparison.OrdinalIgnoreCase));
            if (bindsAnywhere && environment[name] is string urls && urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Any(u => !IsLoopback(u)))
            {
                return $"{name} asks for an address other than loopback, and open mode answers anyone. Unset it; the port is set with --port.";
            }
        }

        return null;
    }

    /// <summary>Why a request is turned away; null where it is not.</summary>
    public static string? WhyNotAnswer(HttpRequest request)
    {
        foreach (var name in request.Headers.Keys)
        {
            if (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase))
            {
                return $"The request came through a proxy ({name}). Open mode answers only clients on the same machine.";
            }
        }

        if (!IsLoopbackHost(request.Host.Host))
        {
            return "The Host header names another host than localhost. Open mode answers only clients on the same machine.";
        }

        return request.HttpContext.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address)
            ? "Open mode answers only clients on the same machine."
            : null;
    }

    /// <summary>Turns away what open mode must not answer, with 403.</summary>
    public static async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        if (WhyNotAnswer(context.Request) is { } reason)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status403Forbidden, Issue.Error("forbidden", null, reason));
            return;
        }

        await next(context);
    }

    private static bool IsLoopback(string url) => Uri.TryCreate(url.Trim(), UriKind.Absolute, out var uri) && IsLoopbackHost(uri.Host);

    internal static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
