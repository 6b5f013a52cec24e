using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Identity;

/// <summary>
/// An organisation number of Enhetsregisteret: nine digits, the last a control digit modulo 11. Real ones start with 8 or 9, test ones with 1, 2 or 3; all are accepted.
/// The default value is no organisation.
/// </summary>
public readonly record struct OrganisationNumber
{
    /// <summary>The identifier system.</summary>
    public const string Oid = "urn:oid:2.16.578.1.12.4.1.4.101";

    private readonly string? digits;

    private OrganisationNumber(string digits) => this.digits = digits;

    /// <summary>The nine digits.</summary>
    public string Digits => digits ?? "";

    /// <summary>Reads nine digits without spaces.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OrganisationNumber number)
    {
        number = default;
        if (text is not { Length: 9 } || text.AsSpan().ContainsAnyExceptInRange('0', '9') || text[0] == '0')
        {
            return false;
        }

        ReadOnlySpan<byte> weights = [3, 2, 7, 6, 5, 4, 3, 2, 1];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (text[i] - '0') * weights[i];
        }

        if (sum % 11 != 0)
        {
            return false;
        }

        number = new OrganisationNumber(text);
        return true;
    }

    /// <summary>The nine digits; an organisation is no secret.</summary>
    public override string ToString() => Digits;
}
