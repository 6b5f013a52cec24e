using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace PasientensMaledata.Observations.Documents;

/// <summary>Members of the objects that lie about one place in a document, those of the innermost last.</summary>
internal ref struct Members
{
    private (ulong Beginning, JsonProperty Member)[] items = ArrayPool<(ulong, JsonProperty)>.Shared.Rent(64);

    public Members()
    {
    }

    public int Count { get; private set; }

    public readonly JsonProperty this[int place] => items[place].Member;

    public void Add(JsonProperty member)
    {
        if (Count == items.Length)
        {
            var larger = ArrayPool<(ulong, JsonProperty)>.Shared.Rent(Count * 2);
            items.CopyTo(larger, 0);
            Dispose();
            items = larger;
        }

        items[Count++] = (Beginning(JsonStrings.Name(member)), member);
    }

    /// <summary>Takes members of inner objects away.</summary>
    public void CutTo(int count) => Count = count;

    /// <summary>Orders the members from one on by their names as bytes. They are few, and mostly told apart by how they begin.</summary>
    public readonly void SortFrom(int first)
    {
        for (var i = first + 1; i < Count; i++)
        {
            var item = items[i];
            var at = i;
            for (; at > first && IsBefore(item, items[at - 1]); at--)
            {
                items[at] = items[at - 1];
            }

            items[at] = item;
        }
    }

    public readonly void Dispose() => ArrayPool<(ulong, JsonProperty)>.Shared.Return(items, clearArray: true);

    private static bool IsBefore((ulong Beginning, JsonProperty Member) one, (ulong Beginning, JsonProperty Member) other) =>
        one.Beginning < other.Beginning
        || (one.Beginning == other.Beginning && JsonStrings.Name(one.Member).SequenceCompareTo(JsonStrings.Name(other.Member)) < 0);

    private static ulong Beginning(ReadOnlySpan<byte> name)
    {
        if (name.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(name);
        }

        ulong beginning = 0;
        foreach (var b in name)
        {
            beginning = (beginning << 8) | b;
        }

        return name.IsEmpty ? 0 : beginning << (8 * (8 - name.Length));
    }
}
