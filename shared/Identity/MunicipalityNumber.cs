using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Identity;

/// <summary>
/// A municipality number (kommunenummer): exactly four digits, the leading zero included. Whether the municipality exists is not asked, since they merge and part.
/// The default value is no municipality.
/// </summary>
public readonly record struct MunicipalityNumber
{
    private readonly string? digits;

    private MunicipalityNumber(string digits) => this.digits = digits;

    /// <summary>The four digits.</summary>
    public string Digits => digits ?? "";

    /// <summary>Reads four digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MunicipalityNumber number)
    {
        var accepted = text is { Length: 4 } && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
        number = accepted ? new MunicipalityNumber(text!) : default;
        return accepted;
    }

    /// <summary>The four digits.</summary>
    public override string ToString() => Digits;
}
