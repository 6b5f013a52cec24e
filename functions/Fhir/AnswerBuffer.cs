using System.Buffers;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>
/// An answer on its way, whole before any of it is sent: what cannot be opened half-way becomes a fault, not half an answer. Its memory is rented, and
/// emptied when it is given back.
/// </summary>
public sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(65_536);
    private int length;

    /// <summary>What is written so far.</summary>
    public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, length);

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return bytes.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return bytes.AsSpan(length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        bytes = [];
        length = 0;
    }

    private void Grow(int sizeHint)
    {
        var wanted = length + Math.Max(sizeHint, 1);
        if (wanted > bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(wanted, bytes.Length * 2L), Array.MaxLength));
            bytes.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
            bytes = larger;
        }
    }
}
