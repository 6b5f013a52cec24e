using System.Buffers.Binary;
using System.Globalization;
using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Simulator;

/// <summary>
/// The access log as a service would have written it of a simulation: what its people measure is sent, and health personnel of their municipalities, general
/// practices and hospital look it up, each with habits of their own. Everything follows from the options. A day is made from the days before it.
/// </summary>
public sealed class UsageLog
{
    private const int Remembered = 24;
    private static readonly string[] Vendors = ["", "A", "B"];
    private static readonly (string Kind, string Profession, string Service)[] Jobs = [("gp", "LE", "KX17"), ("municipal", "SP", "KH01"), ("municipal", "HF", "KH01"), ("specialist", "LE", "S03"), ("specialist", "SP", "S03")];

    private readonly Simulation simulation;
    private readonly long seed;
    private readonly List<Worker> workers = [];
    private readonly ILookup<string, int> byHome;

    /// <param name="simulation">The people.</param>
    /// <param name="practitioners">How many health personnel look.</param>
    public UsageLog(Simulation simulation, int practitioners)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        this.simulation = simulation;
        seed = simulation.Options.Seed;
        byHome = simulation.People.ToLookup(p => p.Home.Number, p => p.Index);
        Practices = [.. Region.Municipalities.SelectMany((m, i) => Enumerable.Range(0, Math.Max(1, m.Share / 60)).Select(n => (m, new Organisation(
            $"{m.Name} legesenter {n + 1}", SyntheticNumbers.Organisation((8000 + (i * 50) + n).ToString(CultureInfo.InvariantCulture))))))];
        for (var i = 0; i < practitioners; i++)
        {
            workers.Add(new(i, seed, simulation.People, Practices));
        }
    }

    /// <summary>General practices, each in its municipality.</summary>
    public IReadOnlyList<(Municipality Municipality, Organisation Practice)> Practices { get; }

    /// <summary>HPR numbers and names of the personnel: they stand in the log, and nowhere in statistics.</summary>
    public IEnumerable<(string Hpr, string Name)> Personnel => workers.Select(w => (w.Practitioner.Hpr, w.Practitioner.Name));

    /// <summary>The PatientKey of a person.</summary>
    public PatientKey KeyOf(int person)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        var random = new SeededRandom(seed, (long)Stream.UsageKey, person);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, random.Next());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], random.Next());
        return PatientKey.Read(bytes);
    }

    /// <summary>All events of the simulation's days, in order of time, without the changes of participants.</summary>
    public IEnumerable<AccessEvent> Events()
    {
        var lives = simulation.People.Select(p => new Life(p, seed)).ToList();
        var keys = simulation.People.Select(p => KeyOf(p.Index)).ToList();
        var latest = simulation.People.Select(_ => new Queue<(string Identity, string Concept)>(Remembered)).ToList();
        var late = new List<AccessEvent>();
        for (var day = 0; day < simulation.Options.Days; day++)
        {
            var date = simulation.Options.Start.AddDays(day);
            var midnight = date.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
            var events = late.Where(e => e.Time < midnight).ToList();
            late.RemoveAll(e => e.Time < midnight);
            foreach (var person in simulation.People)
            {
                var random = new SeededRandom(seed, (long)Stream.UsageDay, person.Index, date.DayNumber);
                foreach (var session in lives[person.Index].Day(date))
                {
                    var logged = Submission(person, keys[person.Index], session, random);
                    (logged.Time < midnight ? events : late).Add(logged);
                }
            }

            foreach (var worker in workers)
            {
                var random = new SeededRandom(seed, (long)Stream.UsageWork, worker.Index, date.DayNumber);
                for (var look = worker.LooksOn(date, random); look > 0; look--)
                {
                    events.Add(LookUp(worker, date, keys, random));
                }
            }

            events.Sort((a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Id.CompareTo(b.Id));
            foreach (var logged in events)
            {
                yield return Fill(logged, latest);
            }
        }
    }

    // What a look-up gives follows from what was sent before it, so it is known only in the order of time.
    private static AccessEvent Fill(AccessEvent logged, List<Queue<(string Identity, string Concept)>> latest)
    {
        var person = int.Parse(logged.CorrelationId.AsSpan(0, logged.CorrelationId.IndexOf('-', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
        if (logged.Submission is { } submission)
        {
            foreach (var entry in submission.Entries.Where(e => e.Outcome == "created"))
            {
                if (latest[person].Count == Remembered)
                {
                    latest[person].Dequeue();
                }

                latest[person].Enqueue((entry.Identity, entry.Concept));
            }

            return logged;
        }

        if (logged.LookUp is not { } lookUp)
        {
            return logged;
        }

        var given = latest[person].Where(m => lookUp.Concepts.Count == 0 || lookUp.Concepts.Contains(m.Concept)).ToList();
        return logged with
        {
            LookUp = lookUp with { Returned = [.. given.Select(m => m.Identity)], ReturnedConcepts = [.. given.Select(m => m.Concept).Distinct(StringComparer.Ordinal)] },
        };
    }

    private static AccessEvent Submission(Person person, PatientKey key, Session session, SeededRandom random)
    {
        var delay = random.Chance(0.05) ? random.Between(7200, 5 * 24 * 3600) : random.Between(8, 600);
        var time = Milliseconds(session.End.UtcDateTime.AddSeconds(delay));
        var word = delay switch { <= 60 => "1m", <= 900 => "15m", <= 3600 => "1h", <= 21600 => "6h", <= 86400 => "24h", _ => "7d" };
        var vendor = Vendors[(int)person.Gateway % Vendors.Length];
        return new()
        {
            Id = random.Uuid(),
            CorrelationId = $"{person.Index}-{random.Next():x}",
            Time = time,
            Action = AccessAction.Submit,
            Outcome = AccessOutcome.Permitted,
            Patient = key,
            Client = new($"gateway-{person.Gateway}", $"{person.Gateway}", person.Home.Care.Number, vendor.Length == 0 ? "" : SyntheticNumbers.Organisation(vendor == "A" ? "9101" : "9102"), $"{person.Gateway}/2.{person.Index % 3}"),
            Submission = new(random.Uuid().ToString("n"), new SenderId($"sender-{(int)person.Gateway}"), person.Gateway == GatewayKind.Hub ? "stream" : "http", [.. session.Readings.Select(Entry)]),
        };

        LoggedEntry Entry(Reading reading)
        {
            // Hubs send what is refused more often than others do.
            var refused = random.Chance(person.Gateway == GatewayKind.Hub ? 0.03 : 0.004);
            var outcome = refused ? "refused" : random.Chance(0.02) ? "known" : "created";
            return new($"{random.Next():x16}", outcome, refused ? random.Pick(["required", "value", "code-invalid"]) : "", reading.Concept.Slug, person.FollowedBy.Number, person.Home.Number, word);
        }
    }

    private AccessEvent LookUp(Worker worker, DateOnly date, List<PatientKey> keys, SeededRandom random)
    {
        var patients = worker.Home is { } home ? byHome[home] : null;
        var person = patients is null ? random.Below(keys.Count) : patients.ElementAt(random.Below(patients.Count()));
        var refused = random.Chance(0.01);
        var opened = !refused && random.Chance(0.004);
        return new()
        {
            Id = random.Uuid(),
            CorrelationId = $"{person}-{random.Next():x}",
            Time = Milliseconds(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).AddHours(6).AddSeconds(random.Below(11 * 3600))),
            Action = random.Pick([AccessAction.Search, AccessAction.Search, AccessAction.Last, AccessAction.Read, AccessAction.Page]),
            Outcome = refused ? AccessOutcome.Refused : AccessOutcome.Permitted,
            Reason = refused ? random.Pick(["suppressed", "no-agreement", "attest"]) : "",
            Patient = keys[person],
            Client = new("ehr", "Journal", worker.Employer.Number, "", worker.Index % 2 == 0 ? "Journal 12.4" : "Legekontor/3.1"),
            Practitioner = worker.Practitioner,
            Attest = new(new(worker.Employer.Number, OrganisationNumber.Oid, worker.Employer.Name), null, null, new(worker.Job.Service, "", ""), new(opened ? "BTG" : random.Chance(0.9) ? "TREAT" : "COC", "", ""), null, "", null, opened ? "AKUTT" : ""),
            LookUp = refused ? null : new(random.Chance(0.3) ? ["bloodpressure"] : [], null, null, [], [], random.Chance(0.02) ? random.Between(1, 4) : 0, opened),
        };
    }

    private static DateTime Milliseconds(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);

    private sealed class Worker
    {
        private readonly int pace;

        public Worker(int index, long seed, IReadOnlyList<Person> people, IReadOnlyList<(Municipality Municipality, Organisation Practice)> practices)
        {
            var random = new SeededRandom(seed, (long)Stream.UsageWorker, index);
            Index = index;
            Job = Jobs[index % Jobs.Length];
            var place = random.Pick(people).Home;
            (Employer, Home) = Job.Kind switch
            {
                "specialist" => (Region.Hospital, (string?)null),
                "municipal" => (place.Care, place.Number),
                _ => (random.Pick(practices.Where(p => p.Municipality == place).ToList()).Practice, place.Number),
            };
            pace = random.Between(1, 9);
            var key = PractitionerKey.TryParse(random.Uuid().ToString("n"), out var parsed) ? parsed : default;
            Practitioner = new($"Behandler Nummer{index}", SyntheticNumbers.HealthPersonnel(index), key, Job.Profession);
        }

        public int Index { get; }

        public (string Kind, string Profession, string Service) Job { get; }

        public Organisation Employer { get; }

        /// <summary>Municipality whose patients they have; null where they have all.</summary>
        public string? Home { get; }

        public LoggedPractitioner Practitioner { get; }

        // Few work at weekends.
        public int LooksOn(DateOnly date, SeededRandom random) =>
            date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? (random.Chance(0.2) ? random.Between(1, 3) : 0) : random.Between(0, 2 * pace);
    }
}
