using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The whole service in this process: Kestrel on a free port, embedded storage in a temporary folder, a clock that is set by the test.</summary>
internal sealed class TestService : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly EmbeddedStorage storage;
    private readonly WebApplication app;

    private TestService(string folder, FakeTimeProvider clock, EmbeddedStorage storage, Service service, WebApplication app)
    {
        (Folder, Clock, this.storage, Service, this.app) = (folder, clock, storage, service, app);
        Client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = new(app.Urls.First() + "/") };
    }

    public string Folder { get; }

    public FakeTimeProvider Clock { get; }

    public Service Service { get; }

    public HttpClient Client { get; }

    public static async Task<TestService> StartAsync(
        NationalIdPolicy policy = NationalIdPolicy.Lenient, Func<IPartitions, IPartitions>? wrap = null, Func<IBlobs, IBlobs>? wrapBlobs = null, StreamOptions? stream = null,
        ParticipantList? participants = null, IReadOnlyList<Trigger>? triggers = null, PasientensMaledata.Functions.Hosting.Telemetry? telemetry = null, string? inFolder = null,
        DateTimeOffset? at = null)
    {
        var folder = inFolder ?? Directory.CreateTempSubdirectory("pmd-test-").FullName;
        var clock = new FakeTimeProvider(at ?? Noon);
        var storage = EmbeddedStorage.Open(folder, clock);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        var partitions = wrap is null ? storage.Partitions : wrap(storage.Partitions);
        var service = Service.Over(
            partitions, wrapBlobs is null ? storage.Blobs : wrapBlobs(storage.Blobs), ring, policy, "embedded", clock,
            new OpenAuthentication(ring, policy, clock), new(() => participants ?? Development.Participants, AccessRules.Default, new NoRegisters(), new(partitions), caps: null, clock), stream);
        var app = WebHost.Build(service, 0, triggers ?? Triggers.All, telemetry);
        await app.StartAsync();
        return new(folder, clock, storage, service, app) { IsKept = inFolder is not null };
    }

    /// <summary>Whether the folder is the test's own, and stays.</summary>
    private bool IsKept { get; init; }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string contentType = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/'));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = contentType.Length == 0 ? null : MediaTypeHeaderValue.Parse(contentType);
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, response, text);
    }

    public Task<Answer> PostAsync(string path, JsonNode body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body.ToJsonString(), headers: headers);

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers: headers);

    public Task<Answer> SearchAsync(string form, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "Observation/_search", form, "application/x-www-form-urlencoded", headers);

    public Task<Answer> LastAsync(string form) => SendAsync(HttpMethod.Post, "Observation/$lastn", form, "application/x-www-form-urlencoded");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        await storage.DisposeAsync();
        if (!IsKept)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}

/// <summary>An answer as read.</summary>
internal sealed record Answer(HttpStatusCode Status, HttpResponseMessage Response, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public int StatusCode => (int)Status;

    /// <summary>The entries of a Bundle.</summary>
    public IReadOnlyList<JsonNode> Entries => Json["entry"]?.AsArray().Select(e => e!).ToList() ?? [];

    /// <summary>The Observations of a searchset, in order.</summary>
    public IReadOnlyList<JsonNode> Observations =>
        [.. Entries.Where(e => (string?)e["search"]?["mode"] == "match").Select(e => e["resource"]!)];

    /// <summary>All issues of an OperationOutcome, or of the outcome entries of a searchset.</summary>
    public IReadOnlyList<JsonNode> Issues =>
        (string?)Json["resourceType"] == "OperationOutcome"
            ? [.. Json["issue"]!.AsArray().Select(i => i!)]
            : [.. Entries.Where(e => (string?)e["search"]?["mode"] == "outcome").SelectMany(e => e["resource"]!["issue"]!.AsArray()).Select(i => i!)];

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(",", values) : null;
}
