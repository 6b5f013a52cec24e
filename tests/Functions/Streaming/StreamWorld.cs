using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Simulator;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Faulty;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Submissions;
using PasientensMaledata.Tests.Identity;
using PasientensMaledata.Tests.Observations;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>A double of the Functions host over processes that fail and die, and one storage that stays.</summary>
internal sealed class StreamWorld : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pmd-stream-").FullName;
    private readonly EmbeddedStorage storage;

    private StreamWorld() => storage = EmbeddedStorage.Open(folder, Clock);

    public FakeTimeProvider Clock { get; } = new(TestService.Noon);

    public KeyRing Ring { get; private set; } = null!;

    public static async Task<StreamWorld> OpenAsync()
    {
        var world = new StreamWorld();
        world.Ring = await KeyRing.OpenAsync(world.storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(world.folder, "master-keys.json")), default);
        return world;
    }

    /// <summary>A process of the service.</summary>
    public Service Process(Lifespan? life = null, FaultPlan? faults = null, Random? random = null, Func<ParticipantList?>? participants = null, StreamOptions? options = null)
    {
        life ??= Lifespan.Endless;
        IPartitions partitions = new MortalPartitions(storage.Partitions, life);
        IBlobs blobs = new MortalBlobs(storage.Blobs, life);
        if (faults is not null)
        {
            partitions = new FaultyPartitions(partitions, faults, random!, Clock);
            blobs = new FaultyBlobs(blobs, faults, random!, Clock);
        }

        return Over(partitions, blobs, participants, options);
    }

    public Service Over(Func<IPartitions, IPartitions> wrap, Func<IBlobs, IBlobs> wrapBlobs) => Over(wrap(storage.Partitions), wrapBlobs(storage.Blobs));

    public static ValueTask<BatchAnswer> PostAsync(Service service, IEnumerable<HostEvent> events, long first, string partition = "0", int retry = 0, string invocation = "1")
    {
        var batch = EventBatch.Read(HostBatch.Write([.. events], partition, first, TestService.Noon, retry));
        return new(service.Stream.ReceiveAsync(batch, invocation, default));
    }

    /// <summary>Delivers a partition's events as the host does: at least once, in order, again without end, in batches of any size, from the checkpoint after a death.</summary>
    public async Task DeliverAsync(string partition, IReadOnlyList<ExpectedEvent> events, FaultPlan faults, Random random)
    {
        var deaths = 0;
        var service = Process(new(random.Next(20, 400)), faults, random);
        for (var position = 0; position < events.Count;)
        {
            var size = Math.Min(random.Next(1, 12), events.Count - position);
            try
            {
                for (var retry = 0; (await PostAsync(service, events.Skip(position).Take(size).Select(e => e.Event), 100 + position, partition, retry, $"{partition}-{position}")).Status != 200; retry++)
                {
                    Assert.True(retry < 500, "It is never done with.");
                }

                position += size;
            }
            catch (Exception e) when (e is DeadException or StorageUnavailableException { InnerException: DeadException } || e.GetBaseException() is DeadException)
            {
                // What was done since the last checkpoint is delivered again.
                position = Math.Max(0, position - random.Next(0, 8));
                service = Process(++deaths > 25 ? Lifespan.Endless : new(random.Next(20, 400)), faults, random);
            }
        }
    }

    public async Task ReserveAsync(string person)
    {
        _ = NationalId.TryParse(person, null, NationalIdPolicy.Lenient, out var number, out _);
        var service = Process();
        await service.Privacy.ReserveAsync(number, SettingActor.Citizen, isReserved: true, default);
    }

    /// <summary>Replays all that was refused.</summary>
    public async Task<ReplayTally> ReplayAsync(Service service)
    {
        var replay = new RefusedReplay(service.Refused, service.Reception, Ring, sender => SenderAdmission.Of(sender, StreamTests.Clinics(), Clock).Admit, Clock);
        var tally = default(ReplayTally);
        await foreach (var blob in service.Refused.ReadAsync(DateOnly.FromDateTime(TestService.Noon.UtcDateTime), null, null, default))
        {
            tally += await replay.ReplayAsync(blob, _ => true, default);
        }

        return tally;
    }

    public async Task<List<RefusedSubmission>> RefusedAsync()
    {
        var found = new List<RefusedSubmission>();
        await foreach (var blob in Process().Refused.ReadAsync(DateOnly.FromDateTime(TestService.Noon.UtcDateTime), null, null, default))
        {
            found.AddRange(blob.Submissions);
        }

        return found;
    }

    /// <summary>What is stored of a person, as it was sent.</summary>
    public async Task<IReadOnlyList<JsonNode>> StoredAsync(string person)
    {
        var service = Process();
        var patient = await service.Reader.OpenAsync(await service.Directory.FindAsync(PatientLinkTests.Id(person), default), default);
        return TestStore.Sent(await service.Reader.SearchAsync(patient, TestStore.Read(person, "_count=1000").Query!, Visibility.Everything, null, null, default));
    }

    /// <summary>All journals, as text.</summary>
    public async Task<string> JournalsAsync()
    {
        var text = new StringBuilder();
        await foreach (var item in storage.Blobs.ListAsync("journal/", default))
        {
            text.Append(Encoding.UTF8.GetString((await storage.Blobs.ReadAsync(item.Name, 0, StorageLimits.MaxBlobBytes, default))!.Value.Content.Span));
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private Service Over(IPartitions partitions, IBlobs blobs, Func<ParticipantList?>? participants = null, StreamOptions? options = null) => Service.Over(
        partitions, blobs, Ring, NationalIdPolicy.Lenient, "embedded", Clock, new OpenAuthentication(Ring, NationalIdPolicy.Lenient, Clock),
        new(participants ?? StreamTests.Clinics, AccessRules.Default, new NoRegisters(), new(partitions), caps: null, Clock), options);
}
