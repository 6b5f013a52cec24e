using PasientensMaledata.AccessLog;

namespace PasientensMaledata.Statistics;

/// <summary>Makes rows of events. What callers say passes <see cref="Codes"/>; names, numbers and exact times are left behind here.</summary>
internal static class RowMaker
{
    /// <summary>The word of an action, as <c>kind</c> has it.</summary>
    public static string KindOf(AccessAction action) => action switch
    {
        AccessAction.Search => "search",
        AccessAction.Page => "page",
        AccessAction.Last => "last",
        AccessAction.Read => "read",
        AccessAction.History => "history",
        AccessAction.Submit => "submit",
        AccessAction.CitizenView => "citizen-view",
        AccessAction.CitizenLogView => "citizen-log",
        AccessAction.CitizenExport => "citizen-export",
        AccessAction.SettingChange => "setting",
        AccessAction.ParticipantsChange => "participants",
        AccessAction.Refused => "refused",
        AccessAction.Operation => "operation",
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    /// <summary>Number of measurements by class of the wait for their first look-up; takes them off those waited for.</summary>
    public static int[] First<T>(AccessEvent logged, FirstLookUps<T> waiting)
    {
        var counts = new int[WaitClass.Names.Count];
        if (IsGivenToPractitioner(logged))
        {
            foreach (var identity in logged.LookUp!.Returned)
            {
                if (waiting.TryFirst(identity, logged.Time, out var waited, out _))
                {
                    counts[WaitClass.Of(waited)]++;
                }
            }
        }

        return counts;
    }

    /// <summary>Whether it gave measurements to a practitioner: what a citizen sees of their own is no look-up.</summary>
    public static bool IsGivenToPractitioner(AccessEvent logged) => logged is { Outcome: AccessOutcome.Permitted, Citizen: null, LookUp: not null };

    /// <summary>The row of an event that is no submission.</summary>
    public static UsageRow Usage(AccessEvent logged, int[] first, Affiliations affiliations, Pseudonyms pseudonyms)
    {
        var legalEntity = LegalEntity(logged);
        var lookUp = logged.LookUp;
        return new(
            DateOnly.FromDateTime(logged.Time), logged.Time.Hour, KindOf(logged.Action), logged.Outcome == AccessOutcome.Permitted ? "permitted" : "refused", Codes.Code(logged.Reason),
            legalEntity, Codes.Organisation(logged.Attest?.PointOfCare?.Code), affiliations.Find(legalEntity), Codes.Code(logged.Practitioner?.Authorization),
            Codes.Code(logged.Attest?.PurposeOfUse?.Code), Codes.Code(logged.Attest?.Basis), Codes.Code(logged.Attest?.HealthcareService?.Code),
            Codes.Organisation(logged.Client?.Supplier), Codes.System(logged.Client?.SourceSystem), Concepts(lookUp), lookUp?.Returned.Count ?? 0, lookUp?.Withheld ?? 0,
            lookUp is { Opened: true } ? 1 : 0, first, Codes.Code(logged.Citizen?.Relation), logged.Practitioner is { } who ? pseudonyms.Of(who.Key) : "", pseudonyms.Of(logged.Patient));
    }

    /// <summary>The rows of a submission.</summary>
    /// <param name="logged">The event.</param>
    /// <param name="number">Its number within the day.</param>
    /// <param name="affiliations">The participants in force.</param>
    /// <param name="pseudonyms">The year's.</param>
    public static IEnumerable<SubmissionRow> Submission(AccessEvent logged, int number, Affiliations affiliations, Pseudonyms pseudonyms)
    {
        var whole = new SubmissionRow(
            DateOnly.FromDateTime(logged.Time), logged.Time.Hour, number, Codes.Code(logged.Submission?.Origin), Sender(logged), Codes.Organisation(logged.Client?.Supplier),
            Codes.System(logged.Client?.SourceSystem), "refused", Codes.Code(logged.Reason), "", "", Affiliation.Unknown, "", "", pseudonyms.Of(logged.Patient));
        if (logged.Submission is not { Entries.Count: > 0 } submission)
        {
            yield return whole;
            yield break;
        }

        foreach (var entry in submission.Entries)
        {
            var controller = Codes.Organisation(entry.Controller);
            yield return whole with
            {
                Outcome = Codes.Code(entry.Outcome),
                Reason = Codes.Code(entry.Reason),
                Concept = Codes.Code(entry.Concept),
                Controller = controller,
                Organisation = affiliations.Find(controller),
                Municipality = Codes.Municipality(entry.Municipality),
                Delay = Codes.Code(entry.Delay),
            };
        }
    }

    /// <summary>The legal entity that looked: by the attest, else by the client.</summary>
    public static string LegalEntity(AccessEvent logged) =>
        Codes.Organisation(logged.Attest?.LegalEntity.Code) is { Length: > 0 } attested ? attested : Codes.Organisation(logged.Client?.Organisation);

    // A sender's id is ours to give, and holds no person.
    private static string Sender(AccessEvent logged) => logged.Submission is { } submission ? submission.Sender.ToString() : "";

    private static string Concepts(LoggedLookUp? lookUp)
    {
        if (lookUp is null)
        {
            return "";
        }

        var named = lookUp.ReturnedConcepts.Count > 0 ? lookUp.ReturnedConcepts : lookUp.Concepts;
        return string.Join(' ', named.Select(Codes.Code).Where(c => c.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }
}
