using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Observations.Documents;

public sealed partial class ObservationDocument
{
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

        private static readonly byte[] OwnIdentifierStart = Encoding.UTF8.GetBytes($"{{\"system\":\"{SentIdSystem}\",\"value\":\"");

        private static byte[] OwnIdentifierJson(string sentId) =>
            [.. OwnIdentifierStart, .. JsonEncodedText.Encode(sentId).EncodedUtf8Bytes, .. "\"}"u8];

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
