using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using K4os.Compression.LZ4;

namespace PasientensMaledata.Observations.Rows;

/// <summary>
/// Compresses an Observation as an LZ4 block against <see cref="Vocabulary"/>: half the size of one without, since a single Observation seldom
/// repeats itself, but always what all others say. The library reads such blocks and cannot write them. One for each thread.
/// </summary>
internal sealed class Compressor
{
    // Of the LZ4 block format: a match has 4 bytes or more; the last 5 are never part of one, and none begins in the last 12.
    private const int MinMatch = 4;
    private const int LastLiterals = 5;
    private const int NoMatchAfter = 12;
    private const int MaxOffset = 65_535;
    private const int HashBits = 12;
    private const int VocabularyBits = 14;

    // What is longer is given up after use: most Observations have about 1 KiB.
    private const int KeptBytes = 65_536;

    // Where the vocabulary has four bytes; 0 for nowhere.
    private static readonly ushort[] VocabularyPlaces = FindVocabulary();

    [ThreadStatic]
    private static Compressor? mine;

    // Where content of this thread has had four bytes, counted over all contents, so that the table need not be emptied between two.
    private readonly int[] places = new int[1 << HashBits];
    private byte[] buffer = WithVocabulary(KeptBytes);
    private int length;
    private int before;

    /// <summary>The thread's own.</summary>
    public static Compressor Mine => mine ??= new();

    /// <summary>Bytes that content can take at most when compressed, with its length before it.</summary>
    public static int MaxCompressed(int length) => length + (length / 255) + 32;

    /// <summary>Room for content, to be filled before <see cref="Compress"/>.</summary>
    public Span<byte> Begin(int size)
    {
        length = size;
        if (Vocabulary.Text.Length + size > buffer.Length)
        {
            buffer = WithVocabulary(Vocabulary.Text.Length + size);
        }

        return buffer.AsSpan(Vocabulary.Text.Length, size);
    }

    /// <summary>Compresses what was filled in, and forgets it.</summary>
    /// <returns>Bytes written.</returns>
    public int Compress(Span<byte> destination)
    {
        var source = buffer.AsSpan(0, Vocabulary.Text.Length + length);
        var written = Write(source, destination);
        if (buffer.Length > KeptBytes)
        {
            buffer = WithVocabulary(KeptBytes);
        }
        else
        {
            // It is what was said of a patient.
            source[Vocabulary.Text.Length..].Clear();
        }

        return written;
    }

    /// <summary>Decompresses a block into as many bytes as went into it.</summary>
    /// <exception cref="CryptographicException">It is no such block.</exception>
    public static void Decompress(ReadOnlySpan<byte> compressed, Span<byte> content)
    {
        if (LZ4Codec.Decode(compressed, content, Vocabulary.Text) != content.Length)
        {
            throw new CryptographicException("A stored Observation cannot be decompressed.");
        }
    }

    private int Write(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (before > int.MaxValue - (2 * source.Length))
        {
            Array.Clear(places);
            before = 0;
        }

        var start = Vocabulary.Text.Length;
        var anchor = start;
        var written = 0;
        var misses = 0;
        var seen = places;
        var known = VocabularyPlaces;
        for (var at = start; at < source.Length - NoMatchAfter;)
        {
            var bytes = Read(source, at);
            ref var latest = ref seen[Hash(bytes, HashBits)];
            var place = latest - before;
            latest = before + at;
            if (place < start || at - place > MaxOffset || Read(source, place) != bytes)
            {
                place = known[Hash(bytes, VocabularyBits)];
                if (place == 0 || at - place > MaxOffset || Read(source, place) != bytes)
                {
                    // Where little repeats itself, such as in an image, ever longer steps.
                    at += 1 + (misses++ >> 6);
                    continue;
                }
            }

            while (at > anchor && place > 0 && source[at - 1] == source[place - 1])
            {
                at--;
                place--;
            }

            var match = MinMatch + source[(at + MinMatch)..^LastLiterals].CommonPrefixLength(source[(place + MinMatch)..]);
            written += WriteLiterals(source[anchor..at], match - MinMatch, destination[written..]);
            BinaryPrimitives.WriteUInt16LittleEndian(destination[written..], (ushort)(at - place));
            written += 2 + WriteRest(match - MinMatch, destination[(written + 2)..]);
            at += match;
            anchor = at;
            misses = 0;
        }

        before += source.Length;
        return written + WriteLiterals(source[anchor..], 0, destination[written..]);
    }

    private static int WriteLiterals(ReadOnlySpan<byte> literals, int match, Span<byte> destination)
    {
        destination[0] = (byte)((Math.Min(literals.Length, 15) << 4) | Math.Min(match, 15));
        var at = 1 + WriteRest(literals.Length, destination[1..]);
        literals.CopyTo(destination[at..]);
        return at + literals.Length;
    }

    // What of a length is past the 15 that its half of the token can hold.
    private static int WriteRest(int length, Span<byte> destination)
    {
        if (length < 15)
        {
            return 0;
        }

        var at = 0;
        for (length -= 15; length >= 255; length -= 255)
        {
            destination[at++] = 255;
        }

        destination[at++] = (byte)length;
        return at;
    }

    // Callers stay 4 bytes and more before the end. Which byte comes first does not matter, since it is only compared.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read(ReadOnlySpan<byte> source, int at) => Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(source), at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Hash(uint bytes, int bits) => unchecked((int)((bytes * 2_654_435_761u) >> (32 - bits)));

    private static byte[] WithVocabulary(int size)
    {
        var buffer = new byte[size];
        Vocabulary.Text.CopyTo(buffer);
        return buffer;
    }

    private static ushort[] FindVocabulary()
    {
        var places = new ushort[1 << VocabularyBits];
        for (var i = 1; i <= Vocabulary.Text.Length - MinMatch; i++)
        {
            places[Hash(Read(Vocabulary.Text, i), VocabularyBits)] = (ushort)i;
        }

        return places;
    }
}
