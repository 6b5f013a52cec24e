using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Access;

/// <summary>What is wrong in a file.</summary>
/// <param name="Where">A JSON pointer (RFC 6901); empty for the whole.</param>
/// <param name="Problem">What is wrong and what to do, in English.</param>
public sealed record FileProblem(string Where, string Problem)
{
    /// <summary>Both, as a line.</summary>
    public override string ToString() => Where.Length == 0 ? Problem : $"{Where}: {Problem}";
}

/// <summary>Reads a value's text.</summary>
/// <typeparam name="T">What it becomes.</typeparam>
internal delegate bool TextParser<T>(string? text, out T value);

/// <summary>
/// A JSON object that is read strictly: a member that nobody asks for is a problem, and so is one of another kind than asked for. Problems are
/// gathered, so that a file is mended in one go.
/// </summary>
internal sealed class StrictJson
{
    private const int MaxDepth = 16;

    private readonly JsonElement element;
    private readonly string pointer;
    private readonly List<FileProblem> problems;

    private StrictJson(JsonElement element, string pointer, List<FileProblem> problems, ReadOnlySpan<string> known)
    {
        (this.element, this.pointer, this.problems) = (element, pointer, problems);
        foreach (var member in element.EnumerateObject())
        {
            if (!known.IsEmpty && !known.Contains(member.Name))
            {
                problems.Add(new($"{pointer}/{Escape(member.Name)}", $"is not known here; known are {string.Join(", ", known.ToArray())}."));
            }
        }
    }

    /// <summary>Where the object stands.</summary>
    public string Where => pointer;

    /// <summary>Parses a file whose root is an object; null where it is none, with the problem told.</summary>
    /// <param name="file">UTF-8, with or without a byte order mark.</param>
    /// <param name="problems">Where problems are gathered.</param>
    /// <param name="known">Every member that the root may have.</param>
    public static StrictJson? Parse(ReadOnlyMemory<byte> file, List<FileProblem> problems, ReadOnlySpan<string> known)
    {
        if (file.Span is [0xEF, 0xBB, 0xBF, ..])
        {
            file = file[3..];
        }

        try
        {
            using var document = StrictDocument.Parse(file, MaxDepth);
            return Of(document.RootElement.Clone(), problems, known);
        }
        catch (JsonException e)
        {
            problems.Add(new("", e.LineNumber is { } line
                ? $"This is not JSON: line {line + 1}, byte {e.BytePositionInLine + 1} of it."
                : "This is not JSON of well-formed text with each member once."));
            return null;
        }
    }

