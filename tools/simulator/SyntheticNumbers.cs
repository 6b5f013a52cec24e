using System.Globalization;

namespace PasientensMaledata.Simulator;

/// <summary>Numbers that can be nobody's and no real organisation's, with valid control digits.</summary>
internal static class SyntheticNumbers
{
    /// <summary>Raised months mark a test person.</summary>
    private const int RaisedBy = 80;

    /// <summary>A person number of the birth date and sex; null where the individual digits give no control digits.</summary>
    /// <param name="born">Birth date, 1900 to 1999.</param>
    /// <param name="isWoman">Women have even individual numbers.</param>
    /// <param name="individual">0 to 249; the individual number is twice that, or one more.</param>
    public static string? Person(DateOnly born, bool isWoman, int individual)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"{born.Day:00}{born.Month + RaisedBy:00}{born.Year % 100:00}{(2 * individual) + (isWoman ? 0 : 1):000}");
        return Append(number, [3, 7, 6, 1, 8, 9, 4, 5, 2]) is { } ten ? Append(ten, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) : null;
    }

    /// <summary>The first organisation number that begins with 3, as test organisations do, and these four digits.</summary>
    public static string Organisation(string fourDigits)
    {
        for (var serial = 0; ; serial++)
        {
            if (Append(string.Create(CultureInfo.InvariantCulture, $"3{fourDigits}{serial:000}"), [3, 2, 7, 6, 5, 4, 3, 2]) is { } number)
            {
                return number;
            }
        }
    }

    /// <summary>A number for health personnel, in a row that the register uses for test personnel.</summary>
    public static string HealthPersonnel(int serial) => string.Create(CultureInfo.InvariantCulture, $"5655{serial % 100_000:00000}");

    private static string? Append(string digits, ReadOnlySpan<byte> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (digits[i] - '0') * weights[i];
        }

        var control = (11 - (sum % 11)) % 11;
        return control < 10 ? $"{digits}{control}" : null;
    }
}
