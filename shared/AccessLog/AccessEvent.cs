using PasientensMaledata.Access;
using PasientensMaledata.Identity;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// One look-up, submission or change, as it is logged before it is answered. Holds no person number, and of what callers say only coded values and
/// length-limited names. Parts that do not apply are null.
/// </summary>
public sealed record AccessEvent
{
    /// <summary>Which event: random.</summary>
    public required Guid Id { get; init; }

    /// <summary>The request's correlation id.</summary>
    public required string CorrelationId { get; init; }

    /// <summary>When, UTC, whole milliseconds.</summary>
    public required DateTime Time { get; init; }

    /// <summary>What was done or tried.</summary>
    public required AccessAction Action { get; init; }

    /// <summary>Whether it was permitted.</summary>
    public required AccessOutcome Outcome { get; init; }

    /// <summary>Why not: a reason class of the decision, such as <c>blocked</c>; empty where permitted.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Whose data; null where it is about nobody known.</summary>
    public PatientKey? Patient { get; init; }

    /// <summary>The system that called; null for the operator's command line.</summary>
    public LoggedClient? Client { get; init; }

    /// <summary>The health person who looked.</summary>
    public LoggedPractitioner? Practitioner { get; init; }

    /// <summary>Where they work and why they looked, by the attest.</summary>
    public LoggedAttest? Attest { get; init; }

    /// <summary>What was asked for and given.</summary>
    public LoggedLookUp? LookUp { get; init; }

    /// <summary>The citizen who looked or changed, or who acted for them.</summary>
    public LoggedCitizen? Citizen { get; init; }

    /// <summary>What was submitted.</summary>
    public LoggedSubmission? Submission { get; init; }

    /// <summary>The privacy setting that was changed, or the participants' version: its whole JSON text, so that settings can be replayed from the log.</summary>
    public string? Setting { get; init; }

    /// <summary>
    /// The person numbers that a changed setting or a joining goes by, sealed under a key of the ring (<see cref="SealedNumbers"/>): without them what was set
    /// after a backup, by one who was not known before it, could not be set again. Empty for all other events.
    /// </summary>
    public string Numbers { get; init; } = "";

    /// <summary>What an operator did, on the command line.</summary>
    public LoggedOperation? Operation { get; init; }
}

/// <summary>What is done.</summary>
public enum AccessAction
{
    /// <summary>A search.</summary>
    Search,

    /// <summary>A further page of one.</summary>
    Page,

    /// <summary><c>$lastn</c>.</summary>
    Last,

    /// <summary>A read by id.</summary>
    Read,

    /// <summary>A read of the history, or of one version.</summary>
    History,

    /// <summary>A submission.</summary>
    Submit,

    /// <summary>A citizen's look at their own measurements.</summary>
    CitizenView,

    /// <summary>A citizen's look at their access log, their settings, or a proof.</summary>
    CitizenLogView,

    /// <summary>A citizen's export of everything.</summary>
    CitizenExport,

    /// <summary>A change of a privacy setting.</summary>
    SettingChange,

    /// <summary>A change of the participants.</summary>
    ParticipantsChange,

    /// <summary>A look at, or replay of, what was refused.</summary>
    Refused,

    /// <summary>An operator's action on people's data: joining, deletion, export, replay.</summary>
    Operation,
}

/// <summary>How it was decided.</summary>
public enum AccessOutcome
{
    /// <summary>Permitted.</summary>
    Permitted,

    /// <summary>Refused.</summary>
    Refused,
}

/// <summary>The system that called.</summary>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="Name">Its name by the token.</param>
/// <param name="Organisation">The legal entity it acts for; empty where unknown.</param>
/// <param name="Supplier">Its vendor; empty where unknown.</param>
/// <param name="SourceSystem">Name and version by the header <c>nhn-source-system</c>, length-limited.</param>
public sealed record LoggedClient(string Id, string Name, string Organisation, string Supplier, string SourceSystem);

/// <summary>The health person.</summary>
/// <param name="Name">By the validated token; shown to the citizen (ATT-8).</param>
/// <param name="Hpr">HPR number; empty where the token has none.</param>
/// <param name="Key">Keyed pseudonym of the person number.</param>
/// <param name="Authorization">Authorisation code (9060), such as LE; empty where unknown.</param>
public sealed record LoggedPractitioner(string Name, string Hpr, PractitionerKey Key, string Authorization);