    /// <summary>An object that was parsed already; null where it is none, with the problem told.</summary>
    /// <param name="root">The object.</param>
    /// <param name="problems">Where problems are gathered.</param>
    /// <param name="known">Every member that it may have; empty where others than those asked for are no harm.</param>
    public static StrictJson? Of(JsonElement root, List<FileProblem> problems, ReadOnlySpan<string> known)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new("", "is to be an object."));
            return null;
        }

        // Whoever parsed it may have let through what throws where it is read: half of a surrogate pair.
        if (!JsonShape.IsText(JsonMarshal.GetRawUtf8Value(root)))
        {
            problems.Add(new("", "is to be of well-formed text."));
            return null;
        }

        return new(root, "", problems, known);
    }

    /// <summary>Tells a problem of a member, or of the object where <paramref name="member"/> is empty.</summary>
    public void Problem(string member, string problem) => problems.Add(new(member.Length == 0 ? pointer : $"{pointer}/{Escape(member)}", problem));

    /// <summary>Whether it has a member that is not null.</summary>
    public bool Has(string member) => element.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether it has a member that is an object.</summary>
    public bool IsObject(string member) => element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>A text of 1 to <paramref name="maxLength"/> characters; empty where it is absent.</summary>
    public string Text(string member, bool required, int maxLength = 200)
    {
        if (!TryGet(member, required, out var value))
        {
            return "";
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text && text.Length <= maxLength && !text.Any(char.IsControl))
        {
            return text;
        }

        Problem(member, $"is to be a text of 1 to {maxLength} characters.");

        // Stryker disable once String : with a problem nothing is read
        return "";
    }

    /// <summary>A text that is read further; null where it is absent or not of that form.</summary>
    public T? Value<T>(string member, bool required, TextParser<T> parse, string expected)
        where T : struct
    {
        if (!TryGet(member, required, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && parse(value.GetString(), out var parsed))
        {
            return parsed;
        }

        Problem(member, $"is to be {expected}.");
        return null;
    }

    /// <summary>An organisation number.</summary>
    public OrganisationNumber? Organisation(string member, bool required) =>
        Value<OrganisationNumber>(member, required, OrganisationNumber.TryParse, "an organisation number: nine digits, the last a control digit");

    /// <summary>A date, <c>yyyy-MM-dd</c>.</summary>
    public DateOnly? Date(string member, bool required) => Value<DateOnly>(member, required, TryParseDate, "a date, as 2026-11-20");

    /// <summary>A whole number within bounds; null where it is absent or wrong.</summary>
    public int? Number(string member, int least, int most)
    {
        if (!TryGet(member, required: false, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Problem(member, $"is to be a whole number of {least} to {most}.");
        return null;
    }

    /// <summary>True or false; false where it is absent.</summary>
    public bool Flag(string member)
    {
        if (!TryGet(member, required: false, out var value) || value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.ValueKind == JsonValueKind.True;
        }

        Problem(member, "is to be true or false.");

        // Stryker disable once Boolean : with a problem nothing is read
        return false;
    }

    /// <summary>Texts that are read further, each once; empty where it is absent.</summary>
    public ImmutableArray<T> Values<T>(string member, TextParser<T> parse, string expected)
        where T : struct
    {
        var found = ImmutableArray.CreateBuilder<T>();
        foreach (var (value, at) in Items(member, required: false))
        {
            if (value.ValueKind != JsonValueKind.String || !parse(value.GetString(), out var parsed))
            {
                problems.Add(new(at, $"is to be {expected}."));
            }
            else if (found.Contains(parsed))
            {
                problems.Add(new(at, "stands twice."));
            }
            else
            {
                found.Add(parsed);
            }
        }

        return found.ToImmutable();
    }

    /// <summary>An object within; null where it is absent.</summary>
    public StrictJson? Object(string member, bool required, ReadOnlySpan<string> known)
    {
        if (!TryGet(member, required, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new(value, $"{pointer}/{Escape(member)}", problems, known);
        }

        Problem(member, "is to be an object.");
        return null;
    }

    /// <summary>The objects of a list.</summary>
    public IReadOnlyList<StrictJson> Objects(string member, ReadOnlySpan<string> known, bool required = false)
    {
        var found = new List<StrictJson>();
        foreach (var (value, at) in Items(member, required))
        {
            if (value.ValueKind == JsonValueKind.Object)
            {
                found.Add(new(value, at, problems, known));
            }
            else
            {
                problems.Add(new(at, "is to be an object."));
            }
        }

        return found;
    }

    /// <summary>A period <c>{"from": …, "to": …}</c>; null where it is absent or wrong.</summary>
    public DatePeriod? Period(string member, bool required)
    {
        if (Object(member, required, ["from", "to"]) is not { } within || within.Date("from", required: true) is not { } from)
        {
            return null;
        }

        if (within.Date("to", required: false) is not { } to)
        {
            // Stryker disable once String : the problem is told already, and with one nothing is read
            return within.Has("to") ? null : new(from, null);
        }

        if (to >= from)
        {
            return new(from, to);
        }

        within.Problem("to", "lies before from; it is the last day.");
        return null;
    }

    private List<(JsonElement Value, string Pointer)> Items(string member, bool required)
    {
        if (!TryGet(member, required, out var list))
        {
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            Problem(member, "is to be a list.");
            return [];
        }

        return [.. list.EnumerateArray().Select((v, i) => (v, $"{pointer}/{Escape(member)}/{i}"))];
    }

    // Null counts as absent.
    private bool TryGet(string member, bool required, out JsonElement value)
    {
        if (element.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null)
        {
            return true;
        }

        value = default;
        if (required)
        {
            Problem(member, "is missing.");
        }

        return false;
    }

    private static bool TryParseDate(string? text, out DateOnly date) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out date);

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
