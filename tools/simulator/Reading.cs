using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Simulator;

/// <summary>A part of a reading, such as the systolic pressure.</summary>
/// <param name="Part">Which.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct PartReading(ConceptPart Part, decimal Value);

/// <summary>One thing measured once.</summary>
/// <param name="Concept">What was measured.</param>
/// <param name="At">When, with Norway's offset of that time.</param>
/// <param name="Value">The value; null where it stands in the parts or is a code.</param>
/// <param name="Parts">Its parts; empty for none.</param>
/// <param name="Code">The value as a SNOMED CT code; null for none.</param>
/// <param name="Device">Serial number of what measured it; null where a person did.</param>
internal sealed record Reading(Concept Concept, DateTimeOffset At, decimal? Value, IReadOnlyList<PartReading> Parts, CodingKey? Code, string? Device);

/// <summary>What was measured at one sitting, in the order measured.</summary>
/// <param name="Readings">At least one.</param>
internal sealed record Session(IReadOnlyList<Reading> Readings)
{
    public DateTimeOffset End => Readings[^1].At;
}
