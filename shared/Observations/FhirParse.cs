using System.Buffers;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Utility;
using Hl7.Fhir.Validation;

namespace PasientensMaledata.Observations;

/// <summary>
/// Holds an Observation against FHIR R4 by the Firely SDK: its datatypes, cardinalities, required codes and JSON rules.
/// The SDK's own messages may quote values, so only its codes and paths are used.
/// </summary>
internal static class FhirParse
{
    // The narrative is never given out, so its XHTML is not examined: that would double the time of the parse.
    private static readonly FhirJsonDeserializer Deserializer =
        new(new DeserializerSettings().UsingMode(DeserializationMode.Strict, NarrativeValidationKind.None));

    /// <summary>Parses an Observation. Empty strings are kept from the SDK, so that a required element left empty counts as missing; so are R5's elements, which are parsed each for itself.</summary>
    public static void Check(JsonElement observation, ReadOnlySpan<byte> json, bool hasEmptyStrings, IssueList issues)
    {
        var hasR5 = R5Elements.AreIn(observation);
        if (hasEmptyStrings || hasR5)
        {
            var reduced = new ArrayBufferWriter<byte>(json.Length);
            using (var writer = new Utf8JsonWriter(reduced, new JsonWriterOptions { SkipValidation = true }))
            {
                WriteObject(writer, observation, R5Place.Observation);
            }

            json = reduced.WrittenSpan;
        }

        Parse(typeof(Observation), observation, "Observation", json, issues);
        if (hasR5)
        {
            CheckR5(observation, "Observation", R5Place.Observation, issues);
        }
    }

    private static void Parse(Type type, JsonElement element, string expression, ReadOnlySpan<byte> json, IssueList issues)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Limits.MaxJsonDepth * 2, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            IEnumerable<CodedException> problems;
            var parsed = type == typeof(Observation)
                ? Deserializer.TryDeserializeResource(ref reader, out _, out problems)
                : Deserializer.TryDeserializeObject(type, ref reader, out _, out problems);
            if (parsed)
            {
                return;
            }

            foreach (var problem in problems)
            {
                Tell(problem, type, element, expression, issues);
            }
        }
#pragma warning disable CA1031 // The SDK throws on some malformed members, such as an empty name; whatever it throws, the message is not FHIR.
        catch (Exception)
