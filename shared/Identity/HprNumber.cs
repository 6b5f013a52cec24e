using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Identity;

/// <summary>
/// A number of the Norwegian register of health personnel (HPR): one to nine digits, no leading zero, no control digit. Not secret.
/// The default value is no number.
/// </summary>
public readonly record struct HprNumber
{
    /// <summary>The identifier system.</summary>
    public const string Oid = "urn:oid:2.16.578.1.12.4.1.4.4";

    private readonly string? digits;

    private HprNumber(string digits) => this.digits = digits;

    /// <summary>The digits.</summary>
    public string Digits => digits ?? "";

    /// <summary>Reads one to nine digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out HprNumber number)
    {
        var accepted = text is { Length: >= 1 and <= 9 } && text[0] != '0' && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
        number = accepted ? new HprNumber(text!) : default;
        return accepted;
    }

    /// <summary>The digits.</summary>
    public override string ToString() => Digits;
}
