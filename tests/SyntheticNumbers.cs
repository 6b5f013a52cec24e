namespace PasientensMaledata.Tests;

/// <summary>Person numbers that can be nobody's: month + 80, with valid control digits.</summary>
internal static class SyntheticNumbers
{
    private static readonly int[] First = [3, 7, 6, 1, 8, 9, 4, 5, 2];
    private static readonly int[] Second = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

    /// <summary>The n-th of a fixed row of numbers, from 0.</summary>
    public static string Number(int n) => All(0).Skip(n).First();

    /// <summary>The n-th D-number of a fixed row, from 0.</summary>
    public static string DNumber(int n) => All(40).Skip(n).First();

    private static IEnumerable<string> All(int dayOffset)
    {
        for (var serial = 0; ; serial++)
        {
            var day = (serial % 28) + 1 + dayOffset;
            var month = (serial / 28 % 12) + 81;
            var year = serial / 336 % 100;
            var individual = (serial * 7 % 500) + (serial / 33600);
            var nine = $"{day:00}{month:00}{year:00}{individual:000}";
            var k1 = Control(nine, First);
            var k2 = k1 < 10 ? Control($"{nine}{k1}", Second) : 10;
            if (k1 < 10 && k2 < 10)
            {
                yield return $"{nine}{k1}{k2}";
            }
        }
    }

    private static int Control(string digits, int[] weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (digits[i] - '0') * weights[i];
        }

        return (11 - (sum % 11)) % 11;
    }
}
