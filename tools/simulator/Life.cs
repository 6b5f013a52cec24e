using NodaTime;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Simulator;

/// <summary>
/// How a person fares from day to day, and what is measured: habits, the rhythm of the day, a slow trend, and deteriorations that come and pass.
/// A day follows from the seed and its date alone, so that two simulations whose days overlap agree on them.
/// </summary>
internal sealed class Life
{
    private static readonly DateTimeZone Norway = DateTimeZoneProviders.Tzdb["Europe/Oslo"];
    private static readonly Concept HeartRateConcept = Find("heartrate");
    private static readonly Concept PressureConcept = Find("bloodpressure");
    private static readonly Concept SaturationConcept = Find("spo2");
    private static readonly Concept TemperatureConcept = Find("bodytemp");
    private static readonly Concept WeightConcept = Find("bodyweight");
    private static readonly Concept RespirationConcept = Find("resprate");
    private static readonly Concept ConsciousnessConcept = Find("consciousness");
    private static readonly Concept News2Concept = Find("news2");
    private static readonly Concept FrailtyConcept = Find("cfs");
    private static readonly Concept GlucoseConcept = Find("glucose");
    private static readonly Concept QuestionnaireConcept = Find("questionnaire");
    private static readonly CodingKey Alert = new(ConceptCatalog.Snomed, "248234008");
    private static readonly CodingKey Confused = new(ConceptCatalog.Snomed, "130987000");

    private const int IllnessEvery = 60;
    private const int VisitEvery = 3;

    private readonly Person person;
    private readonly long seed;
    private readonly double pulse, systolic, saturation, weight, respiration, glucose, trend, trendPhase;
    private readonly int morning, evening, visitDay, frailty, frailtyVisit;
    private readonly bool measuresTwice;

    /// <param name="person">Whose.</param>
    /// <param name="seed">The simulation's seed.</param>
    public Life(Person person, long seed)
    {
        (this.person, this.seed) = (person, seed);
        var random = new SeededRandom(seed, (long)Stream.Life, person.Index);
        pulse = random.Between(62.0, person.Has(Illness.Copd) ? 90 : 80);
        systolic = random.Between(112.0, person.Has(Illness.HeartFailure) ? 132 : 152);
        saturation = person.Has(Illness.Copd) ? random.Between(89.0, 94.5) : random.Between(95.0, 98.5);
        weight = random.Between(person.IsWoman ? 48.0 : 60.0, person.Has(Illness.Diabetes) ? 118 : 96);
        respiration = random.Between(13.0, person.Has(Illness.Copd) ? 21 : 17);
        glucose = person.Has(Illness.Diabetes) ? random.Between(6.5, 10.5) : 5.4;
        trend = random.Between(0.5, 3.0);
        trendPhase = random.Unit();
        morning = random.Between(6 * 60 + 40, 9 * 60 + 30);
        evening = random.Between(18 * 60, 21 * 60);
        visitDay = random.Below(VisitEvery);
        frailtyVisit = random.Below(8);
        frailty = person.Illness == Illness.Frailty ? random.Between(4, 8) : random.Between(2, 4);
        measuresTwice = random.Chance(0.35);
    }

    /// <summary>What is measured on a day, sitting by sitting.</summary>
    public IReadOnlyList<Session> Day(DateOnly date)
    {
        var day = new Today(date, new SeededRandom(seed, (long)Stream.Day, person.Index, date.DayNumber), Burden(date.DayNumber), []);
        var isSunday = date.DayOfWeek == DayOfWeek.Sunday;
        if (!Forgets(day))
        {
            Add(day, morning, Morning(isSunday, day.Burden));
        }

        if (person.Has(Illness.Diabetes))
        {
            foreach (var meal in (ReadOnlySpan<int>)[11 * 60 + 45, 17 * 60 + 10])
            {
                if (!Forgets(day))
                {
                    Add(day, meal + day.Random.Below(50), [GlucoseConcept]);
                }
            }
        }

        if (person.Illness == Illness.Frailty && date.DayNumber % VisitEvery == visitDay)
        {
            List<Concept> visit = [RespirationConcept, SaturationConcept, PressureConcept, HeartRateConcept, ConsciousnessConcept, TemperatureConcept, News2Concept];
            if (date.DayNumber / VisitEvery % 8 == frailtyVisit)
            {
                visit.Add(FrailtyConcept);
            }

            Add(day, 13 * 60 + day.Random.Below(120), visit);
        }

        if ((measuresTwice || day.Burden > 0.3) && !Forgets(day))
        {
            Add(day, evening, Evening());
        }

        return day.Sessions;
    }

