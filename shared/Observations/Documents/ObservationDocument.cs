using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Observations.Documents;

/// <summary>A coding or an identifier as sent: either part may be absent.</summary>
/// <param name="System">The system's URI; null where absent.</param>
/// <param name="Value">The code or value; null where absent.</param>
public readonly record struct Token(string? System, string? Value);

/// <summary>
/// An Observation as sent that passed the checks: the members that keying and searching need, its content hash, and the edits that make it an answer.
/// The project's own identifier, which answers carry, is taken out of what comes in before anything is made of it.
/// </summary>
public sealed partial class ObservationDocument
{
    /// <summary>Identifier system under which answers carry the id the sender had given.</summary>
    public const string SentIdSystem = "urn:pmd:sent-id";

    private readonly JsonElement element;
    private readonly ReadOnlyMemory<byte> json;
    private readonly bool mayHaveEmpties;

    // Whether something is left out of answers besides what empty strings take with them.
    private readonly bool drops;

    private ObservationDocument(JsonElement element, ReadOnlyMemory<byte> json)
    {
        (this.element, this.json) = (element, json);
        mayHaveEmpties = json.Span.IndexOf("\"\""u8) >= 0;
        Codings = Categories = [];
        Identifiers = [];
        Organisations = [];
        Status = "";
        JsonElement identifiers = default;
        foreach (var member in element.EnumerateObject())
        {
            var name = JsonStrings.Name(member);
            switch (name.Length)
            {
                case 2 when name.SequenceEqual("id"u8):
                    SentId = Text(member.Value);
                    break;
                case 4 when name.SequenceEqual("code"u8):
                    Codings = Tokens(member.Value);
                    CodeText = Text(member.Value, "text"u8);
                    break;
                case 4 when name.SequenceEqual("text"u8):
                    drops = true;
                    break;
                case 6 when name.SequenceEqual("status"u8):
                    Status = Text(member.Value) ?? "";
                    break;
                case 6 when name.SequenceEqual("issued"u8):
                    Issued = Text(member.Value);
                    break;
                case 6 when name.SequenceEqual("device"u8):
                    var device = Member(member.Value, "identifier"u8);
                    Device = new(Text(device, "system"u8), Text(device, "value"u8));
                    break;
                case 8 when name.SequenceEqual("category"u8):
                    Categories = ReadCategories(member.Value);
                    break;
                case 9 when name.SequenceEqual("performer"u8):
                    Organisations = ReadOrganisations(member.Value);
                    break;
                case 9 when name.SequenceEqual("contained"u8):
                    drops = true;
                    break;
                case 10 when name.SequenceEqual("identifier"u8):
                    identifiers = member.Value;
                    break;
            }
        }

        Identifiers = ReadIdentifiers(identifiers);
        OwnIdentifier ??= SentId;
    }

    /// <summary>The bytes as sent.</summary>
    public ReadOnlyMemory<byte> Json => json;

    /// <summary>Observation.status.</summary>
    public string Status { get; }

    /// <summary>The codings of Observation.code, in order.</summary>
    public IReadOnlyList<Token> Codings { get; }

    /// <summary>Observation.code.text.</summary>
    public string? CodeText { get; }

    /// <summary>The codings of all categories, in order.</summary>
    public IReadOnlyList<Token> Categories { get; }

    /// <summary>The sender's identifiers, in order.</summary>
    public IReadOnlyList<Token> Identifiers { get; }

    /// <summary>Observation.id as sent.</summary>
    public string? SentId { get; }

    /// <summary>The id that answers carry as an identifier.</summary>
    public string? OwnIdentifier { get; private set; }

    /// <summary>The device's identifier.</summary>
    public Token Device { get; }

    /// <summary>Observation.issued as sent.</summary>
    public string? Issued { get; }

    /// <summary>The organisations among the performers, each once, in order; those whose number is none are left out.</summary>
    public IReadOnlyList<OrganisationNumber> Organisations { get; }

