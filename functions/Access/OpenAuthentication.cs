using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions.Access;

/// <summary>Open mode: whoever calls is the one development caller, and on citizens' routes the citizen whom <c>X-Pmd-Patient</c> names.</summary>
/// <param name="ring">The key of pseudonyms.</param>
/// <param name="policy">Which person numbers are accepted.</param>
/// <param name="time">The clock.</param>
public sealed class OpenAuthentication(KeyRing ring, NationalIdPolicy policy, TimeProvider time) : IAuthentication
{
    /// <summary>The header that names the citizen.</summary>
    public const string CitizenHeader = "X-Pmd-Patient";

    /// <inheritdoc/>
    public async ValueTask<Caller?> IdentifyAsync(HttpContext context, Audience audience)
    {
        switch (audience)
        {
            case Audience.Personnel:
                CallHeaders.TryReadBasis(context.Request, AccessRules.Default, out var basis);
                return Development.Personnel(ring.Current.Practitioner, basis, time.GetUtcNow());
            case Audience.Sender:
                return Development.System;
            case Audience.PrivacyComponent:
                return new PrivacyComponentCaller(Development.Client);
            default:
                if (context.Request.Headers[CitizenHeader] is [{ } number] && NationalId.TryParse(number, null, policy, out var citizen, out _))
                {
                    return new CitizenCaller(Development.Client, citizen, citizen, Relation.Self, MayChange: true);
                }

                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status401Unauthorized, Issue.Error("login", null, $"In open mode the header {CitizenHeader} says which citizen this is: a person number, once."));
                return null;
        }
    }
}
