using System.Globalization;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Tokens;

/// <summary>Callers that HelseID vouches for. What tells a person's token from a machine's is the claim <c>pid</c>, never <c>sub</c>.</summary>
/// <param name="numbers">Which person numbers are accepted.</param>
/// <param name="practitionerKey">The ring's practitioner key, as it is now.</param>
internal sealed class HelseIdCallers(NationalIdPolicy numbers, Func<byte[]> practitionerKey)
{
    private const string Pid = "helseid://claims/identity/pid";
    private const string SecurityLevel = "helseid://claims/identity/security_level";
    private const string Hpr = "helseid://claims/hpr/hpr_number";
    private const string ClientName = "helseid://claims/client/client_name";
    private const string LegalEntity = "helseid://claims/client/claims/orgnr_parent";
    private const string Unit = "helseid://claims/client/claims/orgnr_child";
    private const string Supplier = "helseid://claims/client/claims/orgnr_supplier";
    private const string AttestClaim = "nhn:tillitsrammeverk:parameters";

    /// <summary>The caller of a validated token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="isPersonNeeded">Whether the call is for a person; else it is for a machine.</param>
    /// <returns>The caller; or why it is none for this call.</returns>
    public (Caller? Caller, RefusalReason Reason) Of(AccessToken token, bool isPersonNeeded)
    {
        if (token.Has(Pid) != isPersonNeeded)
        {
            return (null, isPersonNeeded ? RefusalReason.MachineToken : RefusalReason.UserToken);
        }

        if (Claims.Client(token, ClientName, Organisation(token, LegalEntity), Organisation(token, Unit), Organisation(token, Supplier)) is not { } client)
        {
            return (null, RefusalReason.Client);
        }

        if (!isPersonNeeded)
        {
            return (new SystemCaller(client), default);
        }

        if (Claims.Person(token, Pid, numbers) is not { } person)
        {
            return (null, RefusalReason.Person);
        }

        return (
            new PersonnelCaller(
                client,
                person,
                PractitionerKey.Of(person, practitionerKey()),
                HprNumber.TryParse(token.Text(Hpr), out var hpr) ? hpr : null,
                HostileText.Clean(token.Text("name") ?? "", Limits.MaxNameLength),
                Level(token.Text(SecurityLevel)),
                AttestReader.Read(token.Json(AttestClaim)),
                token.IssuedAt,
                token.Id),
            default);
    }

    private static OrganisationNumber? Organisation(AccessToken token, string claim) => OrganisationNumber.TryParse(token.Text(claim), out var number) ? number : null;

    // HelseID sends a text of one digit.
    private static int Level(string? text) => text is { Length: 1 } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level) ? level : 0;
}

/// <summary>Claims that every scheme has.</summary>
internal static class Claims
{
    /// <summary>The client; null where <c>client_id</c> is missing, too long or not clean.</summary>
    public static ClientClaims? Client(AccessToken token, string nameClaim, OrganisationNumber? legalEntity, OrganisationNumber? unit, OrganisationNumber? supplier) =>
        token.Text("client_id") is { Length: <= Limits.MaxNameLength } id && HostileText.IsClean(id)
            ? new(id, HostileText.Clean(token.Text(nameClaim) ?? "", Limits.MaxNameLength), legalEntity, unit, supplier)
            : null;

    /// <summary>A person number. One whose control digits do not hold is none, whatever else the service accepts.</summary>
    public static NationalId? Person(AccessToken token, string claim, NationalIdPolicy numbers) =>
        NationalId.TryParse(token.Text(claim), null, numbers, out var person, out var remark) && remark != NationalIdRemark.NotChecked ? person : null;
}