    /// <summary>Reads an Observation that passed the checks.</summary>
    /// <param name="element">The Observation, a JSON object.</param>
    /// <param name="body">The bytes the element was parsed from.</param>
    public static ObservationDocument Read(JsonElement element, ReadOnlyMemory<byte> body)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        return new(element, body.Slice(Offset(body.Span, raw), raw.Length));
    }

    /// <summary>Keyed hash (128 bits) over the JSON tokens, members sorted, number text as sent; without id, meta, text, empty strings and our identifier.</summary>
    public UInt128 HashContent(byte[] key)
    {
        var canonical = new CanonicalJson(json.Length);
        var members = new Members();
        WriteObject(ref canonical, ref members, element, top: true);
        members.Dispose();
        return canonical.Hash(key);
    }

    /// <summary>Keyed hash over value[x] and each component's code and value[x]: the value part of a device's own key.</summary>
    public UInt128 HashValue(byte[] key)
    {
        var canonical = new CanonicalJson(json.Length);
        var members = new Members();
        foreach (var member in element.EnumerateObject())
        {
            if (member.Name.StartsWith("value", StringComparison.Ordinal) || member.Name is "component" or "dataAbsentReason")
            {
                canonical.WriteName(member);
                WriteValue(ref canonical, ref members, member.Value);
            }
        }

        members.Dispose();
        return canonical.Hash(key);
    }

    /// <summary>The edits that make the answer in FHIR R5, or R4 where that differs; packed.</summary>
    /// <param name="withoutR5">Whether R5's additional elements are left out.</param>
    public byte[] PackEdits(bool withoutR5) => Edits.Pack(new EditWriter(this, withoutR5).Write());

    /// <summary>Whether it has elements that only R5 knows.</summary>
    public bool HasR5Elements() => R5Elements.AreIn(element);

    private void WriteObject(ref CanonicalJson canonical, ref Members members, JsonElement parent, bool top = false)
    {
        var first = members.Count;
        foreach (var member in parent.EnumerateObject())
        {
            if (!IsEmpty(member.Value) && !(top && IsNoContent(member)))
            {
                members.Add(member);
            }
        }

        members.SortFrom(first);
        canonical.Write((byte)'{');
        for (var i = first; i < members.Count; i++)
        {
            var member = members[i];
            canonical.WriteName(member);
            if (top && member.NameEquals("identifier"u8))
            {
                WriteItems(ref canonical, ref members, member.Value, withoutOwn: true);
            }
            else
            {
                WriteValue(ref canonical, ref members, member.Value);
            }
        }

        canonical.Write((byte)'}');
        members.CutTo(first);
    }

    private static bool IsNoContent(JsonProperty member)
    {
        var name = JsonStrings.Name(member);
        return name.SequenceEqual("id"u8) || name.SequenceEqual("meta"u8) || name.SequenceEqual("text"u8)
            || (name.SequenceEqual("identifier"u8) && IsOwnIdentifierAlone(member.Value));
    }

    private void WriteItems(ref CanonicalJson canonical, ref Members members, JsonElement array, bool withoutOwn = false)
    {
        canonical.Write((byte)'[');
        foreach (var item in array.EnumerateArray())
        {
            if (!IsEmpty(item) && !(withoutOwn && IsOwnIdentifier(item)))
            {
                WriteValue(ref canonical, ref members, item);
            }
        }

        canonical.Write((byte)']');
    }

    private void WriteValue(ref CanonicalJson canonical, ref Members members, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(ref canonical, ref members, value);
                break;
            case JsonValueKind.Array:
                WriteItems(ref canonical, ref members, value);
                break;
            default:
                canonical.WriteScalar(value);
                break;
        }
    }

    private bool IsEmpty(JsonElement value) => mayHaveEmpties && JsonStrings.IsEmpty(value);

    private static bool IsOwnIdentifierAlone(JsonElement identifiers)
    {
        if (identifiers.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var item in identifiers.EnumerateArray())
        {
            if (!IsOwnIdentifier(item) && !JsonStrings.IsEmpty(item))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOwnIdentifier(JsonElement identifier) =>
        identifier.ValueKind == JsonValueKind.Object && identifier.TryGetProperty("system"u8, out var system)
            && system.ValueKind == JsonValueKind.String && system.ValueEquals(SentIdSystem);

    private Token[] ReadIdentifiers(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var tokens = new List<Token>(array.GetArrayLength());
        foreach (var identifier in array.EnumerateArray())
        {
            var token = new Token(Text(identifier, "system"u8), Text(identifier, "value"u8));
            if (token.System != SentIdSystem)
            {
                tokens.Add(token);
            }
            else if (SentId is null || ObservationId.HasForm(SentId))
            {
                OwnIdentifier = token.Value;
            }
        }

        return [.. tokens];
    }

    private static Token[] ReadCategories(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        Token[] tokens = [];
        foreach (var category in array.EnumerateArray())
        {
            var more = Tokens(category);
            tokens = tokens.Length == 0 ? more : [.. tokens, .. more];
        }

        return tokens;
    }

    private static List<OrganisationNumber> ReadOrganisations(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        List<OrganisationNumber>? found = null;
        foreach (var performer in array.EnumerateArray())
        {
            var identifier = Member(performer, "identifier"u8);
            if (Text(identifier, "system"u8) is { } system && system.EndsWith("2.16.578.1.12.4.1.4.101", StringComparison.Ordinal)
                && OrganisationNumber.TryParse(Text(identifier, "value"u8), out var number) && !(found ??= []).Contains(number))
            {
                found.Add(number);
            }
        }

        return found ?? [];
    }

    private static string? Text(JsonElement value) => JsonStrings.Get(value) is { Length: > 0 } text ? text : null;

    private static string? Text(JsonElement parent, ReadOnlySpan<byte> name) => Text(Member(parent, name));

    private static JsonElement Member(JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    private static Token[] Tokens(JsonElement concept)
    {
        var array = Member(concept, "coding"u8);
        if (array.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var tokens = new Token[array.GetArrayLength()];
        var count = 0;
        foreach (var item in array.EnumerateArray())
        {
            var token = new Token(Text(item, "system"u8), Text(item, "code"u8));
            if (token.Value is not null)
            {
                tokens[count++] = token;
            }
        }

        return count == tokens.Length ? tokens : tokens[..count];
    }

    private static int Offset(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));
}
