using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace PasientensMaledata.Observations.Documents;

/// <summary>What is written at the place of an edit.</summary>
internal enum Insertion : byte
{
    /// <summary>Nothing: bytes are only left out.</summary>
    None = 0,

    /// <summary>The id, quoted.</summary>
    IdValue = 1,

    /// <summary>The member <c>id</c> and a comma.</summary>
    IdMember = 2,

    /// <summary><c>versionId</c> and <c>lastUpdated</c>.</summary>
    MetaMembers = 3,

    /// <summary><c>versionId</c> and <c>lastUpdated</c> and a comma.</summary>
    MetaMembersAndComma = 4,

    /// <summary>The member <c>meta</c> and a comma.</summary>
    MetaMember = 5,

    /// <summary>Bytes that stand in the edit.</summary>
    Literal = 6,
}

/// <summary>One place where the answer differs from what was sent.</summary>
/// <param name="Position">Offset in the Observation as sent.</param>
/// <param name="Remove">Bytes left out from there.</param>
/// <param name="Insertion">What is written there first.</param>
/// <param name="Literal">For <see cref="Insertion.Literal"/>.</param>
internal readonly record struct Edit(int Position, int Remove, Insertion Insertion, byte[]? Literal = null);

/// <summary>
/// How an Observation as sent becomes the answer: a list of edits in order of position, computed once when it is stored, so that reading copies
/// bytes and parses nothing.
/// </summary>
internal static class Edits
{
    /// <summary>Packs the edits: for each the distance from the end of the one before, bytes left out, what is inserted.</summary>
    public static byte[] Pack(IReadOnlyList<Edit> edits)
    {
        var packed = new ArrayBufferWriter<byte>(64);
        var at = 0;
        foreach (var edit in edits)
        {
            WriteNumber(packed, edit.Position - at);
            WriteNumber(packed, edit.Remove);
            packed.Write([(byte)edit.Insertion]);
            if (edit.Insertion == Insertion.Literal)
            {
                WriteNumber(packed, edit.Literal!.Length);
                packed.Write(edit.Literal);
            }

            at = edit.Position + edit.Remove;
        }

        return packed.WrittenSpan.ToArray();
    }

    /// <summary>Writes the answer.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="sent">The Observation as sent.</param>
    /// <param name="packed">Its edits.</param>
    /// <param name="id">The id on the wire.</param>
    /// <param name="version">meta.versionId.</param>
    /// <param name="lastUpdated">meta.lastUpdated, UTC, whole milliseconds.</param>
    public static void Apply(IBufferWriter<byte> output, ReadOnlySpan<byte> sent, ReadOnlySpan<byte> packed, string id, int version, DateTime lastUpdated)
    {
        var at = 0;
        while (packed.Length > 0)
        {
            var position = at + ReadNumber(ref packed);
            var remove = ReadNumber(ref packed);
            var insertion = (Insertion)packed[0];
            packed = packed[1..];
            output.Write(sent[at..position]);
            switch (insertion)
            {
                case Insertion.IdValue:
                    WriteQuoted(output, id);
                    break;
                case Insertion.IdMember:
                    output.Write("\"id\":"u8);
                    WriteQuoted(output, id);
                    output.Write(","u8);
                    break;
                case Insertion.MetaMembers:
                    WriteMeta(output, version, lastUpdated);
                    break;
                case Insertion.MetaMembersAndComma:
                    WriteMeta(output, version, lastUpdated);
                    output.Write(","u8);
                    break;
                case Insertion.MetaMember:
                    output.Write("\"meta\":{"u8);
                    WriteMeta(output, version, lastUpdated);
                    output.Write("},"u8);
                    break;
                case Insertion.Literal:
                    var length = ReadNumber(ref packed);
                    output.Write(packed[..length]);
                    packed = packed[length..];
                    break;
            }

            at = position + remove;
        }

        output.Write(sent[at..]);
    }

    internal static void WriteNumber(IBufferWriter<byte> output, int number)
    {
        var rest = (uint)number;
        while (rest >= 0x80)
        {
            output.Write([(byte)((rest & 0x7f) | 0x80)]);
            rest >>= 7;
        }

        output.Write([(byte)rest]);
    }

    internal static int ReadNumber(ref ReadOnlySpan<byte> packed)
    {
        uint number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = packed[0];
            packed = packed[1..];
            number |= (uint)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return (int)number;
            }
        }
    }

    private static void WriteQuoted(IBufferWriter<byte> output, string ascii)
    {
        var span = output.GetSpan(ascii.Length + 2);
        span[0] = (byte)'"';
        Encoding.ASCII.GetBytes(ascii, span[1..]);
        span[ascii.Length + 1] = (byte)'"';
        output.Advance(ascii.Length + 2);
    }

    private static void WriteMeta(IBufferWriter<byte> output, int version, DateTime lastUpdated)
    {
        output.Write("\"versionId\":\""u8);
        var span = output.GetSpan(11);
        Utf8Formatter.TryFormat(version, span, out var written);
        output.Advance(written);
        output.Write("\",\"lastUpdated\":\""u8);
        span = output.GetSpan(24);
        lastUpdated.TryFormat(span, out written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
        output.Advance(written);
        output.Write("\""u8);
    }
}
