using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Observations.Documents;

/// <summary>A coding or an identifier as sent: either part may be absent.</summary>
/// <param name="System">The system's URI; null where absent.</param>
/// <param name="Value">The code or value; null where absent.</param>
public readonly record struct Token(string? System, string? Value);

/// <summary>
/// An Observation as sent that passed the checks: the members that keying and searching need, its content hash, and the edits that make it an answer.
/// The project's own identifier, which answers carry, is taken out of what comes in before anything is made of it.
/// </summary>
public sealed class ObservationDocument
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
        Status = "";
        JsonElement identifiers = default;
        foreach (var member in element.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
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
                    ControllerNumber = ReadController(member.Value);
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

    /// <summary>Organisation number of a performer, as sent.</summary>
    public string? ControllerNumber { get; }

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
        WriteObject(ref canonical, element, top: true);
        return canonical.Hash(key);
    }

    /// <summary>Keyed hash over value[x] and each component's code and value[x]: the value part of a device's own key.</summary>
    public UInt128 HashValue(byte[] key)
    {
        var canonical = new CanonicalJson(json.Length);
        foreach (var member in element.EnumerateObject())
        {
            if (member.Name.StartsWith("value", StringComparison.Ordinal) || member.Name is "component" or "dataAbsentReason")
            {
                canonical.WriteName(member);
                WriteValue(ref canonical, member.Value);
            }
        }

        return canonical.Hash(key);
    }

    /// <summary>The edits that make the answer in FHIR R5, or R4 where that differs; packed.</summary>
    /// <param name="withoutR5">Whether R5's additional elements are left out.</param>
    public byte[] PackEdits(bool withoutR5) => Edits.Pack(new EditWriter(this, withoutR5).Write());

    /// <summary>Whether it has elements that only R5 knows.</summary>
    public bool HasR5Elements() => R5Elements.AreIn(element);

    private void WriteObject(ref CanonicalJson canonical, JsonElement parent, bool top = false)
    {
        var members = ArrayPool<JsonProperty>.Shared.Rent(16);
        var count = 0;
        foreach (var member in parent.EnumerateObject())
        {
            if (IsEmpty(member.Value) || (top && IsNoContent(member)))
            {
                continue;
            }

            if (count == members.Length)
            {
                var larger = ArrayPool<JsonProperty>.Shared.Rent(count * 2);
                members.CopyTo(larger, 0);
                ArrayPool<JsonProperty>.Shared.Return(members);
                members = larger;
            }

            members[count++] = member;
        }

        members.AsSpan(0, count).Sort(static (a, b) => JsonMarshal.GetRawUtf8PropertyName(a).SequenceCompareTo(JsonMarshal.GetRawUtf8PropertyName(b)));
        canonical.Write((byte)'{');
        for (var i = 0; i < count; i++)
        {
            canonical.WriteName(members[i]);
            if (top && members[i].NameEquals("identifier"u8))
            {
                WriteItems(ref canonical, members[i].Value, withoutOwn: true);
            }
            else
            {
                WriteValue(ref canonical, members[i].Value);
            }
        }

        canonical.Write((byte)'}');
        ArrayPool<JsonProperty>.Shared.Return(members);
    }

    private static bool IsNoContent(JsonProperty member)
    {
        var name = JsonMarshal.GetRawUtf8PropertyName(member);
        return name.SequenceEqual("id"u8) || name.SequenceEqual("meta"u8) || name.SequenceEqual("text"u8)
            || (name.SequenceEqual("identifier"u8) && IsOwnIdentifierAlone(member.Value));
    }

    private void WriteItems(ref CanonicalJson canonical, JsonElement array, bool withoutOwn = false)
    {
        canonical.Write((byte)'[');
        foreach (var item in array.EnumerateArray())
        {
            if (!IsEmpty(item) && !(withoutOwn && IsOwnIdentifier(item)))
            {
                WriteValue(ref canonical, item);
            }
        }

        canonical.Write((byte)']');
    }

    private void WriteValue(ref CanonicalJson canonical, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(ref canonical, value);
                break;
            case JsonValueKind.Array:
                WriteItems(ref canonical, value);
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

    private static string? ReadController(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (var performer in array.EnumerateArray())
        {
            var identifier = Member(performer, "identifier"u8);
            if (Text(identifier, "system"u8) is { } system && system.EndsWith("2.16.578.1.12.4.1.4.101", StringComparison.Ordinal))
            {
                return Text(identifier, "value"u8);
            }
        }

        return null;
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

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

    /// <summary>Collects the edits of one form of the answer.</summary>
    private sealed class EditWriter(ObservationDocument document, bool withoutR5)
    {
        private readonly List<Edit> edits = new(4);
        private bool metaDrops;

        /// <summary>Where a member or item lies, in the Observation.</summary>
        private readonly record struct Span(int Start, int End, bool Keep);

        public List<Edit> Write()
        {
            var whole = document.element;
            bool hasId = false, hasMeta = false, hasIdentifier = false, hasIdentifiers = false;
            var own = document.OwnIdentifier is { } sent ? OwnIdentifierJson(sent) : null;
            foreach (var member in whole.EnumerateObject())
            {
                if (member.NameEquals("id"u8) && !document.IsEmpty(member.Value))
                {
                    hasId = true;
                    var (start, end) = Place(member.Value);
                    edits.Add(new(start, end - start, Insertion.IdValue));
                }
                else if (member.NameEquals("meta"u8) && !document.IsEmpty(member.Value))
                {
                    hasMeta = true;
                    WriteMeta(member.Value);
                }
                else if (member.NameEquals("identifier"u8))
                {
                    (hasIdentifiers, hasIdentifier) = (true, WriteIdentifiers(member.Value, own));
                }
            }

            if (!hasId)
            {
                edits.Add(new(1, 0, Insertion.IdMember));
            }

            if (!hasMeta)
            {
                edits.Add(new(1, 0, Insertion.MetaMember));
            }

            if (own is not null && !hasIdentifier)
            {
                edits.Add(new(1, 0, Insertion.Literal, [.. "\"identifier\":["u8, .. own, .. "],"u8]));
            }

            if (document.drops || document.mayHaveEmpties || withoutR5 || metaDrops || (hasIdentifiers && !hasIdentifier))
            {
                DropMembers(whole, "Observation", (member, path) =>
                    member.NameEquals("text"u8)
                    || (member.NameEquals("identifier"u8) && !hasIdentifier)
                    || (member.NameEquals("id"u8) && !hasId)
                    || (member.NameEquals("meta"u8) && !hasMeta));
            }

            Order();
            return edits;
        }

        // By position, and what is inserted before what is left out at the same place; otherwise as they came. They are few.
        private void Order()
        {
            for (var i = 1; i < edits.Count; i++)
            {
                var edit = edits[i];
                var at = i;
                for (; at > 0 && GoesBefore(edit, edits[at - 1]); at--)
                {
                    edits[at] = edits[at - 1];
                }

                edits[at] = edit;
            }
        }

        private static bool GoesBefore(Edit one, Edit other) =>
            one.Position < other.Position || (one.Position == other.Position && IsInsertion(one) && !IsInsertion(other));

        private static bool IsInsertion(Edit edit) => edit.Insertion != Insertion.None;

        private static byte[] OwnIdentifierJson(string sentId) =>
            Encoding.UTF8.GetBytes($$"""{"system":"{{SentIdSystem}}","value":{{JsonSerializer.Serialize(sentId)}}}""");

        private void WriteMeta(JsonElement meta)
        {
            var kept = false;
            foreach (var member in meta.EnumerateObject())
            {
                var isServers = IsServerMeta(member);
                metaDrops |= isServers;
                kept |= !isServers && !document.IsEmpty(member.Value);
            }

            edits.Add(new(Place(meta).Start + 1, 0, kept ? Insertion.MetaMembersAndComma : Insertion.MetaMembers));
        }

        private static bool IsServerMeta(JsonProperty member) =>
            member.NameEquals("versionId"u8) || member.NameEquals("lastUpdated"u8) || member.NameEquals("_versionId"u8) || member.NameEquals("_lastUpdated"u8);

        // Whether the member stays in the answer.
        private bool WriteIdentifiers(JsonElement array, byte[]? own)
        {
            if (own is null && !document.mayHaveEmpties && !HasOwnIdentifier(array))
            {
                return true;
            }

            var items = new List<Span>(array.GetArrayLength());
            var lastKept = -1;
            foreach (var item in array.EnumerateArray())
            {
                var (start, end) = Place(item);
                var keep = !IsOwnIdentifier(item) && !document.IsEmpty(item);
                lastKept = keep ? end : lastKept;
                items.Add(new(start, end, keep));
            }

            if (lastKept >= 0)
            {
                if (own is not null)
                {
                    edits.Add(new(lastKept, 0, Insertion.Literal, [.. ","u8, .. own]));
                }

                Drop(items);
                return true;
            }

            if (own is not null && items.Count > 0)
            {
                edits.Add(new(items[0].Start, items[^1].End - items[0].Start, Insertion.Literal, own));
                return true;
            }

            return false;
        }

        private static bool HasOwnIdentifier(JsonElement array)
        {
            foreach (var item in array.EnumerateArray())
            {
                if (IsOwnIdentifier(item))
                {
                    return true;
                }
            }

            return false;
        }

        private void DropMembers(JsonElement parent, string? path, Func<JsonProperty, string?, bool>? alsoDrop)
        {
            var members = new List<Span>();
            var drop = false;
            foreach (var member in parent.EnumerateObject())
            {
                var keep = !(document.IsEmpty(member.Value) || (alsoDrop?.Invoke(member, path) ?? false)
                    || (withoutR5 && PlaceOf(path) is { } place && R5Elements.Find(place, member) is not null)
                    || (path == "Observation.contained" && member.NameEquals("text"u8))
                    || (path == "Observation.meta" && IsServerMeta(member)));
                drop |= !keep;
                members.Add(new(NameStart(member), Place(member.Value).End, keep));
                if (keep && document.mayHaveEmpties && member.Value.ValueKind == JsonValueKind.Array && parent.TryGetProperty($"_{member.Name}", out _))
                {
                    // Items have their extensions by place (FHIR R4 json#primitive): an empty one is null, not gone.
                    foreach (var item in member.Value.EnumerateArray().Where(document.IsEmpty))
                    {
                        edits.Add(new(Place(item).Start, 2, Insertion.Literal, "null"u8.ToArray()));
                    }
                }
                else if (keep && !(path == "Observation" && member.NameEquals("identifier"u8)))
                {
                    Descend(member.Value, path is null ? null : $"{path}.{member.Name}");
                }
                else if (keep)
                {
                    foreach (var item in member.Value.EnumerateArray())
                    {
                        if (!IsOwnIdentifier(item) && !document.IsEmpty(item))
                        {
                            Descend(item, null);
                        }
                    }
                }
            }

            if (drop)
            {
                Drop(members);
            }
        }

        private static R5Place? PlaceOf(string? path) => path switch
        {
            "Observation" => R5Place.Observation,
            "Observation.component" => R5Place.Component,
            "Observation.referenceRange" or "Observation.component.referenceRange" => R5Place.ReferenceRange,
            _ => null,
        };

        private void Descend(JsonElement value, string? path)
        {
            var ofInterest = document.mayHaveEmpties || path is "Observation.meta" or "Observation.contained" || (withoutR5 && path is not null);
            if (!ofInterest)
            {
                return;
            }

            if (value.ValueKind == JsonValueKind.Object)
            {
                DropMembers(value, path, null);
            }
            else if (value.ValueKind == JsonValueKind.Array)
            {
                var items = new List<Span>(value.GetArrayLength());
                var drop = false;
                foreach (var item in value.EnumerateArray())
                {
                    var (start, end) = Place(item);
                    var keep = !document.IsEmpty(item);
                    drop |= !keep;
                    items.Add(new(start, end, keep));
                    if (keep)
                    {
                        Descend(item, path);
                    }
                }

                if (drop)
                {
                    Drop(items);
                }
            }
        }

        // Leaves out members or items with the right commas: with the comma before where something kept stands before, else with the comma after.
        private void Drop(List<Span> spans)
        {
            var kept = false;
            for (var i = 0; i < spans.Count; i++)
            {
                if (spans[i].Keep)
                {
                    kept = true;
                    continue;
                }

                var start = kept ? spans[i - 1].End : spans[i].Start;
                var end = kept || i == spans.Count - 1 ? spans[i].End : spans[i + 1].Start;
                edits.Add(new(start, end - start, Insertion.None));
            }
        }

        private (int Start, int End) Place(JsonElement value)
        {
            var raw = JsonMarshal.GetRawUtf8Value(value);
            var start = Offset(document.json.Span, raw);
            return (start, start + raw.Length);
        }

        private int NameStart(JsonProperty member) => Offset(document.json.Span, JsonMarshal.GetRawUtf8PropertyName(member)) - 1;
    }
}