#pragma warning restore CA1031
        {
            issues.Error("structure", expression, "The message is no FHIR R4 JSON; check its member names and values.");
        }
    }

    private static void Tell(CodedException problem, Type type, JsonElement element, string rootExpression, IssueList issues)
    {
        var path = ((problem as ExtendedCodedException)?.InstancePath).AsSpan();
        if (type == typeof(Observation) || path.StartsWith("$this", StringComparison.Ordinal))
        {
            var dot = path.IndexOf('.');
            path = dot < 0 ? default : path[(dot + 1)..];
        }

        if (type == typeof(Attachment) && problem.ErrorCode == CodedValidationException.UNKNOWN_ELEMENT_CODE && R5Elements.IsOfAttachment(path))
        {
            return;
        }

        var expression = ElementPath.Resolve(element, rootExpression, path, out var found);
        if (problem.ErrorCode == CodedValidationException.LITERAL_INVALID_CODE && (IsTimeOfFhir(found) || IsUri(expression)))
        {
            return;
        }

        // The SDK tells several things of one mistake; the first is the nearest.
        if (!issues.HasErrorAt(expression))
        {
            var (code, diagnostics) = Words(problem.ErrorCode);
            issues.Error(code, expression, diagnostics);
        }
    }

    // R4 datatypes#uri asks for no white space only, which the walk over the JSON sees to; the SDK asks for more.
    private static bool IsUri(ReadOnlySpan<char> expression)
    {
        var name = expression[(expression.LastIndexOf('.') + 1)..];
        var bracket = name.IndexOf('[');
        return (bracket < 0 ? name : name[..bracket]) is "system" or "url" or "profile" or "source" or "valueUri" or "valueUrl" or "valueCanonical";
    }

    // R4 allows the leap second, and offsets at both ends of the years, which the SDK's date type cannot hold.
    private static bool IsTimeOfFhir(JsonElement element) =>
        JsonStrings.Get(element) is { Length: > 19 } text
        && (text.AsSpan(17, 2) is "60" || text.StartsWith("0001", StringComparison.Ordinal) || text.StartsWith("9999", StringComparison.Ordinal))
        && FhirTime.TryParse(text, TimeUse.Instant, out _);

    private static (string Code, string Diagnostics) Words(string errorCode) => errorCode switch
    {
        CodedValidationException.MANDATORY_ELEMENT_MUST_BE_PRESENT_CODE => ("required", "FHIR R4 requires this element; send it."),
        CodedValidationException.INVALID_CODED_VALUE_CODE => ("code-invalid", "The code is not one that FHIR R4 allows here; send one of its value set."),
        CodedValidationException.LITERAL_INVALID_CODE or CodedValidationException.INCORRECT_LITERAL_VALUE_TYPE_CODE or CodedValidationException.INVALID_STRING_LENGTH_CODE =>
            ("value", "The value is not of this element's FHIR R4 type; send it in that type's format."),
        CodedValidationException.POSITIVE_INT_MUST_BE_POSITIVE_CODE or CodedValidationException.UNSIGNED_INT_MUST_NOT_BE_NEGATIVE_CODE =>
            ("value", "The number is too small for this element; send a larger one."),
        CodedValidationException.INVALID_BASE64_VALUE_CODE => ("value", "This is no base64; encode the data anew."),
        CodedValidationException.CHOICE_TYPE_NOT_ALLOWED_CODE or FhirJsonException.CHOICE_ELEMENT_MUST_HAVE_SUFFIX_CODE =>
            ("structure", "This type is not allowed here; use one that FHIR R4 lists for the element."),
        CodedValidationException.UNKNOWN_ELEMENT_CODE => ("structure", "FHIR knows no such element here; leave it out, or send it as an extension."),
        CodedValidationException.WRONG_CASED_ELEMENT_CODE or CodedValidationException.WRONG_CASED_RESOURCE_TYPE_CODE =>
            ("structure", "The name is spelt with wrong case; write it as FHIR does."),
        CodedValidationException.UNKNOWN_RESOURCE_TYPE_CODE or FhirJsonException.NO_RESOURCETYPE_PROPERTY_CODE or FhirJsonException.RESOURCETYPE_SHOULD_BE_STRING_CODE =>
            ("structure", "The resource names no resource type of FHIR R4; send its resourceType."),
        CodedValidationException.INCORRECT_CARDINALITY_MIN_CODE or CodedValidationException.INCORRECT_CARDINALITY_MAX_CODE =>
            ("structure", "The element is there too few or too many times; send it as often as FHIR R4 says."),
        CodedValidationException.CONTAINED_RESOURCES_CANNOT_BE_NESTED_CODE => ("invariant", "A contained resource holds no resources of its own (dom-2); put them side by side."),
        CodedValidationException.REPEATING_ELEMENT_CANNOT_CONTAIN_NULL_CODE or FhirJsonException.EXPECTED_PRIMITIVE_NOT_NULL_CODE or FhirJsonException.PRIMITIVE_ARRAYS_ONLY_NULL_CODE =>
            ("structure", "FHIR has no null here; leave the element out."),
        CodedValidationException.ELEMENT_CANNOT_BE_EMPTY_CODE or FhirJsonException.OBJECTS_CANNOT_BE_EMPTY_CODE or FhirJsonException.ARRAYS_CANNOT_BE_EMPTY_CODE =>
            ("structure", "The element is empty; leave it out."),
        FhirJsonException.DUPLICATE_PROPERTY_CODE => ("structure", "An element is sent twice here; send it once, and only one type of a choice such as value[x]."),
        CodedValidationException.PROPERTY_TYPE_MISMATCH_CODE or FhirJsonException.NESTED_ARRAY_CODE or FhirJsonException.UNEXPECTED_PRIMITIVE_VALUE_FOR_NON_PRIMITIVE_CODE
            or FhirJsonException.UNEXPECTED_OBJECT_VALUE_FOR_PRIMITIVE_CODE =>
            ("structure", "The JSON here is of the wrong kind; send an object, a list or a plain value as FHIR R4 says for the element."),
        FhirJsonException.USE_OF_UNDERSCORE_WITH_NON_PRIMITIVE_CODE or FhirJsonException.UNDERSCORE_SHOULD_BE_OBJECT_CODE or FhirJsonException.PRIMITIVE_VALUE_SUPPLIED_TWICE_CODE =>
            ("structure", "A member with an underscore holds id and extensions of a primitive, as an object; send it so."),
        _ => ("structure", "The element breaks FHIR R4; check it against the specification."),
    };

    private static void WriteObject(Utf8JsonWriter writer, JsonElement element, R5Place? place)
    {
        writer.WriteStartObject();
        foreach (var member in element.EnumerateObject())
        {
            if ((place is { } known && R5Elements.Find(known, member) is not null) || !HoldsSomething(member.Value))
            {
                continue;
            }

            writer.WritePropertyName(member.Name);
            R5Place? below = place switch
            {
                R5Place.Observation when member.NameEquals("component"u8) => R5Place.Component,
                R5Place.Observation or R5Place.Component when member.NameEquals("referenceRange"u8) => R5Place.ReferenceRange,
                _ => null,
            };
            // What an underscore member says of an item is found by its index, so an empty string there leaves its place.
            WriteValue(writer, member.Value, below, keepPlaces: element.TryGetProperty("_" + member.Name, out _));
        }

        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonElement value, R5Place? place, bool keepPlaces)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, value, place);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    if (HoldsSomething(item))
                    {
                        WriteValue(writer, item, place, keepPlaces);
                    }
                    else if (keepPlaces)
                    {
                        writer.WriteNullValue();
                    }
                }

                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    // What was sent empty by other means than an empty string is left for the SDK to refuse.
    private static bool HoldsSomething(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return !value.ValueEquals(""u8);
            case JsonValueKind.Object:
                var isEmpty = true;
                foreach (var member in value.EnumerateObject())
                {
                    if (HoldsSomething(member.Value))
                    {
                        return true;
                    }

                    isEmpty = false;
                }

                return isEmpty;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (HoldsSomething(item))
                    {
                        return true;
                    }
                }

                return value.GetArrayLength() == 0;
            default:
                return true;
        }
    }

    private static void CheckR5(JsonElement element, string expression, R5Place place, IssueList issues)
    {
        var seen = new HashSet<R5Element>();
        foreach (var member in element.EnumerateObject())
        {
            if (R5Elements.Find(place, member) is { } r5)
            {
                var at = $"{expression}.{r5.Name.AsSpan().TrimStart('_')}";
                if (!seen.Add(r5))
                {
                    issues.Error("structure", at, Words(FhirJsonException.DUPLICATE_PROPERTY_CODE).Diagnostics);
                }

                CheckR5Value(member.Value, at, r5.Type, issues);
            }
            else if (place != R5Place.ReferenceRange && member.Value.ValueKind == JsonValueKind.Array)
            {
                R5Place? below = place == R5Place.Observation && member.NameEquals("component"u8)
                    ? R5Place.Component
                    : member.NameEquals("referenceRange"u8) ? R5Place.ReferenceRange : null;
                if (below is { } known)
                {
                    var index = 0;
                    foreach (var item in member.Value.EnumerateArray())
                    {
                        if (item.ValueKind == JsonValueKind.Object)
                        {
                            CheckR5(item, $"{expression}.{member.Name}[{index}]", known, issues);
                        }

                        index++;
                    }
                }
            }
        }
    }

    private static void CheckR5Value(JsonElement value, string at, R5Type type, IssueList issues)
    {
        if (!HoldsSomething(value))
        {
            return;
        }

        switch (type)
        {
            case R5Type.Canonical:
                if (value.ValueKind != JsonValueKind.String)
                {
                    issues.Error("structure", at, "This is a canonical URL; send a string.");
                }

                break;
            case R5Type.PrimitiveExtension:
                CheckPrimitive(value, at, issues);
                break;
            case R5Type.Reference:
                Fragment(typeof(ResourceReference), value, at, issues);
                break;
            case R5Type.Attachment:
                Fragment(typeof(Attachment), value, at, issues);
                break;
            case R5Type.CodeableConcept:
                Fragment(typeof(CodeableConcept), value, at, issues);
                break;
            default:
                CheckTriggers(value, at, issues);
                break;
        }
    }

    private static void Fragment(Type type, JsonElement value, string at, IssueList issues)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            issues.Error("structure", at, "The JSON here is of the wrong kind; send an object.");
            return;
        }

        var reduced = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(reduced, new JsonWriterOptions { SkipValidation = true }))
        {
            WriteObject(writer, value, place: null);
        }

        Parse(type, value, at, reduced.WrittenSpan, issues);
    }

    // R5 Observation.triggeredBy: observation 1..1, type 1..1, reason 0..1.
    private static void CheckTriggers(JsonElement triggers, string at, IssueList issues)
    {
        if (triggers.ValueKind != JsonValueKind.Array || triggers.GetArrayLength() == 0)
        {
            issues.Error("structure", at, "triggeredBy is a list that is not empty; send it so.");
            return;
        }

        var index = 0;
        foreach (var trigger in triggers.EnumerateArray())
        {
            var here = $"{at}[{index++}]";
            if (trigger.ValueKind != JsonValueKind.Object)
            {
                issues.Error("structure", here, "The JSON here is of the wrong kind; send an object.");
                continue;
            }

            CheckTwins(trigger, here, issues);
            var (hasObservation, hasType) = (false, false);
            foreach (var member in trigger.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "observation":
                        hasObservation = true;
                        Fragment(typeof(ResourceReference), member.Value, here + ".observation", issues);
                        break;
                    case "type":
                        hasType = true;
                        if (JsonStrings.Get(member.Value) is not ("reflex" or "repeat" or "re-run"))
                        {
                            issues.Error("code-invalid", here + ".type", "The type is reflex, repeat or re-run; send one of them.");
                        }

                        break;
                    case "reason" or "id":
                        if (member.Value.ValueKind != JsonValueKind.String)
                        {
                            issues.Error("value", $"{here}.{member.Name}", "This is a string; send it so.");
                        }

                        break;
                    case "_type" or "_reason":
                        CheckPrimitive(member.Value, $"{here}.{member.Name.AsSpan(1)}", issues);
                        break;
                    case "extension" or "modifierExtension":
                        CheckExtensions(member.Value, $"{here}.{member.Name}", issues);
                        break;
                    default:
                        issues.Error("structure", ElementPath.IsPlain(member.Name) ? $"{here}.{member.Name}" : here, Words(CodedValidationException.UNKNOWN_ELEMENT_CODE).Diagnostics);
                        break;
                }
            }

            if (!hasObservation || !hasType)
            {
                issues.Error("required", here + (hasObservation ? ".type" : ".observation"), "FHIR R5 requires this element; send it.");
            }
        }
    }

    // The underscore member of a primitive holds its id and extensions.
    private static void CheckPrimitive(JsonElement value, string at, IssueList issues)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            issues.Error("structure", at, Words(FhirJsonException.UNDERSCORE_SHOULD_BE_OBJECT_CODE).Diagnostics);
            return;
        }

        CheckTwins(value, at, issues);
        foreach (var member in value.EnumerateObject())
        {
            if (member.NameEquals("extension"u8))
            {
                CheckExtensions(member.Value, at + ".extension", issues);
            }
            else if (!member.NameEquals("id"u8) || member.Value.ValueKind != JsonValueKind.String)
            {
                issues.Error("structure", ElementPath.IsPlain(member.Name) ? $"{at}.{member.Name}" : at, Words(FhirJsonException.UNDERSCORE_SHOULD_BE_OBJECT_CODE).Diagnostics);
            }
        }
    }

    private static void CheckTwins(JsonElement element, string at, IssueList issues)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            if (!names.Add(member.Name))
            {
                issues.Error("structure", at, Words(FhirJsonException.DUPLICATE_PROPERTY_CODE).Diagnostics);
            }
        }
    }

    private static void CheckExtensions(JsonElement extensions, string at, IssueList issues)
    {
        if (extensions.ValueKind != JsonValueKind.Array)
        {
            issues.Error("structure", at, "The JSON here is of the wrong kind; send a list.");
            return;
        }

        var index = 0;
        foreach (var extension in extensions.EnumerateArray())
        {
            Fragment(typeof(Extension), extension, $"{at}[{index++}]", issues);
        }
    }
}
