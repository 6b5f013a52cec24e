using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Functions;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tests.Observations;

/// <summary>Submissions and look-ups without HTTP, over embedded storage in a temporary folder, with a clock that is set by the test.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly EmbeddedStorage storage;

    private TestStore(string folder, FakeTimeProvider clock, EmbeddedStorage storage, Service service) =>
        (Folder, Clock, this.storage, Service) = (folder, clock, storage, service);

    public string Folder { get; }

    public FakeTimeProvider Clock { get; }

    public Service Service { get; private set; }

    public IPartitions Partitions => storage.Partitions;

    public IBlobs Blobs => storage.Blobs;

    public static async Task<TestStore> OpenAsync(Func<IPartitions, IPartitions>? wrap = null)
    {
        var folder = Directory.CreateTempSubdirectory("pmd-test-").FullName;
        var clock = new FakeTimeProvider(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
        var storage = EmbeddedStorage.Open(folder, clock);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        return new(folder, clock, storage, Service.Open(wrap is null ? storage.Partitions : wrap(storage.Partitions), storage.Blobs, ring, NationalIdPolicy.Lenient, "embedded", clock));
    }

    public async Task<EntryResult[]> SubmitAsync(JsonObject bundle, SenderId? sender = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(bundle);
        using var json = JsonDocument.Parse(body);
        var read = BundleReader.Read(json.RootElement, body, sender ?? SenderId.Development);
        var stored = await Service.Submissions.SubmitAsync(read.Source!, [.. read.Entries.Where(e => e.Observation is not null).Select(e => e.Observation!)], Service.Access.Sender(Development.System).Admit!, default);
        var next = 0;
        return [.. read.Entries.Select(e => e.Result ?? stored[next++])];
    }

    public async Task<LookUp> SearchAsync(string number, string query, string? after = null)
    {
        var read = Read(number, query);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await Service.Reader.SearchAsync(await Service.Reader.OpenAsync(await Service.Directory.FindAsync(read.Patient, default), default), read.Query!, Visibility.Everything, after, null, default);
            }
            catch (StorageUnavailableException) when (attempt < 200)
            {
                // As a caller who is told 503.
            }
        }
    }

    public static ReadQuery Read(string number, string query) => QueryReader.Read(
        QueryKind.Search,
        [KeyValuePair.Create("patient.identifier", number), .. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p[1]))],
        null,
        NationalIdPolicy.Lenient);

    /// <summary>What was found, as it was sent.</summary>
    public static IReadOnlyList<JsonNode> Sent(LookUp found) => [.. found.Observations.Select(Sent)];

    public static JsonNode Sent(FoundObservation found)
    {
        using var seal = found.Head.Person.OpenSeal();
        return JsonNode.Parse(new ObservationRow(found.Row.Span).ReadSent(seal))!;
    }

    /// <summary>From here on without what the storage was wrapped in.</summary>
    public void Unwrap() => Service = Service.Open(storage.Partitions, storage.Blobs, Service.Ring, NationalIdPolicy.Lenient, "embedded", Clock);

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
