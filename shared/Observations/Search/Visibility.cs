using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Search;

/// <summary>
/// What one look-up may see of a patient, as it was decided: held against every row before paging, so that neither pages, totals nor links tell of
/// what is left out. For one request; not for use by several threads.
/// </summary>
/// <param name="controllers">Whose Observations are there at all.</param>
/// <param name="closed">What is withheld.</param>
public sealed class Visibility(ControllerScope controllers, Restriction closed)
{
    // A patient has few Concepts: each is asked about once a request.
    private readonly Dictionary<string, bool> concepts = new(StringComparer.Ordinal);

    /// <summary>All there is: for the citizen and the operator.</summary>
    public static Visibility Everything => new(ControllerScope.All, Restriction.Nothing);

    /// <summary>How many Observations matched, and were withheld.</summary>
    public int Withheld { get; private set; }

    /// <summary>Whether a row may be seen. What lacks an Agreement is as if absent; what is restricted is counted.</summary>
    public bool Shows(ObservationRow row)
    {
        if (!controllers.Includes(row.Controller))
        {
            return false;
        }

        if (!closed.IsNothing && (closed.IsEverything || IsClosed(row.ConceptBytes)))
        {
            Withheld++;
            return false;
        }

        return true;
    }

    /// <summary>Whether it may be told that something of a Controller was deleted. Its Concept is forgotten, so where anything is withheld nothing is told.</summary>
    public bool TellsOfDeleted(string controller) => closed.IsNothing && controllers.Includes(System.Text.Encoding.ASCII.GetBytes(controller));

    private bool IsClosed(ReadOnlySpan<byte> slug)
    {
        Span<char> text = stackalloc char[slug.Length];
        System.Text.Encoding.ASCII.GetChars(slug, text);
        var lookup = concepts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out var answer))
        {
            lookup[text] = answer = closed.Covers(text.ToString());
        }

        return answer;
    }
}
