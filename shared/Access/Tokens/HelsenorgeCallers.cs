using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// Citizens that Helsenorge vouches for. Its token says who is signed in and whom it concerns; Helsenorge has judged the representation before. A
/// representative reads only, unless the token grants more.
/// </summary>
/// <param name="options">The settings.</param>
/// <param name="numbers">Which person numbers are accepted.</param>
internal sealed class HelsenorgeCallers(HelsenorgeOptions options, NationalIdPolicy numbers)
{
    private const string HighLevel = "4";

    /// <summary>The caller of a validated token; or why it is none.</summary>
    public (Caller? Caller, RefusalReason Reason) Of(AccessToken token)
    {
        var claims = options.Claims;

        // A system's token names nobody, and is not for a citizen's calls though it comes from the same issuer.
        if (token.Text(SystemToken.Claim) == SystemToken.Value)
        {
            return (null, RefusalReason.MachineToken);
        }

        if (Claims.Client(token, "client_name", null, null, null) is not { } client)
        {
            return (null, RefusalReason.Client);
        }

        if (token.Text(claims.Level) != HighLevel)
        {
            return (null, RefusalReason.Level);
        }

        if (Claims.Person(token, claims.Acting, numbers) is not { } acting || Claims.Person(token, claims.Subject, numbers) is not { } subject)
        {
            return (null, RefusalReason.Person);
        }

        if (acting == subject)
        {
            return token.Text(claims.Relation) is null or "self" ? (new CitizenCaller(client, subject, acting, Relation.Self, MayChange: true), default) : (null, RefusalReason.Representation);
        }

        Relation? relation = token.Text(claims.Relation) switch
        {
            "parent" => Relation.Parent,
            "attorney" => Relation.Attorney,
            "guardian" => Relation.Guardian,
            _ => null,
        };
        return relation is { } known
            ? (new CitizenCaller(client, subject, acting, known, options.ChangeScope.Length > 0 && token.HasScope(claims.Scope, options.ChangeScope)), default)
            : (null, RefusalReason.Representation);
    }
}

/// <summary>Helsenorge's privacy component, by its system token.</summary>
/// <param name="options">The settings.</param>
internal sealed class PvkCallers(PvkOptions options)
{
    /// <summary>The caller of a validated token; or why it is none.</summary>
    public (Caller? Caller, RefusalReason Reason) Of(AccessToken token) =>
        token.Text(SystemToken.Claim) != SystemToken.Value ? (null, RefusalReason.UserToken)
        : Claims.Client(token, "client_name", null, null, null) is { } client && options.Clients.Contains(client.Id, StringComparer.Ordinal) ? (new PrivacyComponentCaller(client), default)
        : (null, RefusalReason.Client);
}

/// <summary>What tells a system's token of Helsenorge from a citizen's.</summary>
internal static class SystemToken
{
    public const string Claim = "typ_2";
    public const string Value = "system_ws_sync";
}
