using System.Text.RegularExpressions;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Statistics;

/// <summary>
/// Lets through of what callers say only what can be no person: checked organisation numbers, short codes, names of systems. Six digits in a row could
/// be a birth date, more of them a person number or an HPR number, so codes and names with such a row are left out.
/// </summary>
internal static partial class Codes
{
    /// <summary>An organisation number; empty where it is none.</summary>
    public static string Organisation(string? text) => OrganisationNumber.TryParse(text, out var number) ? number.Digits : "";

    /// <summary>A municipality number; empty where it is none.</summary>
    public static string Municipality(string? text) => MunicipalityNumber.TryParse(text, out var number) ? number.Digits : "";

    /// <summary>A code of a code system.</summary>
    public static string Code(string? text) => text is { Length: > 0 and <= 40 } && CodeForm().IsMatch(text) && !LongNumber().IsMatch(text) ? text : "";

    /// <summary>Name of a region or health community, as the operator wrote it; empty where it has a long number.</summary>
    public static string Place(string text) => LongNumber().IsMatch(text) ? "" : text;

    /// <summary>Name of a system up to its version: the header's text is the caller's own.</summary>
    public static string System(string? text) => text is { Length: > 0 and <= 60 } && SystemForm().IsMatch(text) && !LongNumber().IsMatch(text) ? text : "";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex CodeForm();

    // A product and a version: one word, or words joined as products are, and a number. A person's name is two words without one.
    [GeneratedRegex(@"\A[A-Za-zÆØÅæøå0-9][A-Za-zÆØÅæøå0-9._-]*(?:[ /]v?[0-9][0-9A-Za-z._-]*)?\z")]
    private static partial Regex SystemForm();

    [GeneratedRegex("[0-9]{6}")]
    private static partial Regex LongNumber();
}
