using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Participants;

/// <summary>All Participants and Agreements of one version. Immutable, so a request sees one version from beginning to end.</summary>
public sealed class ParticipantList
{
    private readonly FrozenDictionary<OrganisationNumber, Participant> byOrganisation;
    private readonly FrozenDictionary<OrganisationNumber, Participant> byAnyNumber;
    private readonly ILookup<(string Client, OrganisationNumber? Supplier, OrganisationNumber Organisation), Participant> byClient;
    private readonly ILookup<MunicipalityNumber, Participant> byMunicipality;

    // Every look-up asks; the answer is the same the whole day.
    private readonly ConcurrentDictionary<(OrganisationNumber Consumer, DateOnly Day), ControllerScope> scopes = new();

    /// <param name="version">Its number; 0 before the first import.</param>
    /// <param name="participants">The Participants: ids, legal entities and units each once.</param>
    /// <param name="agreements">The Agreements.</param>
    /// <exception cref="ArgumentException">A legal entity or unit stands twice.</exception>
    public ParticipantList(int version, ImmutableArray<Participant> participants, ImmutableArray<Agreement> agreements)
    {
        (Version, Participants, Agreements) = (version, participants, agreements);
        byOrganisation = participants.ToFrozenDictionary(p => p.Organisation);
        byAnyNumber = participants.SelectMany(p => p.Units.Append(p.Organisation).Select(n => (Number: n, Participant: p))).ToFrozenDictionary(x => x.Number, x => x.Participant);
        byClient = participants.SelectMany(p => p.Clients.Select(c => (Key: (c.Id, c.Supplier, p.Organisation), Participant: p))).ToLookup(x => x.Key, x => x.Participant);
        byMunicipality = participants.SelectMany(p => p.Municipalities.Select(m => (m, p))).ToLookup(x => x.m, x => x.p);
    }

    /// <summary>Nobody is enrolled.</summary>
    public static ParticipantList Empty { get; } = new(0, [], []);

    /// <summary>Its number; 0 before the first import.</summary>
    public int Version { get; }

    /// <summary>The Participants.</summary>
    public ImmutableArray<Participant> Participants { get; }

    /// <summary>The Agreements.</summary>
    public ImmutableArray<Agreement> Agreements { get; }

    /// <summary>For how many days the Observations of Controllers are kept; those that are not in it keep theirs without end.</summary>
    public IReadOnlyDictionary<OrganisationNumber, int> RetentionDays =>
        Participants.Where(p => p.RetentionDays is not null).ToDictionary(p => p.Organisation, p => p.RetentionDays!.Value);

    /// <summary>The Participant that is a legal entity; null where none is.</summary>
    public Participant? Find(OrganisationNumber legalEntity) => byOrganisation.GetValueOrDefault(legalEntity);

    /// <summary>The Participant that is a legal entity or has the unit; null where none has.</summary>
    public Participant? FindWithUnits(OrganisationNumber number) => byAnyNumber.GetValueOrDefault(number);

    /// <summary>The Sender: found by client, supplier and legal entity, all three; null where none is.</summary>
    public Participant? FindSender(ClientClaims client) =>
        client.LegalEntity is { } organisation ? byClient[(client.Id, client.Supplier, organisation)].SingleOrDefault() : null;

    /// <summary>The Participants that a municipality's tag is mapped to; more than one while a municipality passes from one to another.</summary>
    public IEnumerable<Participant> OfMunicipality(MunicipalityNumber number) => byMunicipality[number];

    /// <summary>The Controllers that share with a consumer, one of these Participants, on a day: each enrolled and in force itself, with an Agreement in force.</summary>
    public ControllerScope ControllersFor(Participant consumer, DateOnly day) =>
        consumer.IsDevelopment
            ? ControllerScope.All
            : scopes.GetOrAdd((consumer.Organisation, day), _ => ControllerScope.Of(AgreementsFor(consumer, day).Select(a => a.Controller)));

    /// <summary>The Agreements by which a consumer sees anything on a day.</summary>
    public IEnumerable<Agreement> AgreementsFor(Participant consumer, DateOnly day) =>
        Agreements.Where(a => a.Permits(consumer, day) && Find(a.Controller) is { IsController: true } controller && controller.IsInForce(day));
}
