using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Callers;

/// <summary>Who calls, as a validated token says. What the token does not say is null: it is never assumed.</summary>
/// <param name="Client">The system that calls.</param>
public abstract record Caller(ClientClaims Client);

/// <summary>The system that calls, and the organisation it acts for.</summary>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="Name"><c>client_name</c>: for the log alone, never for access control; empty where absent.</param>
/// <param name="LegalEntity"><c>orgnr_parent</c>.</param>
/// <param name="Unit"><c>orgnr_child</c>: for a multi-tenant client HelseID has not checked it.</param>
/// <param name="Supplier"><c>orgnr_supplier</c>: only of a multi-tenant client.</param>
public sealed record ClientClaims(string Id, string Name, OrganisationNumber? LegalEntity, OrganisationNumber? Unit, OrganisationNumber? Supplier);

/// <summary>A health person who looks up, in a health record that calls for them (HelseID user token, DPoP-bound).</summary>
/// <param name="Client">The health record.</param>
/// <param name="Person">Their person number (<c>pid</c>).</param>
/// <param name="Key">Its keyed pseudonym.</param>
/// <param name="Hpr"><c>hpr_number</c>; null where the token has none.</param>
/// <param name="Name">Their name, from the token; at most 200 characters.</param>
/// <param name="SecurityLevel"><c>security_level</c>; 0 where absent.</param>
/// <param name="Attest">The attest of the trust framework; null where the token has none, or one that cannot be read.</param>
/// <param name="IssuedAt"><c>iat</c> of the token: the attest's age counts from it where the attest has no time of its own.</param>
/// <param name="TokenId">Hash of <c>jti</c>, for the log.</param>
public sealed record PersonnelCaller(
    ClientClaims Client, NationalId Person, PractitionerKey Key, HprNumber? Hpr, string Name, int SecurityLevel, Attest? Attest, DateTimeOffset IssuedAt, string TokenId)
    : Caller(Client);

/// <summary>A gateway or platform that submits (HelseID machine token, DPoP-bound).</summary>
/// <param name="Client">The gateway.</param>
public sealed record SystemCaller(ClientClaims Client) : Caller(Client);

/// <summary>A citizen, or who acts for one.</summary>
/// <param name="Client">The client, such as Helsenorge.</param>
/// <param name="Subject">Whose data it is about.</param>
/// <param name="Acting">Who is signed in: the subject, or a representative.</param>
/// <param name="Relation">What the one is to the other.</param>
/// <param name="MayChange">Whether the token grants more than reading: always true for the subject alone.</param>
public sealed record CitizenCaller(ClientClaims Client, NationalId Subject, NationalId Acting, Relation Relation, bool MayChange) : Caller(Client);

/// <summary>Helsenorge's privacy component (PVK), which pushes settings.</summary>
/// <param name="Client">The component.</param>
public sealed record PrivacyComponentCaller(ClientClaims Client) : Caller(Client);

/// <summary>What one who acts is to the one it is about.</summary>
public enum Relation
{
    /// <summary>The same person.</summary>
    Self,

    /// <summary>A parent with parental responsibility.</summary>
    Parent,

    /// <summary>Holder of a power of attorney.</summary>
    Attorney,

    /// <summary>A guardian.</summary>
    Guardian,
}
