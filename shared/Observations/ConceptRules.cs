using System.Text.Json;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Observations;

/// <summary>
/// What the catalogue says of an Observation. Breaches of a profile that the Observation claims refuse it; of one that it might have claimed, they are told.
/// </summary>
internal static class ConceptRules
{
    /// <summary>The Concept by the first coding that the catalogue knows.</summary>
    public static Concept? Find(JsonElement code)
    {
        if (!TryGet(code, "coding"u8, JsonValueKind.Array, out var codings))
        {
            return null;
        }

        foreach (var coding in codings.EnumerateArray())
        {
            if (coding.ValueKind == JsonValueKind.Object && ConceptCatalog.Find(Text(coding, "system"u8), Text(coding, "code"u8)) is { } concept)
            {
                return concept;
            }
        }

        return null;
    }

    public static void Check(JsonElement observation, in ObservationMembers members, Concept? concept, EffectiveTime effective, IssueList issues)
    {
        if (concept is null)
        {
            issues.Warning("code-invalid", "Observation.code", "None of the codings is known here, so the measurement is found by its exact code only; add a LOINC, SNOMED CT or NPU coding from the documentation.");
        }

        var isClaimed = false;
        if (TryGet(members.Meta, "profile"u8, JsonValueKind.Array, out var profiles))
        {
            var index = -1;
            foreach (var entry in profiles.EnumerateArray())
            {
                index++;
                if (JsonStrings.Get(entry) is not { Length: > 0 } canonical)
                {
                    continue;
                }

                if (ConceptCatalog.TryFindProfile(canonical, out var profile, out var of))
                {
                    isClaimed |= of is not null && of == concept;
                    CheckProfile(observation, members, profile.Demands, profile.Coding, of, effective, isClaimed: true, issues);
                }
                else
                {
                    issues.Warning("not-supported", $"Observation.meta.profile[{index}]", "The profile is not known here and was not checked.");
                }
            }
        }

        if (!isClaimed && concept is not null)
        {
            var demands = concept.Profiles.IsEmpty ? ProfileDemands.Unit : concept.Profiles[0].Demands;
            CheckProfile(observation, members, demands, concept.Profiles.IsEmpty ? null : concept.Profiles[0].Coding, concept, effective, isClaimed: false, issues);
        }
    }

