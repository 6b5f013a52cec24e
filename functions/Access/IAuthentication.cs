using PasientensMaledata.Access.Callers;

namespace PasientensMaledata.Functions.Access;

/// <summary>Tells who calls: by tokens, or in open mode always the one development caller.</summary>
public interface IAuthentication
{
    /// <summary>The caller; null where the request is refused, which is then answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="audience">For whom its route is; never <see cref="Audience.Anyone"/>.</param>
    ValueTask<Caller?> IdentifyAsync(HttpContext context, Audience audience);
}
