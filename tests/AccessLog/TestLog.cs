using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.AccessLog;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.Bench;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Tests.AccessLog;

/// <summary>A log over embedded storage in a temporary folder, with a clock that is set by the test.</summary>
internal sealed class TestLog : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private TestLog(string folder, EmbeddedStorage storage, LogKeys keys) => (Folder, Storage, Keys) = (folder, storage, keys);

    public string Folder { get; }

    public EmbeddedStorage Storage { get; }

    public FakeTimeProvider Clock { get; } = new(Noon);

    public LogEvents Events { get; } = new(1, 10);

    public IBlobs Blobs => Storage.Blobs;

    public IPartitions Partitions => Storage.Partitions;

    public LogKeys Keys { get; }

    public static async Task<TestLog> OpenAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pmd-log-").FullName;
        var storage = EmbeddedStorage.Open(folder, new FakeTimeProvider(Noon));
        var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(folder, "master-keys.json")), default);
        return new(folder, storage, new(storage.Blobs, ring, LogKeys.DefaultName, null));
    }

    public Journal Journal(IBlobs? instead = null) => new(instead ?? Blobs, Clock);

    public Sequencer Sequencer(IBlobs? blobs = null, IPartitions? partitions = null) => new(blobs ?? Blobs, partitions ?? Partitions, Keys, Clock);

    public AccessEvent Next() => Events.Next(Clock.GetUtcNow().UtcDateTime);

    /// <summary>Appends so many events to a journal, some together.</summary>
    public async Task<List<AccessEvent>> AppendAsync(Journal journal, int count)
    {
        List<AccessEvent> all = [.. Enumerable.Range(0, count).Select(_ => Next())];
        foreach (var together in all.Chunk(7))
        {
            await journal.AppendAsync(together, default);
        }

        return all;
    }

    public async Task<List<(long Index, AccessEvent Event)>> ReadAsync(long from = 0, long to = long.MaxValue)
    {
        List<(long, AccessEvent)> read = [];
        await foreach (var one in new LogReader(Blobs).ReadSequenceAsync(from, to))
        {
            read.Add(one);
        }

        return read;
    }

    public async Task<List<EventRow>> RowsAsync(PasientensMaledata.Identity.PatientKey patient)
    {
        List<EventRow> rows = [];
        string? continuation = null;
        do
        {
            var page = await Partitions.ReadRangeAsync(EventRow.Partition(patient), EventRow.First, EventRow.End, 100, continuation, default);
            rows.AddRange(page.Rows.Select(EventRow.Parse));
            continuation = page.Continuation;
        }
        while (continuation is not null);
        return rows;
    }

    /// <summary>Every blob of a prefix with its bytes, as text.</summary>
    public async Task<SortedDictionary<string, string>> BlobsAsync(params string[] prefixes)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (var prefix in prefixes)
        {
            await foreach (var item in Blobs.ListAsync(prefix, default))
            {
                all[item.Name.ToString()] = Convert.ToHexStringLower((await Blobs.ReadAsync(item.Name, 0, StorageLimits.MaxBlobBytes, default))!.Value.Content.Span);
            }
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