    /// <summary>Whether the category of vital signs is among its categories.</summary>
    public static bool HasCategory(JsonElement categories, string wanted)
    {
        if (categories.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var category in categories.EnumerateArray())
        {
            if (HasCoding(category, ConceptCatalog.CategorySystem, wanted))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A member of an object, where it is there and of the kind.</summary>
    public static bool TryGet(JsonElement parent, ReadOnlySpan<byte> name, JsonValueKind kind, out JsonElement member)
    {
        member = default;
        return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out member) && member.ValueKind == kind;
    }

    /// <summary>A string member; null where it is absent, empty or none.</summary>
    public static string? Text(JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) ? Text(member) : null;

    /// <summary>The text of a string; null where it is empty or none.</summary>
    public static string? Text(JsonElement value) => JsonStrings.Get(value) is { Length: > 0 } text ? text : null;

    /// <summary>The <c>value[x]</c> of a component, with its name; empty strings are none.</summary>
    public static bool TryGetValue(JsonElement parent, out JsonProperty value)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (IsChoice(JsonStrings.Name(member), "value"u8) && !JsonStrings.IsEmpty(member.Value))
            {
                value = member;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether a member's name is a choice of type: the stem and a capital letter.</summary>
    public static bool IsChoice(ReadOnlySpan<byte> name, ReadOnlySpan<byte> stem) =>
        name.Length > stem.Length && name.StartsWith(stem) && char.IsAsciiLetterUpper((char)name[stem.Length]);

    private static void CheckProfile(
        JsonElement observation, in ObservationMembers members, ProfileDemands demands, CodingKey? coding, Concept? concept, EffectiveTime effective, bool isClaimed, IssueList issues)
    {
        var whose = isClaimed ? "The profile in meta.profile" : "The profile of this measurement";
        var category = concept?.Category ?? ConceptCatalog.VitalSigns;
        if (demands.HasFlag(ProfileDemands.Category) && !HasCategory(members.Categories, category))
        {
            issues.Add(isClaimed, "required", "Observation.category", $"{whose} requires the category {category} of {ConceptCatalog.CategorySystem}; send it.");
        }

        if (demands.HasFlag(ProfileDemands.Coding) && coding is { } wanted && !HasCoding(members.Code, wanted.System, wanted.Code))
        {
            issues.Add(isClaimed, "required", "Observation.code", $"{whose} requires the coding {wanted.System}|{wanted.Code}; send it, beside others.");
        }

        if (demands.HasFlag(ProfileDemands.Time))
        {
            // R4 vs-1.
            if (!effective.HasTime)
            {
                issues.Add(isClaimed, "required", "Observation.effective", $"{whose} requires the time of the measurement; send effectiveDateTime.");
            }
            else if (Text(observation, "effectiveDateTime"u8) is { Length: < 10 })
            {
                issues.Add(isClaimed, "invariant", "Observation.effectiveDateTime", $"{whose} requires a time no coarser than a day (vs-1); send at least YYYY-MM-DD.");
            }
        }

        if (demands.HasFlag(ProfileDemands.Unit) && concept is not null)
        {
            CheckValue(members, concept, whose, isClaimed, issues);
        }

        if (concept is { Parts.IsEmpty: false })
        {
            CheckParts(members.Components, concept, demands, whose, isClaimed, issues);
        }
    }

    private static void CheckValue(in ObservationMembers members, Concept concept, string whose, bool isClaimed, IssueList issues)
    {
        var value = members.Value;
        if (!members.HasValue)
        {
            return;
        }

        if (concept.Shape == ValueShape.Components)
        {
            issues.Add(isClaimed, "structure", $"Observation.{value.Name}", $"{whose} has its values in the components only; send them there.");
        }
        else if (concept.Shape == ValueShape.Quantity)
        {
            CheckQuantity(value, "Observation", concept.Units.AsSpan(), whose, isClaimed, issues);
        }
    }

    private static void CheckQuantity(JsonProperty value, string parent, ReadOnlySpan<string> units, string whose, bool isClaimed, IssueList issues)
    {
        if (!value.NameEquals("valueQuantity"u8))
        {
            issues.Add(isClaimed, "structure", ElementPath.IsPlain(value.Name) ? $"{parent}.{value.Name}" : parent, $"{whose} has a valueQuantity; send the value so.");
            return;
        }

        if (value.Value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var system = Text(value.Value, "system"u8);
        var code = Text(value.Value, "code"u8);
        if (code is not null && !units.Contains(code))
        {
            issues.Add(isClaimed, "code-invalid", $"{parent}.valueQuantity.code", $"{whose} is measured in {string.Join(" or ", units.ToArray())}; send the value in that unit, with its UCUM code.");
        }

        if (system is not null && system != ConceptCatalog.Ucum)
        {
            issues.Add(isClaimed, "code-invalid", $"{parent}.valueQuantity.system", $"{whose} has its unit in UCUM; send the system {ConceptCatalog.Ucum}.");
        }

        if (system is null || code is null)
        {
            issues.Warning("required", $"{parent}.valueQuantity.{(code is null ? "code" : "system")}", $"The unit is incomplete; send unit, system {ConceptCatalog.Ucum} and a code of {string.Join(", ", units.ToArray())}.");
        }
        else if (Text(value.Value, "unit"u8) is null)
        {
            issues.Warning("required", $"{parent}.valueQuantity.unit", "The unit has no text for people; send unit beside its code.");
        }
    }

    private static void CheckParts(JsonElement components, Concept concept, ProfileDemands demands, string whose, bool isClaimed, IssueList issues)
    {
        Span<bool> found = stackalloc bool[concept.Parts.Length];
        if (components.ValueKind == JsonValueKind.Array)
        {
            var index = -1;
            foreach (var component in components.EnumerateArray())
            {
                index++;
                if (!TryGet(component, "code"u8, JsonValueKind.Object, out var code))
                {
                    continue;
                }

                for (var i = 0; i < found.Length; i++)
                {
                    var part = concept.Parts[i];
                    if (!HasCodingOf(code, part))
                    {
                        continue;
                    }

                    found[i] = true;
                    if (TryGetValue(component, out var value))
                    {
                        if (!part.Units.IsEmpty)
                        {
                            CheckQuantity(value, $"Observation.component[{index}]", part.Units.AsSpan(), whose, isClaimed, issues);
                        }
                    }
                    else if (demands.HasFlag(ProfileDemands.Parts) && !component.TryGetProperty("dataAbsentReason"u8, out _))
                    {
                        // R4 vs-3.
                        issues.Add(isClaimed, "required", $"Observation.component[{index}]", $"{whose} requires a value here, or dataAbsentReason (vs-3); send one of them.");
                    }
                }
            }
        }

        if (demands.HasFlag(ProfileDemands.Parts))
        {
            for (var i = 0; i < found.Length; i++)
            {
                if (!found[i] && concept.Parts[i].IsRequired)
                {
                    var coding = concept.Parts[i].Codings[0];
                    issues.Add(isClaimed, "required", "Observation.component", $"{whose} requires all its parts, each with its coding; {coding.System}|{coding.Code} is missing.");
                }
            }
        }
    }

    private static bool HasCodingOf(JsonElement concept, ConceptPart part)
    {
        if (TryGet(concept, "coding"u8, JsonValueKind.Array, out var codings))
        {
            foreach (var coding in codings.EnumerateArray())
            {
                if (part.Means(Text(coding, "system"u8), Text(coding, "code"u8)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool HasCoding(JsonElement concept, string system, string code)
    {
        if (TryGet(concept, "coding"u8, JsonValueKind.Array, out var codings))
        {
            foreach (var coding in codings.EnumerateArray())
            {
                if (coding.ValueKind == JsonValueKind.Object
                    && coding.TryGetProperty("code"u8, out var sentCode) && sentCode.ValueKind == JsonValueKind.String && sentCode.ValueEquals(code)
                    && coding.TryGetProperty("system"u8, out var sentSystem) && sentSystem.ValueKind == JsonValueKind.String && sentSystem.ValueEquals(system))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
