namespace PasientensMaledata.Access.Decision;

/// <summary>Why something is refused. <c>docs/access.md</c> has a row for each.</summary>
public enum RefusalReason
{
    /// <summary>The person is not signed in at level 4.</summary>
    Level,

    /// <summary>The token does not say which organisation it is for.</summary>
    OrganisationMissing,

    /// <summary>The organisation is not enrolled.</summary>
    NotEnrolled,

    /// <summary>The organisation's data-processor agreement is not in force.</summary>
    ProcessorAgreement,

    /// <summary>The unit is neither listed under the Participant nor confirmed by Enhetsregisteret.</summary>
    Unit,

    /// <summary>Nothing shows that the person is a health person.</summary>
    NotPersonnel,

    /// <summary>There is no attest.</summary>
    AttestMissing,

    /// <summary>The attest lacks what it must have.</summary>
    AttestIncomplete,

    /// <summary>The attest is of another person than the token (ATT-10, ATT-11).</summary>
    AttestPerson,

    /// <summary>The attest's legal entity is not the token's (ATT-15).</summary>
    AttestLegalEntity,

    /// <summary>The attest's point of care is not the token's unit, or not known (ATT-18).</summary>
    AttestPointOfCare,

    /// <summary>The attest's HPR number is not the token's (ATT-29).</summary>
    AttestHpr,

    /// <summary>The person has no such authorisation in HPR (ATT-32).</summary>
    AttestAuthorization,

    /// <summary>The attest is for other patients (ATT-6, ATT-7).</summary>
    AttestPatient,

    /// <summary>The attest is older than an hour (ATT-58), or of a time to come.</summary>
    AttestExpired,

    /// <summary>The access basis is unknown, or two differ.</summary>
    BasisUnknown,

    /// <summary>The access basis claims to open, and nothing is closed.</summary>
    BasisOpensNothing,

    /// <summary>An emergency that opens needs an attest with the purpose BTG.</summary>
    BasisPurpose,

    /// <summary>The patient has blocked the person.</summary>
    Blocked,

    /// <summary>The patient has blocked somebody by HPR number, and it cannot be told whether it is this person.</summary>
    BlockUncertain,

    /// <summary>The patient takes no part.</summary>
    Reserved,

    /// <summary>The patient is not followed up at home now.</summary>
    NoFollowUp,

    /// <summary>Too many different patients within the hour.</summary>
    TooManyPatients,

    /// <summary>No Participant sends with this client, vendor and organisation.</summary>
    SenderUnknown,

    /// <summary>No Controller can be told.</summary>
    ControllerMissing,

    /// <summary>Several Controllers are possible.</summary>
    ControllerAmbiguous,

    /// <summary>The Controller is not enrolled, or its data-processor agreement is not in force.</summary>
    ControllerNotInForce,

    /// <summary>The one who acts may not act for this citizen.</summary>
    Representation,

    /// <summary>The citizen's age does not permit it, or is not known.</summary>
    Age,

    /// <summary>One who acts for a citizen may read only.</summary>
    ReadOnly,

    /// <summary>Something that must be asked did not answer.</summary>
    Unreachable,
}

/// <summary>A refusal as it is answered and logged. Its text says what to do, and names no person.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Word">The reason class in the log.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="IssueCode">The code of FHIR's issue-type.</param>
/// <param name="Advice">What to do, in English.</param>
public sealed record Refusal(RefusalReason Reason, string Word, int Status, string IssueCode, string Advice)
{
    // What a caller whom a Block by HPR might mean is told, whether it does or not: the two answers are to be the same.
    private const string BlockAdvice =
        "The patient has blocked your access, or it cannot be told whether they have because your token has no HPR number. This holds in emergencies too. Only the patient can lift a block.";

