namespace PasientensMaledata.Access.Callers;

/// <summary>
/// The attest of the trust framework (claim <c>nhn:tillitsrammeverk:parameters</c>) as received: every member may be missing, and every text is
/// hostile until checked. The decision holds it to the rules ATT-n.
/// </summary>
/// <param name="Practitioner">practitioner.identifier: a person number and its system.</param>
/// <param name="Hpr">practitioner.hpr_nr.</param>
/// <param name="Authorization">practitioner.authorization (9060).</param>
/// <param name="LegalEntity">practitioner.legal_entity.</param>
/// <param name="PointOfCare">practitioner.point_of_care.</param>
/// <param name="Department">practitioner.department.</param>
/// <param name="HealthcareService">care_relationship.healthcare_service.</param>
/// <param name="PurposeOfUse">care_relationship.purpose_of_use: TREAT, ETREAT, COC, BTG.</param>
/// <param name="PurposeDetails">care_relationship.purpose_of_use_details.</param>
/// <param name="DecisionId">care_relationship.decision_ref.id.</param>
/// <param name="UserSelected">care_relationship.decision_ref.user_selected: whether the person gave themselves access.</param>
/// <param name="Patients">patients[].identifier, where the attest names any: absent on HelseID's wire.</param>
/// <param name="IssuedAt">toa; null where absent, as on HelseID's wire.</param>
public sealed record Attest(
    AttestIdentifier? Practitioner,
    AttestIdentifier? Hpr,
    AttestCode? Authorization,
    AttestIdentifier? LegalEntity,
    AttestIdentifier? PointOfCare,
    AttestIdentifier? Department,
    AttestCode? HealthcareService,
    AttestCode? PurposeOfUse,
    AttestCode? PurposeDetails,
    string? DecisionId,
    bool? UserSelected,
    IReadOnlyList<AttestIdentifier> Patients,
    DateTimeOffset? IssuedAt);

/// <summary>An identifier struct of the trust framework.</summary>
/// <param name="Id">The identifier.</param>
/// <param name="System"><c>urn:oid:…</c>; empty where absent.</param>
/// <param name="Name">A name in words; empty where absent.</param>
public sealed record AttestIdentifier(string Id, string System, string Name);

/// <summary>A code struct of the trust framework.</summary>
/// <param name="Code">The code.</param>
/// <param name="System">Its system; empty where absent.</param>
/// <param name="Text">Its meaning in words; empty where absent.</param>
public sealed record AttestCode(string Code, string System, string Text);
