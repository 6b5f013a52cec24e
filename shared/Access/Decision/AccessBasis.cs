namespace PasientensMaledata.Access.Decision;

/// <summary>
/// On what ground a health person looks up, by the header <c>nhn-access-basis</c> (helseid.md 4.2). The default value is none stated. "Opening"
/// is forhøyet: it opens what the patient has restricted.
/// </summary>
public readonly record struct AccessBasis
{
    private readonly string? code;

    private AccessBasis(string code) => this.code = code;

    /// <summary>None stated.</summary>
    public static AccessBasis None => default;

    /// <summary>No consent is needed, as for the patient's own doctor.</summary>
    public static AccessBasis Exempt { get; } = new("UNNTAK");

    /// <summary>The patient consents.</summary>
    public static AccessBasis Consent { get; } = new("SAMTYKKE");

    /// <summary>The patient consents to what is restricted being opened.</summary>
    public static AccessBasis OpeningConsent { get; } = new("FORHOYET_SAMTYKKE");

    /// <summary>An emergency.</summary>
    public static AccessBasis Emergency { get; } = new("AKUTT");

    /// <summary>An emergency in which what is restricted is opened.</summary>
    public static AccessBasis OpeningEmergency { get; } = new("FORHOYET_AKUTT");

    /// <summary>Each that can be stated.</summary>
    public static IReadOnlyList<AccessBasis> All { get; } = [Exempt, Consent, OpeningConsent, Emergency, OpeningEmergency];

    /// <summary>The code in upper case; empty where none is stated.</summary>
    public string Code => code ?? "";

    /// <summary>Whether it claims to open what is restricted.</summary>
    public bool Opens => this == OpeningConsent || this == OpeningEmergency;

    /// <summary>Reads the values of the header and its alias; upper and lower case are the same. None at all is <see cref="None"/>.</summary>
    /// <returns>False where a value is unknown, or two differ: no basis is assumed.</returns>
    public static bool TryRead(IEnumerable<string?> values, out AccessBasis basis)
    {
        basis = None;
        foreach (var value in values)
        {
            var text = value?.Trim();
            var found = All.FirstOrDefault(b => string.Equals(b.code, text, StringComparison.OrdinalIgnoreCase));
            if (found == None || (basis != None && basis != found))
            {
                basis = None;
                return false;
            }

            basis = found;
        }

        return true;
    }

    /// <summary>Reads <c>x-pmd-reason</c> of the service's 1.x, where that is switched on: 0 none, 1 consent, 2 emergency (as of its sister services).</summary>
    public static bool TryReadReason(string? value, out AccessBasis basis)
    {
        basis = value switch { "1" => Consent, "2" => Emergency, _ => None };
        return value is null or "0" or "1" or "2";
    }

    /// <summary>The code; empty where none is stated.</summary>
    public override string ToString() => Code;
}