/// <summary>A code or an organisation with its name.</summary>
/// <param name="Code">The code or number.</param>
/// <param name="System">Its system; empty where understood.</param>
/// <param name="Text">Its name, length-limited.</param>
public sealed record LoggedCode(string Code, string System, string Text);

/// <summary>Where the practitioner works and why they looked.</summary>
/// <param name="LegalEntity">The legal entity.</param>
/// <param name="PointOfCare">The unit; null where the attest names none.</param>
/// <param name="Department">The department; null where the attest names none.</param>
/// <param name="HealthcareService">The service; null where the attest names none.</param>
/// <param name="PurposeOfUse">TREAT, ETREAT, COC or BTG; null where no reason was stated.</param>
/// <param name="PurposeDetails">The details; null where there are none.</param>
/// <param name="DecisionId">The consumer's own reference; empty where there is none.</param>
/// <param name="UserSelected">Whether the person gave themselves access; null where not stated.</param>
/// <param name="Basis">The access basis by header, such as AKUTT; empty where there is none.</param>
public sealed record LoggedAttest(
    LoggedCode LegalEntity, LoggedCode? PointOfCare, LoggedCode? Department, LoggedCode? HealthcareService, LoggedCode? PurposeOfUse, LoggedCode? PurposeDetails,
    string DecisionId, bool? UserSelected, string Basis);

/// <summary>What was asked for and what was given.</summary>
/// <param name="Concepts">Concepts asked for; empty for all.</param>
/// <param name="From">Start of the period asked for; null where open.</param>
/// <param name="To">End of it; null where open.</param>
/// <param name="Returned">Identities given, 8 bytes each in hexadecimal.</param>
/// <param name="ReturnedConcepts">Concepts given, each once.</param>
/// <param name="Withheld">How many were withheld by a Restriction. What lacks an Agreement is as if absent, and is not counted.</param>
/// <param name="Opened">Whether something closed was opened by the access basis.</param>
public sealed record LoggedLookUp(IReadOnlyList<string> Concepts, DateTime? From, DateTime? To, IReadOnlyList<string> Returned, IReadOnlyList<string> ReturnedConcepts, int Withheld, bool Opened);

/// <summary>The citizen who acted.</summary>
/// <param name="Relation"><c>self</c>, <c>parent</c>, <c>attorney</c> or <c>guardian</c>.</param>
/// <param name="Acting">Keyed pseudonym of who acted; of the citizen where they acted themselves.</param>
public sealed record LoggedCitizen(string Relation, PractitionerKey Acting);

/// <summary>One patient's part of a submission; entries that name no patient stand in an event without patient.</summary>
/// <param name="Id">The submission's id: the same in all its events, and in what is told the Sender.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="Origin"><c>http</c> or <c>stream</c>.</param>
/// <param name="Entries">What became of each.</param>
public sealed record LoggedSubmission(string Id, SenderId Sender, string Origin, IReadOnlyList<LoggedEntry> Entries);

/// <summary>One entry of a submission.</summary>
/// <param name="Identity">Its identity, 8 bytes in hexadecimal; empty where it has none.</param>
/// <param name="Outcome">The entry's outcome word, such as <c>created</c>.</param>
/// <param name="Reason">Why it was not stored: an issue code; empty where it was.</param>
/// <param name="Concept">Its Concept's slug; empty where unknown.</param>
/// <param name="Controller">The Controller's organisation number; empty where undecided.</param>
/// <param name="Municipality">Four digits; empty where unknown.</param>
/// <param name="Delay">Class of the delay from measuring to receiving: <c>1m 15m 1h 6h 24h 7d more ahead none</c>.</param>
public sealed record LoggedEntry(string Identity, string Outcome, string Reason, string Concept, string Controller, string Municipality, string Delay);

/// <summary>What an operator did.</summary>
/// <param name="Command">The command, such as <c>patient link</c>.</param>
/// <param name="Reason">Why, as stated, length-limited.</param>
/// <param name="Count">How much of what it was about.</param>
/// <param name="Subject">What it was about, as far as it is to be done again when tables are restored from before it: identity and Controller, or Controller.</param>
public sealed record LoggedOperation(string Command, string Reason, int Count, string Subject = "");
