using System.Buffers.Binary;

namespace PasientensMaledata.Simulator;

/// <summary>
/// Random numbers that follow from a seed (SplitMix64). The row of numbers is the same on every machine and runtime, which <see cref="Random"/> does not
/// promise; only exact arithmetic is used, so that the same seed gives the same bytes. Not thread-safe, and no secret.
/// </summary>
public sealed class SeededRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong state;

    /// <param name="seed">The seed.</param>
    /// <param name="path">Of the many independent rows under one seed, which.</param>
    public SeededRandom(long seed, params ReadOnlySpan<long> path)
    {
        state = unchecked((ulong)seed);
        foreach (var step in path)
        {
            state = Next() ^ unchecked((ulong)step);
        }

        state = Next();
    }

    /// <summary>Any 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            state += Step;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 up to a bound, not part of it.</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)Math.BigMul(Next(), (ulong)bound, out _);
    }

    /// <summary>From 0 up to 1, not part of it.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>From one bound up to another, not part of it.</summary>
    public double Between(double low, double high) => low + ((high - low) * Unit());

    /// <summary>From one bound to another, both part of it.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>True in so many cases of 1.</summary>
    public bool Chance(double share) => Unit() < share;

    /// <summary>Around 0 with deviation 1, as good as normal, never past 6: the sum of twelve, since logarithms differ between machines.</summary>
    public double Normal()
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++)
        {
            sum += Unit();
        }

        return sum;
    }

    /// <summary>One of them.</summary>
    public T Pick<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items[Below(items.Count)];
    }

    /// <summary>A UUID of version 4.</summary>
    public Guid Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Next());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Next());
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
