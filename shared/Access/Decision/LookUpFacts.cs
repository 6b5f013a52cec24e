using System.Collections.Immutable;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Decision;

/// <summary>What the registers say of a caller: gathered before the decision, which asks nobody.</summary>
/// <param name="HealthPerson">By HPR.</param>
/// <param name="Units">By Enhetsregisteret, of the units that are not listed under the caller's Participant.</param>
public sealed record LookUpFacts(Registered<HealthPerson> HealthPerson, ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>> Units)
{
    /// <summary>Asks only what the decision can need. A register that fails is told as one that did not answer.</summary>
    public static async ValueTask<LookUpFacts> GatherAsync(IRegisters registers, PersonnelCaller caller, ParticipantList? participants, CancellationToken cancellationToken)
    {
        var person = LookUpDecision.HprOf(caller) is { } hpr ? await AskAsync(() => registers.FindAsync(hpr, cancellationToken)) : default;
        var listed = caller.Client.LegalEntity is { } organisation ? participants?.Find(organisation) : null;
        var units = ImmutableDictionary<OrganisationNumber, Registered<RegisteredOrganisation>>.Empty;
        if (listed is not null)
        {
            var attested = OrganisationNumber.TryParse(caller.Attest?.PointOfCare?.Id, out var pointOfCare) ? pointOfCare : (OrganisationNumber?)null;
            foreach (var claimed in new[] { caller.Client.Unit, attested })
            {
                if (claimed is { } unit && !listed.Has(unit) && !units.ContainsKey(unit))
                {
                    units = units.Add(unit, await AskAsync(() => registers.FindAsync(unit, cancellationToken)));
                }
            }
        }

        return new(person, units);
    }

    private static async ValueTask<Registered<T>> AskAsync<T>(Func<ValueTask<Registered<T>>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException)
        {
            return Registered.Unreachable<T>();
        }
    }
}
