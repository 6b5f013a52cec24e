using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Statistics;

/// <summary>Columns that both kinds of row have, and their code lists.</summary>
internal static class RawColumns
{
    /// <summary>Kinds of event.</summary>
    public static readonly IReadOnlyList<ListedCode> Kinds =
    [
        new("search", "A search.", "Et søk."), new("page", "A further page of one.", "En side til av et søk."), new("last", "The newest of each kind.", "De nyeste av hver type."),
        new("read", "A read of one measurement.", "Lesing av én måling."), new("history", "A read of one measurement's history.", "Lesing av historikken til én måling."),
        new("submit", "A submission.", "En innsending."),
        new("citizen-view", "A citizen's look at the measurements.", "En innbygger så målingene."), new("citizen-log", "A citizen's look at the log, the settings or a proof.", "En innbygger så loggen, innstillingene eller et bevis."),
        new("citizen-export", "A citizen's export of everything.", "En innbygger hentet ut alt."), new("setting", "A change of a privacy setting.", "En personverninnstilling ble endret."),
        new("participants", "A change of the participants.", "Deltakerne ble endret."), new("refused", "A look at, or replay of, what was refused.", "Innsyn i, eller ny kjøring av, det som ble avvist."),
        new("operation", "An operator's action.", "En driftshandling."),
    ];

    /// <summary>Classes of the time from measuring to receiving.</summary>
    public static readonly IReadOnlyList<ListedCode> Delays =
    [
        new("1m", "At most a minute.", "Høyst ett minutt."), new("15m", "At most 15 minutes.", "Høyst 15 minutter."), new("1h", "At most an hour.", "Høyst en time."),
        new("6h", "At most 6 hours.", "Høyst 6 timer."), new("24h", "At most 24 hours.", "Høyst 24 timer."), new("7d", "At most 7 days.", "Høyst 7 døgn."),
        new("more", "More than 7 days.", "Mer enn 7 døgn."), new("ahead", "Measured after it was received, by its clock.", "Målt etter mottak, etter sin egen klokke."),
        new("none", "Without a time of its own.", "Uten eget tidspunkt."),
    ];

    /// <summary>Kinds of measurement.</summary>
    public static readonly IReadOnlyList<ListedCode> Concepts = [.. ConceptCatalog.All.Select(c => new ListedCode(c.Slug, c.English, c.Norwegian))];

    /// <summary>Classes in which a median can be told: those of a time that is known, and not ahead.</summary>
    public const int MeasuredDelays = 7;

    /// <summary>Index of a class of delay among <see cref="Delays"/>; null where it is no time.</summary>
    public static int? DelayIndex(string delay)
    {
        for (var i = 0; i < MeasuredDelays; i++)
        {
            if (Delays[i].Value == delay)
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Kinds of participant.</summary>
    public static readonly IReadOnlyList<ListedCode> Roles =
    [
        new("specialist", "Specialist health care.", "Spesialisthelsetjenesten."), new("municipal", "A municipality.", "En kommune."), new("gp", "A general practice.", "Et fastlegekontor."),
        new("gateway", "Runs a gateway for others.", "Driver en sentral for andre."),
    ];

    public static Column<T> Date<T>(Func<T, DateOnly> of) => new DateColumn<T>("date", "The day, UTC.", "Dagen, UTC.", of);

    public static Column<T> Hour<T>(Func<T, int> of) => new NumberColumn<T>("hour", "The hour, UTC, 0 to 23.", "Timen, UTC, 0 til 23.", r => of(r));

    public static Column<T> Role<T>(Func<T, Affiliation> of) =>
        new TextColumn<T>("role", "What kind of participant the organisation is.", "Hva slags deltaker virksomheten er.", r => of(r).Role) { Codes = Roles };

    public static Column<T> Region<T>(Func<T, Affiliation> of) => new TextColumn<T>("region", "Region of the organisation.", "Regionen til virksomheten.", r => of(r).Region);

    public static Column<T> HealthCommunity<T>(Func<T, Affiliation> of) =>
        new TextColumn<T>("health_community", "Health community of the organisation.", "Helsefellesskapet til virksomheten.", r => of(r).HealthCommunity);

    public static Column<T> Vendor<T>(Func<T, string> of) =>
        new TextColumn<T>("vendor", "Organisation number of the vendor of the client, where it serves several organisations.", "Organisasjonsnummeret til leverandøren av klienten, der den betjener flere virksomheter.", of);

    public static Column<T> SourceSystem<T>(Func<T, string> of) =>
        new TextColumn<T>("source_system", "Source system and version, as it says itself.", "Kildesystem og versjon, slik det oppgir selv.", of);

    public static Column<T> Practitioner<T>(Func<T, string> of) =>
        new TextColumn<T>("practitioner", "Pseudonym of the practitioner, the same through the calendar year.", "Pseudonym for helsepersonellet, det samme gjennom kalenderåret.", of);

    public static Column<T> Patient<T>(Func<T, string> of) =>
        new TextColumn<T>("patient", "Pseudonym of the patient, the same through the calendar year.", "Pseudonym for pasienten, det samme gjennom kalenderåret.", of);
}
