using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>What is the same for all entries of one Submission.</summary>
/// <param name="Sender">Who sent it.</param>
/// <param name="BundleIdentifier">Bundle.identifier as <c>system|value</c>; empty where there is none.</param>
/// <param name="BundleTimestamp">Bundle.timestamp, UTC; null where there is none.</param>
/// <param name="Municipality">The municipality tag's four digits; empty where there is none.</param>
/// <param name="ClosesFollowUp">Whether the Bundle says that its measurements are the last of their patients' FollowUps.</param>
public sealed record SubmissionSource(SenderId Sender, string BundleIdentifier, DateTime? BundleTimestamp, string Municipality, bool ClosesFollowUp = false);

/// <summary>One Observation to be stored.</summary>
/// <param name="Element">The Observation.</param>
/// <param name="Body">The bytes it was parsed from.</param>
/// <param name="IsPut">Whether it came by PUT.</param>
/// <param name="IfMatch">The version it must replace (If-Match); null for any.</param>
/// <param name="IfNoneExist">Stored only if no Observation of the sender and patient has this identifier; null for no condition.</param>
public sealed record SubmittedObservation(JsonElement Element, ReadOnlyMemory<byte> Body, bool IsPut = false, int? IfMatch = null, Token? IfNoneExist = null);

/// <summary>What one Sender sent at once.</summary>
/// <param name="Source">What is the same for all entries.</param>
/// <param name="Observations">The entries, in order.</param>
/// <param name="Admit">Who may store what.</param>
public sealed record Submission(SubmissionSource Source, IReadOnlyList<SubmittedObservation> Observations, Admit Admit);

/// <summary>How one entry ended.</summary>
public enum EntryOutcome
{
    /// <summary>Stored as a new Observation.</summary>
    Created,

    /// <summary>Stored as the new current version.</summary>
    Corrected,

    /// <summary>Stored as an earlier version: the current one is later.</summary>
    StoredInHistory,

    /// <summary>Nothing to do: this content was stored before.</summary>
    Known,

    /// <summary>Not an Observation.</summary>
    Ignored,

    /// <summary>Not stored: something in it is wrong.</summary>
    Refused,

    /// <summary>Not stored: the same identity was stored with other content, and this is no correction of it.</summary>
    Conflict,

    /// <summary>Not stored: If-Match names another version than the current, or several match If-None-Exist.</summary>
    PreconditionFailed,

    /// <summary>Not stored: there is no such Observation to correct.</summary>
    NotFound,

    /// <summary>Not stored: an operator deleted it here for good, as what was stored for the wrong patient.</summary>
    Deleted,

    /// <summary>Not known to be stored: storage stayed away. Sending it again is harmless.</summary>
    Unavailable,
}

/// <summary>What an entry says of who is responsible for it.</summary>
/// <param name="Performers">Organisation numbers of its performers, in order.</param>
/// <param name="Municipality">The Bundle's municipality; default where it names none.</param>
public readonly record struct Responsibility(IReadOnlyList<OrganisationNumber> Performers, MunicipalityNumber Municipality);

/// <summary>Whether an entry may be stored.</summary>
/// <param name="Controller">Who is responsible for it; default where it is refused.</param>
/// <param name="Refusal">Why it is not stored; null where it may be.</param>
/// <param name="Reason">The refusal's reason class; empty where it may be stored.</param>
public readonly record struct Admission(OrganisationNumber Controller, Issue? Refusal, string Reason)
{
    /// <summary>The reason class of a patient who takes no part.</summary>
    public const string Reserved = "reserved";

    /// <summary>What becomes of an entry that is not admitted: what could not be decided now (<c>transient</c>) may be sent again.</summary>
    public EntryOutcome Outcome => Refusal is { Code: "transient" } ? EntryOutcome.Unavailable : EntryOutcome.Refused;
}

/// <summary>
/// Decides whether an entry may be stored, and who is its Controller. Asked before anything of the patient is read or made (the patient null), and
/// again when their head is read.
/// </summary>
/// <param name="responsibility">What the entry says.</param>
/// <param name="heads">The patient's heads; null before they are read.</param>
public delegate Admission Admit(Responsibility responsibility, IReadOnlyList<PatientHead>? heads);

/// <summary>Where an entry lies, or would have: for the log, never for the answer.</summary>
/// <param name="Patient">Whose it is; null where no patient was opened.</param>
/// <param name="Identity">Its identity; default where it has none yet.</param>
/// <param name="Concept">Its Concept's slug.</param>
/// <param name="Controller">Who is responsible; default where undecided.</param>
/// <param name="Effective">When it was measured.</param>
/// <param name="Reason">Why it was not admitted, as a reason class; empty where it was.</param>
public sealed record EntryRecord(PatientKey? Patient, ObservationIdentity Identity, string Concept, OrganisationNumber Controller, EffectiveTime Effective, string Reason = "");

/// <summary>The outcome of one entry.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Id">The Observation's id on the wire; null where there is none.</param>
/// <param name="Version">Its current version; 0 where there is none.</param>
/// <param name="LastUpdated">When the current version was stamped.</param>
/// <param name="Issues">What there is to tell.</param>
/// <param name="Record">What the log is told of it; null where nothing was read of it.</param>
public sealed record EntryResult(EntryOutcome Outcome, string? Id, int Version, DateTime LastUpdated, IReadOnlyList<Issue> Issues, EntryRecord? Record = null)
{
    /// <summary>Whether the content lies safely stored.</summary>
    public bool IsStored => Outcome is EntryOutcome.Created or EntryOutcome.Corrected or EntryOutcome.StoredInHistory or EntryOutcome.Known;

    /// <summary>Whether it is known not to be stored, and why.</summary>
    public bool IsRefused => Outcome is EntryOutcome.Refused or EntryOutcome.Conflict or EntryOutcome.PreconditionFailed or EntryOutcome.NotFound or EntryOutcome.Deleted;
}

/// <summary>A checked Observation, ready to be keyed and stored.</summary>
internal sealed record PreparedObservation(
    // How many of the same content and id stand before it in the Bundle: equal readings without any id are told apart by it, in whatever order
    // they are packed.
    int Ordinal,
    ObservationDocument Document,
    NationalId Subject,
    EffectiveTime Effective,
    ObservationStatus Status,
    string Concept,
    ulong Group,
    UInt128 Content,
    bool IsPut,
    int? IfMatch,
    Token? IfNoneExist,
    DateTime? Issued,
    IReadOnlyList<Issue> Issues,
    SubmissionSource Source,
    Responsibility Responsibility,
    Admit Admit)
{
    /// <summary>Who is responsible for it, when it is admitted.</summary>
    public OrganisationNumber Controller { get; init; }
}
