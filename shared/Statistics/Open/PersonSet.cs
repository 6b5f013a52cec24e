using System.Numerics;

namespace PasientensMaledata.Statistics;

/// <summary>A set of people, by small numbers given to them: few as a set of numbers, many as bits.</summary>
internal sealed class PersonSet
{
    private const int MostAsNumbers = 128;

    private HashSet<int>? few = [];
    private ulong[] bits = [];

    /// <summary>How many are in it.</summary>
    public int Count => few?.Count ?? bits.Sum(BitOperations.PopCount);

    /// <summary>Puts one in.</summary>
    public void Add(int person)
    {
        if (few is null)
        {
            Set(person);
        }
        else if (few.Add(person) && few.Count > MostAsNumbers)
        {
            var all = few;
            few = null;
            foreach (var one in all)
            {
                Set(one);
            }
        }
    }

    /// <summary>Puts all of another in.</summary>
    public void UnionWith(PersonSet other)
    {
        if (other.few is { } numbers)
        {
            foreach (var one in numbers)
            {
                Add(one);
            }

            return;
        }

        if (few is { } mine)
        {
            few = null;
            foreach (var one in mine)
            {
                Set(one);
            }
        }

        Array.Resize(ref bits, Math.Max(bits.Length, other.bits.Length));
        for (var i = 0; i < other.bits.Length; i++)
        {
            bits[i] |= other.bits[i];
        }
    }

    private void Set(int person)
    {
        if (person >> 6 >= bits.Length)
        {
            Array.Resize(ref bits, Math.Max(2 * bits.Length, (person >> 6) + 1));
        }

        bits[person >> 6] |= 1UL << (person & 63);
    }
}
