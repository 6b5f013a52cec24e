namespace PasientensMaledata.Statistics;

/// <summary>What the participants' register says of an organisation, as far as statistics tell of it.</summary>
/// <param name="Role">Kind of organisation: <c>specialist</c>, <c>municipal</c>, <c>gp</c> or <c>gateway</c>; empty where unknown.</param>
/// <param name="Region">Region, such as <c>helse-vest</c>; empty where not stated.</param>
/// <param name="HealthCommunity">Health community; empty where not stated.</param>
/// <param name="Municipality">Municipality number, where the organisation belongs to exactly one; else empty.</param>
/// <param name="From">First day it is enrolled.</param>
/// <param name="To">Last day it is enrolled; null where the end is open.</param>
public sealed record Affiliation(string Role, string Region, string HealthCommunity, string Municipality, DateOnly From, DateOnly? To)
{
    /// <summary>An organisation that no register has.</summary>
    public static Affiliation Unknown { get; } = new("", "", "", "", DateOnly.MaxValue, null);

    /// <summary>County of the municipality: its first two digits.</summary>
    public string County => Municipality is { Length: 4 } ? Municipality[..2] : "";

    /// <summary>Whether it is enrolled on a day.</summary>
    public bool IsEnrolled(DateOnly day) => From <= day && (To is not { } last || day <= last);
}

/// <summary>The participants of one version, by organisation number of the legal entity and of its units.</summary>
/// <param name="LegalEntities">The legal entities.</param>
/// <param name="Units">Legal entity of each unit.</param>
public sealed record Affiliations(IReadOnlyDictionary<string, Affiliation> LegalEntities, IReadOnlyDictionary<string, string> Units)
{
    /// <summary>Nobody is enrolled.</summary>
    public static Affiliations None { get; } = new(new Dictionary<string, Affiliation>(), new Dictionary<string, string>());

    /// <summary>What is known of an organisation or its legal entity.</summary>
    public Affiliation Find(string organisation) =>
        LegalEntities.GetValueOrDefault(Units.GetValueOrDefault(organisation, organisation)) ?? Affiliation.Unknown;
}
