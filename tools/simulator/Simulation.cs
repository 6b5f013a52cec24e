namespace PasientensMaledata.Simulator;

/// <summary>
/// A population and all messages about it. Everything follows from the options: the same ones give the same bytes, on every machine. With other days, the
/// messages of the days in common are the same. It can be gone through any number of times, also at once.
/// </summary>
public sealed class Simulation
{
    private const string Final = "final";

    /// <param name="options">What is simulated.</param>
    public Simulation(SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Patients, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Days, 1);
        Options = options;
        var taken = new HashSet<string>(StringComparer.Ordinal);
        People = [.. Enumerable.Range(0, options.Patients).Select(i => new Person(options.Seed, i, taken))];
    }

    /// <summary>What is simulated.</summary>
    public SimulationOptions Options { get; }

    /// <summary>The population.</summary>
    public IReadOnlyList<Person> People { get; }

    /// <summary>All messages, in the order in which they are sent.</summary>
    public IEnumerable<SimulatedMessage> Messages()
    {
        var gateways = People.Select(p => new Gateway(p, this)).ToList();
        var waiting = new PriorityQueue<SimulatedMessage, (DateTimeOffset, long)>();
        var sequence = 0L;
        for (var day = 0; day < Options.Days; day++)
        {
            foreach (var gateway in gateways)
            {
                foreach (var message in gateway.Day(Options.Start.AddDays(day)))
                {
                    // Left out only here, so that the same day cut later begins with the same messages.
                    if (!(message.SentAt > Options.Until))
                    {
                        waiting.Enqueue(message, (message.SentAt, sequence++));
                    }
                }
            }

            // Whatever the next day brings is sent after its midnight, which in Norway is not before 22:00 UTC.
            var midnight = new DateTimeOffset(Options.Start.AddDays(day).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).AddHours(22);
            while (waiting.TryPeek(out var next, out _) && (day == Options.Days - 1 || next.SentAt < midnight))
            {
                yield return waiting.Dequeue();
            }
        }
    }

    /// <summary>
    /// Messages of another shape than gateways send: so many Observations each, without faults, as a load for measurements. They end when someone's days
    /// are used up.
    /// </summary>
    /// <param name="observations">Observations in a message.</param>
    /// <param name="mixed">Whether each Observation is of someone at random; else all of a message are of one person.</param>
    /// <param name="gateway">Of what kind of gateway, whatever the people's own.</param>
    public IEnumerable<SimulatedMessage> Load(int observations, bool mixed, GatewayKind gateway = GatewayKind.KomLink)
    {
        var random = new SeededRandom(Options.Seed, (long)Stream.Load);
        var stores = People.Select(p => new Queue<Outgoing>()).ToList();
        var lives = People.Select(p => (Life: new Life(p, Options.Seed), Ids: new SeededRandom(Options.Seed, (long)Stream.LoadIds, p.Index))).ToList();
        var days = new int[People.Count];
        for (var turn = 0; ; turn++)
        {
            var batch = new List<Outgoing>(observations);
            while (batch.Count < observations)
            {
                var who = mixed ? random.Below(People.Count) : turn % People.Count;
                while (stores[who].Count == 0)
                {
                    if (days[who] == Options.Days)
                    {
                        yield break;
                    }

                    foreach (var reading in lives[who].Life.Day(Options.Start.AddDays(days[who]++)).SelectMany(s => s.Readings))
                    {
                        stores[who].Enqueue(new(People[who], reading, lives[who].Ids.Uuid(), Final, null, Fault.None, null));
                    }
                }

                batch.Add(stores[who].Dequeue());
            }

            var person = batch[0].Person;
            var sentAt = batch.Max(o => o.Reading.At).AddMinutes(1);
            yield return new(
                person, sentAt, MessageWriter.Write(gateway, person.Home, random.Uuid(), sentAt, batch),
                [.. batch.Select(o => new SimulatedEntry($"{o.Id}", o.Reading.Concept.Slug, false, Fault.None))], false, false);
        }
    }

    /// <summary>One person's gateway: makes messages of what is measured, and mistakes.</summary>
    private sealed class Gateway(Person person, Simulation simulation)
    {
        private readonly Life life = new(person, simulation.Options.Seed);
        private readonly FaultRates faults = simulation.Options.Faults;
        private SeededRandom random = null!;
        private int unnamed;

        public IEnumerable<SimulatedMessage> Day(DateOnly date)
        {
            random = new(simulation.Options.Seed, (long)Stream.Gateway, person.Index, date.DayNumber);
            foreach (var session in life.Day(date))
            {
                var isLate = random.Chance(faults.Late);
                var sentAt = session.End.AddSeconds(isLate ? random.Between(6 * 3600, 10 * 24 * 3600) : random.Between(8, 180));
                var batch = session.Readings.Select(Prepare).ToList();
                var message = Write(batch, sentAt, isLate);
                yield return message;
                if (random.Chance(faults.Duplicates))
                {
                    yield return Repeat(message, batch);
                }

                foreach (var outgoing in batch)
                {
                    // A hub names nothing, so that nothing can be corrected.
                    if (random.Chance(faults.Corrections) && outgoing.Fault == Fault.None && person.Gateway != GatewayKind.Hub)
                    {
                        yield return Correct(outgoing);
                    }
                }
            }
        }

        private Outgoing Prepare(Reading reading)
        {
            var fault = Fault.None;
            DateTimeOffset? time = null;
            if (random.Chance(faults.ClockFaults))
            {
                fault = (Fault)random.Between((int)Fault.WrongYear, (int)Fault.Future);
                time = fault switch
                {
                    Fault.WrongYear => reading.At.AddYears(-1),
                    Fault.NeverSet => new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)).AddSeconds(random.Below(400_000)),
                    _ => reading.At.AddYears(random.Between(20, 60)),
                };
            }
            else if (random.Chance(faults.WrongUnits) && HasUnit(reading))
            {
                fault = Fault.WrongUnit;
            }

            return new(person, reading, random.Uuid(), Final, person.Gateway is GatewayKind.Platform or GatewayKind.Batch ? reading.At.AddSeconds(5) : null, fault, time);
        }

        private SimulatedMessage Repeat(SimulatedMessage message, List<Outgoing> batch)
        {
            var again = message.SentAt.AddSeconds(random.Between(20, 6 * 3600));

            // Either the very same bytes, as after a lost answer, or the same Observations gathered anew. Without ids only the former is the same.
            return person.Gateway == GatewayKind.Hub || random.Chance(0.5)
                ? message with { SentAt = again, IsRepeat = true }
                : message with { SentAt = again, IsRepeat = true, Body = MessageWriter.Write(person.Gateway, person.Home, random.Uuid(), again, batch) };
        }

        // Made soon after the measurement, so that it may arrive before what it corrects, where that is late.
        private SimulatedMessage Correct(Outgoing original)
        {
            var at = original.Reading.At.AddSeconds(random.Between(1800, 3 * 24 * 3600));
            var isMistake = random.Chance(0.25);
            var reading = isMistake || original.Reading.Value is not { } value
                ? original.Reading
                : original.Reading with { Value = value + (random.Chance(0.5) ? 1 : -1) };
            var corrected = original with { Reading = reading, Status = isMistake ? "entered-in-error" : random.Chance(0.3) ? "amended" : "corrected", Issued = at };
            return new(person, at, MessageWriter.Write(person.Gateway, person.Home, random.Uuid(), at, [corrected]), [Entry(corrected, isCorrection: true)], false, false);
        }

        private SimulatedMessage Write(List<Outgoing> batch, DateTimeOffset sentAt, bool isLate) =>
            new(person, sentAt, MessageWriter.Write(person.Gateway, person.Home, random.Uuid(), sentAt, batch), [.. batch.Select(o => Entry(o, isCorrection: false))], isLate, false);

        private SimulatedEntry Entry(Outgoing outgoing, bool isCorrection) =>
            new(person.Gateway == GatewayKind.Hub ? $"{person.Index}-{unnamed++}" : $"{outgoing.Id}", outgoing.Reading.Concept.Slug, isCorrection, outgoing.Fault);

        private static bool HasUnit(Reading reading) =>
            reading.Parts.Count > 0 ? !reading.Parts[0].Part.Units.IsEmpty : reading.Value is not null && !reading.Concept.Units.IsEmpty;
    }
}
