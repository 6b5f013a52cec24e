using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Identity;
using PasientensMaledata.Issuer;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Access;
using PasientensMaledata.Tests.Access.Tokens;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The whole service as it is where callers are known by tokens: Kestrel, embedded storage, an issuer, and the Participants of the example.</summary>
public sealed class SecuredService : IAsyncLifetime
{
    public const string Hospital = DevelopmentPeople.Hospital;
    public const string Gateway = DevelopmentPeople.Gateway;
    public const string Municipality = "312232324";
    public const string Former = "314159268";
    private const string IssuerAddress = "https://issuer.example";

    // Keys take long to make, and nothing is learnt by more of them.
    private static readonly SigningKey IssuerKey = SigningKey.Rsa();
    private static readonly SigningKey ProofKey = SigningKey.Ec();
    private static int persons = 20_000;

    private readonly string folder = Directory.CreateTempSubdirectory("pmd-test-").FullName;
    private EmbeddedStorage storage = null!;
    private TokenMode mode = null!;
    private WebApplication app = null!;
    private HttpClient client = null!;
    private DevelopmentIssuer issuer = null!;
    private ParticipantStore participants = null!;

    internal FakeTimeProvider Clock { get; init; } = new(TestService.Noon);

    internal Service Service => mode.Service;

    internal string Folder => folder;

    internal Func<IBlobs, IBlobs>? WrapBlobs { get; init; }

    internal Func<IPartitions, IPartitions>? WrapPartitions { get; init; }

    internal PasientensMaledata.Functions.Hosting.Telemetry? Telemetry { get; init; }

    internal AccessRules Rules { get; init; } = AccessRules.Default;

    internal IRegisters Registers { get; init; } = new NoRegisters();

    /// <summary>Settings that are otherwise than <see cref="TokenWorld.Setting"/> has them.</summary>
    internal IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Helsenorge's privacy component; it is the master where the settings have its address.</summary>
    internal PrivacyComponentDouble Component { get; } = new();

    /// <summary>Counts what is asked of the tables.</summary>
    internal CountingPartitions? Counting { get; private set; }

    /// <summary>The participants' file that is in force.</summary>
    internal JsonObject File { get; private set; } = null!;

    public static string NewPerson() => SyntheticNumbers.Number(Interlocked.Increment(ref persons));

    public async ValueTask InitializeAsync()
    {
        storage = EmbeddedStorage.Open(folder, Clock);
        issuer = new(IssuerAddress, IssuerKey, Clock);
        await BuildAsync();
        participants = new(storage.Blobs, Clock);
        var file = ExampleParticipants();

        // One more Controller, whose Agreement has run out.
        file["participants"]!.AsArray().Add(JsonNode.Parse(
            $$"""{"id":"tidligere-kommune","name":"Tidligere kommune","organisation":"{{Former}}","role":"municipal","enrolled":{"from":"2026-01-01"},"dataProcessorAgreement":{"from":"2026-01-01"},"controller":true}"""));
        file["participants"]!.AsArray().Single(p => (string?)p!["organisation"] == Gateway)!["serves"]!.AsArray().Add(Former);
        file["agreements"]!.AsArray().Add(JsonNode.Parse($$"""{"controller":"{{Former}}","organisation":"{{Hospital}}","from":"2026-01-01","to":"2026-11-19"}"""));
        await EnrolAsync(file);
        await ServeAsync();
    }

