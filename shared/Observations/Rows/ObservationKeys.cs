using PasientensMaledata.Storage;

namespace PasientensMaledata.Observations.Rows;

/// <summary>Row keys of a patient's partition (docs/architecture.md, "How a patient's measurements lie").</summary>
public static class ObservationKeys
{
    // After every hexadecimal digit: what has no effective time stands after all that has.
    private const char UntimedMark = 'g';

    /// <summary>First key of the head: person, settings, codings.</summary>
    public static RowKey HeadFrom { get; } = new("a.");

    /// <summary>Ends the head.</summary>
    public static RowKey HeadTo { get; } = new("a~");

    /// <summary>First key of the long spans.</summary>
    public static RowKey LongFrom { get; } = new("l.");

    /// <summary>Ends the long spans.</summary>
    public static RowKey LongTo { get; } = new("l~");

    /// <summary>
    /// What orders an Observation among all of its patient, newest first: inverted effective start and identity; without effective time, after all
    /// others, inverted time of receipt and identity.
    /// </summary>
    public static string Position(EffectiveTime effective, DateTime received, ObservationIdentity identity) =>
        effective.HasTime ? $"{Invert(effective.StartTicks):x16}.{identity}" : $"{UntimedMark}{Invert(received.Ticks):x16}.{identity}";

    /// <summary>The row of a current Observation: <c>o.</c>, or <c>l.</c> where its time spans more than 26 h.</summary>
    public static RowKey Observation(string concept, EffectiveTime effective, DateTime received, ObservationIdentity identity) =>
        new($"{(effective.IsLong ? 'l' : 'o')}.{concept}.{Position(effective, received, identity)}");

    /// <summary>The position in a row key of an Observation.</summary>
    public static string PositionOf(RowKey key)
    {
        var text = key.ToString();
        return text[(text.IndexOf('.', 2) + 1)..];
    }

    /// <summary>Whether a position is one without effective time.</summary>
    public static bool IsUntimed(string position) => position[0] == UntimedMark;

    /// <summary>Range of one Concept's short spans.</summary>
    /// <param name="concept">The slug.</param>
    /// <param name="newestStart">Latest effective start wanted, ticks; with <see cref="long.MaxValue"/> there is no bound.</param>
    /// <param name="oldestStart">Earliest effective start wanted, ticks; with <see cref="long.MinValue"/> there is no bound, and those without time are in the range.</param>
    /// <param name="after">Position after which to begin; null for the beginning.</param>
    public static (RowKey From, RowKey To) Range(string concept, long newestStart, long oldestStart, string? after)
    {
        var from = $"{Invert(newestStart):x16}";

        // '-' sorts before everything a longer key could go on with.
        from = after is not null && string.CompareOrdinal($"{after}-", from) > 0 ? $"{after}-" : from;
        var to = oldestStart == long.MinValue ? "~" : $"{Invert(oldestStart):x16}~";
        return (new($"o.{concept}.{from}"), new($"o.{concept}.{to}"));
    }

    /// <summary>Range of one Concept's short spans, without those that have no time.</summary>
    public static (RowKey From, RowKey To) Timed(string concept, long newestStart, long oldestStart) =>
        Range(concept, newestStart, Math.Max(oldestStart, 0), null);

    /// <summary>Range of those of one Concept that have no effective time.</summary>
    public static (RowKey From, RowKey To) Untimed(string concept) => (new($"o.{concept}.{UntimedMark}"), new($"o.{concept}.{UntimedMark}~"));

    /// <summary>Where an identity's current version lies and what versions it has had.</summary>
    public static RowKey Identity(ObservationIdentity identity) => new($"i.{identity}");

    /// <summary>A superseded version.</summary>
    public static RowKey History(ObservationIdentity identity, int version) => new($"h.{identity}.{version:x8}");

    /// <summary>Pointer in order of the stamp.</summary>
    public static RowKey Update(DateTime stamp, ObservationIdentity identity) => new($"u.{stamp.Ticks:x16}.{identity}");

    /// <summary>Range of pointers by stamp, in ticks; the end is not part of it.</summary>
    public static (RowKey From, RowKey To) Updates(long oldest, long end) => (new($"u.{Math.Max(0, oldest):x16}"), new($"u.{Math.Max(0, end):x16}"));

    private static long Invert(long ticks) => long.MaxValue - Math.Max(ticks, 0);
}
