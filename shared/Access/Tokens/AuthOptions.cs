using PasientensMaledata.Access.PrivacyComponent;

namespace PasientensMaledata.Access.Tokens;

/// <summary>Who is let in at all.</summary>
public enum AuthMode
{
    /// <summary>Callers with a token.</summary>
    Required,

    /// <summary>Anyone, as one development caller; on a developer's machine alone.</summary>
    Open,
}

/// <summary>Whether look-ups need the attest of the trust framework.</summary>
public enum AttestRule
{
    /// <summary>They do.</summary>
    Required,

    /// <summary>Without one the legal entity is that of the token, no reason is known, and nothing that is closed can be opened.</summary>
    Optional,
}

/// <summary>HelseID: personnel and gateways.</summary>
/// <param name="Trusted">The issuer.</param>
/// <param name="ReadScope">Scope of look-ups.</param>
/// <param name="WriteScope">Scope of submissions.</param>
public sealed record HelseIdOptions(TrustedIssuer Trusted, string ReadScope, string WriteScope);

/// <summary>ID-porten: citizens, each for themselves.</summary>
/// <param name="Trusted">The issuer, and our own resource as audience.</param>
/// <param name="Scope">Scope of the citizen's calls.</param>
/// <param name="Clients"><c>client_id</c> of those that may call; no other may.</param>
public sealed record IdPortenOptions(TrustedIssuer Trusted, string Scope, IReadOnlyList<string> Clients);

/// <summary>
/// Helsenorge's STS: citizens, and who acts for one. The names of the claims in its citizen tokens are not published, so each is a setting.
/// </summary>
/// <param name="Trusted">The issuer.</param>
/// <param name="Scope">Scope of the citizen's calls.</param>
/// <param name="ChangeScope">Scope that lets a representative change settings too.</param>
/// <param name="Claims">The names of its claims.</param>
public sealed record HelsenorgeOptions(TrustedIssuer Trusted, string Scope, string ChangeScope, HelsenorgeClaims Claims);

/// <summary>Names of the claims in Helsenorge's tokens.</summary>
/// <param name="Scope">Scopes: <c>scp</c>, as in its system tokens.</param>
/// <param name="Acting">Person number of who is signed in.</param>
/// <param name="Subject">Person number of whom it concerns.</param>
/// <param name="Relation">What the one is to the other: <c>self</c>, <c>parent</c>, <c>attorney</c>, <c>guardian</c>.</param>
/// <param name="Level">Level of the sign-in; <c>4</c> is needed.</param>
public sealed record HelsenorgeClaims(string Scope, string Acting, string Subject, string Relation, string Level);

/// <summary>Helsenorge's privacy component (PVK).</summary>
/// <param name="Trusted">The issuer.</param>
/// <param name="Scope">Scope of a push of settings.</param>
/// <param name="Clients"><c>client_id</c> of those that may push.</param>
/// <param name="ScopeClaim">The claim with the scopes.</param>
/// <param name="Definitions">How our settings are known there.</param>
/// <param name="Connection">The way to it, where it is the master; null where it only pushes.</param>
public sealed record PvkOptions(
    TrustedIssuer Trusted, string Scope, IReadOnlyList<string> Clients, string ScopeClaim, PvkDefinitions Definitions, PvkConnection? Connection);

/// <summary>
/// How callers are known, read from the settings <c>Auth:…</c>. An issuer that is not set is not trusted: what it would let in is refused.
/// </summary>
/// <param name="Mode">Whether a token is needed.</param>
/// <param name="PublicBases">The addresses under which callers reach the service: what a proof's <c>htu</c> is held against.</param>
/// <param name="Attest">Whether look-ups need an attest.</param>
/// <param name="Window">How old a proof may be.</param>
/// <param name="HelseId">HelseID; null where it is not set.</param>
/// <param name="IdPorten">ID-porten; null where it is not set.</param>
/// <param name="Helsenorge">Helsenorge; null where it is not set.</param>
/// <param name="Pvk">The privacy component; null where it is not set.</param>
public sealed record AuthOptions(
    AuthMode Mode,
    IReadOnlyList<Uri> PublicBases,
    AttestRule Attest,
    ProofWindow Window,
    HelseIdOptions? HelseId,
    IdPortenOptions? IdPorten,
    HelsenorgeOptions? Helsenorge,
    PvkOptions? Pvk)
{
    /// <summary>Where <c>./pmd issuer</c> answers, if it is not told otherwise.</summary>
    public const string DevelopmentIssuer = "http://127.0.0.1:7072";

    // Stryker disable all : made once, before a mutant is switched on

    /// <summary>Every setting that there is, by its name with colons.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "Auth:Mode", "Auth:PublicBaseUrl", "Auth:Attest", "Auth:ProofSeconds",
        .. Section("HelseId", "ReadScope", "WriteScope"),
        .. Section("IdPorten", "Scope", "Clients"),
        .. Section("Helsenorge", "Scope", "ChangeScope", "ScopeClaim", "ActingClaim", "SubjectClaim", "RelationClaim", "LevelClaim"),
        .. Section(
            "Pvk", "Scope", "Clients", "ScopeClaim", "Part", "BlockDefinition", "RestrictionDefinition", "ReservationDefinition", "Address", "TokenIssuer",
            "ClientId", "TokenScope", "ClientKey"),
    ];

    // Stryker disable once all : as above
    private static IEnumerable<string> Section(string name, params IEnumerable<string> members) => members.Prepend("Audience").Prepend("KeySet").Prepend("Issuer").Select(m => $"Auth:{name}:{m}");

    // Stryker restore all

    /// <summary>Reads the settings.</summary>
    /// <param name="setting">
    /// Gives a setting by its name, with colons, or null. Where it gives none, the name with <c>__</c> is asked for, as in an environment.
    /// </param>
    /// <param name="developmentPort">
    /// The port of a service on a developer's machine: where no issuer is set, it trusts the development issuer. Null in production.
    /// </param>
    /// <param name="errors">What is wrong, a sentence each; empty where nothing is.</param>
    /// <returns>The options; null where something is wrong.</returns>
    public static AuthOptions? Read(Func<string, string?> setting, int? developmentPort, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var settings = new AuthSettings(setting, developmentPort);
        var options = settings.Options();
        errors = settings.Errors;
        return errors.Count == 0 ? options : null;
    }
}
