using System.Runtime.InteropServices;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Observations;

/// <summary>
/// Decides whether an Observation can be stored, and what its sender should mend. What is not FHIR R4 (with R5's few elements) is refused; what is only unwise is stored and told.
/// Nothing is changed or interpreted, and no issue repeats a person number, a name or free text.
/// </summary>
public static class ObservationChecks
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    // 1990-01-01 in Norway. Home measurements are younger than that; older ones are a clock that was never set.
    private static readonly long Oldest = new DateTime(1989, 12, 31, 23, 0, 0, DateTimeKind.Utc).Ticks;

    // 2000-01-01 both in Norway and in UTC: where many devices' clocks start.
    private static readonly long EpochStart = new DateTime(1999, 12, 31, 23, 0, 0, DateTimeKind.Utc).Ticks;
    private static readonly long EpochEnd = new DateTime(2000, 1, 2, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>Checks one Observation. Never throws, whatever the JSON holds.</summary>
    /// <param name="observation">The Observation as sent.</param>
    /// <param name="policy">Which person numbers are let in.</param>
    /// <param name="now">The server's time.</param>
    public static CheckedObservation Check(JsonElement observation, NationalIdPolicy policy, DateTimeOffset now)
    {
        var issues = new IssueList();
        if (observation.ValueKind != JsonValueKind.Object)
        {
            issues.Error("structure", null, "This is no JSON object; send an Observation.");
            return Refused(issues);
        }

        var json = JsonMarshal.GetRawUtf8Value(observation);
        if (json.Length > Limits.MaxObservationBytes)
        {
            issues.Error("too-long", "Observation", $"The Observation is larger than {Limits.MaxObservationBytes} bytes; send a smaller one.");
            return Refused(issues);
        }

        if (!JsonShape.IsText(json))
        {
            issues.Error("structure", "Observation", "The message holds text that is not valid UTF-8 or half of a surrogate pair; send well-formed text.");
            return Refused(issues);
        }

        var members = ObservationMembers.Read(observation);
        if (ConceptRules.Text(members.ResourceType) is not "Observation")
        {
            issues.Error("structure", "Observation", "The resourceType is not Observation; send Observations only.");
            return Refused(issues);
        }

        var shape = JsonShape.Walk(observation, json, issues);
        if (shape.IsUnfit)
        {
            return Refused(issues);
        }

        FhirParse.Check(observation, json, shape.HasEmptyStrings, issues);

        var effective = EffectiveTime.Read(observation, out var issue);
        if (issue is not null && !issues.HasErrorAt(issue.Expression))
        {
            issues.Error(issue.Code, issue.Expression, issue.Diagnostics);
        }

        CheckRequired(members, issues);
        CheckChoices(observation, "Observation", issues);
        CheckCodings(members, issues);
        var subject = CheckSubject(members.Subject, policy, issues);
        CheckPerformers(members.Performers, issues);
        var concept = ConceptRules.Find(members.Code);
        CheckValues(members, concept, issues);
        CheckClock(observation, effective, now, issues);
        ConceptRules.Check(observation, members, concept, effective, issues);
        return new CheckedObservation(issues.ToImmutable(), subject, effective, concept);
    }

    private static CheckedObservation Refused(IssueList issues) => new(issues.ToImmutable(), null, default, null);

    private static void CheckRequired(in ObservationMembers members, IssueList issues)
    {
        if (ConceptRules.Text(members.Status) is null && !issues.HasErrorAt("Observation.status"))
        {
            issues.Error("required", "Observation.status", "The status is missing; send one of FHIR's observation-status, such as final.");
        }

        if (!Says(members.Code))
        {
            if (!issues.HasErrorAt("Observation.code"))
            {
                issues.Error("required", "Observation.code", "The code says nothing; send a coding with a code, or a text.");
            }
        }
    }

    // Codes are stored openly, since they are searched by: a person number among them would be, too.
    private static void CheckCodings(in ObservationMembers members, IssueList issues)
    {
        CheckCodings(members.Code, "Observation.code", issues);
        if (members.Categories.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var category in members.Categories.EnumerateArray())
            {
                CheckCodings(category, index == 0 ? "Observation.category[0]" : $"Observation.category[{index}]", issues);
                index++;
            }
        }
    }

    private static void CheckCodings(JsonElement concept, string expression, IssueList issues)
    {
        if (!ConceptRules.TryGet(concept, "coding"u8, JsonValueKind.Array, out var codings))
        {
            return;
        }

        var index = -1;
        foreach (var coding in codings.EnumerateArray())
        {
            index++;
            if (ConceptRules.Text(coding, "code"u8) is { Length: 11 } text && ConceptRules.Text(coding, "system"u8) != ConceptCatalog.Snomed
                && (NationalId.TryParse(text, null, NationalIdPolicy.Strict, out _, out _) || NationalId.TryParse(text, null, NationalIdPolicy.Synthetic, out _, out _)))
            {
                issues.Error("security", $"{expression}.coding[{index}].code", "A person number stands as a code, where it would be stored openly; send it as subject.identifier only.");
            }
        }
    }

    private static bool Says(JsonElement code)
    {
        if (ConceptRules.TryGet(code, "coding"u8, JsonValueKind.Array, out var codings))
        {
            foreach (var coding in codings.EnumerateArray())
            {
                if (ConceptRules.Text(coding, "code"u8) is not null)
                {
                    return true;
                }
            }
        }

        return ConceptRules.Text(code, "text"u8) is not null;
    }

    private static void CheckChoices(JsonElement parent, string expression, IssueList issues)
    {
        ReadOnlySpan<byte> value = default;
        ReadOnlySpan<byte> effective = default;
        foreach (var member in parent.EnumerateObject())
        {
            var name = JsonStrings.Name(member);
            if (name.Length > 1 && name[0] == '_')
            {
                name = name[1..];
            }

            if (ConceptRules.IsChoice(name, "value"u8))
            {
                CheckChoice(ref value, name, member, expression, issues);
            }
            else if (ConceptRules.IsChoice(name, "effective"u8))
            {
                CheckChoice(ref effective, name, member, expression, issues);
            }
        }
    }

    private static void CheckChoice(ref ReadOnlySpan<byte> first, ReadOnlySpan<byte> name, JsonProperty member, string expression, IssueList issues)
    {
        if (member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(""u8))
        {
            return;
        }

        first = first.IsEmpty ? name : first;
        if (!first.SequenceEqual(name))
        {
            var text = member.Name.AsSpan().TrimStart('_');
            var at = ElementPath.IsPlain(text) ? $"{expression}.{text}" : expression;
            if (!issues.HasErrorAt(at))
            {
                issues.Error("structure", at, "The element is there with two types; send one of them.");
            }
        }
    }

    private static NationalId? CheckSubject(JsonElement subject, NationalIdPolicy policy, IssueList issues)
    {
        const string Value = "Observation.subject.identifier.value";
        ConceptRules.TryGet(subject, "identifier"u8, JsonValueKind.Object, out var identifier);
        if (NationalId.TryParse(ConceptRules.Text(identifier, "value"u8), ConceptRules.Text(identifier, "system"u8), policy, out var id, out var remark))
        {
            if (remark == NationalIdRemark.SystemOfOtherKind)
            {
                issues.Warning("value", "Observation.subject.identifier.system", remark.Advice());
            }
            else if (remark != NationalIdRemark.None)
            {
                issues.Warning("value", Value, remark.Advice());
            }

            return id;
        }

        issues.Error(remark == NationalIdRemark.Missing ? "required" : "value", Value, remark.Advice());
        return null;
    }

    private static void CheckPerformers(JsonElement performers, IssueList issues)
    {
        if (performers.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        var index = -1;
        foreach (var performer in performers.EnumerateArray())
        {
            index++;
            if (ConceptRules.TryGet(performer, "identifier"u8, JsonValueKind.Object, out var identifier)
                && ConceptRules.Text(identifier, "value"u8) is not null && ConceptRules.Text(identifier, "system"u8) is null)
            {
                issues.Warning("required", $"Observation.performer[{index}].identifier.system", "The performer's identifier has no system, so nobody can tell whose it is; send its system.");
            }
        }
    }

    private static void CheckValues(in ObservationMembers members, Concept? concept, IssueList issues)
    {
        var hasReason = IsThere(members.DataAbsentReason);
        if (members.HasValue && hasReason)
        {
            issues.Error("invariant", "Observation.dataAbsentReason", "There is both a value and a reason for its absence (obs-6); send one of them.");
        }

        var hasComponents = members.Components.ValueKind == JsonValueKind.Array && !JsonStrings.IsEmpty(members.Components);
        if (hasComponents)
        {
            var index = -1;
            foreach (var component in members.Components.EnumerateArray())
            {
                index++;
                if (component.ValueKind != JsonValueKind.Object)
                {
                    continue;
                }

                CheckChoices(component, $"Observation.component[{index}]", issues);
                if (ConceptRules.TryGet(component, "referenceRange"u8, JsonValueKind.Array, out var ranges))
                {
                    CheckRanges(ranges, $"Observation.component[{index}]", issues);
                }

                if (members.HasValue && component.TryGetProperty("code"u8, out var part) && SharesCoding(part, members.Code))
                {
                    issues.Error("invariant", $"Observation.component[{index}].code", "A component has the code of the whole, which has a value itself (obs-7); send the value in one place.");
                }
            }
        }

        if (members.ReferenceRanges.ValueKind == JsonValueKind.Array)
        {
            CheckRanges(members.ReferenceRanges, "Observation", issues);
        }

        // R4 vs-2. A measurement without any result tells nothing.
        if (!members.HasValue && !hasReason && !hasComponents && !IsThere(members.HasMember)
            && (concept?.Category == ConceptCatalog.VitalSigns || ConceptRules.HasCategory(members.Categories, ConceptCatalog.VitalSigns)))
        {
            issues.Error("required", "Observation.value", "A vital sign has a value, components, members, or a reason for their absence (vs-2); send one of them.");
        }
    }

    // R4 obs-3.
    private static void CheckRanges(JsonElement ranges, string expression, IssueList issues)
    {
        var index = -1;
        foreach (var range in ranges.EnumerateArray())
        {
            index++;
            if (range.ValueKind == JsonValueKind.Object && !IsThere(range, "low"u8) && !IsThere(range, "high"u8) && !IsThere(range, "text"u8) && !IsThere(range, "_text"u8)
                && !issues.HasErrorAt($"{expression}.referenceRange[{index}]"))
            {
                issues.Error("invariant", $"{expression}.referenceRange[{index}]", "A reference range has low, high or text (obs-3); send one of them.");
            }
        }
    }

    private static bool IsThere(JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.TryGetProperty(name, out var member) && IsThere(member);

    private static bool IsThere(JsonElement member) => member.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null) && !JsonStrings.IsEmpty(member);

    private static bool SharesCoding(JsonElement one, JsonElement other)
    {
        if (!ConceptRules.TryGet(one, "coding"u8, JsonValueKind.Array, out var left) || !ConceptRules.TryGet(other, "coding"u8, JsonValueKind.Array, out var right))
        {
            return false;
        }

        foreach (var coding in left.EnumerateArray())
        {
            var code = ConceptRules.Text(coding, "code"u8);
            var system = ConceptRules.Text(coding, "system"u8);
            foreach (var candidate in right.EnumerateArray())
            {
                if (code is not null && code == ConceptRules.Text(candidate, "code"u8) && system == ConceptRules.Text(candidate, "system"u8))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void CheckClock(JsonElement observation, EffectiveTime effective, DateTimeOffset now, IssueList issues)
    {
        if (!effective.HasTime)
        {
            return;
        }

        // A period may be open at its start, but nothing was measured up to a time that has not come.
        var ahead = effective.LatestTicks - now.UtcTicks;
        if (ahead > Limits.MaxAhead.Ticks)
        {
            issues.Error("business-rule", EffectiveName(observation), $"The measurement lies more than {Limits.MaxAhead.TotalHours:0} hours ahead of the server's clock; set the device's clock and time zone, and send it again.");
        }
        else if (ahead > ClockTolerance.Ticks)
        {
            issues.Warning("business-rule", EffectiveName(observation), "The measurement lies ahead of the server's clock; set the device's clock and time zone.");
        }
        else if ((effective.StartTicks != long.MinValue && effective.StartTicks < Oldest) || (effective.StartTicks >= EpochStart && effective.StartTicks < EpochEnd))
        {
            issues.Warning("business-rule", EffectiveName(observation), "The measurement is dated as by a clock that was never set; set the device's clock.");
        }
    }

    private static string EffectiveName(JsonElement observation)
    {
        foreach (var name in (ReadOnlySpan<string>)["effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming"])
        {
            if (observation.TryGetProperty(name, out var member) && !(member.ValueKind == JsonValueKind.String && member.ValueEquals(""u8)))
            {
                return "Observation." + name;
            }
        }

        return "Observation.effective";
    }
}
