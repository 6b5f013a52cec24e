using System.Text.Json;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Tokens;

/// <summary>Citizens that ID-porten vouches for: each sees their own, and acts for nobody else.</summary>
/// <param name="options">The settings.</param>
/// <param name="numbers">Which person numbers are accepted.</param>
internal sealed class IdPortenCallers(IdPortenOptions options, NationalIdPolicy numbers)
{
    /// <summary>The one level that is taken. <c>amr</c> says nothing that may be decided on.</summary>
    public const string HighLevel = "idporten-loa-high";

    /// <summary>The caller of a validated token; or why it is none.</summary>
    public (Caller? Caller, RefusalReason Reason) Of(AccessToken token) =>
        Claims.Client(token, "client_name", Organisation(token, "consumer"), null, Organisation(token, "supplier")) is not { } client || !options.Clients.Contains(client.Id, StringComparer.Ordinal)
            ? (null, RefusalReason.Client)
        : token.Text("acr") != HighLevel ? (null, RefusalReason.Level)
        : Claims.Person(token, "pid", numbers) is not { } person ? (null, RefusalReason.Person)
        : (new CitizenCaller(client, person, person, Relation.Self, MayChange: true), default);

    // {"authority":"iso6523-actorid-upis","ID":"0192:<organisation number>"}
    private static OrganisationNumber? Organisation(AccessToken token, string claim) =>
        token.Json(claim) is { ValueKind: JsonValueKind.Object } actor && CompactJws.Text(actor, "ID") is { } id && id.StartsWith("0192:", StringComparison.Ordinal)
            && OrganisationNumber.TryParse(id[5..], out var number)
            ? number
            : null;
}
