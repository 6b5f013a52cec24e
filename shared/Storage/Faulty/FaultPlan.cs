namespace PasientensMaledata.Storage.Faulty;

/// <summary>
/// How often storage fails, each as a share of calls from 0 (never, the default) to 1. Only what real storage does: answers may be late, lost
/// or withheld, but none is ever untrue.
/// </summary>
public sealed record FaultPlan
{
    /// <summary>Calls refused before anything is done (503): <see cref="StorageUnavailableException"/>.</summary>
    public double Unavailable { get; init; }

    /// <summary>Writes that are done, and whose answer is lost: <see cref="StorageUnavailableException"/>.</summary>
    public double LostAnswer { get; init; }

    /// <summary>Writes that are done, whose answer is lost on the way, and that the adapter tries again: the answer is that of the second try, which
    /// meets the first as a conflict (409, 412).</summary>
    public double Retried { get; init; }

    /// <summary>Pages with fewer rows than were asked for, though more follow.</summary>
    public double ShortPage { get; init; }

    /// <summary>Pages without rows, though more follow. Less than 1, or a range has no end.</summary>
    public double EmptyPage { get; init; }

    /// <summary>Calls that are delayed, half of the time before they are done and half of it after.</summary>
    public double Delayed { get; init; }

    /// <summary>The longest delay.</summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>Everything at once and often: a tenth of calls each, without delays.</summary>
    public static FaultPlan Rough { get; } =
        new() { Unavailable = 0.1, LostAnswer = 0.1, Retried = 0.1, ShortPage = 0.3, EmptyPage = 0.2 };
}
