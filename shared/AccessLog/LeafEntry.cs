using System.Globalization;
using System.Text;
using PasientensMaledata.AccessLog.Tree;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// What a leaf of the tree is the hash of: a line with the event's number among its patient's, the hash of the patient's leaf before it and when it was
/// sequenced, then the event's own line. So a patient who holds their events sees a gap, one who is told of an event long past sees when it turned up, and
/// the salt in the line keeps the hash from telling anything else.
/// </summary>
/// <param name="Serial">1 for a patient's first event, then one more each; 0 where the event is about nobody known.</param>
/// <param name="Previous">Hash of the patient's leaf before it; null for the first, and where there is no patient.</param>
/// <param name="SequencedAt">When it was sequenced, UTC, whole milliseconds.</param>
public readonly record struct LeafEntry(long Serial, byte[]? Previous, DateTime SequencedAt)
{
    /// <summary>An event about nobody known.</summary>
    public static LeafEntry OfNobody(DateTime sequencedAt) => new(0, null, sequencedAt);

    /// <summary>When it was sequenced, as it is written.</summary>
    public string SequencedText => SequencedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The entry of the leaf.</summary>
    /// <param name="line">The event's line, without its end.</param>
    public byte[] Bytes(ReadOnlySpan<byte> line)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"pmd-event/1 {Serial} {(Previous is null ? "-" : Convert.ToHexStringLower(Previous))} {SequencedText}\n"));
        return [.. head, .. line];
    }

    /// <summary>The hash of the leaf.</summary>
    public byte[] Hash(ReadOnlySpan<byte> line) => TreeHash.Leaf(Bytes(line));
}
