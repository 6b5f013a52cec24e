using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Concepts;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tests.Simulator;

public class SimulationTests
{
    private static readonly SimulationOptions Small = new(24, 10, 7, SimulationOptions.DefaultStart, null, FaultRates.Usual);

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        Assert.Equal(Hash(Small), Hash(Small));
        Assert.NotEqual(Hash(Small), Hash(Small with { Seed = 8 }));
    }

    [Fact]
    public void The_bytes_of_the_standard_seed_are_those_they_were() =>
        Assert.Equal("8f0d75fbb59aa9a5d05faf7826f2d72a2f3c7e14e823bcf541ea603439d500b3", Hash(new(4, 7, 1, SimulationOptions.DefaultStart, null, FaultRates.Usual)));

    [Fact]
    public void More_people_do_not_change_those_who_were_there()
    {
        var few = new Simulation(Small);
        var many = new Simulation(Small with { Patients = 50 });
        Assert.Equal(few.People.Select(p => (p.Number, p.Name, p.Home)), many.People.Take(24).Select(p => (p.Number, p.Name, p.Home)));
        Assert.Equal(Bodies(few, 3), Bodies(many, 3));

        static List<string> Bodies(Simulation simulation, int person) =>
            [.. simulation.Messages().Where(m => m.Person.Index == person).Select(m => Convert.ToHexString(SHA256.HashData(m.Body.Span)))];
    }

    [Fact]
    public void The_days_that_two_simulations_share_are_the_same()
    {
        var late = Bodies(Small with { Start = Small.Start.AddDays(4) });
        var early = Bodies(Small);
        var shared = early.Where(b => late.Min(l => l.At) <= b.At).ToHashSet();
        Assert.NotEmpty(shared);
        Assert.Superset(shared, late);
        Assert.Superset(late.Where(b => b.At <= early.Max(e => e.At)).ToHashSet(), early);

        static HashSet<(DateTimeOffset At, string Hash)> Bodies(SimulationOptions options) =>
            [.. new Simulation(options with { Faults = FaultRates.None }).Messages().Select(m => (m.SentAt, Convert.ToHexString(SHA256.HashData(m.Body.Span))))];
    }

    [Fact]
    public void Every_person_number_is_synthetic_and_valid_and_each_persons_own()
    {
        var people = new Simulation(Small with { Patients = 5000 }).People;
        Assert.Equal(5000, people.Select(p => p.Number).Distinct().Count());
        Assert.All(people, p =>
        {
            Assert.True(NationalId.TryParse(p.Number, "urn:oid:2.16.578.1.12.4.1.4.1", NationalIdPolicy.Synthetic, out var id, out var remark));
            Assert.Equal((NationalIdRemark.None, NationalIdKind.Fnr, true), (remark, id.Kind, id.IsSynthetic));
            Assert.InRange(int.Parse(p.Number[2..4]), 81, 92);
        });
    }

    [Fact]
    public void Every_organisation_number_is_valid_and_of_a_test_organisation()
    {
        var all = Region.Municipalities.Select(m => m.Care).Append(Region.Hospital).Append(Region.GeneralPractice).Append(Region.EmergencyRoom).ToList();
        Assert.All(all, o => Assert.True(OrganisationNumber.TryParse(o.Number, out _) && o.Number[0] == '3', o.Number));
        Assert.Equal(all.Count, all.Select(o => o.Number).Distinct().Count());
    }

    [Fact]
    public void Every_number_in_a_message_is_one_of_these()
    {
        foreach (var message in new Simulation(Small).Messages())
        {
            foreach (var observation in Observations(message))
            {
                Assert.Equal(message.Person.Number, (string?)observation["subject"]!["identifier"]!["value"]);
                foreach (var identifier in observation["performer"]!.AsArray().Select(p => p!["identifier"]!))
                {
                    var value = (string)identifier["value"]!;
                    Assert.True((string)identifier["system"]! == OrganisationNumber.Oid ? OrganisationNumber.TryParse(value, out _) && value[0] == '3' : value.StartsWith("5655", StringComparison.Ordinal), value);
                }
            }
        }
    }

    [Fact]
    public void Every_Concept_occurs_in_a_small_population()
    {
        var seen = new Simulation(Small).Messages().SelectMany(m => m.Entries).Select(e => e.Concept).ToHashSet();
        Assert.Equal(ConceptCatalog.All.Select(c => c.Slug).Order(), seen.Order());
    }

    [Fact]
    public void Every_kind_of_gateway_illness_and_fault_occurs()
    {
        var messages = new Simulation(Small with { Patients = 60, Days = 30 }).Messages().ToList();
        Assert.Equal(Enum.GetValues<GatewayKind>(), messages.Select(m => m.Person.Gateway).Distinct().Order());
        Assert.Equal(Enum.GetValues<Illness>(), messages.Select(m => m.Person.Illness).Distinct().Order());
        Assert.Equal(Enum.GetValues<Fault>(), messages.SelectMany(m => m.Entries).Select(e => e.Fault).Distinct().Order());
    }

    [Fact]
    public void Messages_come_in_the_order_of_sending_and_nothing_is_measured_after_it_is_sent()
    {
        var before = DateTimeOffset.MinValue;
        foreach (var message in new Simulation(Small).Messages())
        {
            Assert.True(message.SentAt >= before);
            before = message.SentAt;
            Assert.All(
                Observations(message).Zip(message.Entries).Where(p => p.Second.Fault is not Fault.Future),
                p => Assert.True(DateTimeOffset.Parse((string)p.First["effectiveDateTime"]!) < message.SentAt));
        }
    }

    [Fact]
    public void Nothing_lies_after_the_end_that_was_asked_for()
    {
        var until = new DateTimeOffset(2026, 3, 29, 11, 0, 0, TimeSpan.Zero);
        var options = SimulationOptions.UpTo(until, 12, 10, 7);
        var messages = new Simulation(options).Messages().ToList();
        Assert.All(messages, m => Assert.True(m.SentAt <= until));

        // The clocks went forward that morning; the last day is the one asked for.
        Assert.Contains(messages, m => m.SentAt > until.AddHours(-6) && m.SentAt.Offset == TimeSpan.FromHours(2));
        Assert.Equal(new DateOnly(2026, 3, 20), options.Start);
    }

    [Theory]
    [InlineData(0.02, 0.05, 0.01, 0.005, 0.005)]
    [InlineData(0.3, 0.2, 0.1, 0.08, 0.06)]
    [InlineData(0, 0, 0, 0, 0)]
    public void Faults_come_about_as_often_as_asked_for(double duplicates, double late, double corrections, double clock, double units)
    {
        var messages = new Simulation(Small with { Patients = 200, Days = 40, Faults = new(duplicates, late, corrections, clock, units) }).Messages().ToList();
        var first = messages.Where(m => !m.IsRepeat && !m.Entries[0].IsCorrection).ToList();
        var entries = first.SelectMany(m => m.Entries).ToList();
        Near(duplicates, messages.Count(m => m.IsRepeat), first.Count);
        Near(late, first.Count(m => m.IsLate), first.Count);
        var correctable = first.Where(m => m.Person.Gateway != GatewayKind.Hub).SelectMany(m => m.Entries).Count(e => e.Fault == Fault.None);
        Near(corrections, messages.Count(m => m.Entries[0].IsCorrection), correctable);
        Near(clock, entries.Count(e => e.Fault is Fault.WrongYear or Fault.NeverSet or Fault.Future), entries.Count);

        // Scores have no unit that could be wrong.
        var measured = entries.Count(e => e.Concept is not ("cfs" or "news2" or "consciousness" or "questionnaire"));
        Near(units * (1 - clock), entries.Count(e => e.Fault == Fault.WrongUnit), measured);

        static void Near(double wanted, int found, int of)
        {
            Assert.True(of > 5000);
            Assert.InRange(found, (wanted * of * 0.8) - 10, (wanted * of * 1.2) + 10);
        }
    }

    [Fact]
    public void A_load_has_the_shape_asked_for_and_names_nothing_twice()
    {
        var simulation = new Simulation(new(20, 400, 3, SimulationOptions.DefaultStart, null, FaultRates.None));
        var own = simulation.Load(100, mixed: false).Take(20).ToList();
        Assert.All(own, m => Assert.Single(Observations(m).Select(o => (string?)o["subject"]!["identifier"]!["value"]).Distinct()));
        var mixed = simulation.Load(100, mixed: true).Take(20).ToList();
        Assert.All(mixed, m => Assert.InRange(Observations(m).Select(o => (string?)o["subject"]!["identifier"]!["value"]).Distinct().Count(), 15, 20));
        Assert.All([own, mixed], load => Assert.Equal(2000, load.SelectMany(m => m.Entries).Select(e => e.Key).Distinct().Count()));
    }

    internal static IEnumerable<JsonNode> Observations(SimulatedMessage message) =>
        JsonNode.Parse(message.Body.Span)!["entry"]!.AsArray().Select(e => e!["resource"]!);

    private static string Hash(SimulationOptions options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var message in new Simulation(options).Messages())
        {
            hash.AppendData(message.Body.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
