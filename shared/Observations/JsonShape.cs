using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace PasientensMaledata.Observations;

/// <summary>
/// One walk over an Observation as JSON: limits, empty strings, and the few rules of FHIR R4 that stand at every level and that the SDK leaves to validators.
/// </summary>
internal ref struct JsonShape
{
    private readonly IssueList issues;
    private readonly ReadOnlySpan<byte> json;
    private readonly Span<Step> steps;
    private readonly bool maySpill;
    private int depth;
    private int level = 1;
    private bool inContained;
    private bool inMeta;
    private bool inCode;

    private JsonShape(IssueList issues, ReadOnlySpan<byte> json, Span<Step> steps)
    {
        this.issues = issues;
        this.json = json;
        this.steps = steps;
        // A short message holds no long string and no long list.
        maySpill = json.Length > Limits.MaxListItems * 2;
    }

    /// <summary>Empty strings were found, which the SDK must not see.</summary>
    public bool HasEmptyStrings { get; private set; }

    /// <summary>Part of the message was not walked, being nested too deep or a list in a list; an error tells it.</summary>
    public bool IsUnfit { get; private set; }

    /// <summary>Whether every text can be read: UTF-8, and no half of a surrogate pair.</summary>
    public static bool IsText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        if (json.IndexOf("\\u"u8) < 0)
        {
            return true;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }
        }
        catch (Exception problem) when (problem is InvalidOperationException or JsonException)
        {
            return false;
        }

        return true;
    }

    /// <summary>Walks over an Observation.</summary>
    /// <returns>Whether empty strings were found, which the SDK must not see; and whether part was not walked, nested too deep or a list in a list, as an error tells.</returns>
    public static (bool HasEmptyStrings, bool IsUnfit) Walk(JsonElement observation, ReadOnlySpan<byte> json, IssueList issues)
    {
        var shape = new JsonShape(issues, json, stackalloc Step[Limits.MaxJsonDepth + 1]);
        shape.WalkObject(observation);
        return (shape.HasEmptyStrings, shape.IsUnfit);
    }

    private void WalkObject(JsonElement element)
    {
        var start = default(JsonElement);
        var end = default(JsonElement);
        var types = 0;
        foreach (var member in element.EnumerateObject())
        {
            var name = JsonStrings.Name(member);
            steps[depth] = new Step(Offset(member), -1);
            if (depth == 0)
            {
                inContained = name.SequenceEqual("contained"u8);
                inMeta = name.SequenceEqual("meta"u8);
                inCode = name.SequenceEqual("code"u8);
            }

            // The SDK finds every other member that is sent twice.
            if (name.SequenceEqual("resourceType"u8) && ++types == 2)
            {
                issues.Error("structure", Expression(depth), "The resourceType is sent twice; send it once.");
            }

            var value = member.Value;
            switch (value.ValueKind)
            {
                case JsonValueKind.String:
                    WalkString(element, name, value);
                    if (name.SequenceEqual("start"u8))
                    {
                        start = value;
                    }
                    else if (name.SequenceEqual("end"u8))
                    {
                        end = value;
                    }

                    break;
                case JsonValueKind.Object:
                    Enter(value, levels: 1);
                    break;
                case JsonValueKind.Array:
                    WalkArray(name, value);
                    break;
                default:
                    break;
            }
        }

        if (end.ValueKind == JsonValueKind.String && start.ValueKind == JsonValueKind.String
            && FhirTime.TryParse(JsonStrings.Get(start), TimeUse.DateTime, out var from) && FhirTime.TryParse(JsonStrings.Get(end), TimeUse.DateTime, out var to)
            && from.StartTicks >= to.EndTicks)
        {
            issues.Error("invariant", Expression(depth), "The period ends before it starts (per-1); send start and end in order.");
        }
    }

    private void WalkArray(ReadOnlySpan<byte> name, JsonElement array)
    {
        if (maySpill && array.GetArrayLength() is var items)
        {
            var limit = depth == 1 && inCode && name.SequenceEqual("coding"u8) ? Limits.MaxCodings : Limits.MaxListItems;
            if (items > limit)
            {
                issues.Error("too-costly", Expression(depth + 1), $"The list has more than {limit} items; send fewer.");
            }
        }

        var isExtension = name.SequenceEqual("extension"u8) || name.SequenceEqual("modifierExtension"u8);
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            steps[depth] = steps[depth] with { Index = index++ };
            switch (item.ValueKind)
            {
                case JsonValueKind.String:
                    WalkText(item, isUri: name.SequenceEqual("profile"u8), isFree: false);
                    break;
                case JsonValueKind.Object:
                    if (isExtension)
                    {
                        WalkExtension(item);
                    }

                    Enter(item, levels: 2);
                    break;
                case JsonValueKind.Array:
                    IsUnfit = true;
                    issues.Error("structure", Expression(depth + 1), "FHIR has no list within a list; send a single list.");
                    break;
                default:
                    break;
            }
        }
    }

    // Lists count as levels too, as they do for the reader of the whole message.
    private void Enter(JsonElement value, int levels)
    {
        if (level + levels > Limits.MaxJsonDepth)
        {
            IsUnfit = true;
            issues.Error("too-costly", Expression(depth + 1), $"The message is nested more than {Limits.MaxJsonDepth} deep; send it flatter.");
            return;
        }

        depth++;
        level += levels;
        WalkObject(value);
        level -= levels;
        depth--;
    }

    private void WalkString(JsonElement parent, ReadOnlySpan<byte> name, JsonElement text)
    {
        var isUri = name.Length switch
        {
            3 => name.SequenceEqual("url"u8),
            6 => name.SequenceEqual("system"u8) || (depth == 1 && inMeta && name.SequenceEqual("source"u8)),
            8 => name.SequenceEqual("valueUri"u8) || name.SequenceEqual("valueUrl"u8),
            13 => name.SequenceEqual("implicitRules"u8),
            14 => name.SequenceEqual("valueCanonical"u8),
            21 => name.SequenceEqual("instantiatesCanonical"u8),
            _ => false,
        };
        // Narrative and attachments have the size of the whole as their limit; SampledData has data too, but no contentType.
        var isFree = maySpill && (name.SequenceEqual("div"u8) || (name.SequenceEqual("data"u8) && parent.TryGetProperty("contentType"u8, out _)));
        WalkText(text, isUri, isFree);
    }

    private void WalkText(JsonElement text, bool isUri, bool isFree)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text);
        if (raw.Length == 2)
        {
            HasEmptyStrings = true;
            issues.Warning("value", Expression(depth + 1), "The string is empty and was taken as absent; leave the element out.");
        }
        else if (raw.Length > Limits.MaxStringLength && !isFree && JsonStrings.Get(text)?.Length > Limits.MaxStringLength)
        {
            issues.Error("too-long", Expression(depth + 1), $"The string is longer than {Limits.MaxStringLength} characters; send a shorter one.");
        }
        else if (raw.IndexOf("\\u00"u8) >= 0 && HasControl(JsonStrings.Get(text)))
        {
            issues.Error("value", Expression(depth + 1), "The string holds a control character, which FHIR does not allow; send it without.");
        }
        else if (isUri && !inContained && raw.IndexOfAny((byte)' ', (byte)'\\') >= 0 && HasSpace(JsonStrings.Get(text)))
        {
            issues.Error("value", Expression(depth + 1), "A URI holds no white space; send it without.");
        }
    }

    // R4 ext-1.
    private void WalkExtension(JsonElement extension)
    {
        var hasValue = false;
        var hasExtensions = false;
        foreach (var member in extension.EnumerateObject())
        {
            var name = member.Name.AsSpan().TrimStart('_');
            hasValue |= name.StartsWith("value", StringComparison.Ordinal);
            hasExtensions |= name is "extension";
        }

        if (hasValue == hasExtensions)
        {
            issues.Error("invariant", Expression(depth + 1), "An extension has either a value or extensions of its own (ext-1); send one of them.");
        }
    }

    // R4 datatypes#string: no characters below 32 but tab, carriage return and line feed.
    private static bool HasControl(string? text)
    {
        foreach (var character in text.AsSpan())
        {
            if (character < ' ' && character is not ('\t' or '\r' or '\n'))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasSpace(string? text)
    {
        foreach (var character in text.AsSpan())
        {
            if (char.IsWhiteSpace(character))
            {
                return true;
            }
        }

        return false;
    }

    private readonly string Expression(int length)
    {
        var expression = new StringBuilder("Observation");
        for (var i = 0; i < length; i++)
        {
            var raw = json[steps[i].Name..];
            var name = Encoding.UTF8.GetString(raw[..raw.IndexOf((byte)'"')]);
            if (!ElementPath.IsPlain(name))
            {
                break;
            }

            expression.Append('.').Append(name.AsSpan().TrimStart('_'));
            if (steps[i].Index >= 0)
            {
                expression.Append('[').Append(steps[i].Index).Append(']');
            }
        }

        return expression.ToString();
    }

    private readonly int Offset(JsonProperty member) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(json), ref MemoryMarshal.GetReference(JsonMarshal.GetRawUtf8PropertyName(member)));

    /// <summary>Where a member's name stands in the JSON, and which item of it.</summary>
    private readonly record struct Step(int Name, int Index);
}
