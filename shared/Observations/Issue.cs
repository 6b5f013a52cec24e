namespace PasientensMaledata.Observations;

/// <summary>OperationOutcome.issue.severity (FHIR R4 issue-severity), as used here.</summary>
public enum IssueSeverity
{
    /// <summary>Told, nothing to mend.</summary>
    Information,

    /// <summary>Stored, but should be mended at the sender.</summary>
    Warning,

    /// <summary>Refused.</summary>
    Error,
}

/// <summary>
/// One thing to tell a caller, as an OperationOutcome.issue. Its texts say what to do and never repeat a person number, a name or free text.
/// </summary>
/// <param name="Severity">How grave it is.</param>
/// <param name="Code">A code of FHIR R4 issue-type, such as <c>required</c>, <c>value</c>, <c>structure</c>, <c>code-invalid</c>, <c>business-rule</c>, <c>duplicate</c>, <c>conflict</c>, <c>too-costly</c>.</param>
/// <param name="Expression">FHIRPath of the element, such as <c>Observation.component[0].valueQuantity.code</c>; null where none is at fault.</param>
/// <param name="Diagnostics">What is wrong and what to do, in English.</param>
public sealed record Issue(IssueSeverity Severity, string Code, string? Expression, string Diagnostics)
{
    /// <summary>A refusal.</summary>
    public static Issue Error(string code, string? expression, string diagnostics) => new(IssueSeverity.Error, code, expression, diagnostics);

    /// <summary>A remark on something that was stored all the same.</summary>
    public static Issue Warning(string code, string? expression, string diagnostics) => new(IssueSeverity.Warning, code, expression, diagnostics);

    /// <summary>Something the caller may want to know.</summary>
    public static Issue Information(string code, string? expression, string diagnostics) => new(IssueSeverity.Information, code, expression, diagnostics);
}
