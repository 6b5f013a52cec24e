namespace PasientensMaledata.AccessLog;

/// <summary>The same in Norwegian and in English, as it is shown to the citizen.</summary>
/// <param name="Norwegian">Bokmål.</param>
/// <param name="English">English.</param>
public readonly record struct Wording(string Norwegian, string English);

/// <summary>What an event says, in plain words for the citizen. Codes alone are put in words; what callers wrote is never shown as a reason.</summary>
public static class CitizenWords
{
    private static readonly Dictionary<string, Wording> Roles = new(StringComparer.Ordinal)
    {
        ["LE"] = new("Lege", "Doctor"),
        ["SP"] = new("Sykepleier", "Nurse"),
        ["HE"] = new("Hjelpepleier", "Auxiliary nurse"),
        ["HF"] = new("Helsefagarbeider", "Health care worker"),
        ["FT"] = new("Fysioterapeut", "Physiotherapist"),
        ["ET"] = new("Ergoterapeut", "Occupational therapist"),
        ["JO"] = new("Jordmor", "Midwife"),
        ["TL"] = new("Tannlege", "Dentist"),
        ["PS"] = new("Psykolog", "Psychologist"),
        ["VP"] = new("Vernepleier", "Learning disability nurse"),
        ["AM"] = new("Ambulansearbeider", "Ambulance worker"),
        ["FA"] = new("Farmasøyt", "Pharmacist"),
        ["BI"] = new("Bioingeniør", "Biomedical scientist"),
    };

    private static readonly Dictionary<string, Wording> Purposes = new(StringComparer.Ordinal)
    {
        ["TREAT"] = new("Behandling", "Treatment"),
        ["ETREAT"] = new("Akutt behandling", "Emergency treatment"),
        ["COC"] = new("Samordning av tjenester", "Coordination of services"),
        ["BTG"] = new("Nødrett: vanlige tilgangsregler ble satt til side", "Emergency: usual rules of access were set aside"),
    };

    private static readonly Dictionary<string, Wording> Refusals = new(StringComparer.Ordinal)
    {
        ["blocked"] = new("Du har blokkert denne personen", "You have blocked this person"),
        ["block-uncertain"] = new("Du har blokkert noen, og det kunne ikke avgjøres om det er denne personen", "You have blocked somebody, and it could not be told whether it is this person"),
        ["reserved"] = new("Du har reservert deg mot tjenesten", "You have opted out of the service"),
        ["no-follow-up"] = new("Du følges ikke opp hjemme nå", "You are not followed up at home now"),
        ["too-many-patients"] = new("Personen slo opp for mange pasienter på kort tid", "The person looked up too many patients in a short time"),
        ["not-enrolled"] = new("Virksomheten er ikke med i tjenesten", "The organisation does not take part in the service"),
        ["processor-agreement"] = new("Virksomheten mangler gyldig avtale", "The organisation has no agreement in force"),
        ["basis-opens-nothing"] = new("Det ble bedt om å åpne noe som ikke var sperret", "It was asked to open what was not restricted"),
        ["basis-purpose"] = new("Nødrett ble påberopt uten at det var oppgitt som formål", "An emergency was claimed without being stated as the purpose"),
        ["level"] = new("Personen var ikke logget inn på høyeste nivå", "The person was not signed in at the highest level"),
    };

    private static readonly Dictionary<string, Wording> Operations = new(StringComparer.Ordinal)
    {
        [OperatorEvent.DeleteObservation] = new("Slettet en måling", "Deleted a measurement"),
        [OperatorEvent.DeletePatient] = new("Slettet målingene dine", "Deleted your measurements"),
        [OperatorEvent.DeleteController] = new("Slettet målingene som en virksomhet hadde ansvar for", "Deleted the measurements that an organisation was responsible for"),
        [OperatorEvent.DeleteExpired] = new("Slettet målinger", "Deleted measurements"),
        [OperatorEvent.Export] = new("Hentet ut målingene dine for virksomheten som har ansvar for dem", "Took out your measurements for the organisation that is responsible for them"),
        [OperatorEvent.Link] = new("Knyttet sammen to numre som begge er dine", "Joined two numbers that are both yours"),
    };

