using System.Globalization;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using PasientensMaledata.Access.PrivacyComponent;

namespace PasientensMaledata.Access.Tokens;

/// <summary>Reads <c>Auth:…</c> setting by setting and remembers what is wrong.</summary>
internal sealed class AuthSettings
{
    private const int MaxProofSeconds = 300;
    private const int MinRsaBits = 2048;
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly string[] Sections = ["HelseId", "IdPorten", "Helsenorge", "Pvk"];

    private readonly Func<string, string?> setting;
    private readonly List<string> errors = [];

    public AuthSettings(Func<string, string?> setting, int? developmentPort)
    {
        string? Stated(string name) => (setting(name) ?? setting(name.Replace(":", "__", StringComparison.Ordinal)))?.Trim() is { Length: > 0 } value ? value : null;

        // Never beside a real one: who sets an issuer means to trust that.
        var isDevelopment = developmentPort is not null && Sections.All(s => Stated($"Auth:{s}:Issuer") is null);
        this.setting = name => Stated(name) ?? (isDevelopment ? Development(name, developmentPort!.Value) : null);
    }

    public IReadOnlyList<string> Errors => errors;

    public AuthOptions Options()
    {
        var mode = Choice("Auth:Mode", AuthMode.Required);
        var helseId = Trusted("HelseId");
        var idPorten = Trusted("IdPorten");
        var helsenorge = Trusted("Helsenorge");
        var pvk = Trusted("Pvk");
        if (mode == AuthMode.Required && helseId is null && errors.Count == 0)
        {
            errors.Add("Auth:HelseId:Issuer is not set: nobody could look up or submit. For HelseID's test environment it is https://helseid-sts.test.nhn.no.");
        }

        return new(
            mode,
            PublicBases(mode),
            Choice("Auth:Attest", AttestRule.Required),
            Window(),
            helseId is null ? null : new(helseId, Needed("Auth:HelseId:ReadScope"), Needed("Auth:HelseId:WriteScope")),
            idPorten is null ? null : new(idPorten, Needed("Auth:IdPorten:Scope"), List("Auth:IdPorten:Clients")),
            helsenorge is null ? null : new(helsenorge, Needed("Auth:Helsenorge:Scope"), setting("Auth:Helsenorge:ChangeScope") ?? "", Claims()),
            pvk is null ? null : new(pvk, Needed("Auth:Pvk:Scope"), List("Auth:Pvk:Clients"), setting("Auth:Pvk:ScopeClaim") ?? "scp", Definitions(), Connection()));
    }

    private static string? Development(string name, int port) => name switch
    {
        "Auth:PublicBaseUrl" => $"http://127.0.0.1:{port} http://localhost:{port}",
        "Auth:HelseId:Issuer" => AuthOptions.DevelopmentIssuer + "/helseid",
        "Auth:IdPorten:Issuer" => AuthOptions.DevelopmentIssuer + "/idporten",
        "Auth:Helsenorge:Issuer" or "Auth:Pvk:Issuer" => AuthOptions.DevelopmentIssuer + "/helsenorge",
        "Auth:HelseId:Audience" or "Auth:Helsenorge:Audience" or "Auth:Pvk:Audience" => "nhn:pmd",
        "Auth:IdPorten:Audience" => "urn:pmd:citizen",
        "Auth:HelseId:ReadScope" => "nhn:pmd/read",
        "Auth:HelseId:WriteScope" => "nhn:pmd/write",
        "Auth:IdPorten:Scope" or "Auth:Helsenorge:Scope" => "pmd:citizen",
        "Auth:Helsenorge:ChangeScope" => "pmd:citizen.change",
        "Auth:Pvk:Scope" => "pmd:privacy.push",
        "Auth:IdPorten:Clients" => "development-citizen-app",
        "Auth:Pvk:Clients" => "development-pvk",
        "Auth:Pvk:Part" => PvkDefinitions.Development.Part,
        "Auth:Pvk:BlockDefinition" => PvkDefinitions.Development.Block.ToString(),
        "Auth:Pvk:RestrictionDefinition" => PvkDefinitions.Development.Restriction.ToString(),
        "Auth:Pvk:ReservationDefinition" => PvkDefinitions.Development.Reservation.ToString(),
        _ => null,
    };

    private HelsenorgeClaims Claims() => new(
        setting("Auth:Helsenorge:ScopeClaim") ?? "scp",
        setting("Auth:Helsenorge:ActingClaim") ?? "acting_pid",
        setting("Auth:Helsenorge:SubjectClaim") ?? "subject_pid",
        setting("Auth:Helsenorge:RelationClaim") ?? "relation",
        setting("Auth:Helsenorge:LevelClaim") ?? "security_level");

    private PvkDefinitions Definitions()
    {
        PvkDefinitions read = new(Needed("Auth:Pvk:Part"), Definition("Block"), Definition("Restriction"), Definition("Reservation"));
        if (errors.Count == 0 && read.All.Distinct().Count() < read.All.Count)
        {
            errors.Add("Auth:Pvk:BlockDefinition, :RestrictionDefinition and :ReservationDefinition are to differ.");
        }

        return read;
    }

