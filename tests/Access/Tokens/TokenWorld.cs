using System.Net;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>An issuer, its clients and the service's authentication in one process, with a clock that is set by the test.</summary>
internal sealed class TokenWorld : IDisposable, IAsyncDisposable
{
    public const string PublicBase = "https://pmd.example";
    public static readonly Uri Search = new(PublicBase + "/Observation/_search");
    private const string IssuerAddress = "https://issuer.example";

    // Keys take long to make, and nothing is learnt by more of them.
    private static readonly SigningKey IssuerKey = SigningKey.Rsa();
    private static readonly SigningKey ProofKey = SigningKey.Ec();
    private static readonly byte[] PractitionerHash = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly string folder = Directory.CreateTempSubdirectory("pmd-test-").FullName;
    private readonly EmbeddedStorage storage;

    public TokenWorld(Func<IPartitions, IPartitions>? wrap = null, params (string Name, string? Value)[] settings)
    {
        storage = EmbeddedStorage.Open(folder, Clock);
        Partitions = wrap is null ? storage.Partitions : wrap(storage.Partitions);
        Issuer = new(IssuerAddress, IssuerKey, Clock);
        Network = new(Issuer);
        Options = AuthOptions.Read(n => settings.FirstOrDefault(s => s.Name == n) is (not null, var value) ? value : Setting(n), null, out var errors)
            ?? throw new ArgumentException(string.Join(' ', errors));
        Authenticator = NewProcess();
    }

    public FakeTimeProvider Clock { get; } = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    public IPartitions Partitions { get; }

    public DevelopmentIssuer Issuer { get; }

    public IssuerNetwork Network { get; }

    public AuthOptions Options { get; }

    public Authenticator Authenticator { get; }

    /// <summary>Another process of the same service.</summary>
    public Authenticator NewProcess() =>
        new(Options, NationalIdPolicy.Synthetic, () => PractitionerHash, new(Partitions, Options.Window, Clock), Network, Clock);

    public DevelopmentClient Client(TokenKind kind) => new(Issuer, kind, ProofKey, Clock);

    public Task<Authentication> SendAsync(RouteKind route, string method, Uri address, RequestHeaders headers, Authenticator? process = null) =>
        (process ?? Authenticator).AuthenticateAsync(route, new(method, address.AbsolutePath, headers.Authorization, headers.Proofs), TestContext.Current.CancellationToken).AsTask();

    public Task<Authentication> SearchAsync(RequestHeaders headers, Authenticator? process = null) => SendAsync(RouteKind.LookUp, "POST", Search, headers, process);

    /// <summary>A look-up with a clinician's token that was changed.</summary>
    public Task<Authentication> SearchAsync(Func<TokenDraft, TokenDraft> change)
    {
        var client = Client(TokenKind.Clinician);
        return SearchAsync(client.Headers("POST", Search, change(client.Token()).Sign(Issuer.Key)));
    }

    /// <summary>A call with a token of Bearer that was changed.</summary>
    public Task<Authentication> BearAsync(RouteKind route, TokenKind kind, Func<TokenDraft, TokenDraft>? change = null)
    {
        var client = Client(kind);
        var token = client.Token();
        return SendAsync(route, "GET", new(PublicBase + "/citizen/Observation"), client.Headers("GET", Search, (change is null ? token : change(token)).Sign(Issuer.Key)));
    }

    public static string? Setting(string name) => name switch
    {
        "Auth:PublicBaseUrl" => PublicBase,
        "Auth:HelseId:Issuer" => IssuerAddress + "/helseid",
        "Auth:IdPorten:Issuer" => IssuerAddress + "/idporten",
        "Auth:Helsenorge:Issuer" or "Auth:Pvk:Issuer" => IssuerAddress + "/helsenorge",
        "Auth:HelseId:Audience" or "Auth:Helsenorge:Audience" or "Auth:Pvk:Audience" => "nhn:pmd",
        "Auth:IdPorten:Audience" => DevelopmentIssuer.CitizenAudience,
        "Auth:HelseId:ReadScope" => "nhn:pmd/read",
        "Auth:HelseId:WriteScope" => "nhn:pmd/write",
        "Auth:IdPorten:Scope" or "Auth:Helsenorge:Scope" => "pmd:citizen",
        "Auth:Helsenorge:ChangeScope" => "pmd:citizen.change",
        "Auth:Pvk:Scope" => "pmd:privacy.push",
        "Auth:IdPorten:Clients" => "development-citizen-app another-app",
        "Auth:Pvk:Clients" => "development-pvk",
        "Auth:Pvk:Part" => "PMD",
        "Auth:Pvk:BlockDefinition" => "11111111-1111-4111-8111-111111111111",
        "Auth:Pvk:RestrictionDefinition" => "22222222-2222-4222-8222-222222222222",
        "Auth:Pvk:ReservationDefinition" => "33333333-3333-4333-8333-333333333333",
        _ => null,
    };

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One world for the tests of a class that do not turn its clock.</summary>
public sealed class SharedTokenWorld : IAsyncDisposable
{
    internal TokenWorld World { get; } = new();

    public ValueTask DisposeAsync() => World.DisposeAsync();
}

/// <summary>The way to the issuer, without a network: counts what is fetched, and can be cut.</summary>
internal sealed class IssuerNetwork(DevelopmentIssuer issuer) : HttpMessageHandler
{
    private int fetches;
    private bool isDisposed;

    /// <summary>How often keys were fetched.</summary>
    public int Fetches => fetches;

    public bool IsCut { get; set; }

    /// <summary>Changes what is answered.</summary>
    public Func<Uri, string, string> Answer { get; set; } = (_, text) => text;

    /// <summary>What the fetch waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        await Gate.WaitAsync(cancellationToken);
        if (IsCut)
        {
            throw new HttpRequestException("The network is cut.");
        }

        var address = request.RequestUri!;
        var path = DevelopmentIssuer.Paths.Single(p => address.AbsolutePath.StartsWith(p + "/", StringComparison.Ordinal));
        var isKeys = address.AbsolutePath.EndsWith("/jwks", StringComparison.Ordinal);
        if (isKeys)
        {
            Interlocked.Increment(ref fetches);
        }

        return new(HttpStatusCode.OK) { Content = new StringContent(Answer(address, (isKeys ? issuer.KeySet() : issuer.Discovery(path)).ToJsonString())) };
    }

    protected override void Dispose(bool disposing)
    {
        isDisposed = true;
        base.Dispose(disposing);
    }
}
