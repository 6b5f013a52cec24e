using System.Globalization;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;

namespace PasientensMaledata.Functions.Access;

/// <summary>
/// One look-up: the patient's head is read, it is decided what may be seen, and what is given is logged before it is answered. A refusal is logged
/// and answered here.
/// </summary>
internal sealed class LookUpCall
{
    private readonly Service service;
    private readonly AccessEvent logged;
    private readonly bool opened;

    private LookUpCall(Service service, AccessEvent logged, OpenedPatient patient, Visibility visibility, string boundTo, bool opened, IReadOnlyList<Issue> remarks) =>
        (this.service, this.logged, Patient, Visibility, BoundTo, this.opened, Remarks) = (service, logged, patient, visibility, boundTo, opened, remarks);

    /// <summary>Whose data, opened.</summary>
    public OpenedPatient Patient { get; }

    /// <summary>What may be seen of it.</summary>
    public Visibility Visibility { get; }

    /// <summary>Whom page links are bound to: the client and the person.</summary>
    public string BoundTo { get; }

    /// <summary>What the caller is told besides what is found: that something is restricted, never what.</summary>
    public IReadOnlyList<Issue> Remarks { get; }

    /// <summary>The citizen to whom it is shown: their own numbers may be; null where it is not shown to a citizen.</summary>
    public CitizenCaller? Citizen { get; private init; }

    /// <summary>Opens and decides; null where it is refused, which is then logged and answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="service">The parts.</param>
    /// <param name="action">What kind of look-up.</param>
    /// <param name="patient">Any of the patient's keys; null for a number never seen, and for an id that is none of ours.</param>
    /// <param name="number">The patient's number, where the request names it.</param>
    public static async Task<LookUpCall?> OpenAsync(HttpContext context, Service service, AccessAction action, PatientKey? patient, NationalId? number)
    {
        var caller = RequestCaller.Of(context);
        if (caller is PersonnelCaller counted && await service.Access.CountAsync(counted, patient, number, context.RequestAborted) is { } tooMany)
        {
            await RefuseAsync(context, service, Logged.Event(context, service, caller, action, patient), tooMany);
            return null;
        }

        var opened = await service.Reader.OpenAsync(patient, context.RequestAborted);
        var logged = Logged.Event(context, service, caller, action, opened.Key);
        switch (caller)
        {
            case CitizenCaller citizen:
                if (await service.Access.WhyNotAsync(citizen, changes: false, context.RequestAborted) is { } reason)
                {
                    await RefuseAsync(context, service, logged, reason);
                    return null;
                }

                return new(service, logged, opened, Visibility.Everything, BindingOf(citizen, service), false, []) { Citizen = citizen };
            case PersonnelCaller personnel:
                var verdict = await service.Access.DecideAsync(personnel, context.Request, opened, number, context.RequestAborted);
                if (verdict is LookUpVerdict.Refuse { Refusal: var refusal })
                {
                    await RefuseAsync(context, service, logged, refusal);
                    return null;
                }

                var permit = (LookUpVerdict.Permit)verdict;
                return new(
                    service, logged, opened, new(permit.Controllers, permit.Withheld), BindingOf(personnel, service), permit.Opened,
                    permit.AnnouncesRestriction && !permit.Opened ? [RestrictionRemark] : []);
            default:
                throw new InvalidOperationException("A look-up was routed to a caller who does not look up.");
        }
    }

    private static Issue RestrictionRemark { get; } = Issue.Warning(
        "suppressed", null, "The patient has restricted something. It can be opened with the patient's consent (nhn-access-basis: FORHOYET_SAMTYKKE) or in an emergency (FORHOYET_AKUTT, with the purpose of use BTG in the attest).");

    /// <summary>Logs what is given, before it is given.</summary>
    /// <param name="query">What was asked for; null for a read by id.</param>
    /// <param name="given">What is found.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask LogAsync(ObservationQuery? query, IReadOnlyList<FoundObservation> given, CancellationToken cancellationToken)
    {
        var returned = new List<string>(given.Count);
        var concepts = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var found in given)
        {
            var row = new ObservationRow(found.Row.Span);
            returned.Add(row.Identity.LogForm);
            concepts.Add(row.Concept);
        }

        var (oldest, newest) = query?.StartBounds() ?? (long.MinValue, long.MaxValue);
        var lookUp = new LoggedLookUp(
            query is null || query.Codes.Count == 0 ? [] : [.. Patient.Heads.SelectMany(h => query.Concepts(h, h.Catalogue.Select(l => l.Concept))).Distinct().Order(StringComparer.Ordinal)],
            Time(oldest), Time(newest), returned, [.. concepts], Visibility.Withheld, opened);
        return service.Journal.AppendAsync(logged with { LookUp = lookUp }, cancellationToken);
    }

    /// <summary>Logs a refusal, and answers it.</summary>
    internal static async Task RefuseAsync(HttpContext context, Service service, AccessEvent logged, Refusal refusal)
    {
        await service.Journal.AppendAsync(logged with { Outcome = AccessOutcome.Refused, Reason = refusal.Word }, context.RequestAborted);
        if (refusal.Status == StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = LookUpCaps.SecondsToNextHour(service.Time.GetUtcNow()).ToString(CultureInfo.InvariantCulture);
        }

        await FhirAnswer.OutcomeAsync(context, refusal.Status, Issue.Error(refusal.IssueCode, null, refusal.Advice));
    }

    /// <summary>
    /// Whom page links are bound to: the client and the person, by pseudonym. A citizen's also to whom the token is about: of each page it is decided
    /// whether the one may act for the other, and that other must be the one whose page it is.
    /// </summary>
    internal static string BindingOf(Caller caller, Service service)
    {
        var person = caller switch
        {
            PersonnelCaller personnel => personnel.Key.ToString(),
            CitizenCaller citizen => $"{Pseudonym(citizen.Acting)} for {Pseudonym(citizen.Subject)}",
            _ => throw new InvalidOperationException("A look-up was routed to a caller who does not look up."),
        };
        return $"{caller.GetType().Name} {caller.Client.Id} {person}";

        string Pseudonym(NationalId number) => PractitionerKey.Of(number, service.Ring.Current.Practitioner).ToString();
    }

    private static DateTime? Time(long ticks) => ticks > DateTime.MinValue.Ticks && ticks < DateTime.MaxValue.Ticks ? new(ticks, DateTimeKind.Utc) : null;
}
