using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Search;

/// <summary>
/// What one look-up may see of a patient, as it was decided: held against every row before paging, so that neither pages, totals nor links tell of
/// what is left out. For one request; not for use by several threads.
/// </summary>
/// <param name="mayShow">Whether the Observations of a Controller may be seen. What has no Controller is seen by none but <see cref="Everything"/>.</param>
/// <param name="withheld">Whether a Concept (its slug) is restricted and not opened.</param>
public sealed class Visibility(Func<OrganisationNumber, bool> mayShow, Func<string, bool> withheld)
{
    private readonly Dictionary<string, bool> controllers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> concepts = new(StringComparer.Ordinal);
    private readonly bool everything;

    private Visibility()
        : this(_ => true, _ => false) => everything = true;

    /// <summary>All there is: for the citizen and the operator.</summary>
    public static Visibility Everything => new();

    /// <summary>How many Observations matched, and were withheld by a Restriction.</summary>
    public int Withheld { get; private set; }

    /// <summary>Whether a row may be seen. What lacks an Agreement is as if absent; what is restricted is counted.</summary>
    public bool Shows(ObservationRow row)
    {
        if (everything)
        {
            return true;
        }

        if (!Known(controllers, row.Controller, c => OrganisationNumber.TryParse(c, out var number) && mayShow(number)))
        {
            return false;
        }

        if (Known(concepts, row.ConceptBytes, withheld))
        {
            Withheld++;
            return false;
        }

        return true;
    }

    // A patient has few Controllers and Concepts: each is asked about once a request, and rows are compared without making a string of them.
    private static bool Known(Dictionary<string, bool> known, ReadOnlySpan<byte> ascii, Func<string, bool> ask)
    {
        Span<char> text = stackalloc char[64];
        if (ascii.Length > text.Length)
        {
            return ask(System.Text.Encoding.ASCII.GetString(ascii));
        }

        text = text[..System.Text.Encoding.ASCII.GetChars(ascii, text)];
        var lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out var answer))
        {
            lookup[text] = answer = ask(text.ToString());
        }

        return answer;
    }
}
