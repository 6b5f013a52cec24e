using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Statistics;

/// <summary>Counts one month's events for the open tables. People are told apart by numbers that live no longer than this object.</summary>
internal sealed class OpenMonth
{
    private static readonly Chain Roles = new("role");
    private static readonly Chain Organisations = new("region", "health_community", "legal_entity");
    private static readonly Chain Places = new("county", "municipality");

    private readonly MonthTime time;
    private readonly FirstLookUps<(Counter.Place Place, int Day)> waiting = new();
    private readonly Dictionary<PatientKey, int> patients = [];
    private readonly Dictionary<PractitionerKey, int> practitioners = [];
    private readonly Dictionary<(string LegalEntity, string Municipality, string Concept, Affiliations Version), (Counter.Place Stored, Counter.Place Waited)> places = [];
    private readonly HashSet<string> active = new(StringComparer.Ordinal);

    private readonly Func<string, bool> isNewBlock;

    /// <param name="time">The month.</param>
    /// <param name="isNewBlock">Whether the text of a privacy setting sets a Block.</param>
    public OpenMonth(MonthTime time, Func<string, bool> isNewBlock)
    {
        this.isNewBlock = isNewBlock;
        this.time = time;
        Measurements = new(time, [Roles, Organisations, Places, new("concept")], 1, 1);
        LookedUp = new(time, [Roles, Organisations, Places, new("concept")], 3, 0);
        LookUps = new(time, [Roles, Organisations, Places, new("profession")], 1, 2);
        Opened = new(time, [Roles, new("region")], 1, 2);
        Refusals = new(time, [Roles, new("region")], 1, 2);
        RefusedEntries = new(time, [Roles, new("region"), new("concept")], 1, 1);
        Blocks = new(time, [], 1, 1);
    }

    /// <summary>Measurements stored, and their patients; in the histogram, by delay from measuring to receiving.</summary>
    public Counter Measurements { get; }

    /// <summary>Measurements by their first look-up: within 24 hours, within 7 days, not within 7 days; in the histogram, by wait.</summary>
    public Counter LookedUp { get; }

    /// <summary>Look-ups by practitioners, with patients and practitioners.</summary>
    public Counter LookUps { get; }

    /// <summary>Look-ups by which something closed was opened.</summary>
    public Counter Opened { get; }

    /// <summary>Look-ups that were refused.</summary>
    public Counter Refusals { get; }

    /// <summary>Entries of submissions that were refused.</summary>
    public Counter RefusedEntries { get; }

    /// <summary>Blocks of practitioners that were set.</summary>
    public Counter Blocks { get; }

    /// <summary>The participants at the end of the month.</summary>
    public Affiliations Affiliations { get; private set; } = Affiliations.None;

    /// <summary>Legal entities that looked up, or were the controller of a measurement that was stored.</summary>
    public IReadOnlyCollection<string> Active => active;

    /// <summary>The participants have changed.</summary>
    public void Change(Affiliations changed, DateTime at)
    {
        if (at < time.End.ToDateTime(TimeOnly.MinValue))
        {
            Affiliations = changed;
        }
    }

    /// <summary>Takes the next event: of the month, or of the seven days after, in which its measurements are still looked up.</summary>
    public void Add(AccessEvent logged)
    {
        if (RowMaker.IsGivenToPractitioner(logged))
        {
            CountFirst(logged);
        }

        var day = DateOnly.FromDateTime(logged.Time);
        if (day < time.First || day >= time.End)
        {
            return;
        }

        var (dayOfMonth, patient) = (day.Day - 1, NumberOf(patients, logged.Patient));
        if (logged.Action == AccessAction.Submit)
        {
            AddSubmission(logged, dayOfMonth, patient);
        }
        else if (IsLookUp(logged))
        {
            AddLookUp(logged, dayOfMonth, patient);
        }
        else if (logged is { Action: AccessAction.SettingChange, Outcome: AccessOutcome.Permitted, Setting: { } setting } && isNewBlock(setting))
        {
            Blocks.Add(Blocks.PlaceOf([]), dayOfMonth, 0, patient);
        }
    }

