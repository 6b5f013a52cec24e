using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>What is the same for all entries of one Submission.</summary>
/// <param name="Sender">Who sent it.</param>
/// <param name="BundleIdentifier">Bundle.identifier as <c>system|value</c>; empty where there is none.</param>
/// <param name="BundleTimestamp">Bundle.timestamp, UTC; null where there is none.</param>
/// <param name="Municipality">The municipality tag's four digits; empty where there is none.</param>
public sealed record SubmissionSource(SenderId Sender, string BundleIdentifier, DateTime? BundleTimestamp, string Municipality);

/// <summary>One Observation to be stored.</summary>
/// <param name="Element">The Observation.</param>
/// <param name="Body">The bytes it was parsed from.</param>
/// <param name="IsPut">Whether it came by PUT.</param>
/// <param name="IfMatch">The version it must replace (If-Match); null for any.</param>
/// <param name="IfNoneExist">Stored only if no Observation of the sender and patient has this identifier; null for no condition.</param>
public sealed record SubmittedObservation(JsonElement Element, ReadOnlyMemory<byte> Body, bool IsPut = false, int? IfMatch = null, Token? IfNoneExist = null);

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

    /// <summary>Not known to be stored: storage stayed away. Sending it again is harmless.</summary>
    Unavailable,
}

/// <summary>The outcome of one entry.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Id">The Observation's id on the wire; null where there is none.</param>
/// <param name="Version">Its current version; 0 where there is none.</param>
/// <param name="LastUpdated">When the current version was stamped.</param>
/// <param name="Issues">What there is to tell.</param>
public sealed record EntryResult(EntryOutcome Outcome, string? Id, int Version, DateTime LastUpdated, IReadOnlyList<Issue> Issues)
{
    /// <summary>Whether the content lies safely stored.</summary>
    public bool IsStored => Outcome is EntryOutcome.Created or EntryOutcome.Corrected or EntryOutcome.StoredInHistory or EntryOutcome.Known;
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
    IReadOnlyList<Issue> Issues);
