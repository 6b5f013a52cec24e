using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>An issuer that answers by HTTP, a clinician and a gateway with tokens of it, and the service's parts in this process with callers known by tokens.</summary>
internal sealed class AccessWorld : IAsyncDisposable
{
    public const string PublicBase = "https://pmd.example";

    // Longer than a round; the attest is good for an hour.
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(50);

    private readonly WebApplication issuerApp;
    private readonly SigningKey issuerKey;
    private readonly EmbeddedStorage storage;
    private readonly KeyRing ring;
    private readonly TokenMode mode;

    private AccessWorld(WebApplication issuerApp, DevelopmentIssuer issuer, SigningKey proofKey, EmbeddedStorage storage, KeyRing ring, IReadOnlyDictionary<string, string> settings)
    {
        (this.issuerApp, issuerKey, ProofKey, this.storage, this.ring, Settings) = (issuerApp, issuer.Key, proofKey, storage, ring, settings);
        Options = AuthOptions.Read(settings.GetValueOrDefault, null, out var errors) ?? throw new InvalidOperationException(string.Join(' ', errors));
        Counted = new(storage.Partitions);
        Time = new StillTimers();
        mode = new(Counted, storage.Blobs, ring, NationalIdPolicy.Synthetic, "embedded", Time, Options, AccessRules.Default, new NoRegisters());
        Open = Service.Open(Counted, storage.Blobs, ring, NationalIdPolicy.Synthetic, "embedded", Time);
        Clinician = new(issuer, TokenKind.Clinician, ProofKey, Time);
        Gateway = new(issuer, TokenKind.Gateway, ProofKey, Time);
        ClinicianToken = Clinician.Token(TokenLifetime).Sign(issuerKey);
    }

    public IReadOnlyDictionary<string, string> Settings { get; }

    public AuthOptions Options { get; }

    public CountingPartitions Counted { get; }

    public TimeProvider Time { get; }

    /// <summary>The parts with callers known by tokens.</summary>
    public Service Required => mode.Service;

    /// <summary>The parts in open mode, over the same storage.</summary>
    public Service Open { get; }

    public SigningKey ProofKey { get; }

    public DevelopmentClient Clinician { get; }

    public DevelopmentClient Gateway { get; }

    public string ClinicianToken { get; }

    /// <summary>The issuer's key as a client of it has it.</summary>
    public RSA IssuerPublicKey()
    {
        var rsa = RSA.Create();
        rsa.ImportFromPem(issuerKey.ExportPem());
        return rsa;
    }

    public byte[] PractitionerKey => ring.Current.Practitioner;

    public static async Task<AccessWorld> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var port = FreePort();
        var issuer = new DevelopmentIssuer($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", SigningKey.Rsa(), TimeProvider.System);
        var app = IssuerHost.Build(issuer, port);
        await app.StartAsync(cancellationToken);
        var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), cancellationToken);
        await EnrolAsync(storage, cancellationToken);
        var world = new AccessWorld(app, issuer, SigningKey.Ec(), storage, ring, new Dictionary<string, string>
        {
            ["Auth:PublicBaseUrl"] = PublicBase,
            ["Auth:HelseId:Issuer"] = issuer.IssuerOf(TokenKind.Clinician),
            ["Auth:HelseId:Audience"] = DevelopmentIssuer.Audience,
            ["Auth:HelseId:ReadScope"] = "nhn:pmd/read",
            ["Auth:HelseId:WriteScope"] = "nhn:pmd/write",

            // Proofs are made before a round.
            ["Auth:ProofSeconds"] = "300",
        });
        await world.mode.StartAsync(cancellationToken);
        return world;
    }

    /// <summary>Enrols the example's participants in a folder that nobody has open.</summary>
    public static async Task EnrolAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await using var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        await EnrolAsync(storage, cancellationToken);
    }

    /// <summary>A look-up by the clinician, with a proof of its own.</summary>
    public Call LookUp(string number) => Form(number) with { Credentials = Clinician.Headers("POST", new($"{PublicBase}/{Form(number).Path}"), ClinicianToken) };

    /// <summary>The same in open mode.</summary>
    public static Call Form(string number) => new("Observation/_search", Encoding.ASCII.GetBytes($"patient.identifier={number}&_count=10"), "application/x-www-form-urlencoded");

    /// <summary>A submission by the gateway.</summary>
    public Call Submission(ReadOnlyMemory<byte> body) => new("", body, "application/fhir+json", Credentials: Gateway.Headers("POST", new(PublicBase + "/")));

    public async ValueTask DisposeAsync()
    {
        mode.Dispose();
        await storage.DisposeAsync();
        await issuerApp.DisposeAsync();
        issuerKey.Dispose();
        ProofKey.Dispose();
    }

    private static async Task EnrolAsync(EmbeddedStorage storage, CancellationToken cancellationToken)
    {
        using var example = Assembly.GetExecutingAssembly().GetManifestResourceStream("participants.json")!;
        using var bytes = new MemoryStream();
        await example.CopyToAsync(bytes, cancellationToken);
        var imported = await new ParticipantStore(storage.Blobs, TimeProvider.System).ImportAsync(bytes.ToArray(), allowRemoval: false, cancellationToken);
        if (imported.Read.List is null)
        {
            throw new InvalidOperationException("The example's participants cannot be imported.");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The system's clock, with timers that never come: what they do is no part of a look-up, and is not to be counted.</summary>
    private sealed class StillTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
