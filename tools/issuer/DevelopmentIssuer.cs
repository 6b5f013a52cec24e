using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>The kinds of token that the service takes.</summary>
public enum TokenKind
{
    /// <summary>HelseID, a person.</summary>
    Clinician,

    /// <summary>HelseID, a machine.</summary>
    Gateway,

    /// <summary>ID-porten.</summary>
    Citizen,

    /// <summary>Helsenorge, a citizen or who acts for one.</summary>
    Helsenorge,

    /// <summary>Helsenorge, its privacy component.</summary>
    Pvk,
}

/// <summary>
/// An issuer for development and tests: whoever asks is given what they ask for. It is three issuers at one address, as the real ones are three.
/// </summary>
/// <param name="address">Where it answers, without a slash at its end.</param>
/// <param name="key">What it signs with.</param>
/// <param name="time">The clock.</param>
public sealed class DevelopmentIssuer(string address, SigningKey key, TimeProvider time)
{
    /// <summary>Where it answers if nothing else is said.</summary>
    public const string DefaultAddress = "http://127.0.0.1:7072";

    /// <summary>The audience of HelseID's and Helsenorge's tokens.</summary>
    public const string Audience = "nhn:pmd";

    /// <summary>The paths of the three issuers.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/helseid", "/idporten", "/helsenorge"];

    /// <summary>What it signs with; another key signs what it did not.</summary>
    public SigningKey Key { get; set; } = key;

    /// <summary>The address it answers at.</summary>
    public string Address => address;

    /// <summary>The issuer of a kind of token: its <c>iss</c>.</summary>
    public string IssuerOf(TokenKind kind) => address + kind switch
    {
        TokenKind.Clinician or TokenKind.Gateway => "/helseid",
        TokenKind.Citizen => "/idporten",
        _ => "/helsenorge",
    };

    /// <summary>Whether tokens of this kind are bound to a key.</summary>
    public static bool IsBound(TokenKind kind) => kind is TokenKind.Clinician or TokenKind.Gateway;

    /// <summary>A token as the real issuer would make it, for <see cref="DevelopmentPeople"/>; to be changed and signed.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="lifetime">How long it lives; negative for one that has expired.</param>
    /// <param name="citizenAudience">The audience of ID-porten's: the service's own resource.</param>
    public TokenDraft Draft(TokenKind kind, TimeSpan lifetime, string citizenAudience = "http://127.0.0.1:7071")
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var issued = lifetime < TimeSpan.Zero ? now + 2 * (long)lifetime.TotalSeconds : now;
        var claims = new JsonObject
        {
            ["iss"] = IssuerOf(kind),
            ["nbf"] = issued,
            ["iat"] = issued,
            ["exp"] = now + (long)lifetime.TotalSeconds,
            ["jti"] = Guid.NewGuid().ToString("N"),
        };
        foreach (var (name, value) in ClaimsOf(kind, now, citizenAudience))
        {
            claims[name] = value;
        }

        return new(new JsonObject { ["alg"] = Key.Algorithm, ["kid"] = Key.Thumbprint, ["typ"] = "at+jwt" }, claims);
    }

    /// <summary>The discovery document of one of the three.</summary>
    public JsonObject Discovery(string path) => new()
    {
        ["issuer"] = address + path,
        ["jwks_uri"] = $"{address}{path}/.well-known/openid-configuration/jwks",
        ["token_endpoint"] = $"{address}{path}/connect/token",
        ["grant_types_supported"] = new JsonArray("client_credentials"),
        ["response_types_supported"] = new JsonArray("token"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray(Key.Algorithm),
        ["dpop_signing_alg_values_supported"] = new JsonArray("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    };

    /// <summary>The keys it publishes.</summary>
    public JsonObject KeySet() => new() { ["keys"] = new JsonArray(Key.PublishedJwk()) };

    private static IEnumerable<(string Name, JsonNode Value)> ClaimsOf(TokenKind kind, long now, string citizenAudience) => kind switch
    {
        TokenKind.Clinician =>
        [
            ("aud", Audience),
            ("scope", new JsonArray("nhn:pmd/read")),
            .. Client(DevelopmentPeople.RecordClient, "DEVELOPMENT HEALTH RECORD", DevelopmentPeople.Hospital, DevelopmentPeople.HospitalUnit),
            ("sub", "development-clinician"),
            ("amr", new JsonArray("pwd")),
            ("idp", "development"),
            ("auth_time", now),
            (ClaimNames.Pid, DevelopmentPeople.Clinician),
            (ClaimNames.SecurityLevel, "4"),
            (ClaimNames.Hpr, DevelopmentPeople.ClinicianHpr),
            ("name", DevelopmentPeople.ClinicianName),
            (ClaimNames.Attest, new AttestDraft().ToJson()),
        ],
        TokenKind.Gateway =>
        [
            ("aud", Audience),
            ("scope", new JsonArray("nhn:pmd/write")),
            .. Client(DevelopmentPeople.GatewayClient, "DEVELOPMENT GATEWAY", DevelopmentPeople.Gateway, null),
        ],
        TokenKind.Citizen =>
        [
            ("aud", citizenAudience),
            ("scope", "pmd:citizen"),
            ("client_id", DevelopmentPeople.CitizenClient),
            ("client_amr", "private_key_jwt"),
            ("sub", "development-citizen"),
            ("pid", DevelopmentPeople.Citizen),
            ("acr", "idporten-loa-high"),
            ("consumer", new JsonObject { ["authority"] = "iso6523-actorid-upis", ["ID"] = $"0192:{DevelopmentPeople.Gateway}" }),
        ],
        TokenKind.Helsenorge =>
        [
            ("aud", Audience),
            ("scp", "pmd:citizen"),
            ("client_id", DevelopmentPeople.HelsenorgeClient),
            ("client_name", "DEVELOPMENT HELSENORGE"),
            ("acting_pid", DevelopmentPeople.Citizen),
            ("subject_pid", DevelopmentPeople.Citizen),
            ("relation", "self"),
            ("security_level", "4"),
        ],
        TokenKind.Pvk =>
        [
            ("aud", Audience),
            ("scp", "pmd:privacy.push"),
            ("client_id", DevelopmentPeople.PvkClient),
            ("client_name", "DEVELOPMENT PVK"),
            ("typ_2", "system_ws_sync"),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static IEnumerable<(string Name, JsonNode Value)> Client(string id, string name, string legalEntity, string? unit)
    {
        yield return ("client_id", id);
        yield return ("client_amr", "private_key_jwt");
        yield return (ClaimNames.ClientName, name);
        yield return (ClaimNames.Tenancy, "multi-tenant");
        yield return (ClaimNames.LegalEntity, legalEntity);
        yield return (ClaimNames.Supplier, DevelopmentPeople.Supplier);
        if (unit is not null)
        {
            yield return (ClaimNames.Unit, unit);
        }
    }
}