    /// <summary>What was waited for and not looked up is counted as such; nothing is added afterwards.</summary>
    public void End()
    {
        foreach (var (place, day) in waiting.Rest())
        {
            LookedUp.Add(place, day, 2);
        }
    }

    /// <summary>Whether a practitioner looked, or tried to: a further page belongs to the search before it.</summary>
    private static bool IsLookUp(AccessEvent logged) =>
        logged is { Citizen: null, Action: AccessAction.Search or AccessAction.Last or AccessAction.Read or AccessAction.History };

    private void CountFirst(AccessEvent logged)
    {
        foreach (var identity in logged.LookUp!.Returned)
        {
            if (waiting.TryFirst(identity, logged.Time, out var waited, out var measurement))
            {
                LookedUp.Add(measurement.Place, measurement.Day, waited <= TimeSpan.FromHours(24) ? 0 : 1);
                Counter.AddToHistogram(measurement.Place, WaitClass.Of(waited));
            }
        }
    }

    private void AddSubmission(AccessEvent logged, int day, int patient)
    {
        foreach (var entry in logged.Submission?.Entries ?? [])
        {
            var controller = Codes.Organisation(entry.Controller);
            if (entry.Outcome == "created")
            {
                active.Add(controller);
                var (stored, waited) = PlacesOf(controller, Codes.Municipality(entry.Municipality), Codes.Code(entry.Concept));
                Measurements.Add(stored, day, 0, patient);
                if (RawColumns.DelayIndex(entry.Delay) is { } bin)
                {
                    Counter.AddToHistogram(stored, bin);
                }

                foreach (var (place, expired) in waiting.ExpiredBy(logged.Time))
                {
                    LookedUp.Add(place, expired, 2);
                }

                if (!waiting.Received(entry.Identity, logged.Time, (waited, day)))
                {
                    // Without an identity of its own nothing can be told of it.
                    LookedUp.Add(waited, day, 2);
                }
            }
            else if (entry.Outcome is "refused" or "conflict" or "precondition-failed" or "not-found")
            {
                var of = Affiliations.Find(controller);
                RefusedEntries.Add(RefusedEntries.PlaceOf([of.Role, of.Region, Codes.Code(entry.Concept)]), day, 0, patient);
            }
        }
    }

    private void AddLookUp(AccessEvent logged, int day, int patient)
    {
        var legalEntity = RowMaker.LegalEntity(logged);
        var of = Affiliations.Find(legalEntity);
        var practitioner = logged.Practitioner is { } who ? NumberOf(practitioners, (PractitionerKey?)who.Key) : -1;
        if (logged.Outcome == AccessOutcome.Refused)
        {
            Refusals.Add(Refusals.PlaceOf([of.Role, of.Region]), day, 0, patient, practitioner);
            return;
        }

        active.Add(legalEntity);
        var profession = Codes.Code(logged.Practitioner?.Authorization);
        LookUps.Add(LookUps.PlaceOf([of.Role, of.Region, of.HealthCommunity, legalEntity, of.County, of.Municipality, profession]), day, 0, patient, practitioner);
        if (logged.LookUp is { Opened: true })
        {
            Opened.Add(Opened.PlaceOf([of.Role, of.Region]), day, 0, patient, practitioner);
        }
    }

    private (Counter.Place Stored, Counter.Place Waited) PlacesOf(string controller, string municipality, string concept)
    {
        var key = (controller, municipality, concept, Affiliations);
        if (!places.TryGetValue(key, out var known))
        {
            var of = Affiliations.Find(controller);
            string[] values = [of.Role, of.Region, of.HealthCommunity, controller, municipality is { Length: 4 } ? municipality[..2] : "", municipality, concept];
            places[key] = known = (Measurements.PlaceOf(values), LookedUp.PlaceOf(values));
        }

        return known;
    }

    private static int NumberOf<T>(Dictionary<T, int> numbers, T? of)
        where T : struct
    {
        if (of is not { } known)
        {
            return -1;
        }

        if (!numbers.TryGetValue(known, out var number))
        {
            numbers[known] = number = numbers.Count;
        }

        return number;
    }
}
