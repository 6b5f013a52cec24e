using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Simulator;
using PasientensMaledata.Statistics;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Statistics;

/// <summary>A log in memory, and a folder to which statistics of it are exported.</summary>
internal sealed class StatisticsWorld : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EmbeddedStorage storage;
    private readonly MasterKeys master = MasterKeys.Generate();

    private StatisticsWorld(IReadOnlyList<AccessEvent> events)
    {
        Events = [.. events];
        storage = EmbeddedStorage.Open(folder.Path, TimeProvider.System);
    }

    public List<AccessEvent> Events { get; }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 20, 2, 0, 0, TimeSpan.Zero));

    public IBlobs Blobs => storage.Blobs;

    public KeyRing Ring { get; private set; } = null!;

    public string Folder => folder.Path;

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<StatisticsWorld> OpenAsync(IEnumerable<AccessEvent> events)
    {
        var world = new StatisticsWorld([.. events]);
        world.Ring = await KeyRing.OpenAsync(world.Blobs, () => world.master, Stop);
        return world;
    }

    /// <summary>A simulated log, with participants at its head.</summary>
    public static (UsageLog Log, List<AccessEvent> Events) Simulate(int patients, int practitioners, DateOnly start, int days, long seed = 7)
    {
        var log = new UsageLog(new Simulation(new(patients, days, seed, start, null, FaultRates.None)), practitioners);
        var enrolled = new AccessEvent
        {
            Id = Guid.NewGuid(),
            CorrelationId = "",
            Time = start.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc),
            Action = AccessAction.ParticipantsChange,
            Outcome = AccessOutcome.Permitted,
            Setting = "enrolled",
        };
        return (log, [enrolled, .. log.Events()]);
    }

    /// <summary>Everybody of the simulation is enrolled.</summary>
    public static Affiliations Participants(string text)
    {
        Assert.Equal("enrolled", text);
        var log = new UsageLog(new Simulation(new(1, 1, 1, new(2026, 1, 1), null, FaultRates.None)), 0);
        var from = new DateOnly(2025, 1, 1);
        var all = new Dictionary<string, Affiliation>
        {
            [Region.Hospital.Number] = new("specialist", "helse-vest", "bergen", "", from, null),
        };
        foreach (var municipality in Region.Municipalities)
        {
            all[municipality.Care.Number] = new("municipal", "helse-vest", municipality.Share > 60 ? "bergen" : "voss-hardanger", municipality.Number, from, null);
        }

        foreach (var (municipality, practice) in log.Practices)
        {
            all[practice.Number] = new("gp", "helse-vest", municipality.Share > 60 ? "bergen" : "voss-hardanger", municipality.Number, from, null);
        }

        return new(all, new Dictionary<string, string>());
    }

    public StatisticsExport Export(IBlobs? blobs = null, long? treeSize = null) =>
        new(blobs ?? Blobs, Ring, new(treeSize ?? Events.Count, (from, to, stop) => ReadAsync(from, to)), Participants, Clock);

    /// <summary>Every file under statistics, by its path from there.</summary>
    public SortedDictionary<string, byte[]> Files()
    {
        var root = Path.Combine(folder.Path, "statistics");
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            files[Path.GetRelativePath(root, file)] = File.ReadAllBytes(file);
        }

        return files;
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Dispose();
    }

    private async IAsyncEnumerable<(long Index, AccessEvent Event)> ReadAsync(long from, long to)
    {
        await Task.CompletedTask;
        for (var i = from; i < Math.Min(to, Events.Count); i++)
        {
            yield return (i, Events[(int)i]);
        }
    }
}
