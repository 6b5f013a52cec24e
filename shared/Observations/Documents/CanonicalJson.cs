using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Documents;

/// <summary>JSON tokens in one form, whatever white space and escapes they were sent with: texts with their lengths, numbers as sent. Hashed once, then gone.</summary>
internal ref struct CanonicalJson
{
    private byte[] buffer;
    private int length;

    /// <param name="expected">Bytes to begin with.</param>
    public CanonicalJson(int expected) => buffer = ArrayPool<byte>.Shared.Rent(Math.Max(256, expected));

    /// <summary>The keyed hash of all that was written, 128 bits.</summary>
    public readonly UInt128 Hash(byte[] key)
    {
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(key, buffer.AsSpan(0, length), hash);
        ArrayPool<byte>.Shared.Return(buffer);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>A mark of structure.</summary>
    public void Write(byte mark)
    {
        Reserve(1);
        buffer[length++] = mark;
    }

    /// <summary>A member's name.</summary>
    public void WriteName(JsonProperty member)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(member);
        WriteText(raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(member.Name) : raw);
    }

    /// <summary>A string, a number as sent, true, false or null.</summary>
    public void WriteScalar(JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (value.ValueKind == JsonValueKind.String)
        {
            WriteText(raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(value.GetString()!) : raw[1..^1]);
            return;
        }

        // The space keeps 1,2 apart from 12.
        Reserve(raw.Length + 1);
        raw.CopyTo(buffer.AsSpan(length));
        length += raw.Length;
        buffer[length++] = (byte)' ';
    }

    private void WriteText(scoped ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 5);
        buffer[length] = (byte)'"';
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(length + 1), text.Length);
        text.CopyTo(buffer.AsSpan(length + 5));
        length += 5 + text.Length;
    }

    private void Reserve(int more)
    {
        if (length + more > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((length + more) * 2);
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }
}