    private Guid Definition(string of)
    {
        var name = $"Auth:Pvk:{of}Definition";
        if (Guid.TryParse(Needed(name), out var definition))
        {
            return definition;
        }

        if (setting(name) is not null)
        {
            errors.Add($"{name} is to be a GUID.");
        }

        return default;
    }

    // Null where the component is not the master: then it only pushes.
    private PvkConnection? Connection()
    {
        if (setting("Auth:Pvk:Address") is not { } text || Fetchable("Auth:Pvk:Address", text) is not { } address)
        {
            return null;
        }

        if (setting("Auth:Pvk:TokenIssuer") is not { } issuer && address.IsLoopback)
        {
            return new(address, null);
        }

        issuer = Needed("Auth:Pvk:TokenIssuer");
        _ = issuer.Length > 0 ? Fetchable("Auth:Pvk:TokenIssuer", issuer) : null;
        var id = Needed("Auth:Pvk:ClientId");
        if (setting("Auth:Pvk:TokenScope") is not { } scope)
        {
            errors.Add("Auth:Pvk:TokenScope is not set.");

            // Stryker disable once String : with a problem nothing is read
            scope = "";
        }

        return ClientKey() is { } key ? new(address, new(issuer, id, scope, key)) : null;
    }

    private JsonWebKey? ClientKey()
    {
        const string Name = "Auth:Pvk:ClientKey";
        try
        {
            if (setting(Name) is { } text && new JsonWebKey(text) is { HasPrivateKey: true } key && (key.Kty == "EC" || (key.Kty == "RSA" && key.KeySize >= MinRsaBits)))
            {
                key.Alg ??= key.Kty == "RSA" ? SecurityAlgorithms.RsaSsaPssSha256 : key.Crv switch
                {
                    "P-384" => SecurityAlgorithms.EcdsaSha384,
                    "P-521" => SecurityAlgorithms.EcdsaSha512,
                    _ => SecurityAlgorithms.EcdsaSha256,
                };

                // Tried now: one of another kind than its alg would else be found out by the first call.
                // Stryker disable once Boolean : a cache for what is made once is no gain and no harm
                var signer = key.CryptoProviderFactory.CreateForSigning(key, key.Alg, cacheProvider: false);

                // Stryker disable once Statement : gives back what is else let go by the collector
                key.CryptoProviderFactory.ReleaseSignatureProvider(signer);
                return key;
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or CryptographicException)
        {
            // Told below, without the text: it is a secret.
        }

        errors.Add($"{Name} is to be the client's private key, as a whole JWK (RSA of at least 2048 bits, or EC).");
        return null;
    }

    // Null where the section has no issuer: it is not trusted.
    private TrustedIssuer? Trusted(string section)
    {
        if (setting($"Auth:{section}:Issuer") is not { } issuer)
        {
            return null;
        }

        Fetchable($"Auth:{section}:Issuer", issuer);
        var keySet = setting($"Auth:{section}:KeySet") is { } address ? Fetchable($"Auth:{section}:KeySet", address) : null;
        return new(issuer, keySet, Needed($"Auth:{section}:Audience"));
    }

    private Uri? Fetchable(string name, string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var uri) && TrustedIssuer.MayFetch(uri) && uri.Query.Length == 0 && uri.Fragment.Length == 0)
        {
            return uri;
        }

        errors.Add($"{name} is to be an https address without query; plain http is for this machine alone (127.0.0.1, localhost).");
        return null;
    }

    private List<Uri> PublicBases(AuthMode mode)
    {
        const string Name = "Auth:PublicBaseUrl";
        List<Uri> bases = [];
        foreach (var text in List(Name))
        {
            if (Fetchable(Name, text) is { } uri && TargetUri.TryParse(text, out _))
            {
                bases.Add(uri);
            }
        }

        if (bases.Count == 0 && mode == AuthMode.Required && errors.Count == 0)
        {
            errors.Add($"{Name} is not set: the address under which callers reach the service, such as https://pmd.example.no. Proofs are held against it, never against headers. Several are separated by spaces.");
        }

        return bases;
    }

    private ProofWindow Window()
    {
        const string Name = "Auth:ProofSeconds";
        if (setting(Name) is not { } text)
        {
            return ProofWindow.Usual;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= MaxProofSeconds)
        {
            return ProofWindow.Usual with { Age = TimeSpan.FromSeconds(seconds) };
        }

        errors.Add($"{Name} is to be from 1 to {MaxProofSeconds}.");
        return ProofWindow.Usual;
    }

    private T Choice<T>(string name, T standard)
        where T : struct, Enum
    {
        if (setting(name) is not { } text)
        {
            return standard;
        }

        if (Enum.GetNames<T>().FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return Enum.Parse<T>(found);
        }

        errors.Add($"{name} is to be {string.Join(" or ", Enum.GetNames<T>())}.");
        return standard;
    }

    private string Needed(string name)
    {
        if (setting(name) is not { } value)
        {
            errors.Add($"{name} is not set.");
            return "";
        }

        if (value.Any(c => c is <= ' ' or > '~' or '"' or '\\'))
        {
            // RFC 6749 3.3: what a scope may hold; an audience is no wider.
            errors.Add($"{name} is to be one word of ASCII, without quotes.");
        }

        return value;
    }

    private string[] List(string name) => setting(name)?.Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