    /// <summary>Stops the process, and starts another over the same storage.</summary>
    internal async Task RestartAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        mode.Dispose();
        await BuildAsync();
        await mode.StartAsync(default);
        await ServeAsync();
    }

    private async Task BuildAsync()
    {
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        var options = AuthOptions.Read(n => Settings.GetValueOrDefault(n) ?? TokenWorld.Setting(n), null, out var errors) ?? throw new InvalidOperationException(string.Join(' ', errors));
        var blobs = WrapBlobs is null ? storage.Blobs : WrapBlobs(storage.Blobs);
        Counting = new(WrapPartitions is null ? storage.Partitions : WrapPartitions(storage.Partitions));
        mode = new(Counting, blobs, ring, NationalIdPolicy.Synthetic, "embedded", Clock, options, Rules, Registers, new IssuerNetwork(issuer), component: Component);
    }

    private async Task ServeAsync()
    {
        app = WebHost.Build(mode.Service, 0, Triggers.All, Telemetry);
        await app.StartAsync();
        client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.First() + "/") };
    }

    /// <summary>Puts participants in force.</summary>
    internal async Task EnrolAsync(JsonObject file)
    {
        var result = await participants.ImportAsync(Encoding.UTF8.GetBytes(file.ToJsonString()), allowRemoval: false, default);
        Assert.True(result.Read.List is not null, string.Join('\n', result.Read.Problems));
        File = file;
        await mode.StartAsync(default);
    }

    /// <summary>Goes on to the next hour, so that no cap is met.</summary>
    internal async Task NextHourAsync()
    {
        Clock.Advance(TimeSpan.FromHours(1));
        await mode.StartAsync(default);
    }

    /// <summary>The example that the documentation ships.</summary>
    internal static JsonObject ExampleParticipants() => JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(Repository.Root, "docs", "participants.example.json")))!.AsObject();

    internal DevelopmentClient Client(TokenKind kind) => new(issuer, kind, ProofKey, Clock);

    /// <summary>The public address of a path: what a proof is for.</summary>
    internal static Uri Public(string path) => new(TokenWorld.PublicBase + path);

    /// <summary>Sends a request with these credentials.</summary>
    internal Task<Answer> SendAsync(string method, string path, RequestHeaders credentials, string? body = null, string contentType = "application/fhir+json", params (string Name, string Value)[] headers) =>
        SendBytesAsync(method, path, credentials, body is null ? null : Encoding.UTF8.GetBytes(body), contentType, headers);

    /// <summary>The same with a body that need not be text.</summary>
    internal async Task<Answer> SendBytesAsync(string method, string path, RequestHeaders credentials, byte[]? body, string contentType, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path.TrimStart('/'));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new(contentType.Split(';')[0]) { CharSet = "utf-8" } } };
        }

        foreach (var (name, value) in credentials.Lines.Concat(headers))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        // No two requests at the same moment: the log's order is that of time.
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        using var response = await client.SendAsync(request);
        return new(response.StatusCode, response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Sends as the clinician; their token may be changed first.</summary>
    internal Task<Answer> AsClinicianAsync(string method, string path, string? form = null, Func<TokenDraft, TokenDraft>? change = null, params (string Name, string Value)[] headers)
    {
        var clinician = Client(TokenKind.Clinician);
        var token = (change is null ? clinician.Token() : change(clinician.Token())).Sign(issuer.Key);
        return SendAsync(method, path, clinician.Headers(method, Public(path.Split('?')[0]), token), form, "application/x-www-form-urlencoded", headers);
    }

    internal Task<Answer> SearchAsync(string person, string more = "", Func<TokenDraft, TokenDraft>? change = null, params (string Name, string Value)[] headers) =>
        AsClinicianAsync("POST", "/Observation/_search", $"patient.identifier={person}{more}", change, headers);

    /// <summary>Submits as the gateway.</summary>
    internal Task<Answer> SubmitAsync(JsonNode body, string path = "/", Func<TokenDraft, TokenDraft>? change = null)
    {
        var gateway = Client(TokenKind.Gateway);
        var token = (change is null ? gateway.Token() : change(gateway.Token())).Sign(issuer.Key);
        return SendAsync("POST", path, gateway.Headers("POST", Public(path), token), body.ToJsonString());
    }

    /// <summary>Sends as the gateway, by any method.</summary>
    internal Task<Answer> AsSenderAsync(string method, string path, string? body = null)
    {
        var gateway = Client(TokenKind.Gateway);
        return SendAsync(method, path, gateway.Headers(method, Public(path), gateway.Token().Sign(issuer.Key)), body);
    }

    /// <summary>Sends as a citizen.</summary>
    internal Task<Answer> AsCitizenAsync(string person, string method, string path, string? body = null)
    {
        var citizen = Client(TokenKind.Citizen);
        return SendAsync(method, path, citizen.Headers(method, Public(path.Split('?')[0]), citizen.Token().With("pid", person).Sign(issuer.Key)), body, "application/json");
    }

    /// <summary>Sends as one who is signed in on Helsenorge, for whom the token names.</summary>
    internal Task<Answer> OnHelsenorgeAsync(string acting, string subject, string? relation, string method, string path, string? body = null, string scopes = "pmd:citizen")
    {
        var helsenorge = Client(TokenKind.Helsenorge);
        var token = helsenorge.Token().With("acting_pid", acting).With("subject_pid", subject).With("relation", relation).With("scp", scopes).Sign(issuer.Key);
        return SendAsync(method, path, helsenorge.Headers(method, Public(path.Split('?')[0]), token), body, "application/json");
    }

    /// <summary>Pushes a setting as Helsenorge's privacy component.</summary>
    internal Task<Answer> PushAsync(JsonNode setting) => PushAsync(setting.ToJsonString());

    internal Task<Answer> PushAsync(string setting)
    {
        const string Path = "/personvern/LagreInnbyggersPersonvernInnstilling";
        return SendAsync("POST", Path, Client(TokenKind.Pvk).Headers("POST", Public(Path)), setting, "application/json");
    }

    /// <summary>Stores something of a new person, for the municipality that follows them up.</summary>
    internal async Task<(string Person, string Id)> StoreAsync(string? controller = Municipality)
    {
        var person = NewPerson();
        var answer = await SubmitAsync(Messages.Collection(Of(person, "1", controller)));
        Assert.True(answer.StatusCode == 200 && (string?)answer.Entries[0]["response"]!["status"] == "200", answer.Text);
        return (person, ((string)answer.Entries[0]["response"]!["location"]!).Split('/')[1]);
    }

    internal static JsonObject Of(string person, string name, string? controller = Municipality)
    {
        var observation = Messages.HeartRate(person, name);
        if (controller is not null)
        {
            observation["performer"] = new JsonArray(new JsonObject { ["identifier"] = new JsonObject { ["system"] = "urn:oid:2.16.578.1.12.4.1.4.101", ["value"] = controller } });
        }

        return observation;
    }

    /// <summary>The journalled events, in the order of time.</summary>
    internal async Task<IReadOnlyList<AccessEvent>> EventsAsync()
    {
        await Service.Log.Sequencer.RunAsync(everything: true, default);
        List<AccessEvent> events = [];
        await foreach (var (_, logged) in new LogReader(storage.Blobs).ReadSequenceAsync(0, long.MaxValue))
        {
            events.Add(logged);
        }

        return events;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        mode.Dispose();
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