    private static bool Forgets(Today day) => day.Random.Chance(0.07);

    // How bad it is, 0 to 1. A deterioration comes in most spells of two months, and lasts one to two weeks: worse to the middle, then better.
    private double Burden(int dayNumber)
    {
        var spell = dayNumber / IllnessEvery;
        return Math.Max(Of(spell), Of(spell - 1));

        double Of(int which)
        {
            var random = new SeededRandom(seed, (long)Stream.Illness, person.Index, which);
            var comes = random.Chance(0.7);
            var first = (which * IllnessEvery) + random.Below(IllnessEvery);
            var lasts = random.Between(6, 14);
            return comes && dayNumber >= first && dayNumber < first + lasts ? Wave((dayNumber - first + 0.5) / lasts) : 0;
        }
    }

    private List<Concept> Morning(bool isSunday, double burden)
    {
        var wanted = new List<Concept>();
        if (person.Has(Illness.HeartFailure) || (isSunday && person.Has(Illness.Diabetes)))
        {
            wanted.AddRange([WeightConcept, PressureConcept]);
        }

        if (person.Has(Illness.Copd))
        {
            wanted.Add(SaturationConcept);
            if (burden > 0.3 || isSunday)
            {
                wanted.AddRange([RespirationConcept, TemperatureConcept]);
            }
        }

        if (person.Has(Illness.Copd) || person.Has(Illness.HeartFailure))
        {
            wanted.Add(HeartRateConcept);
        }

        if (person.Has(Illness.Diabetes))
        {
            wanted.Add(GlucoseConcept);
        }

        if (isSunday)
        {
            wanted.Add(QuestionnaireConcept);
        }

        return wanted;
    }

    private List<Concept> Evening() => person.Illness switch
    {
        Illness.Copd => [SaturationConcept, HeartRateConcept],
        Illness.HeartFailure => [PressureConcept, HeartRateConcept],
        Illness.Diabetes => [GlucoseConcept],
        _ => [TemperatureConcept],
    };

