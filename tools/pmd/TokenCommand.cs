using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd token</c>: header lines for one request, with a token of the development issuer and a proof of its own.</summary>
internal static class TokenCommand
{
    private const string None = "none";

    private static readonly Option<Uri> Issuer = Address("--issuer", "Where ./pmd issuer answers.", DevelopmentIssuer.DefaultAddress);
    private static readonly Option<Uri> Url = Address("--url", "Address of the request that the headers are for.", "http://127.0.0.1:7071/Observation/_search");
    private static readonly Option<string> Method = new("--method") { Description = "Its method.", DefaultValueFactory = _ => "POST", HelpName = "M" };
    private static readonly Option<int> Lifetime = new("--lifetime") { Description = "How long the token lives.", DefaultValueFactory = _ => 600, HelpName = "SECONDS" };
    private static readonly Option<bool> Expired = new("--expired") { Description = "The token expired a minute ago." };
    private static readonly Option<string?> Audience = Text("--audience", "aud.");
    private static readonly Option<string?> Scope = Text("--scope", "Its scopes, with spaces between.");
    private static readonly Option<string?> ClientId = Text("--client", "client_id.");
    private static readonly Option<string[]> Claim = new("--claim") { Description = "Any other claim: NAME=TEXT, or NAME:=JSON. May be given again.", HelpName = "NAME=TEXT" };
    private static readonly Option<string[]> Without = new("--without") { Description = "A claim that is left out. May be given again.", HelpName = "NAME" };
    private static readonly Option<bool> CurlConfig = new("--curl-config") { Description = "Write lines for curl --config in place of header lines." };
    private static readonly Option<bool> OnlyToken = new("--only-token") { Description = "Write the token alone, without headers." };

    private static readonly Option<string?> Pid = Text("--pid", "Person number.");
    private static readonly Option<string?> Hpr = Text("--hpr", "HPR number, or none.");
    private static readonly Option<string?> Name = Text("--name", "Name.");
    private static readonly Option<string?> Level = Text("--level", "Level of the sign-in: 2, 3 or 4, or none.");
    private static readonly Option<string?> Parent = Text("--orgnr-parent", "Legal entity, or none.");
    private static readonly Option<string?> Child = Text("--orgnr-child", "Unit, or none.");
    private static readonly Option<string?> Supplier = Text("--orgnr-supplier", "Vendor, or none.");
    private static readonly Option<bool> NoAttest = new("--no-attest") { Description = "Without the attest of the trust framework." };
    private static readonly Option<string?> Purpose = Text("--purpose", "Attest: purpose_of_use: TREAT, ETREAT, COC, BTG, or none.");
    private static readonly Option<string?> Details = Text("--purpose-details", "Attest: purpose_of_use_details, or none.");
    private static readonly Option<string?> Service = Text("--healthcare-service", "Attest: healthcare_service, or none.");
    private static readonly Option<string?> Authorization = Text("--authorization", "Attest: authorization, or none.");
    private static readonly Option<string?> Department = Text("--department", "Attest: department, or none.");
    private static readonly Option<string?> Decision = Text("--decision", "Attest: decision_ref.id, or none.");
    private static readonly Option<bool> UserSelected = new("--user-selected") { Description = "Attest: the person gave themselves access." };
    private static readonly Option<string?> AttestPid = Text("--attest-pid", "Attest: another person than the token's, or none.");
    private static readonly Option<string?> AttestHpr = Text("--attest-hpr", "Attest: another HPR number than the token's, or none.");
    private static readonly Option<string?> AttestParent = Text("--attest-legal-entity", "Attest: another legal entity than the token's, or none.");
    private static readonly Option<string?> AttestChild = Text("--attest-point-of-care", "Attest: another unit than the token's, or none.");

    private static readonly Option<string?> CitizenLevel = Text("--acr", "Level of the sign-in: idporten-loa-high, idporten-loa-substantial, or none.");
    private static readonly Option<string?> Acting = Text("--acting", "Person number of who is signed in.");
    private static readonly Option<string?> Subject = Text("--subject", "Person number of whom it concerns.");
    private static readonly Option<string?> Relation = Text("--relation", "What the one is to the other: self, parent, attorney, guardian, or none.");

    private static readonly IReadOnlyList<Option> Common = [Issuer, Url, Method, Lifetime, Expired, Audience, Scope, ClientId, Claim, Without, CurlConfig, OnlyToken];

    public static Command Create() => new("token", "Writes header lines for one request, for curl -H @FILE, with a token of ./pmd issuer.")
    {
        Kind(
            TokenKind.Clinician, "A health person in a health record (HelseID): search, read, $lastn, history.", ClinicianClaims,
            Pid, Hpr, Name, Level, Parent, Child, Supplier, NoAttest, Purpose, Details, Service, Authorization, Department, Decision, UserSelected, AttestPid, AttestHpr, AttestParent, AttestChild),
        Kind(TokenKind.Gateway, "A gateway or platform (HelseID): submit.", OrganisationClaims, Parent, Child, Supplier),
        Kind(TokenKind.Citizen, "A citizen in an app (ID-porten): /citizen.", parsed => [("pid", parsed.GetValue(Pid)), ("acr", parsed.GetValue(CitizenLevel))], Pid, CitizenLevel),
        Kind(
            TokenKind.Helsenorge, "A citizen on Helsenorge, or who acts for one: /citizen.",
            parsed => [("acting_pid", parsed.GetValue(Acting)), ("subject_pid", parsed.GetValue(Subject)), ("relation", parsed.GetValue(Relation)), ("security_level", parsed.GetValue(Level))],
            Acting, Subject, Relation, Level),
        Kind(TokenKind.Pvk, "Helsenorge's privacy component: the push of settings.", _ => []),
    };

