using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions.Access;

/// <summary>What is logged of a caller: never their person number. The log itself cuts texts to length.</summary>
public static class Logged
{
    /// <summary>An event of a request, with who called.</summary>
    /// <param name="context">The request.</param>
    /// <param name="service">For the clock and the key of pseudonyms.</param>
    /// <param name="caller">Who calls.</param>
    /// <param name="action">What is done.</param>
    /// <param name="patient">Whose data; null where it is about nobody known.</param>
    public static AccessEvent Event(HttpContext context, Service service, Caller caller, AccessAction action, PatientKey? patient)
    {
        var now = service.Time.GetUtcNow().UtcDateTime;
        return new()
        {
            Id = Guid.NewGuid(),
            CorrelationId = Hosting.CorrelationIds.Of(context),
            Time = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc),
            Action = action,
            Outcome = AccessOutcome.Permitted,
            Patient = patient,
            Client = Client(caller.Client, context.Request),
            Practitioner = caller is PersonnelCaller personnel ? Practitioner(personnel) : null,
            Attest = caller is PersonnelCaller attested ? Attest(attested, context.Request, service.Access) : null,
            Citizen = caller is CitizenCaller citizen ? new(Word(citizen.Relation), PractitionerKey.Of(citizen.Acting, service.Ring.Current.Practitioner)) : null,
        };
    }

    /// <summary>An event of a changed setting: the setting whole, and by which number, sealed, so that it can be set again when tables are restored from before it.</summary>
    public static AccessEvent Setting(AccessEvent logged, SettingChange change, KeyRing ring) => logged with
    {
        Patient = change.Patient ?? logged.Patient,
        Setting = SettingText.Write(change.Setting!),
        Numbers = SealedNumbers.Close([change.Citizen], ring),
    };

    private static LoggedClient Client(ClientClaims client, HttpRequest request) => new(
        Text(client.Id), Text(client.Name), client.LegalEntity?.Digits ?? "", client.Supplier?.Digits ?? "", Text(CallHeaders.SourceSystem(request)));

    private static LoggedPractitioner Practitioner(PersonnelCaller caller) =>
        new(Text(caller.Name), caller.Hpr?.Digits ?? "", caller.Key, Text(caller.Attest?.Authorization?.Code));

    private static LoggedAttest Attest(PersonnelCaller caller, HttpRequest request, AccessControl access)
    {
        var attest = caller.Attest;
        return new(
            Code(attest?.LegalEntity) ?? LegalEntity(caller.Client, access),
            Code(attest?.PointOfCare),
            Code(attest?.Department),
            Code(attest?.HealthcareService),
            Code(attest?.PurposeOfUse),
            Code(attest?.PurposeDetails),
            Text(attest?.DecisionId),
            attest?.UserSelected,
            CallHeaders.TryReadBasis(request, access.Rules, out var basis) ? basis.Code : "");
    }

    // Without an attest it is the token's, and its name the one under which it is enrolled.
    private static LoggedCode LegalEntity(ClientClaims client, AccessControl access) => client.LegalEntity is { } organisation
        ? new(organisation.Digits, OrganisationNumber.Oid, Text(access.Participants?.Find(organisation)?.Name))
        : new("", "", "");

    private static LoggedCode? Code(AttestIdentifier? identifier) => identifier is null ? null : new(Text(identifier.Id), Text(identifier.System), Text(identifier.Name));

    private static LoggedCode? Code(AttestCode? code) => code is null ? null : new(Text(code.Code), Text(code.System), Text(code.Text));

    private static string Text(string? text) => PersonNumbers.Hide(text ?? "");

    private static string Word(Relation relation) => relation switch
    {
        Relation.Parent => "parent",
        Relation.Attorney => "attorney",
        Relation.Guardian => "guardian",
        _ => "self",
    };
}