    private static readonly Dictionary<string, Wording> DeletionReasons = new(StringComparer.Ordinal)
    {
        ["wrong-patient"] = new("gjaldt en annen person", "was another person's"),
        ["patient-request"] = new("etter ønske fra deg", "as you asked"),
        ["controller-request"] = new("etter ønske fra virksomheten som har ansvar for dem", "as the responsible organisation asked"),
        ["controller-left"] = new("virksomheten er ikke lenger med i tjenesten", "the organisation no longer takes part in the service"),
        ["retention"] = new("oppbevaringstiden var ute", "they had been kept as long as they are to be"),
    };

    /// <summary>The reason classes of a deletion.</summary>
    public static IReadOnlyCollection<string> ReasonsOfDeletion => DeletionReasons.Keys;

    /// <summary>What was done.</summary>
    public static Wording Action(AccessEvent logged) => logged.Action switch
    {
        AccessAction.Search or AccessAction.Page or AccessAction.Last => new("Søkte i målingene dine", "Searched your measurements"),
        AccessAction.Read => new("Leste en måling", "Read a measurement"),
        AccessAction.History => new("Leste en måling med tidligere versjoner", "Read a measurement with its earlier versions"),
        AccessAction.Submit => new("Sendte inn målinger", "Sent in measurements"),
        AccessAction.CitizenView => new("Så på målingene dine", "Looked at your measurements"),
        AccessAction.CitizenLogView => new("Så på loggen eller innstillingene dine", "Looked at your log or settings"),
        AccessAction.CitizenExport => new("Hentet ut alt som er lagret om deg", "Took out all that is stored about you"),
        AccessAction.SettingChange => new("Endret en personverninnstilling", "Changed a privacy setting"),
        AccessAction.Refused => new("Behandlet en innsending som var avvist", "Handled a submission that had been refused"),
        _ => Operations.GetValueOrDefault(logged.Operation?.Command ?? "", new("Driftet tjenesten", "Operated the service")) is var done
            && DeletionReasons.TryGetValue(logged.Operation?.Reason ?? "", out var why) ? new($"{done.Norwegian}: {why.Norwegian}", $"{done.English}: {why.English}") : done,
    };

    /// <summary>Who, in words, from the authorisation; null where nobody of the health services looked.</summary>
    public static Wording? Role(AccessEvent logged) =>
        logged.Practitioner is not { } practitioner ? null
        : Roles.TryGetValue(practitioner.Authorization, out var role) ? role
        : practitioner.Authorization.Length > 0 ? new($"Helsepersonell ({practitioner.Authorization})", $"Health personnel ({practitioner.Authorization})")
        : new("Helsepersonell", "Health personnel");

    /// <summary>Why, from the purpose and the basis; null where nobody of the health services looked.</summary>
    public static Wording? Why(AccessEvent logged)
    {
        if (logged.Practitioner is null)
        {
            return null;
        }

        var why = logged.Attest?.PurposeOfUse is { } purpose
            ? Purposes.TryGetValue(purpose.Code, out var known) ? known : new($"Annet formål ({purpose.Code})", $"Another purpose ({purpose.Code})")
            : new Wording("Ikke oppgitt", "Not stated");
        return logged.Attest?.Basis switch
        {
            "SAMTYKKE" or "FORHOYET_SAMTYKKE" => new($"{why.Norwegian}, med ditt samtykke", $"{why.English}, with your consent"),
            "AKUTT" or "FORHOYET_AKUTT" => new($"{why.Norwegian}, øyeblikkelig hjelp", $"{why.English}, in an emergency"),
            _ => why,
        };
    }

    /// <summary>Why it was refused; null where it was not.</summary>
    public static Wording? Refusal(AccessEvent logged) =>
        logged.Outcome == AccessOutcome.Permitted ? null
        : Refusals.TryGetValue(logged.Reason, out var known) ? known
        : new("Vilkårene for innsyn var ikke oppfylt", "The conditions for access were not met");
}
