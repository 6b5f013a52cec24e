namespace PasientensMaledata.Access.Decision;

/// <summary>What an operator has chosen, and the decision follows.</summary>
public sealed record AccessRules
{
    /// <summary>The strictest that needs no choice.</summary>
    public static AccessRules Default { get; } = new();

    /// <summary>
    /// Whether a look-up needs an attest. Where it does not and there is none, the legal entity is that of the token, the citizen is shown "not
    /// stated" as the reason, and nothing closed can be opened.
    /// </summary>
    public bool AttestRequired { get; init; } = true;

    /// <summary>Whether a look-up outside a FollowUp is refused.</summary>
    public bool FollowUpRequired { get; init; }

    /// <summary>Whether the headers of the national service's 1.x count too: <c>person-id</c> for the patient, <c>x-pmd-reason</c> for the access basis.</summary>
    public bool Version1Headers { get; init; }

    /// <summary>After how long without a measurement a FollowUp counts as over; null for never.</summary>
    public TimeSpan? FollowUpSilence { get; init; }
}
