using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Tree;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// What a leaf of the tree is the hash of: a line with the event's number among its patient's and the hash of the patient's leaf before it, then the
/// event's own line. So a patient who holds their events sees a gap, and the salt in the line keeps the hash from telling anything else.
/// </summary>
/// <param name="Serial">1 for a patient's first event, then one more each; 0 where the event is about nobody known.</param>
/// <param name="Previous">Hash of the patient's leaf before it; null for the first, and where there is no patient.</param>
public readonly record struct LeafEntry(long Serial, byte[]? Previous)
{
    /// <summary>An event about nobody known.</summary>
    public static LeafEntry OfNobody => new(0, null);

    /// <summary>The entry of the leaf.</summary>
    /// <param name="line">The event's line, without its end.</param>
    public byte[] Bytes(ReadOnlySpan<byte> line)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"pmd-event/1 {Serial} {(Previous is null ? "-" : Convert.ToHexStringLower(Previous))}\n"));
        return [.. head, .. line];
    }

    /// <summary>The hash of the leaf.</summary>
    public byte[] Hash(ReadOnlySpan<byte> line) => TreeHash.Leaf(Bytes(line));
}
