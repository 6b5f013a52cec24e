using PasientensMaledata.Access;
using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>What is to be done with an incoming version, given those stored.</summary>
internal enum Action
{
    Create,
    Supersede,
    KeepInHistory,
    Reorder,
    AnswerKnown,
    AnswerConflict,
    AnswerPreconditionFailed,
    AnswerTooManyVersions,
}

/// <summary>An incoming version, as far as the decision needs it.</summary>
/// <param name="Sender">Who sent it.</param>
/// <param name="Content">Keyed hash of its content.</param>
/// <param name="Status">Observation.status.</param>
/// <param name="IsPut">Whether it came by PUT.</param>
/// <param name="IfMatch">The version it must replace; null for any.</param>
/// <param name="Issued">Observation.issued, else Bundle.timestamp, UTC; null where it has neither.</param>
/// <param name="BundleTimestamp">Bundle.timestamp, UTC; null where it has none.</param>
internal readonly record struct IncomingVersion(SenderId Sender, UInt128 Content, ObservationStatus Status, bool IsPut, int? IfMatch, DateTime? Issued, DateTime? BundleTimestamp)
{
    public bool IsCorrection => IsPut || Status.IsCorrection();
}

/// <summary>
/// The rule of corrections. An identity's versions have one order, whatever order they arrive in: the plain original first, then corrections by issued,
/// else Bundle.timestamp, else arrival; each by the earliest that was said of it. The last is current, the others are history.
/// </summary>
internal static class Decision
{
    /// <summary>Decides.</summary>
    /// <param name="stored">What is stored under the identity; null for nothing.</param>
    /// <param name="incoming">What came.</param>
    /// <param name="now">The stamp it would get, UTC.</param>
    /// <returns>What to do, and the entry of the new version where one is to be stored.</returns>
    public static (Action Action, VersionEntry Version) Make(IdentityRow? stored, IncomingVersion incoming, DateTime now)
    {
        var ordered = (incoming.Issued ?? incoming.BundleTimestamp)?.Ticks;
        if (stored is null)
        {
            // RFC 9110 13.1.1: If-Match is false where there is no current representation.
            return incoming.IfMatch is null
                ? (Action.Create, new(1, incoming.Content, incoming.IsCorrection, ordered ?? now.Ticks, now))
                : (Action.AnswerPreconditionFailed, default);
        }

        // Judged first, also where the content is known: who names a version wants to hear that it is no longer current.
        if (incoming.IfMatch is { } expected && expected != stored.CurrentNumber)
        {
            return (Action.AnswerPreconditionFailed, default);
        }

        var next = stored.Versions.Count + 1;
        var current = stored.Current;
        if (stored.Find(incoming.Content) is { } known)
        {
            var goesBack = incoming is { IsPut: true, IfMatch: not null } && known.Number != current.Number && incoming.Sender == stored.Sender;
            var earlier = known with { IsCorrection = known.IsCorrection && incoming.IsCorrection, Order = Math.Min(known.Order, ordered ?? known.Order) };
            return !goesBack ? (earlier != known && incoming.Sender == stored.Sender ? Action.Reorder : Action.AnswerKnown, earlier)
                : next > Limits.MaxVersions ? (Action.AnswerTooManyVersions, default)
                : (Action.Supersede, new(next, incoming.Content, true, After(current, incoming.BundleTimestamp?.Ticks ?? now.Ticks), now));
        }

        if (incoming.Sender != stored.Sender)
        {
            return (Action.AnswerConflict, default);
        }

        if (!incoming.IsCorrection)
        {
            // The original, come after its correction; a second one is no version of anything.
            return stored.Versions.Any(v => !v.IsCorrection) ? (Action.AnswerConflict, default)
                : next > Limits.MaxVersions ? (Action.AnswerTooManyVersions, default)
                : (Action.KeepInHistory, new(next, incoming.Content, false, ordered ?? now.Ticks, now));
        }

        if (next > Limits.MaxVersions)
        {
            return (Action.AnswerTooManyVersions, default);
        }

        // Without a time of its own it lies after everything that has arrived; so does one that names the current version.
        var order = ordered is { } own && incoming.IfMatch is null ? own : After(current, ordered ?? now.Ticks);
        var version = new VersionEntry(next, incoming.Content, true, order, now);
        return (version.LiesAfter(current) ? Action.Supersede : Action.KeepInHistory, version);
    }

    private static long After(VersionEntry current, long order) => Math.Max(order, current.Order + 1);
}
