using System.Buffers.Binary;
using System.Collections.Concurrent;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Access.PrivacyComponent;

/// <summary>
/// Helsenorge's privacy component where it is the master: when the settings here were last made the same as its, and whether they may be relied on.
/// Every process loads at its start, unless another has just done so; each night one does. The moment of the last whole load is stored, so that a
/// process that starts while the component is away relies on what is stored, for as long as <see cref="Limits.MaxSettingsAge"/>. Thread-safe.
/// </summary>
/// <param name="reconciliation">Makes them the same.</param>
/// <param name="partitions">Where the moment is stored.</param>
/// <param name="time">The clock.</param>
public sealed class PvkMaster(PvkReconciliation reconciliation, IPartitions partitions, TimeProvider time)
{
    /// <summary>How often <see cref="GoOnAsync"/> is to be called.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>When the nightly load is due, UTC: half an hour after the timer function, which comes first where there is a host.</summary>
    public static readonly TimeSpan Night = new(2, 30, 0);

    // A process that starts so soon after a whole load of another's need not load again; pushes come to all of them at once, through storage.
    private static readonly TimeSpan JustNow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookAfter = TimeSpan.FromMinutes(1);
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly PartitionKey Partition = new("privacy-component");
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly RowKey Mark = new("loaded.privacy-component");

    private readonly ConcurrentQueue<PatientKey> untold = [];
    private long loaded = DateTime.MinValue.Ticks;
    private DateTimeOffset next = DateTimeOffset.MinValue;
    private volatile bool hasStarted;

    /// <summary>
    /// Whether the settings here may be relied on: the first load has been tried, and the last that was whole is not older than
    /// <see cref="Limits.MaxSettingsAge"/>. Where not, nothing may be shown to health personnel, and nothing stored.
    /// </summary>
    public bool IsRelied => hasStarted && time.GetUtcNow().UtcDateTime - Loaded <= Limits.MaxSettingsAge;

    /// <summary>When the last whole load ended, of whichever process, UTC.</summary>
    public DateTime Loaded => new(Interlocked.Read(ref loaded), DateTimeKind.Utc);

    /// <summary>A setting was changed here: the component is told soon, or else by the nightly load.</summary>
    public void Tell(PatientKey patient) => untold.Enqueue(patient);

    /// <summary>Tells what waits, and loads where it is due: at the start, each night, and again soon after one that failed.</summary>
    /// <returns>What a load did; null where none was due.</returns>
    /// <exception cref="HttpRequestException">The component does not answer.</exception>
    /// <exception cref="StorageUnavailableException">Storage does not.</exception>
    public async Task<PvkReport?> GoOnAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        PvkReport? report = null;
        if (now >= next)
        {
            next = now + RetryAfter;
            await ReadMarkAsync(cancellationToken);
            if (hasStarted ? Loaded < LastNight(now.UtcDateTime) : now.UtcDateTime - Loaded > JustNow)
            {
                report = await RunAsync(cancellationToken);
            }

            (hasStarted, next) = (true, now + LookAfter);
        }

        while (untold.TryDequeue(out var patient))
        {
            try
            {
                await reconciliation.TellAsync(patient, cancellationToken);
            }
            catch
            {
                untold.Enqueue(patient);
                throw;
            }
        }

        return report;
    }

    /// <summary>Loads, due or not. Two at once do no harm.</summary>
    /// <exception cref="HttpRequestException">The component does not answer. What was taken is taken, and the rest at the next load.</exception>
    public async Task<PvkReport> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var report = await reconciliation.RunAsync(cancellationToken);
            await WriteMarkAsync(time.GetUtcNow().UtcDateTime, cancellationToken);
            return report;
        }
        finally
        {
            // Tried, well or not: from now on the age of what is stored decides.
            hasStarted = true;
        }
    }

    private static DateTime LastNight(DateTime now) => now.TimeOfDay >= Night ? now.Date + Night : now.Date.AddDays(-1) + Night;

    private async Task<RowVersion?> ReadMarkAsync(CancellationToken cancellationToken)
    {
        if (await partitions.ReadAsync(Partition, Mark, cancellationToken) is not { } row)
        {
            return null;
        }

        if (row.Value.Length != sizeof(long) || BinaryPrimitives.ReadInt64BigEndian(row.Value.Span) is var ticks && ticks is < 0 or > 3_155_378_975_999_999_999)
        {
            throw new StorageUnavailableException("When privacy settings were last loaded does not read.");
        }

        Interlocked.Exchange(ref loaded, ticks);
        return row.Version;
    }

    // Where another process was first, its moment is as good.
    private async Task WriteMarkAsync(DateTime moment, CancellationToken cancellationToken)
    {
        var value = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(value, moment.Ticks);
        var operation = await ReadMarkAsync(cancellationToken) is { } version ? RowOperation.Replace(Mark, version, value) : RowOperation.Insert(Mark, value);
        await partitions.CommitAsync(Partition, [operation], null, cancellationToken);
        await ReadMarkAsync(cancellationToken);
    }
}
