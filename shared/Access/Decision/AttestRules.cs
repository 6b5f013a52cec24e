using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Decision;

/// <summary>The trust framework's rules for an attest (ATT-n: forretningsregler for bruk av attestering, helseid.md 3.3 and 3.4).</summary>
public static class AttestRules
{
    /// <summary>The purpose that says that normal rules are overridden (ATT-41): break the glass.</summary>
    public const string BreakGlass = "BTG";

    /// <summary>The system of the purposes.</summary>
    public const string PurposeSystem = "urn:oid:2.16.840.1.113883.1.11.20448";

    /// <summary>The system of authorisations.</summary>
    public const string AuthorizationSystem = "urn:oid:2.16.578.1.12.4.1.1.9060";

    private const string Fnr = "urn:oid:2.16.578.1.12.4.1.4.1";
    private const string DNumber = "urn:oid:2.16.578.1.12.4.1.4.2";

    /// <summary>How far clocks may be apart.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    // ATT-38 to ATT-41.
    private static readonly IReadOnlyList<string> Purposes = ["TREAT", "ETREAT", "COC", BreakGlass];

    /// <summary>Why an attest does not hold; null where it does.</summary>
    /// <param name="attest">The attest.</param>
    /// <param name="request">What is asked, and by whom.</param>
    /// <param name="findUnit">Whether a number is known to be the caller's organisation or a unit of it: found only where it is.</param>
    public static RefusalReason? Check(Attest attest, LookUpRequest request, Func<OrganisationNumber, RegisterAnswer> findUnit)
    {
        var caller = request.Caller;

        // ATT-10: no other kind of number. ATT-11: of the person who is signed in.
        if (attest.Practitioner is not { } practitioner || practitioner.Id.Length == 0)
        {
            return RefusalReason.AttestIncomplete;
        }

        if (practitioner.System is not (Fnr or DNumber) || practitioner.Id != caller.Person.Digits)
        {
            return RefusalReason.AttestPerson;
        }

        // ATT-29: in HPR it is stated, else left out.
        if (attest.Hpr is { } hpr
            ? hpr.System != HprNumber.Oid || !HprNumber.TryParse(hpr.Id, out var number) || (caller.Hpr is { } claimed && claimed != number)
            : caller.Hpr is not null)
        {
            return RefusalReason.AttestHpr;
        }

        // ATT-15: the main unit, which the token is for.
        if (attest.LegalEntity is not { } legalEntity || legalEntity.Id.Length == 0)
        {
            return RefusalReason.AttestIncomplete;
        }

        if (!IsOrganisation(legalEntity, out var entity) || entity != caller.Client.LegalEntity)
        {
            return RefusalReason.AttestLegalEntity;
        }

        // ATT-18, ATT-19: a unit, or the legal entity where there is none.
        if (attest.PointOfCare is not { } pointOfCare || pointOfCare.Id.Length == 0)
        {
            return RefusalReason.AttestIncomplete;
        }

        if (!IsOrganisation(pointOfCare, out var unit) || (caller.Client.Unit is { } claimedUnit && claimedUnit != unit))
        {
            return RefusalReason.AttestPointOfCare;
        }

        if (findUnit(unit) is not RegisterAnswer.Found and var answer)
        {
            return answer == RegisterAnswer.Unreachable ? RefusalReason.Unreachable : RefusalReason.AttestPointOfCare;
        }

        // ATT-38 to ATT-43, ATT-46, ATT-48.
        if (attest.PurposeOfUse is not { System: PurposeSystem } purpose || !Purposes.Contains(purpose.Code)
            || (attest.HealthcareService is not { Code.Length: > 0 } && attest.PurposeDetails is not { Code.Length: > 0 })
            || string.IsNullOrEmpty(attest.DecisionId) || attest.UserSelected is null)
        {
            return RefusalReason.AttestIncomplete;
        }

        // ATT-6, ATT-7: HelseID's wire names no patients; where some are named, this one must be among them.
        if (attest.Patients.Count > 0 && !attest.Patients.Any(p => request.Number is { } asked && p.Id == asked.Digits))
        {
            return RefusalReason.AttestPatient;
        }

        // ATT-58. Without a time of its own it is as old as the token.
        var issued = attest.IssuedAt ?? caller.IssuedAt;
        return request.Now - issued > Limits.MaxAttestAge + Skew || issued - request.Now > Skew ? RefusalReason.AttestExpired : null;
    }

    /// <summary>Why an attest does not hold against HPR (ATT-32); null where it does, or where there is no HPR to ask.</summary>
    public static RefusalReason? CheckAuthorization(Attest? attest, Registered<HealthPerson> hpr) => hpr.Answer switch
    {
        RegisterAnswer.NoSource => null,
        RegisterAnswer.Unreachable => RefusalReason.Unreachable,
        RegisterAnswer.NotFound => RefusalReason.AttestHpr,
        _ when hpr.Value!.Authorizations.Count == 0 => RefusalReason.AttestAuthorization,
        _ when attest?.Authorization is { } stated && (stated.System != AuthorizationSystem || !hpr.Value.Authorizations.Contains(stated.Code)) => RefusalReason.AttestAuthorization,
        _ => null,
    };

    private static bool IsOrganisation(AttestIdentifier identifier, out OrganisationNumber number)
    {
        number = default;
        return identifier.System == OrganisationNumber.Oid && OrganisationNumber.TryParse(identifier.Id, out number);
    }
}
