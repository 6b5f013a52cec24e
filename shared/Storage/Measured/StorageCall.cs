using System.Diagnostics;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Storage.Measured;

/// <summary>One storage request while it is under way: its activity, where it is part of a request, and its time. Names no row and no blob.</summary>
internal readonly struct StorageCall
{
    private readonly string store;
    private readonly string operation;
    private readonly Activity? activity;
    private readonly long began;

    private StorageCall(string store, string operation, Activity? activity) =>
        (this.store, this.operation, this.activity, began) = (store, operation, activity, Stopwatch.GetTimestamp());

    // What timers do by themselves is measured and not traced: it would be most of all that is traced.
    public static StorageCall Begin(string store, string operation)
    {
        var activity = Activity.Current is null ? null : Signals.Source.StartActivity($"{store} {operation}", ActivityKind.Client);
        activity?.SetTag("store", store).SetTag("operation", operation);
        return new(store, operation, activity);
    }

    /// <summary>Ends it.</summary>
    /// <param name="isDone">Whether it did what was asked; else storage declined: a name was taken, a version had changed.</param>
    public void End(bool isDone) => End(isDone ? "done" : "declined", Stopwatch.GetElapsedTime(began));

    /// <summary>Ends it with a fault. Only its kind is told.</summary>
    public void Fail(Exception fault) => End(OutcomeOf(fault), Stopwatch.GetElapsedTime(began));

    /// <summary>The word of a fault.</summary>
    public static string OutcomeOf(Exception fault) => fault switch
    {
        StorageUnavailableException => "unavailable",
        OperationCanceledException => "cancelled",
        _ => "failed",
    };

    /// <summary>Ends it, where it took less time than has passed.</summary>
    public void End(string outcome, TimeSpan took)
    {
        var tags = new TagList { { "store", store }, { "operation", operation }, { "outcome", outcome } };
        Signals.StorageRequests.Add(1, tags);
        Signals.StorageDuration.Record(took.TotalSeconds, tags);
        if (activity is not null)
        {
            activity.SetTag("outcome", outcome);
            if (outcome is "unavailable" or "failed")
            {
                activity.SetStatus(ActivityStatusCode.Error);
            }

            activity.Dispose();
        }
    }
}
