namespace PasientensMaledata.Functions;

/// <summary>For whom a call is: what kind of token it takes, and how it is refused.</summary>
public enum Audience
{
    /// <summary>Anyone, without a token: it tells nothing about people.</summary>
    Anyone,

    /// <summary>A health person, in a health record.</summary>
    Personnel,

    /// <summary>A gateway or platform.</summary>
    Sender,

    /// <summary>A citizen, or who acts for one.</summary>
    Citizen,

    /// <summary>Helsenorge's privacy component.</summary>
    PrivacyComponent,
}

/// <summary>One call of the API.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Route from the base.</param>
/// <param name="Interaction">What FHIR calls it, as in the CapabilityStatement; null where it is none of FHIR's.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Handle">Answers it.</param>
/// <param name="Audience">For whom it is.</param>
public sealed record Route(string Name, string Method, string Path, string? Interaction, string Meaning, Func<HttpContext, Service, Task> Handle, Audience Audience);

/// <summary>Every call, in one table: routing, <c>/metadata</c> and the functions' bindings are made from it.</summary>
public static class Routes
{
    /// <summary>The table.</summary>
    public static IReadOnlyList<Route> All { get; } =
    [
        new("SubmitBundle", "POST", "/", "batch", "Stores the Observations of a Bundle of type collection or batch, each on its own.", SubmitFunctions.BundleAsync, Audience.Sender),
        new("CreateObservation", "POST", "/Observation", "create", "Stores one Observation; If-None-Exist on identifier.", SubmitFunctions.CreateAsync, Audience.Sender),
        new("UpdateObservation", "PUT", "/Observation/{id}", "update", "Creates or corrects one Observation; If-Match.", SubmitFunctions.UpdateAsync, Audience.Sender),
        new("ListRefused", "GET", "/submissions/refused", null, "What was refused of the Sender's own Submissions, by day and reason: why, never what.", RefusedFunctions.ListAsync, Audience.Sender),
        new("ReadRefused", "GET", "/submissions/{id}", null, "What was refused of one Submission, with an OperationOutcome for each entry.", RefusedFunctions.ReadAsync, Audience.Sender),
        new("SearchObservations", "POST", "/Observation/_search", "search-type", "Finds one patient's Observations, newest first. The form holds the person number, so that no URL does.", SearchFunctions.SearchAsync, Audience.Personnel),
        new("LastObservations", "POST", "/Observation/$lastn", "$lastn", "The newest Observations of each kind, for one patient.", SearchFunctions.LastAsync, Audience.Personnel),
        new("PageObservations", "GET", "/Observation", null, "A further page, by the opaque link of the one before. Searching is by POST.", SearchFunctions.PageAsync, Audience.Personnel),
        new("ReadObservation", "GET", "/Observation/{id}", "read", "Reads the current version of one Observation.", ReadFunctions.ReadAsync, Audience.Personnel),
        new("ReadObservationVersion", "GET", "/Observation/{id}/_history/{version}", "vread", "Reads one version of one Observation.", ReadFunctions.ReadVersionAsync, Audience.Personnel),
        new("ObservationHistory", "GET", "/Observation/{id}/_history", "history-instance", "All versions of one Observation, the latest stored first.", ReadFunctions.HistoryAsync, Audience.Personnel),
        new("CitizenObservations", "GET", "/citizen/Observation", null, "The citizen's own Observations, newest first, by the parameters of a search; and further pages.", SearchFunctions.CitizenSearchAsync, Audience.Citizen),
        new("CitizenLastObservations", "GET", "/citizen/Observation/$lastn", null, "The newest of each kind of the citizen's own.", SearchFunctions.CitizenLastAsync, Audience.Citizen),
        new("ReadPrivacy", "GET", "/citizen/privacy", null, "The citizen's privacy settings.", PrivacyFunctions.ReadAsync, Audience.Citizen),
        new("BlockPractitioner", "PUT", "/citizen/privacy/blocks/{hpr}", null, "Shuts a practitioner out, by HPR number: absolutely, also in emergencies.", PrivacyFunctions.BlockAsync, Audience.Citizen),
        new("UnblockPractitioner", "DELETE", "/citizen/privacy/blocks/{hpr}", null, "Lifts the block of an HPR number.", PrivacyFunctions.UnblockAsync, Audience.Citizen),
        new("UnblockById", "DELETE", "/citizen/privacy/blocks/id/{block}", null, "Lifts a block by its id, as the settings list it.", PrivacyFunctions.UnblockByIdAsync, Audience.Citizen),
        new("Restrict", "PUT", "/citizen/privacy/restriction", null, "Closes everything or some kinds of measurement to health personnel until they open it by consent or in an emergency; or opens again.", PrivacyFunctions.RestrictAsync, Audience.Citizen),
        new("Reserve", "PUT", "/citizen/privacy/reservation", null, "Opts out of the service, or in again.", PrivacyFunctions.ReserveAsync, Audience.Citizen),
        new("BlockFromLog", "POST", "/citizen/privacy/blocks", null, "Shuts out the practitioner of an event of the citizen's log, also one without HPR number.", CitizenLogFunctions.BlockAsync, Audience.Citizen),
        new("CitizenAccessLog", "GET", "/citizen/access-log", null, "Who looked at the citizen's data, when, at what and why, newest first; refused attempts too.", CitizenLogFunctions.ReadAsync, Audience.Citizen),
        new("CitizenAuditEvents", "GET", "/citizen/AuditEvent", null, "The citizen's access log as FHIR R4 AuditEvents.", CitizenLogFunctions.AuditEventsAsync, Audience.Citizen),
        new("CitizenLogProof", "GET", "/citizen/access-log/{event}/proof", null, "That an event is in the log under a signed checkpoint, to be checked offline.", CitizenLogFunctions.ProofAsync, Audience.Citizen),
        new("CitizenExport", "GET", "/citizen/export", null, "All that is held about the citizen, as one zip file.", CitizenExportFunctions.ExportAsync, Audience.Citizen),
        new("WhoMaySee", "GET", "/citizen/who-may-see", null, "The organisations that could look up today, and why; who is blocked.", PrivacyFunctions.WhoMaySeeAsync, Audience.Citizen),
        new("ReceivePrivacySetting", "POST", "/personvern/LagreInnbyggersPersonvernInnstilling", null, "Takes a privacy setting from Helsenorge's privacy component. 200 is its receipt.", PrivacyComponentFunctions.ReceiveAsync, Audience.PrivacyComponent),
        new("LogCheckpoint", "GET", "/log/checkpoint", null, "The newest signed tree head of the access log (C2SP tlog-checkpoint).", LogFunctions.CheckpointAsync, Audience.Anyone),
        new("LogTile", "GET", "/log/tile/{**address}", null, "Hashes of the access log's tree (C2SP tlog-tiles).", LogFunctions.TileAsync, Audience.Anyone),
        new("LogKey", "GET", "/log/key", null, "The access log's public keys.", LogFunctions.KeyAsync, Audience.Anyone),
        new("Metadata", "GET", "/metadata", null, "The CapabilityStatement.", MetadataFunctions.MetadataAsync, Audience.Anyone),
        new("Health", "GET", "/health", null, "Whether storage answers.", MetadataFunctions.HealthAsync, Audience.Anyone),
    ];
}
