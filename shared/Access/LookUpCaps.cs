using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Access;

/// <summary>Whether a look-up keeps within the caps.</summary>
/// <param name="IsWithin">Whether it does.</param>
/// <param name="MustWarn">Whether the operator is to be warned: the first time in the hour that this process refuses this caller.</param>
/// <param name="OfClient">Whether it is the client's cap that is reached; else the practitioner's.</param>
public readonly record struct CapVerdict(bool IsWithin, bool MustWarn, bool OfClient);

/// <summary>
/// Caps on how many different patients one practitioner, and one client, ask for within a clock hour: against snooping and against trying numbers.
/// Each practitioner or client has a row of numbered slots for the hour, as many as the cap. A patient is counted by inserting their hash into the
/// first free slot, and a slot is taken once: any number of processes together keep the cap exactly, and each learns of the others' where it meets
/// them. Where nothing can be read or written the call throws, and nothing may be shown.
/// </summary>
/// <param name="partitions">Where the rows lie.</param>
/// <param name="ring">The keys: patients and callers stand in the rows as keyed hashes.</param>
/// <param name="time">The clock.</param>
/// <param name="perPractitioner">Different patients for a practitioner.</param>
/// <param name="perClient">Different patients for a client.</param>
public sealed class LookUpCaps(
    IPartitions partitions, KeyRing ring, TimeProvider time, int perPractitioner = Limits.MaxPatientsPerPractitionerHour, int perClient = Limits.MaxPatientsPerClientHour)
{
    private const int Spread = 16;

    private readonly Lock @lock = new();
    private Dictionary<string, Tally> tallies = [];
    private string? hourOfTallies;

    /// <summary>
    /// Counts a look-up. No storage request where this caller has asked for this patient in this process and hour, else one for the practitioner and
    /// one for the client. To be called for every look-up by a valid token, before anything is read of the patient: a number nobody has is counted too.
    /// </summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="patient">Whose measurements; null for a number never seen.</param>
    /// <param name="number">The number asked for; needed where <paramref name="patient"/> is null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StorageUnavailableException">It cannot be counted: nothing may be shown.</exception>
    public async ValueTask<CapVerdict> CountAsync(PersonnelCaller caller, PatientKey? patient, NationalId? number, CancellationToken cancellationToken)
    {
        var hash = HashOf(patient, number);
        var (practitioner, client) = TalliesOf(caller);
        var ofPractitioner = practitioner.AddAsync(hash, cancellationToken);
        var ofClient = client.AddAsync(hash, cancellationToken);
        var (one, other) = (await ofPractitioner, await ofClient);
        if (one && other)
        {
            return new(true, false, false);
        }

        Signals.Capped.Add(1, new KeyValuePair<string, object?>("of", one ? "client" : "practitioner"));
        return new(false, (one ? client : practitioner).IsFirstWarning(), one);
    }

    /// <summary>Deletes what is counted of hours that have passed; the last two are left. Returns how many rows.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var deleted = 0;
        // Stryker disable once Equality : an hour further back is as well deleted
        for (var back = 2; back < 26; back++)
        {
            var hour = HourOf(time.GetUtcNow().AddHours(-back));
            // Stryker disable once Equality : nothing lies in a partition past the last
            for (var i = 0; i < Spread; i++)
            {
                var partition = PartitionOf(hour, i);
                while (await partitions.ReadRangeAsync(partition, new("c."), new("c~"), StorageLimits.MaxBatchOperations, null, cancellationToken) is { Rows: { Count: > 0 } rows })
                {
                    await partitions.CommitAsync(partition, [.. rows.Select(r => RowOperation.Delete(r.Key, r.Version))], null, cancellationToken);
                    deleted += rows.Count;
                }
            }
        }

        return deleted;
    }

    private (Tally Practitioner, Tally Client) TalliesOf(PersonnelCaller caller)
    {
        var hour = HourOf(time.GetUtcNow());
        lock (@lock)
        {
            if (hour != hourOfTallies)
            {
                (tallies, hourOfTallies) = ([], hour);
            }

            return (TallyOf($"p {caller.Key}", hour, perPractitioner), TallyOf($"c {caller.Client.Id}", hour, perClient));
        }
    }

    private Tally TallyOf(string whom, string hour, int cap)
    {
        if (!tallies.TryGetValue(whom, out var tally))
        {
            Span<byte> hash = stackalloc byte[32];
            KeyedHash.Compute(ring.Current.Practitioner, Encoding.UTF8.GetBytes($"cap {whom}"), hash);
            tallies.Add(whom, tally = new(partitions, PartitionOf(hour, hash[0] % Spread), $"c.{hour}.{Convert.ToHexStringLower(hash[..16])}", cap));
        }

        return tally;
    }

    private ulong HashOf(PatientKey? patient, NationalId? number)
    {
        Span<byte> hash = stackalloc byte[32];
        var named = new byte[32];
        if (patient is { } key)
        {
            key.Write(named);
        }
        else
        {
            Encoding.ASCII.GetBytes(number?.Digits ?? throw new ArgumentException("A look-up names a patient or a number.", nameof(number)), named);
        }

        KeyedHash.Compute(ring.Current.Practitioner, [.. "capped patient "u8, .. named], hash);
        var value = BinaryPrimitives.ReadUInt64BigEndian(hash);
        // Stryker disable once Statement : leaves a number in memory for longer, which no test can see
        CryptographicOperations.ZeroMemory(named);
        return value;
    }

    /// <summary>How many seconds there are until counting begins anew, at the next full hour: 1 to 3600.</summary>
    public static int SecondsToNextHour(DateTimeOffset now) => (int)Math.Ceiling((TimeSpan.TicksPerHour - (now.UtcTicks % TimeSpan.TicksPerHour)) / (double)TimeSpan.TicksPerSecond);

    private static string HourOf(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyyMMddHH", CultureInfo.InvariantCulture);

    private static PartitionKey PartitionOf(string hour, int spread) => new($"caps-{hour}-{spread:x}");

    /// <summary>Whom one practitioner or client has asked for within one hour, as far as this process knows: the first of the slots that are taken.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never made, so there is nothing to dispose.")]
    private sealed class Tally(IPartitions partitions, PartitionKey partition, string rows, int cap)
    {
        private readonly Lock state = new();
        private readonly SemaphoreSlim turn = new(1);
        private readonly HashSet<ulong> known = [];
        private readonly HashSet<ulong> waiting = [];
        private bool hasWarned;

        /// <summary>Whether a patient is within the cap. Those that wait at once are written together.</summary>
        public async ValueTask<bool> AddAsync(ulong patient, CancellationToken cancellationToken)
        {
            lock (state)
            {
                // Stryker disable once all : what is known already is found below as well, in turn
                if (known.Contains(patient) || known.Count >= cap)
                {
                    return known.Contains(patient);
                }

                waiting.Add(patient);
            }

            // Stryker disable once Statement : without turns a slot is still taken once, by more requests
            await turn.WaitAsync(cancellationToken);
            try
            {
                for (var attempt = 0; attempt < Limits.MaxAttempts; attempt++)
                {
                    var (first, added) = Next(patient);
                    if (added.Count == 0)
                    {
                        // Stryker disable once Equality : there are none left of a cap that is at least one
                        return first < 0;
                    }

                    // All or none. Where another process took one of the slots, what it put there is read.
                    var outcome = (await partitions.CommitAsync(partition, [.. added.Select((hash, i) => RowOperation.Insert(Slot(first + i), Bytes(hash)))], null, cancellationToken)).Outcome;
                    Know(outcome == CommitOutcome.Committed ? added : await ReadAsync(first, cancellationToken));
                }

                throw new StorageUnavailableException("Others count for the same cap all the time.");
            }
            finally
            {
                lock (state)
                {
                    waiting.Remove(patient);
                }

                turn.Release();
            }
        }

        public bool IsFirstWarning()
        {
            lock (state)
            {
                var first = !hasWarned;
                hasWarned = true;
                return first;
            }
        }

        // The next slot and what goes into it and those after it. Nothing is left to do where the patient is known (-1) or there is no slot.
        private (int First, List<ulong> Added) Next(ulong patient)
        {
            lock (state)
            {
                if (known.Contains(patient))
                {
                    return (-1, []);
                }

                waiting.ExceptWith(known);
                return (known.Count, [.. waiting.Where(w => w != patient).Prepend(patient).Take(Math.Min(cap - known.Count, StorageLimits.MaxBatchOperations))]);
            }
        }

        private void Know(IReadOnlyCollection<ulong> hashes)
        {
            lock (state)
            {
                known.UnionWith(hashes);
            }
        }

        private async ValueTask<List<ulong>> ReadAsync(int first, CancellationToken cancellationToken)
        {
            var found = new List<ulong>();
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(partition, Slot(first), new($"{rows}.~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
                found.AddRange(page.Rows.Select(r => BinaryPrimitives.ReadUInt64BigEndian(r.Value.Span)));
                continuation = page.Continuation;
            }
            while (continuation is not null);
            return found;
        }

        private RowKey Slot(int number) => new($"{rows}.{number:x6}");

        private static byte[] Bytes(ulong hash)
        {
            var bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, hash);
            return bytes;
        }
    }
}