    /// <summary>Every refusal there is.</summary>
    public static IReadOnlyList<Refusal> All { get; } =
    [
        new(RefusalReason.Level, "level", 403, "forbidden", "Sign in at level 4 (BankID or Buypass)."),
        new(RefusalReason.OrganisationMissing, "organisation-missing", 403, "forbidden", "The token has no orgnr_parent. Ask HelseID for a token on behalf of your organisation."),
        new(RefusalReason.NotEnrolled, "not-enrolled", 403, "forbidden", "Your organisation is not enrolled here now. Ask the operator of the service."),
        new(RefusalReason.ProcessorAgreement, "processor-agreement", 403, "forbidden", "Your organisation's data-processor agreement is not in force. Ask the operator of the service."),
        new(RefusalReason.Unit, "unit", 403, "forbidden", "The unit (orgnr_child) is not known as one of your organisation's. Ask the operator to list it."),
        new(RefusalReason.NotPersonnel, "not-personnel", 403, "forbidden", "The token has neither HPR number nor attest: nothing shows that this is health personnel."),
        new(RefusalReason.AttestMissing, "attest-missing", 403, "forbidden", "An attest of the trust framework (nhn:tillitsrammeverk:parameters) is needed in the token."),
        new(RefusalReason.AttestIncomplete, "attest-incomplete", 403, "forbidden", "The attest lacks identifier, legal entity, point of care, purpose of use, healthcare service or purpose details, or decision reference."),
        new(RefusalReason.AttestPerson, "attest-person", 403, "forbidden", "practitioner.identifier is to be the fødselsnummer or D-number of the person who is signed in (ATT-10, ATT-11)."),
        new(RefusalReason.AttestLegalEntity, "attest-legal-entity", 403, "forbidden", "practitioner.legal_entity is to be the organisation of the token, orgnr_parent (ATT-15)."),
        new(RefusalReason.AttestPointOfCare, "attest-point-of-care", 403, "forbidden", "practitioner.point_of_care is to be the legal entity or one of its units, and orgnr_child where the token has one (ATT-18)."),
        new(RefusalReason.AttestHpr, "attest-hpr", 403, "forbidden", "practitioner.hpr_nr is to be the HPR number of the person who is signed in, and to be left out only where there is none (ATT-29)."),
        new(RefusalReason.AttestAuthorization, "attest-authorization", 403, "forbidden", "practitioner.authorization is to be an authorisation that the person has in HPR now (ATT-32)."),
        new(RefusalReason.AttestPatient, "attest-patient", 403, "forbidden", "The attest names other patients than the one asked for. Ask HelseID for a token with an attest for this patient."),
        new(RefusalReason.AttestExpired, "attest-expired", 403, "expired", "attestation_has_expired: the attest is older than 60 minutes, or of a time to come (ATT-58). Ask HelseID for a new token."),
        new(RefusalReason.BasisUnknown, "basis-unknown", 400, "value", "nhn-access-basis is to be one of UNNTAK, SAMTYKKE, FORHOYET_SAMTYKKE, AKUTT and FORHOYET_AKUTT, once."),
        new(RefusalReason.BasisOpensNothing, "basis-opens-nothing", 403, "business-rule", "Nothing is restricted for you to open. Look up again without FORHOYET_."),
        new(RefusalReason.BasisPurpose, "basis-purpose", 403, "forbidden", "FORHOYET_AKUTT needs an attest with the purpose of use BTG."),
        new(RefusalReason.Blocked, "blocked", 403, "suppressed", BlockAdvice),
        new(RefusalReason.BlockUncertain, "block-uncertain", 403, "suppressed", BlockAdvice),
        new(RefusalReason.Reserved, "reserved", 403, "suppressed", "The patient has opted out of the service: nothing is shown and nothing new is stored."),
        new(RefusalReason.NoFollowUp, "no-follow-up", 403, "forbidden", "The patient is not followed up at home now by anyone who shares with you."),
        new(RefusalReason.TooManyPatients, "too-many-patients", 429, "throttled", "Too many different patients were looked up within the hour. Wait until the next full hour; the operator is told."),
        new(RefusalReason.SenderUnknown, "sender-unknown", 403, "forbidden", "No enrolled organisation sends with this client, vendor and organisation. Ask the operator of the service."),
        new(RefusalReason.ControllerMissing, "controller-missing", 422, "business-rule", "No data controller can be told. Name the organisation as a performer with its organisation number, or tag the Bundle with the municipality."),
        new(RefusalReason.ControllerAmbiguous, "controller-ambiguous", 422, "business-rule", "Several data controllers are possible. Name one organisation that you send for as performer."),
        new(RefusalReason.ControllerNotInForce, "controller-not-in-force", 422, "business-rule", "The data controller is not enrolled now, or its data-processor agreement is not in force."),
        new(RefusalReason.Representation, "representation", 403, "forbidden", "You may not act for this person here."),
        new(RefusalReason.Age, "age", 403, "forbidden", "The person's age does not permit this, or is not known here."),
        new(RefusalReason.ReadOnly, "read-only", 403, "forbidden", "Who acts for another may read only."),
        new(RefusalReason.Unreachable, "unreachable", 503, "transient", "Something that decides on access does not answer. Nothing was shown or stored; try again."),
    ];

    /// <summary>The refusal for a reason.</summary>
    public static Refusal For(RefusalReason reason) => All[(int)reason];
}
