namespace PasientensMaledata.Observations;

/// <summary>Observation.status (FHIR R4 observation-status). The numbers are stored.</summary>
public enum ObservationStatus : byte
{
    /// <summary><c>registered</c></summary>
    Registered = 1,

    /// <summary><c>preliminary</c></summary>
    Preliminary = 2,

    /// <summary><c>final</c></summary>
    Final = 3,

    /// <summary><c>amended</c></summary>
    Amended = 4,

    /// <summary><c>corrected</c></summary>
    Corrected = 5,

    /// <summary><c>cancelled</c></summary>
    Cancelled = 6,

    /// <summary><c>entered-in-error</c></summary>
    EnteredInError = 7,

    /// <summary><c>unknown</c></summary>
    Unknown = 8,
}

/// <summary>Codes of <see cref="ObservationStatus"/>.</summary>
public static class ObservationStatusCode
{
    /// <summary>The code system.</summary>
    public const string System = "http://hl7.org/fhir/observation-status";

    private static readonly string[] Codes = ["", "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"];

    /// <summary>Every code.</summary>
    public static IEnumerable<string> All => Codes.Skip(1);

    /// <summary>Reads a code; case matters.</summary>
    public static bool TryParse(string? code, out ObservationStatus status)
    {
        var index = string.IsNullOrEmpty(code) ? -1 : Array.IndexOf(Codes, code);
        status = (ObservationStatus)Math.Max(index, 0);
        return index > 0;
    }

    /// <summary>Whether the status says that an earlier version was wrong or withdrawn.</summary>
    public static bool IsCorrection(this ObservationStatus status) =>
        status is ObservationStatus.Amended or ObservationStatus.Corrected or ObservationStatus.Cancelled or ObservationStatus.EnteredInError;
}
