namespace PasientensMaledata.Statistics;

/// <summary>One event of the log that is no submission: a look-up, what a citizen did, what an operator did.</summary>
internal sealed record UsageRow(
    DateOnly Date, int Hour, string Kind, string Outcome, string Reason, string LegalEntity, string PointOfCare, Affiliation Organisation, string Profession, string Purpose,
    string Basis, string Service, string Vendor, string SourceSystem, string Concepts, int Returned, int Withheld, int Opened, int[] First, string Relation, string Practitioner, string Patient)
{
    /// <summary>The columns of <c>usage/</c>.</summary>
    public static TableShape<UsageRow> Shape { get; } = new(
        "usage",
        "A row for each event that is no submission: a look-up, a citizen's look or change, an operator's action.",
        "En rad for hver hendelse som ikke er en innsending: et oppslag, det en innbygger så eller endret, det en driftsoperatør gjorde.",
        [
            RawColumns.Date<UsageRow>(r => r.Date),
            RawColumns.Hour<UsageRow>(r => r.Hour),
            new TextColumn<UsageRow>("kind", "What was done or tried.", "Hva som ble gjort eller forsøkt.", r => r.Kind) { Codes = RawColumns.Kinds },
            new TextColumn<UsageRow>("outcome", "Whether it was permitted.", "Om det ble tillatt.", r => r.Outcome)
            {
                Codes = [new("permitted", "Permitted.", "Tillatt."), new("refused", "Refused.", "Avvist.")],
            },
            new TextColumn<UsageRow>("reason", "Why it was refused: a reason class.", "Hvorfor det ble avvist: en årsaksklasse.", r => r.Reason),
            new TextColumn<UsageRow>("legal_entity", "Organisation number of the legal entity.", "Organisasjonsnummeret til den juridiske enheten.", r => r.LegalEntity),
            new TextColumn<UsageRow>("point_of_care", "Organisation number of the unit.", "Organisasjonsnummeret til behandlingsstedet.", r => r.PointOfCare),
            RawColumns.Role<UsageRow>(r => r.Organisation),
            new TextColumn<UsageRow>("profession", "Authorisation code (9060) of the practitioner.", "Autorisasjonskode (9060) for helsepersonellet.", r => r.Profession),
            RawColumns.Region<UsageRow>(r => r.Organisation),
            RawColumns.HealthCommunity<UsageRow>(r => r.Organisation),
            new TextColumn<UsageRow>("county", "County number of the legal entity.", "Fylkesnummeret til den juridiske enheten.", r => r.Organisation.County),
            new TextColumn<UsageRow>("municipality", "Municipality number of the legal entity.", "Kommunenummeret til den juridiske enheten.", r => r.Organisation.Municipality),
            new TextColumn<UsageRow>("purpose", "Purpose of use stated in the attest.", "Formålet som er oppgitt i attesten.", r => r.Purpose)
            {
                Codes =
                [
                    new("TREAT", "Treatment.", "Behandling."), new("ETREAT", "Emergency treatment.", "Øyeblikkelig hjelp."),
                    new("COC", "Coordination of care.", "Samhandling om behandling."), new("BTG", "Break the glass.", "Nødtilgang."),
                ],
            },
            new TextColumn<UsageRow>("basis", "Access basis stated beside the attest.", "Tilgangsgrunnlaget som er oppgitt ved siden av attesten.", r => r.Basis),
            new TextColumn<UsageRow>("service", "Code of the healthcare service.", "Kode for helsetjenesten.", r => r.Service),
            RawColumns.Vendor<UsageRow>(r => r.Vendor),
            RawColumns.SourceSystem<UsageRow>(r => r.SourceSystem),
            new TextColumn<UsageRow>("concepts", "Kinds of measurement given, or asked for where none was given; a space between them.", "Måletypene som ble gitt, eller spurt om der ingen ble gitt, med mellomrom.", r => r.Concepts),
            new NumberColumn<UsageRow>("returned", "Measurements given.", "Målinger som ble gitt.", r => r.Returned),
            new NumberColumn<UsageRow>("withheld", "Measurements withheld by the patient's restriction.", "Målinger som ble holdt tilbake av pasientens sperring.", r => r.Withheld),
            new NumberColumn<UsageRow>("opened", "1 where something closed was opened.", "1 der noe sperret ble åpnet.", r => r.Opened),
            .. WaitClass.Names.Select((name, i) => new NumberColumn<UsageRow>(
                $"first_{name}", $"Measurements given to someone for the first time, that were received at most {name} before and longer ago than the class before.",
                $"Målinger som ble gitt til noen for første gang, mottatt høyst {name} før og lenger siden enn klassen foran.", r => r.First[i])),
            new TextColumn<UsageRow>("relation", "Of the citizen who acted: to whom it is about.", "Forholdet mellom innbyggeren som handlet, og den det gjelder.", r => r.Relation)
            {
                Codes =
                [
                    new("self", "The same person.", "Samme person."), new("parent", "Parent.", "Forelder."), new("attorney", "Holder of a power of attorney.", "Fullmektig."),
                    new("guardian", "Guardian.", "Verge."),
                ],
            },
            RawColumns.Practitioner<UsageRow>(r => r.Practitioner),
            RawColumns.Patient<UsageRow>(r => r.Patient),
        ]);
}
