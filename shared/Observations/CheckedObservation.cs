using System.Collections.Immutable;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Observations;

/// <summary>What <see cref="ObservationChecks"/> found. Nothing of the Observation was changed.</summary>
/// <param name="Issues">Errors refuse the Observation; warnings are told, and it is stored. Errors come first.</param>
/// <param name="Subject">The patient, where the number was accepted.</param>
/// <param name="Effective">When it was measured.</param>
/// <param name="Concept">What was measured, by the first of its codings that the catalogue knows.</param>
public sealed record CheckedObservation(ImmutableArray<Issue> Issues, NationalId? Subject, EffectiveTime Effective, Concept? Concept)
{
    /// <summary>No issue is an error, so the Observation may be stored; its subject is then known.</summary>
    public bool IsAccepted
    {
        get
        {
            foreach (var issue in Issues)
            {
                if (issue.Severity == IssueSeverity.Error)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
