using System.Collections.Immutable;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Privacy;

/// <summary>A practitioner who is shut out, absolutely. At least one of the two is set; either that matches shuts out.</summary>
/// <param name="Hpr">By HPR number; null where the citizen named none.</param>
/// <param name="Key">By PractitionerKey, as when the Block is set from the citizen's log; null where it is not known.</param>
/// <param name="Name">The name by which the citizen knows them; empty where none was told. Never decided on.</param>
public sealed record Block(HprNumber? Hpr, PractitionerKey? Key, string Name);

/// <summary>What is closed to health personnel until they open it by consent or in an emergency. The default value closes nothing.</summary>
public readonly record struct Restriction
{
    private readonly ImmutableSortedSet<string>? concepts;
    private readonly bool all;

    private Restriction(bool all, ImmutableSortedSet<string>? concepts) => (this.all, this.concepts) = (all, concepts);

    /// <summary>Closes nothing.</summary>
    public static Restriction Nothing => default;

    /// <summary>Closes everything.</summary>
    public static Restriction Everything => new(true, null);

    /// <summary>Closes these Concepts (slugs).</summary>
    public static Restriction Of(IEnumerable<string> concepts)
    {
        var set = concepts.ToImmutableSortedSet(StringComparer.Ordinal);
        return set.IsEmpty ? default : new(false, set);
    }

    /// <summary>Whether everything is closed.</summary>
    public bool IsEverything => all;

    /// <summary>Whether nothing is.</summary>
    public bool IsNothing => !all && concepts is null;

    /// <summary>The Concepts that are closed, in ordinal order; empty where everything or nothing is.</summary>
    public IReadOnlyList<string> Concepts => all || concepts is null ? [] : concepts;

    /// <summary>Whether a Concept is closed.</summary>
    public bool Covers(string concept) => all || (concepts is not null && concepts.Contains(concept));

    /// <summary>Closes what either closes.</summary>
    public Restriction Or(Restriction other) =>
        all || other.all ? Everything : concepts is null ? other : other.concepts is null ? this : new(false, concepts.Union(other.concepts));

    /// <inheritdoc/>
    public bool Equals(Restriction other) => all == other.all && Concepts.SequenceEqual(other.Concepts);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(all, Concepts.Count);

    /// <summary>The Concepts in words.</summary>
    public override string ToString() => all ? "everything" : string.Join(' ', Concepts);
}

/// <summary>
/// The latest that was said of one setting. Of two that speak of the same setting, the one of the later time holds, in whatever order they come;
/// at the same time the stricter one.
/// </summary>
/// <param name="Id">Which setting.</param>
/// <param name="IsActive">Whether it holds; false where it was lifted.</param>
/// <param name="Block">Who is blocked; null for the others.</param>
/// <param name="Restriction">What is closed; nothing for the others.</param>
/// <param name="Time">The setting's own time, UTC, whole milliseconds.</param>
/// <param name="ReceivedAt">When it came here, UTC.</param>
/// <param name="Source">Who made it.</param>
/// <param name="Acting">Keyed pseudonym of the representative who made it; null for the citizen and for the privacy component.</param>
public sealed record PrivacySetting(
    SettingId Id, bool IsActive, Block? Block, Restriction Restriction, DateTime Time, DateTime ReceivedAt, SettingSource Source, PractitionerKey? Acting)
{
    /// <summary>Whether this one holds where both are known. A total order of what matters to the decision, so that the order of arrival does not.</summary>
    public bool Supersedes(PrivacySetting other) => Order(this, other) > 0;

    /// <summary>The one that holds.</summary>
    public static PrivacySetting Latest(PrivacySetting one, PrivacySetting other) => other.Supersedes(one) ? other : one;

    private static int Order(PrivacySetting one, PrivacySetting other)
    {
        var order = one.Time.CompareTo(other.Time);
        order = order != 0 ? order : one.IsActive.CompareTo(other.IsActive);
        order = order != 0 ? order : one.Restriction.IsEverything.CompareTo(other.Restriction.IsEverything);
        order = order != 0 ? order : one.Restriction.Concepts.Count.CompareTo(other.Restriction.Concepts.Count);
        order = order != 0 ? order : string.CompareOrdinal(one.Restriction.ToString(), other.Restriction.ToString());
        return order != 0 ? order : string.CompareOrdinal(one.Block?.ToString(), other.Block?.ToString());
    }
}
