using System.Collections.Immutable;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Participants;

/// <summary>What kind of organisation a Participant is.</summary>
public enum ParticipantRole
{
    /// <summary>Specialist health care: a hospital.</summary>
    Specialist,

    /// <summary>A municipality.</summary>
    Municipal,

    /// <summary>A general practice.</summary>
    Gp,

    /// <summary>Runs a gateway or platform for others, and gives no care of its own.</summary>
    Gateway,
}

/// <summary>A client that sends for a Participant.</summary>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="Supplier">Its vendor, where the client serves several organisations (<c>orgnr_supplier</c>); null where it is the Participant's own.</param>
public sealed record ParticipantClient(string Id, OrganisationNumber? Supplier);

/// <summary>Who made the Participant's health record.</summary>
/// <param name="Name">Name of the vendor or the record.</param>
/// <param name="Organisation">The vendor's organisation number; null where not stated.</param>
public sealed record RecordVendor(string Name, OrganisationNumber? Organisation);

/// <summary>An enrolled organisation.</summary>
public sealed record Participant
{
    /// <summary>Its permanent id, which is also its id as a Sender.</summary>
    public required SenderId Id { get; init; }

    /// <summary>Its name, shown to citizens.</summary>
    public required string Name { get; init; }

    /// <summary>The legal entity.</summary>
    public required OrganisationNumber Organisation { get; init; }

    /// <summary>Its units: children of the legal entity in Enhetsregisteret.</summary>
    public ImmutableArray<OrganisationNumber> Units { get; init; } = [];

    /// <summary>What kind of organisation it is.</summary>
    public required ParticipantRole Role { get; init; }

    /// <summary>Region, such as <c>helse-vest</c>; empty where not stated.</summary>
    // Stryker disable once String : read from the file always, and made once for open mode
    public string Region { get; init; } = "";

    /// <summary>The health community (helsefellesskap) it belongs to; empty where none is stated.</summary>
    // Stryker disable once String : as above
    public string HealthCommunity { get; init; } = "";

    /// <summary>Municipality numbers whose tag on a message makes this Participant the Controller.</summary>
    public ImmutableArray<MunicipalityNumber> Municipalities { get; init; } = [];

    /// <summary>Who made its health record; null where not stated.</summary>
    public RecordVendor? Record { get; init; }

    /// <summary>The clients that send for it; empty for one that never sends.</summary>
    public ImmutableArray<ParticipantClient> Clients { get; init; } = [];

    /// <summary>When it is enrolled.</summary>
    public required DatePeriod Enrolled { get; init; }

    /// <summary>When its data-processor agreement is in force; the default value where it has none.</summary>
    public DatePeriod DataProcessorAgreement { get; init; }

    /// <summary>Whether it can be the Controller of measurements.</summary>
    public bool IsController { get; init; }

    /// <summary>Of a Controller: how many days its Observations are kept, from receipt; null for without end.</summary>
    public int? RetentionDays { get; init; }

    /// <summary>The Controllers, besides itself, that it sends for: their organisation numbers.</summary>
    public ImmutableArray<OrganisationNumber> Serves { get; init; } = [];

    /// <summary>
    /// The Participant of open mode alone: it serves whatever organisation is named, is the Controller where none can be told, and sees all. No file
    /// can say so of a Participant.
    /// </summary>
    public bool IsDevelopment { get; internal init; }

    /// <summary>Whether it is enrolled on a day, and its data-processor agreement in force.</summary>
    public bool IsInForce(DateOnly day) => Enrolled.Holds(day) && DataProcessorAgreement.Holds(day);

    /// <summary>Whether a number is that of the legal entity or of a unit.</summary>
    public bool Has(OrganisationNumber number) => number == Organisation || Units.Contains(number);
}

/// <summary>With whom a Controller shares.</summary>
public enum AgreementScope
{
    /// <summary>One organisation.</summary>
    Organisation,

    /// <summary>Every Participant of a health community.</summary>
    HealthCommunity,

    /// <summary>Every Participant.</summary>
    National,
}

/// <summary>A Controller's permission for consumers to look up what it is responsible for.</summary>
/// <param name="Controller">The Controller.</param>
/// <param name="Scope">With whom it shares.</param>
/// <param name="Organisation">The consumer; null unless the scope is one organisation.</param>
/// <param name="HealthCommunity">The health community; empty unless the scope is one.</param>
/// <param name="Period">When it is in force.</param>
public sealed record Agreement(OrganisationNumber Controller, AgreementScope Scope, OrganisationNumber? Organisation, string HealthCommunity, DatePeriod Period)
{
    /// <summary>Whether it permits a consumer on a day.</summary>
    public bool Permits(Participant consumer, DateOnly day) => Period.Holds(day) && Scope switch
    {
        AgreementScope.Organisation => Organisation == consumer.Organisation,
        AgreementScope.HealthCommunity => HealthCommunity.Length > 0 && HealthCommunity == consumer.HealthCommunity,
        AgreementScope.National => true,
        _ => false,
    };
}
