using System.Collections.Immutable;

namespace PasientensMaledata.Observations.Concepts;

/// <summary>A code within its system; both are compared letter by letter.</summary>
/// <param name="System">The code system's URI.</param>
/// <param name="Code">The code.</param>
public readonly record struct CodingKey(string System, string Code);

/// <summary>Where the result of a measurement stands.</summary>
public enum ValueShape
{
    /// <summary>Anywhere.</summary>
    Any,

    /// <summary>In <c>valueQuantity</c>.</summary>
    Quantity,

    /// <summary>In the components only.</summary>
    Components,
}

/// <summary>What a profile demands beyond FHIR's own rules.</summary>
[Flags]
public enum ProfileDemands
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The Concept's category.</summary>
    Category = 1,

    /// <summary>The profile's coding.</summary>
    Coding = 2,

    /// <summary>A time, no coarser than a day (vs-1).</summary>
    Time = 4,

    /// <summary>The Concept's value shape, and its units with system and code.</summary>
    Unit = 8,

    /// <summary>The Concept's required parts, each with a value or the reason for its absence (vs-3).</summary>
    Parts = 16,

    /// <summary>All that FHIR R4's vital signs profiles demand.</summary>
    VitalSign = Category | Coding | Time | Unit | Parts,
}

/// <summary>A profile that an Observation can claim in <c>meta.profile</c>.</summary>
/// <param name="Url">The canonical URL, without version.</param>
/// <param name="Coding">The coding that <c>Observation.code</c> must hold, where the profile fixes one.</param>
/// <param name="Demands">What the profile demands.</param>
public sealed record ConceptProfile(string Url, CodingKey? Coding, ProfileDemands Demands);

/// <summary>A part of a measurement that stands in a component.</summary>
/// <param name="English">Its name in English.</param>
/// <param name="Norwegian">Its name in Norwegian.</param>
/// <param name="Codings">The codings that mean it.</param>
/// <param name="Units">UCUM codes of its quantity; empty where none are fixed.</param>
/// <param name="IsRequired">The whole is incomplete without it.</param>
public sealed record ConceptPart(string English, string Norwegian, ImmutableArray<CodingKey> Codings, ImmutableArray<string> Units, bool IsRequired)
{
    /// <summary>Whether a coding means this part.</summary>
    public bool Means(string? system, string? code)
    {
        foreach (var coding in Codings)
        {
            if (coding.System == system && coding.Code == code)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What was measured, whichever coding said it.</summary>
public sealed record Concept
{
    /// <summary>Its name in storage keys: at most 16 of <c>a-z0-9</c>. Never changed once measurements are stored under it.</summary>
    public required string Slug { get; init; }

    /// <summary>Its name in English.</summary>
    public required string English { get; init; }

    /// <summary>Its name in Norwegian.</summary>
    public required string Norwegian { get; init; }

    /// <summary>The codings that mean it.</summary>
    public required ImmutableArray<CodingKey> Codings { get; init; }

    /// <summary>Where its result stands.</summary>
    public ValueShape Shape { get; init; }

    /// <summary>UCUM codes of its quantity; empty where none are fixed.</summary>
    public ImmutableArray<string> Units { get; init; } = [];

    /// <summary>Its code of FHIR's observation-category, where the profiles demand one.</summary>
    public string? Category { get; init; }

    /// <summary>What stands in its components.</summary>
    public ImmutableArray<ConceptPart> Parts { get; init; } = [];

    /// <summary>The profiles of it, the most particular first.</summary>
    public ImmutableArray<ConceptProfile> Profiles { get; init; } = [];
}
