using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Decision;

/// <summary>Whether one who sends may send.</summary>
/// <param name="Sender">The Participant; null where it is refused.</param>
/// <param name="Refusal">Why not; null where it may.</param>
public readonly record struct SenderVerdict(Participant? Sender, Refusal? Refusal);

/// <summary>Whether an entry may be stored.</summary>
/// <param name="Controller">Who is responsible for it; the default value where it is refused.</param>
/// <param name="Refusal">Why not; null where it may. Nothing of the entry's content may then be kept.</param>
public readonly record struct EntryVerdict(OrganisationNumber Controller, Refusal? Refusal);

/// <summary>Decides on submissions. Pure: no storage, no HTTP, no clock.</summary>
public static class SubmissionDecision
{
    /// <summary>Finds who sends, by client, vendor and legal entity, all three by the token (rule 3).</summary>
    /// <param name="caller">The gateway, by a validated token with the scope for writing.</param>
    /// <param name="participants">The Participants; null where they cannot be relied on.</param>
    /// <param name="now">The moment.</param>
    public static SenderVerdict FindSender(SystemCaller caller, ParticipantList? participants, DateTimeOffset now)
    {
        return participants is null ? Because(RefusalReason.Unreachable)
            : caller.Client.LegalEntity is null ? Because(RefusalReason.OrganisationMissing)
            : Judge(participants.FindSender(caller.Client), now);
    }

    /// <summary>Finds who sends by the stream, by the id that Event Hubs attests.</summary>
    /// <param name="sender">The id.</param>
    /// <param name="participants">The Participants; null where they cannot be relied on.</param>
    /// <param name="now">The moment.</param>
    public static SenderVerdict FindSender(SenderId sender, ParticipantList? participants, DateTimeOffset now) => participants is null
        ? Because(RefusalReason.Unreachable)
        : Judge(participants.Participants.FirstOrDefault(p => p.Id == sender), now);

    private static SenderVerdict Judge(Participant? sender, DateTimeOffset now)
    {
        var today = NorwegianDate.Of(now);
        return sender is null ? Because(RefusalReason.SenderUnknown)
            : !sender.Enrolled.Holds(today) ? Because(RefusalReason.NotEnrolled)
            : !sender.DataProcessorAgreement.Holds(today) ? Because(RefusalReason.ProcessorAgreement)
            : new(sender, null);
    }

    private static SenderVerdict Because(RefusalReason reason) => new(null, Refusal.For(reason));

    /// <summary>
    /// Decides on one entry. Its Controller is the organisation performer that the Sender is enrolled to serve, else the Sender's own organisation,
    /// else the Participant that the municipality tag is mapped to (rule 3; pmd-api.md 1.9 and 2.1). A patient who takes no part: refused (rule 6).
    /// </summary>
    /// <param name="sender">Who sends.</param>
    /// <param name="performers">The organisation numbers among the entry's performers: legal entities or units.</param>
    /// <param name="municipality">The Bundle's municipality tag; null where it has none.</param>
    /// <param name="settings">The patient's settings.</param>
    /// <param name="participants">The Participants.</param>
    /// <param name="now">The moment.</param>
    public static EntryVerdict Decide(
        Participant sender, IReadOnlyList<OrganisationNumber> performers, MunicipalityNumber? municipality, PatientSettings settings, ParticipantList participants, DateTimeOffset now)
    {
        if (settings.IsReserved)
        {
            return Because(RefusalReason.Reserved);
        }

        var today = NorwegianDate.Of(now);
        return Candidates(sender, performers, municipality, participants, today) switch
        {
            [] => Because(RefusalReason.ControllerMissing),
            [var only] when sender.IsDevelopment || (participants.Find(only) is { IsController: true } controller && controller.IsInForce(today)) => new(only, null),
            [_] => Because(RefusalReason.ControllerNotInForce),
            _ when sender.IsDevelopment => new(sender.Organisation, null),
            _ => Because(RefusalReason.ControllerAmbiguous),
        };

        static EntryVerdict Because(RefusalReason reason) => new(default, Refusal.For(reason));
    }

    private static List<OrganisationNumber> Candidates(
        Participant sender, IReadOnlyList<OrganisationNumber> performers, MunicipalityNumber? municipality, ParticipantList participants, DateOnly today)
    {
        // A unit stands for its legal entity. What the development Participant is not told of is taken as it is named.
        var named = performers
            .Select(p => sender.IsDevelopment ? p : participants.FindWithUnits(p)?.Organisation ?? p)
            .Where(p => sender.IsDevelopment || sender.Serves.Contains(p) || (sender.IsController && p == sender.Organisation))
            .Distinct()
            .ToList();
        return named.Count > 0 ? named
            : sender.IsController ? [sender.Organisation]
            : municipality is { } number ? [.. participants.OfMunicipality(number).Where(p => p.IsController && p.IsInForce(today)).Select(p => p.Organisation)]
            : [];
    }
}
