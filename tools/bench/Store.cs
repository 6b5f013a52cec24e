using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Functions;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Bench;

/// <summary>The service's parts in this process, over the embedded storage of a folder.</summary>
internal sealed class Store : IAsyncDisposable
{
    private readonly EmbeddedStorage storage;

    private Store(EmbeddedStorage storage, CountingPartitions counted, Service service) => (this.storage, Counted, Service) = (storage, counted, service);

    public CountingPartitions Counted { get; }

    public Service Service { get; }

    /// <param name="folder">The folder, laid out as <c>./run</c> does.</param>
    /// <param name="instead">Where rows are kept instead; null for the folder.</param>
    public static async Task<Store> OpenAsync(string folder, IPartitions? instead = null)
    {
        Directory.CreateDirectory(folder);
        var storage = EmbeddedStorage.Open(folder, TimeProvider.System);
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), CancellationToken.None);
        var counted = new CountingPartitions(instead ?? storage.Partitions);
        return new(storage, counted, Service.Open(counted, storage.Blobs, ring, NationalIdPolicy.Lenient, "embedded", TimeProvider.System));
    }

    /// <summary>Stores a message as the service does, HTTP left out.</summary>
    public async Task SubmitAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(body, BundleReader.JsonOptions);
        var bundle = BundleReader.Read(json.RootElement, body, SenderId.Development);
        var results = await Service.Submissions.SubmitAsync(bundle.Source!, [.. bundle.Entries.Select(e => e.Observation!)], Service.Access.Sender(Development.System).Admit!, cancellationToken);
        if (Array.Find(results, r => r.Outcome != EntryOutcome.Created) is { } wrong)
        {
            throw new WrongAnswerException($"An Observation was {wrong.Outcome}, not created.");
        }
    }

    /// <summary>Opens a patient as a look-up does.</summary>
    public async Task<OpenedPatient> OpenPatientAsync(NationalId number, CancellationToken cancellationToken) =>
        await Service.Reader.OpenAsync(await Service.Directory.FindAsync(number, cancellationToken), cancellationToken);

    /// <summary>Stores so many Observations of a load; several at once.</summary>
    public Task FillAsync(IEnumerable<SimulatedMessage> load, int observations, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            TakeObservations(load, observations),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (message, stop) => await SubmitAsync(message.Body, stop));

    public ValueTask DisposeAsync() => storage.DisposeAsync();

    private static IEnumerable<SimulatedMessage> TakeObservations(IEnumerable<SimulatedMessage> load, int observations)
    {
        var taken = 0;
        foreach (var message in load)
        {
            yield return message;
            if ((taken += message.Entries.Count) >= observations)
            {
                yield break;
            }
        }

        throw new InvalidOperationException($"The load has only {taken} Observations.");
    }
}
