using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Submissions;

/// <summary>What a body is to hold.</summary>
public enum MessageKind
{
    /// <summary>A Bundle.</summary>
    Bundle,

    /// <summary>An Observation.</summary>
    Observation,

    /// <summary>Either, as its resourceType says.</summary>
    Either,
}

/// <summary>How a body was sent.</summary>
/// <param name="Kind">What it is to hold.</param>
/// <param name="IsPut">Whether it came by PUT.</param>
/// <param name="Id">The id in the URL of a PUT; null where there is none.</param>
/// <param name="IfMatch">The version it must replace; null for any.</param>
/// <param name="IfNoneExist">Stored only if nothing has this identifier; null for no condition.</param>
/// <param name="IsGzip">Whether the body is compressed.</param>
public sealed record Manner(MessageKind Kind, bool IsPut = false, string? Id = null, int? IfMatch = null, Token? IfNoneExist = null, bool IsGzip = false);

/// <summary>All that is known of a Submission besides its body.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Sender">Who sent it; null where that cannot be told, and then there is a refusal.</param>
/// <param name="Origin">How it came.</param>
/// <param name="Received">When, UTC.</param>
/// <param name="Manner">How it was sent.</param>
/// <param name="Admit">Who may store what.</param>
/// <param name="Logged">The event that is logged of it, as far as it is known before it is read.</param>
/// <param name="Refusal">Why nothing of this Sender is taken; null where it is. The body is then neither read nor kept.</param>
public sealed record Envelope(SubmissionId Id, SenderId? Sender, Origin Origin, DateTime Received, Manner Manner, Admit Admit, AccessEvent Logged, SenderRefusal? Refusal = null);

/// <summary>Why nothing of a Sender is taken.</summary>
/// <param name="Issue">What the Sender is told.</param>
/// <param name="Reason">The reason class, as in the log.</param>
public sealed record SenderRefusal(Issue Issue, string Reason)
{
    /// <summary>No Participant sends under this name.</summary>
    public static SenderRefusal Unknown { get; } =
        new(Issue.Error("forbidden", null, "Nobody is enrolled under this publisher. Send to the publisher endpoint that the operator gave you."), "sender-unknown");
}
