using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Callers;

/// <summary>
/// Open mode's one caller: Sender, Controller of last resort and enrolled consumer in one, at level 4, with an attest and every agreement. It goes
/// through the same decisions as a caller with a token.
/// </summary>
public static class Development
{
    // Synthetic: month + 80, and a number that Enhetsregisteret does not give.
    private const string PersonNumber = "05898597468";

    // Stryker disable all : made once, before a mutant is switched on

    /// <summary>Its organisation: a number of the test series.</summary>
    public static OrganisationNumber Organisation { get; } = Number("100000008");

    /// <summary>The system that it calls with.</summary>
    public static ClientClaims Client { get; } = new("development", "Open mode", Organisation, null, null);

    /// <summary>It alone is enrolled.</summary>
    public static ParticipantList Participants { get; } = new(
        0,
        [
            new()
            {
                Id = SenderId.Development,
                Name = "Open mode",
                Organisation = Organisation,
                Role = ParticipantRole.Gateway,
                Clients = [new(Client.Id, null)],
                Enrolled = DatePeriod.Always,
                DataProcessorAgreement = DatePeriod.Always,
                IsController = true,
                IsDevelopment = true,
            },
        ],
        []);

    /// <summary>It as a Sender.</summary>
    public static SystemCaller System { get; } = new(Client);

    // Stryker restore all

    /// <summary>It as a health person.</summary>
    /// <param name="practitionerKey">The ring's practitioner key.</param>
    /// <param name="basis">The access basis of the request: with the emergency that opens, the attest's purpose is BTG, else TREAT.</param>
    /// <param name="now">The moment, at which its attest is issued.</param>
    public static PersonnelCaller Personnel(byte[] practitionerKey, AccessBasis basis, DateTimeOffset now)
    {
        _ = NationalId.TryParse(PersonNumber, null, NationalIdPolicy.Lenient, out var person, out _);
        _ = HprNumber.TryParse("999999999", out var hpr);
        var organisation = new AttestIdentifier(Organisation.Digits, OrganisationNumber.Oid, "Open mode");
        var attest = new Attest(
            new(person.Digits, person.Oid!, ""), new(hpr.Digits, HprNumber.Oid, ""), null, organisation, organisation, null,
            new("development", "", "Open mode"), new(basis == AccessBasis.OpeningEmergency ? AttestRules.BreakGlass : "TREAT", AttestRules.PurposeSystem, ""), null,
            "development", true, [], now);
        return new(Client, person, PractitionerKey.Of(person, practitionerKey), hpr, "Open mode", 4, attest, now, "development");
    }

    private static OrganisationNumber Number(string digits) =>
        OrganisationNumber.TryParse(digits, out var number) ? number : throw new InvalidOperationException("The development organisation's number is none.");
}
