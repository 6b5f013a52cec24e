namespace PasientensMaledata.Statistics;

/// <summary>One entry of a submission; a submission that was refused as a whole is one row without Concept.</summary>
internal sealed record SubmissionRow(
    DateOnly Date, int Hour, int Event, string Origin, string Sender, string Vendor, string SourceSystem, string Outcome, string Reason, string Concept, string Controller,
    Affiliation Organisation, string Municipality, string Delay, string Patient)
{
    /// <summary>The columns of <c>submissions/</c>.</summary>
    public static TableShape<SubmissionRow> Shape { get; } = new(
        "submissions",
        "A row for each entry of each submission: a measurement that was stored, known already, or refused.",
        "En rad for hver måling i hver innsending: lagret, kjent fra før eller avvist.",
        [
            RawColumns.Date<SubmissionRow>(r => r.Date),
            RawColumns.Hour<SubmissionRow>(r => r.Hour),
            new NumberColumn<SubmissionRow>("event", "The event that the row is of, numbered within the file's day: rows of one event have the same number.", "Hendelsen raden hører til, nummerert innen dagen: rader fra samme hendelse har samme nummer.", r => r.Event),
            new TextColumn<SubmissionRow>("origin", "By which way it came.", "Hvilken vei den kom.", r => r.Origin)
            {
                Codes = [new("http", "By HTTP.", "Med HTTP."), new("stream", "By the stream.", "Med strømmen.")],
            },
            new TextColumn<SubmissionRow>("sender", "Permanent id of the sender.", "Avsenderens faste id.", r => r.Sender),
            RawColumns.Vendor<SubmissionRow>(r => r.Vendor),
            RawColumns.SourceSystem<SubmissionRow>(r => r.SourceSystem),
            new TextColumn<SubmissionRow>("outcome", "What became of the entry.", "Hva det ble av målingen.", r => r.Outcome)
            {
                Codes =
                [
                    new("created", "Stored: a new measurement.", "Lagret: en ny måling."), new("corrected", "Stored: a correction.", "Lagret: en rettelse."),
                    new("history", "Stored as an earlier version.", "Lagret som en tidligere versjon."), new("known", "Known already; nothing was stored.", "Kjent fra før; ingenting ble lagret."),
                    new("ignored", "No measurement.", "Ikke en måling."), new("refused", "Refused.", "Avvist."), new("conflict", "Refused: contradicts what is stored.", "Avvist: i strid med det som er lagret."),
                    new("precondition-failed", "Refused: its precondition did not hold.", "Avvist: forutsetningen holdt ikke."), new("not-found", "Refused: what it addresses is not there.", "Avvist: det den viser til, finnes ikke."),
                    new("unavailable", "Not stored: storage was away.", "Ikke lagret: lageret var borte."),
                ],
            },
            new TextColumn<SubmissionRow>("reason", "Why it was not stored: an issue code.", "Hvorfor den ikke ble lagret: en feilkode.", r => r.Reason),
            new TextColumn<SubmissionRow>("concept", "Kind of measurement.", "Måletypen.", r => r.Concept) { Codes = RawColumns.Concepts },
            new TextColumn<SubmissionRow>("controller", "Organisation number of the controller.", "Organisasjonsnummeret til den dataansvarlige.", r => r.Controller),
            RawColumns.Role<SubmissionRow>(r => r.Organisation),
            RawColumns.Region<SubmissionRow>(r => r.Organisation),
            RawColumns.HealthCommunity<SubmissionRow>(r => r.Organisation),
            new TextColumn<SubmissionRow>("county", "County number that the message was tagged with.", "Fylkesnummeret meldingen var merket med.", r => r.Municipality is { Length: 4 } m ? m[..2] : ""),
            new TextColumn<SubmissionRow>("municipality", "Municipality number that the message was tagged with.", "Kommunenummeret meldingen var merket med.", r => r.Municipality),
            new TextColumn<SubmissionRow>("delay", "Class of the time from measuring to receiving.", "Klasse for tiden fra måling til mottak.", r => r.Delay) { Codes = RawColumns.Delays },
            RawColumns.Patient<SubmissionRow>(r => r.Patient),
        ]);
}
