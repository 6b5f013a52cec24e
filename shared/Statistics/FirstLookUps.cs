using System.Globalization;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Which measurements have not been looked up yet. A measurement is waited for during seven days from when it was received, so memory follows from a
/// week's measurements, not from the length of the log. Goes by the order of the log.
/// </summary>
/// <typeparam name="T">What is remembered of a measurement.</typeparam>
internal sealed class FirstLookUps<T>
{
    /// <summary>How long a measurement is waited for.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(7);

    private readonly Dictionary<ulong, (DateTime Received, T Of)> waiting = [];
    private readonly Queue<(DateTime Received, ulong Identity)> order = new();

    /// <summary>A measurement was received; false where it has no identity, or one that is waited for already.</summary>
    public bool Received(string identity, DateTime at, T of)
    {
        if (!TryRead(identity, out var key) || !waiting.TryAdd(key, (at, of)))
        {
            return false;
        }

        order.Enqueue((at, key));
        return true;
    }

    /// <summary>A measurement was given to someone; false where it was before, or was received more than the window ago.</summary>
    public bool TryFirst(string identity, DateTime at, out TimeSpan waited, out T of)
    {
        if (TryRead(identity, out var key) && waiting.TryGetValue(key, out var entry) && at - entry.Received <= Window)
        {
            waiting.Remove(key);
            waited = at > entry.Received ? at - entry.Received : TimeSpan.Zero;
            of = entry.Of;
            return true;
        }

        (waited, of) = (default, default!);
        return false;
    }

    /// <summary>Forgets the measurements that nobody looked up in their window, and gives them.</summary>
    public IEnumerable<T> ExpiredBy(DateTime now)
    {
        while (order.TryPeek(out var oldest) && oldest.Received + Window < now)
        {
            order.Dequeue();
            if (waiting.TryGetValue(oldest.Identity, out var entry) && entry.Received == oldest.Received)
            {
                waiting.Remove(oldest.Identity);
                yield return entry.Of;
            }
        }
    }

    /// <summary>Forgets the measurements that nobody looked up in their window.</summary>
    public void Forget(DateTime now)
    {
        foreach (var _ in ExpiredBy(now))
        {
        }
    }

    /// <summary>All that are still waited for.</summary>
    public IEnumerable<T> Rest() => ExpiredBy(DateTime.MaxValue);

    private static bool TryRead(string identity, out ulong key) => ulong.TryParse(identity, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out key);
}

/// <summary>The classes in which the wait for the first look-up is told.</summary>
internal static class WaitClass
{
    /// <summary>Their names, shortest first; each reaches up to its name.</summary>
    public static readonly IReadOnlyList<string> Names = ["15m", "1h", "6h", "24h", "7d"];

    private static readonly TimeSpan[] Ends = [TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromHours(24), TimeSpan.FromDays(7)];

    /// <summary>Index of the class of a wait of at most seven days.</summary>
    public static int Of(TimeSpan waited)
    {
        var index = 0;
        while (waited > Ends[index])
        {
            index++;
        }

        return index;
    }
}