    private static Command Kind(TokenKind kind, string description, Func<ParseResult, IEnumerable<(string Name, JsonNode? Value)>> claims, params Option[] own)
    {
        var command = new Command(kind.ToString().ToLowerInvariant(), description);
        foreach (var option in own.Concat(Common))
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, stop) => RunAsync(kind, parsed, claims(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(TokenKind kind, ParseResult parsed, IEnumerable<(string Name, JsonNode? Value)> own, CancellationToken stop)
    {
        var claims = new JsonObject();
        foreach (var (name, value) in own.Concat(CommonClaims(kind, parsed)).Where(c => c.Value is not null))
        {
            // In the form, null takes a claim away.
            claims[name] = value is JsonValue text && text.TryGetValue<string>(out var word) && word == None ? null : value;
        }

        foreach (var stated in parsed.GetValue(Claim) ?? [])
        {
            if (ReadClaim(stated) is not var (name, value))
            {
                await Console.Error.WriteLineAsync($"--claim is to be NAME=TEXT or NAME:=JSON, not '{stated}'.");
                return ExitCodes.WrongUsage;
            }

            claims[name] = value;
        }

        foreach (var name in parsed.GetValue(Without) ?? [])
        {
            claims[name] = null;
        }

        using var key = SigningKey.Ec();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var issuer = new IssuerClient(http, parsed.GetValue(Issuer)!, key, TimeProvider.System);
        try
        {
            var token = await issuer.TokenAsync(kind, claims, TimeSpan.FromSeconds(parsed.GetValue(Expired) ? -60 : parsed.GetValue(Lifetime)), stop);
            Write(parsed, token, issuer.Headers(kind, token, parsed.GetValue(Method)!, parsed.GetValue(Url)!));
            return ExitCodes.Done;
        }
        catch (HttpRequestException e)
        {
            await Console.Error.WriteLineAsync(e.HttpRequestError == HttpRequestError.Unknown ? e.Message : $"Nothing answers at {parsed.GetValue(Issuer)}. Start it with ./pmd issuer, or name another with --issuer.");
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(stop.IsCancellationRequested ? "Stopped." : $"{parsed.GetValue(Issuer)} did not answer in time.");
            return stop.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Failed;
        }
    }

    private static void Write(ParseResult parsed, string token, RequestHeaders headers)
    {
        if (parsed.GetValue(OnlyToken))
        {
            Console.WriteLine(token);
            return;
        }

        foreach (var (name, value) in headers.Lines)
        {
            Console.WriteLine(parsed.GetValue(CurlConfig) ? $"header = \"{name}: {value}\"" : $"{name}: {value}");
        }
    }

    private static IEnumerable<(string Name, JsonNode? Value)> CommonClaims(TokenKind kind, ParseResult parsed)
    {
        yield return ("aud", parsed.GetValue(Audience));
        yield return ("client_id", parsed.GetValue(ClientId));
        if (parsed.GetValue(Scope) is { } scope)
        {
            yield return kind switch
            {
                TokenKind.Helsenorge or TokenKind.Pvk => ("scp", scope),
                TokenKind.Citizen => ("scope", scope),
                _ when scope == None => ("scope", None),
                _ => ("scope", new JsonArray([.. scope.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => JsonValue.Create(s))])),
            };
        }
    }

    private static IEnumerable<(string Name, JsonNode? Value)> OrganisationClaims(ParseResult parsed) =>
    [
        (ClaimNames.LegalEntity, parsed.GetValue(Parent)),
        (ClaimNames.Unit, parsed.GetValue(Child)),
        (ClaimNames.Supplier, parsed.GetValue(Supplier)),
    ];

    private static IEnumerable<(string Name, JsonNode? Value)> ClinicianClaims(ParseResult parsed)
    {
        var usual = new AttestDraft();
        var attest = new AttestDraft(
            Of(parsed, AttestPid, Of(parsed, Pid, usual.Practitioner)),
            Of(parsed, Name, usual.Name),
            Of(parsed, AttestHpr, Of(parsed, Hpr, usual.Hpr)),
            Of(parsed, Authorization, usual.Authorization),
            Of(parsed, AttestParent, Of(parsed, Parent, usual.LegalEntity)),
            Of(parsed, AttestChild, Of(parsed, Child, usual.PointOfCare)),
            Of(parsed, Department, usual.Department),
            Of(parsed, Service, usual.HealthcareService),
            Of(parsed, Purpose, usual.Purpose),
            Of(parsed, Details, usual.PurposeDetails),
            Of(parsed, Decision, usual.Decision),
            parsed.GetValue(UserSelected));
        return
        [
            (ClaimNames.Pid, parsed.GetValue(Pid)),
            (ClaimNames.Hpr, parsed.GetValue(Hpr)),
            ("name", parsed.GetValue(Name)),
            (ClaimNames.SecurityLevel, parsed.GetValue(Level)),
            .. OrganisationClaims(parsed),
            (ClaimNames.Attest, parsed.GetValue(NoAttest) ? None : attest.ToJson()),
        ];
    }

    private static string? Of(ParseResult parsed, Option<string?> option, string? usual) => parsed.GetValue(option) switch { null => usual, None => null, var stated => stated };

    // A person number is a text, though it looks like a number: JSON is only what says so.
    private static (string Name, JsonNode? Value)? ReadClaim(string stated)
    {
        if (stated.Split('=', 2) is not [{ Length: > 0 } name, var value])
        {
            return null;
        }

        if (!name.EndsWith(':'))
        {
            return (name, value);
        }

        try
        {
            return (name[..^1], JsonNode.Parse(value));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description, HelpName = "TEXT" };

    private static Option<Uri> Address(string name, string description, string standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => new Uri(standard),
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            result.AddError($"{name} is to be an address such as {standard}, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };
}
