using PasientensMaledata.Access.Callers;

namespace PasientensMaledata.Functions.Access;

/// <summary>The caller of a request, from when it is known.</summary>
internal static class RequestCaller
{
    /// <summary>The caller.</summary>
    /// <exception cref="InvalidOperationException">The route is for anyone, or was reached past the door.</exception>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? throw new InvalidOperationException("A function that needs a caller was reached without one.");

    /// <summary>Keeps it.</summary>
    public static void Set(HttpContext context, Caller caller) => context.Features.Set(caller);
}
