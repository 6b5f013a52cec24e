using System.Globalization;

namespace PasientensMaledata.Simulator;

/// <summary>What someone is followed up for at home.</summary>
public enum Illness
{
    /// <summary>Chronic obstructive pulmonary disease.</summary>
    Copd,

    /// <summary>Heart failure.</summary>
    HeartFailure,

    /// <summary>Diabetes.</summary>
    Diabetes,

    /// <summary>Frailty, with visits by a home nurse.</summary>
    Frailty,
}

/// <summary>By what kind of gateway someone's measurements are sent; the kinds tell Observations apart in different ways.</summary>
public enum GatewayKind
{
    /// <summary>The national gateway: collections, an id that is a UUID.</summary>
    KomLink,

    /// <summary>A supplier's platform: collections, an identifier of its own, profiles claimed.</summary>
    Platform,

    /// <summary>A municipality's system: batches with PUT, so that it can correct.</summary>
    Batch,

    /// <summary>A hub that knows only the device: neither id nor identifier.</summary>
    Hub,
}

/// <summary>The independent rows of random numbers, so that asking for more of one thing does not change another.</summary>
internal enum Stream
{
    Person = 1,
    Life,
    Illness,
    Day,
    Gateway,
    Load,
    LoadIds,
    Practitioner,
    UsageKey,
    UsageDay,
    UsageWork,
    UsageWorker,
}

/// <summary>Someone who does not exist, measured at home.</summary>
public sealed class Person
{
    private static readonly string[] First = ["Rolig", "Klar", "Våken", "Blid", "Varsom", "Rask", "Stødig", "Lun", "Kvikk", "Saktmodig", "Frisk", "Ærlig"];
    private static readonly string[] Last = ["Fjellvann", "Blåveis", "Kaffekopp", "Skjærgård", "Vedovn", "Brygge", "Regnfrakk", "Tyttebær", "Ullsokk", "Robåt", "Naust", "Måke", "Bekk"];

    /// <param name="seed">The simulation's seed.</param>
    /// <param name="index">Which person of the population, from 0.</param>
    /// <param name="taken">Numbers already given.</param>
    internal Person(long seed, int index, HashSet<string> taken)
    {
        var random = new SeededRandom(seed, (long)Stream.Person, index);
        Index = index;

        // In turn, so that even a small population has all of them.
        Illness = (Illness)(index % 4);
        Second = random.Chance(0.3) ? (Illness)random.Below(4) : Illness;
        IsWoman = random.Chance(0.5);
        Age = random.Between(Illness == Illness.Frailty ? 74 : Illness == Illness.Diabetes ? 35 : 55, Illness == Illness.Diabetes ? 80 : 94);
        do
        {
            var born = new DateOnly(2025 - Age, 1, 1).AddDays(random.Below(365));
            Number = SyntheticNumbers.Person(born, IsWoman, random.Below(250)) ?? "";
        }
        while (Number.Length == 0 || !taken.Add(Number));

        Name = $"{random.Pick(First)} {random.Pick(Last)}";
        Home = PickHome(random);
        FollowedBy = random.Chance(0.15) ? Region.Hospital : Home.Care;
        var gateway = random.Unit();
        Gateway = Illness == Illness.Frailty && gateway >= 0.85 ? GatewayKind.Batch
            : gateway < 0.45 ? GatewayKind.KomLink
            : gateway < 0.7 ? GatewayKind.Platform
            : gateway < 0.85 ? GatewayKind.Batch
            : GatewayKind.Hub;
        DeviceSerial = 100_000 + random.Below(900_000);
        HealthPersonnel = SyntheticNumbers.HealthPersonnel(random.Below(400));
    }

    /// <summary>Which person of the population, from 0.</summary>
    public int Index { get; }

    /// <summary>A synthetic person number: the month is raised by 80.</summary>
    public string Number { get; }

    /// <summary>A name that nobody has.</summary>
    public string Name { get; }

    /// <summary>Whether it is a woman.</summary>
    public bool IsWoman { get; }

    /// <summary>Age in years.</summary>
    public int Age { get; }

    /// <summary>What the person is mainly followed up for.</summary>
    public Illness Illness { get; }

    /// <summary>What the person has besides; mostly the same.</summary>
    public Illness Second { get; }

    /// <summary>Where the person lives.</summary>
    public Municipality Home { get; }

    /// <summary>Who is responsible for the measurements.</summary>
    public Organisation FollowedBy { get; }

    /// <summary>By what the measurements are sent.</summary>
    public GatewayKind Gateway { get; }

    internal string HealthPersonnel { get; }

    private int DeviceSerial { get; }

    internal bool Has(Illness illness) => Illness == illness || Second == illness;

    /// <summary>Serial number of the person's device for something.</summary>
    internal string Device(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{DeviceSerial}");

    private static Municipality PickHome(SeededRandom random)
    {
        var point = random.Below(Region.Municipalities.Sum(m => m.Share));
        foreach (var municipality in Region.Municipalities)
        {
            if ((point -= municipality.Share) < 0)
            {
                return municipality;
            }
        }

        return Region.Municipalities[0];
    }
}
