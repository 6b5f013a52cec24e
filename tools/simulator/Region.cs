namespace PasientensMaledata.Simulator;

/// <summary>An organisation that follows up patients.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">A synthetic organisation number.</param>
public sealed record Organisation(string Name, string Number);

/// <summary>A municipality, with the number that messages are tagged with.</summary>
/// <param name="Number">Its real four digits.</param>
/// <param name="Name">Its name.</param>
/// <param name="Share">Its share of the people, in thousandths.</param>
/// <param name="Care">Its health service.</param>
public sealed record Municipality(string Number, string Name, int Share, Organisation Care);

/// <summary>The region where the simulated people live: real municipalities around Bergen, organisations that do not exist.</summary>
public static class Region
{
    /// <summary>The municipalities.</summary>
    public static IReadOnlyList<Municipality> Municipalities { get; } =
    [
        Of("4601", "Bergen", 630),
        Of("4626", "Øygarden", 86),
        Of("4627", "Askøy", 66),
        Of("4631", "Alver", 65),
        Of("4624", "Bjørnafjorden", 57),
        Of("4621", "Voss", 36),
        Of("4622", "Kvam", 18),
        Of("4630", "Osterøy", 18),
        Of("4625", "Austevoll", 12),
        Of("4618", "Ullensvang", 12),
    ];

    /// <summary>The hospital.</summary>
    public static Organisation Hospital { get; } = new("Syntetisk universitetssykehus", SyntheticNumbers.Organisation("9001"));

    /// <summary>General practitioners.</summary>
    public static Organisation GeneralPractice { get; } = new("Syntetisk legesenter", SyntheticNumbers.Organisation("9002"));

    /// <summary>Emergency room.</summary>
    public static Organisation EmergencyRoom { get; } = new("Syntetisk legevakt", SyntheticNumbers.Organisation("9003"));

    private static Municipality Of(string number, string name, int share) =>
        new(number, name, share, new($"{name} kommune, syntetisk helsetjeneste", SyntheticNumbers.Organisation(number)));
}
