using Microsoft.Extensions.Primitives;
using PasientensMaledata.Access.Decision;

namespace PasientensMaledata.Functions.Access;

/// <summary>What a look-up says of itself in headers, besides its token.</summary>
public static class CallHeaders
{
    /// <summary>
    /// Reads the access basis, under either name: the sister services use both. Where 1.x is switched on, <c>x-pmd-reason</c> counts too; it opens
    /// nothing, and may not say otherwise than they do.
    /// </summary>
    /// <returns>False where it cannot be told which basis is meant: none is assumed.</returns>
    public static bool TryReadBasis(HttpRequest request, AccessRules rules, out AccessBasis basis)
    {
        if (!AccessBasis.TryRead(request.Headers["nhn-access-basis"].Concat(request.Headers["hit-access-basis"]), out basis))
        {
            return false;
        }

        if (!rules.Version1Headers || request.Headers["x-pmd-reason"] is not { Count: > 0 } reasons)
        {
            return true;
        }

        var stated = basis;
        var isRead = AccessBasis.TryReadReason(reasons.Count == 1 ? reasons[0] : "", out var reason) && (stated == AccessBasis.None || reason == AccessBasis.None || stated == reason);
        basis = !isRead ? AccessBasis.None : stated == AccessBasis.None ? reason : stated;
        return isRead;
    }

    /// <summary>The person number of a look-up that has it in a header: <c>X-Pmd-Patient</c>, and where 1.x is switched on <c>person-id</c>; several with commas between.</summary>
    public static string Patient(HttpRequest request, AccessRules rules) => string.Join(
        ',', request.Headers["X-Pmd-Patient"].Concat(rules.Version1Headers ? request.Headers["person-id"] : StringValues.Empty).Distinct(StringComparer.Ordinal));

    /// <summary>Name and version of the health record; empty where it says none. For the log alone.</summary>
    public static string SourceSystem(HttpRequest request) => request.Headers["nhn-source-system"].ToString();
}