    private void Add(Today day, int minute, List<Concept> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        var at = day.Date.ToDateTime(TimeOnly.MinValue).AddMinutes(Math.Clamp(minute + (day.Random.Normal() * 12), 5, 1425));
        at = at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));
        var now = State(day, at.Hour + (at.Minute / 60.0));
        var readings = new List<Reading>(wanted.Count);
        foreach (var concept in wanted)
        {
            readings.Add(Measure(concept, InNorway(at), now));
            at = at.AddSeconds(day.Random.Between(25, 150));
        }

        day.Sessions.Add(new(readings));
    }

    // One sitting's state, as the devices see it.
    private Body State(Today day, double hour)
    {
        var (random, burden) = (day.Random, day.Burden);

        // Lowest at four in the night, highest in the afternoon.
        var rhythm = (2 * Wave(((hour + 20) % 24) / 24)) - 1;
        var drift = trend * ((2 * Wave(((day.Date.DayNumber / 200.0) + trendPhase) % 1)) - 1);
        return new(
            Pulse: pulse + (5 * rhythm) + (24 * burden) + (random.Normal() * 2.5),
            Systolic: systolic + (6 * rhythm) + (person.Has(Illness.HeartFailure) ? -14 * burden : 8 * burden) + (random.Normal() * 4),
            Saturation: Math.Min(100, saturation + (0.6 * rhythm) - (person.Has(Illness.Copd) ? 7 * burden : 2.5 * burden) + (random.Normal() * 0.5)),
            Temperature: 36.6 + (0.35 * rhythm) + (person.Has(Illness.HeartFailure) ? 0.1 : 1.9 * burden) + (random.Normal() * 0.1),
            Weight: weight + drift + (0.4 * rhythm) + (person.Has(Illness.HeartFailure) ? 3.2 * burden : -0.8 * burden) + (random.Normal() * 0.15),
            Respiration: respiration + (0.8 * rhythm) + (9 * burden) + (random.Normal() * 0.6),
            Glucose: Math.Max(2.8, glucose + (1.6 * rhythm) + (4 * burden) + (random.Normal() * 1.3)),
            IsAlert: !(burden > 0.8 && random.Chance(0.3)),
            Questionnaire: Math.Clamp(9 + (24 * burden) + (random.Normal() * 2), 0, 40));
    }

    private Reading Measure(Concept concept, DateTimeOffset at, Body now)
    {
        return concept.Slug switch
        {
            "heartrate" => Quantity(Round(now.Pulse, 0), person.Has(Illness.HeartFailure) ? "BP" : "OX"),
            "spo2" => Quantity(Round(now.Saturation, 0), "OX"),
            "bodytemp" => Quantity(Round(now.Temperature, 1), "TH"),
            "bodyweight" => Quantity(Round(now.Weight, 1), "SC"),
            "resprate" => Quantity(Round(now.Respiration, 0), "RB"),
            "glucose" => Quantity(Round(now.Glucose, 1), "GL"),
            "bloodpressure" => new(concept, at, null, [new(concept.Parts[0], Round(now.Systolic, 0)), new(concept.Parts[1], Round((now.Systolic * 0.48) + 16, 0))], null, person.Device("BP")),
            "consciousness" => new(concept, at, null, [], now.IsAlert ? Alert : Confused, null),
            "cfs" => new(concept, at, frailty, [], null, null),
            "questionnaire" => new(concept, at, Round(now.Questionnaire, 0), [], null, null),
            _ => Score(),
        };

        Reading Quantity(decimal value, string device) => new(concept, at, value, [], null, person.Device(device));

        Reading Score()
        {
            var scores = News2.Scores(Round(now.Respiration, 0), Round(now.Saturation, 0), Round(now.Systolic, 0), Round(now.Pulse, 0), now.IsAlert, Round(now.Temperature, 1));
            return new(concept, at, scores.Sum(), [.. scores.Select((score, i) => new PartReading(concept.Parts[i], score))], null, null);
        }
    }

    // Half a period of something like a sine, from 0 over 1 back to 0, by exact arithmetic.
    private static double Wave(double x) => 4 * x * (1 - x);

    private static decimal Round(double value, int decimals) => Math.Round((decimal)value, decimals, MidpointRounding.AwayFromZero);

    private static DateTimeOffset InNorway(DateTime local) => LocalDateTime.FromDateTime(local).InZoneLeniently(Norway).ToDateTimeOffset();

    /// <summary>The same moment with Norway's offset.</summary>
    internal static DateTimeOffset InNorway(DateTimeOffset time) => Instant.FromDateTimeOffset(time).InZone(Norway).ToDateTimeOffset();

    private static Concept Find(string slug) => ConceptCatalog.Find(slug) ?? throw new InvalidOperationException($"The catalogue has no {slug}.");

    private readonly record struct Body(double Pulse, double Systolic, double Saturation, double Temperature, double Weight, double Respiration, double Glucose, bool IsAlert, double Questionnaire);

    private sealed record Today(DateOnly Date, SeededRandom Random, double Burden, List<Session> Sessions);
}
