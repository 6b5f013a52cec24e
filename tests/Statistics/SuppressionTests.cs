using CsCheck;
using Google.OrTools.LinearSolver;
using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Simulator;
using PasientensMaledata.Statistics;

namespace PasientensMaledata.Tests.Statistics;

/// <summary>
/// An attacker who has all open files of a month, knows which values there are, which organisation lies where, and which organisations are active at all, and
/// reckons with a solver over whole numbers. It must find no count from 1 to 4: for each count that truly is one, there must be a world with the same
/// files in which it is 0, or at least 5.
/// </summary>
public class SuppressionTests
{
    private static readonly MonthTime Time = new(new(2026, 2, 1));

    public static TheoryData<int> Populations => [.. Enumerable.Range(1, 6)];

    [Theory]
    [MemberData(nameof(Populations))]
    public void No_count_from_1_to_4_can_be_found_by_a_solver_in_a_small_population(int seed)
    {
        var month = Population(seed);
        var found = new List<string>();
        var tables = OpenExport.Decide(Time, month).ToDictionary(t => t.Table.Shape.Name);
        found.AddRange(Attack.On([tables["measurements"], tables["looked-up"]], Time));
        found.AddRange(Attack.OnPartOf(tables["opened"], tables["look-ups"], Time));
        found.AddRange(Attack.On([tables["refusals"]], Time));
        found.AddRange(Attack.On([tables["refused-entries"]], Time));
        Assert.Empty(found);
        Assert.Contains(tables.Values, t => OpenTables.Rows(t.Table, t.Trees, Time, TimeLevel.Month).Any());
    }

    [Fact]
    public void The_attack_finds_what_suppression_of_small_counts_alone_would_give_away()
    {
        // 30 look-ups of one organisation and 2 of another: from the total and the first the second follows.
        var month = TwoOrganisations(30, 2);
        var table = OpenExport.Decide(Time, month).First(t => t.Table.Shape.Name == "look-ups");
        Assert.Empty(Attack.On([table], Time));
        foreach (var (cells, _) in table.Trees.SelectMany(t => OpenTables.Walk(t.Root)))
        {
            cells.Level = cells.IsSafe(TimeLevel.Month, 0) ? TimeLevel.Month : TimeLevel.Never;
        }

        Assert.NotEmpty(Attack.On([table], Time));
    }

    private static OpenMonth TwoOrganisations(int first, int second)
    {
        var random = new SeededRandom(5);
        string[] entities = [Organisation(random), Organisation(random)];
        var month = new OpenMonth(Time, _ => false);
        month.Change(new(entities.ToDictionary(e => e, _ => new Affiliation("", "gp", "west", "north", "", DateOnly.MinValue, null)), new Dictionary<string, string>()), DateTime.MinValue);
        for (var i = 0; i < first + second; i++)
        {
            month.Add(new()
            {
                Id = Guid.Empty,
                CorrelationId = "",
                Time = Time.First.AddDays(i % 20).ToDateTime(new TimeOnly(9, 0), DateTimeKind.Utc),
                Action = AccessAction.Search,
                Outcome = AccessOutcome.Permitted,
                Patient = PatientKey.Read([.. Enumerable.Repeat((byte)(i + 1), 16)]),
                Client = new("", "", entities[i < first ? 0 : 1], "", ""),
                Practitioner = new("", "", Practitioner(random), "LE"),
                LookUp = new([], null, null, [], [], 0, false),
            });
        }

        month.End();
        return month;
    }

    [Fact]
    public void Every_told_count_is_0_or_at_least_5() => Gen.Int[1, 100_000].Sample(
        seed =>
        {
            foreach (var (table, trees) in OpenExport.Decide(Time, Population(seed)))
            {
                foreach (var level in (TimeLevel[])[TimeLevel.Day, TimeLevel.Week, TimeLevel.Month])
                {
                    foreach (var row in OpenTables.Rows(table, trees, Time, level))
                    {
                        Assert.All(row.Events.Concat(row.People ?? []), c => Assert.True(Suppression.MayBeTold(c)));
                    }
                }
            }
        },
        iter: 30);

    [Fact]
    public void A_large_population_is_told_by_day()
    {
        var start = new DateOnly(2026, 2, 1);
        var (_, events) = StatisticsWorld.Simulate(2_000, 400, start, 28);
        var month = new OpenMonth(Time, _ => false);
        month.Change(StatisticsWorld.Participants("enrolled"), DateTime.MinValue);
        events.ForEach(month.Add);
        month.End();
        var (table, trees) = OpenExport.Decide(Time, month).First(t => t.Table.Shape.Name == "measurements");
        Assert.Equal(28, OpenTables.Rows(table, trees, Time, TimeLevel.Day).Count(r => r.Dimension.Length == 0));
        Assert.True(OpenTables.Rows(table, trees, Time, TimeLevel.Month).Count(r => r.Dimension == "municipality") >= 5);
    }

    // Few organisations, few people, few events: so that much is small.
    private static OpenMonth Population(int seed)
    {
        var random = new SeededRandom(seed);
        string[] municipalities = ["4601", "4602", "4203"];
        var entities = new List<(string Number, Affiliation Of)>();
        foreach (var municipality in municipalities)
        {
            var community = random.Pick(["north", "south"]);
            entities.Add((Organisation(random), new("", "municipal", "west", community, municipality, DateOnly.MinValue, null)));
            for (var practice = random.Below(3); practice > 0; practice--)
            {
                entities.Add((Organisation(random), new("", "gp", "west", community, municipality, DateOnly.MinValue, null)));
            }
        }

        entities.Add((Organisation(random), new("", "specialist", "west", random.Pick(["north", "south"]), "", DateOnly.MinValue, null)));
        var participants = new Affiliations(entities.DistinctBy(e => e.Number).ToDictionary(e => e.Number, e => e.Of), new Dictionary<string, string>());
        var month = new OpenMonth(Time, _ => false);
        month.Change(participants, DateTime.MinValue);
        var patients = Enumerable.Range(0, random.Between(6, 40)).Select(i => (Key: PatientKey.Read([.. Enumerable.Repeat((byte)(i + 1), 16)]), Home: random.Pick(municipalities))).ToList();
        var workers = Enumerable.Range(0, random.Between(6, 30)).Select(i => (Key: Practitioner(random), Of: random.Pick(entities).Number, Profession: random.Pick(["LE", "LE", "SP", "HF"]))).ToList();
        var given = new List<(string Identity, PatientKey Of)>();
        var pace = random.Between(0.02, 0.6);
        var bursts = random.Chance(0.5);
        for (var day = 0; day < Time.Days; day++)
        {
            // Some populations are active on few days alone.
            if (bursts && random.Chance(0.7))
            {
                continue;
            }

            var at = Time.First.AddDays(day).ToDateTime(new TimeOnly(8, 0), DateTimeKind.Utc);
            foreach (var patient in patients.Where(_ => random.Chance(pace)))
            {
                var controller = random.Chance(0.3) ? entities[^1].Number : entities.First(e => e.Of.Municipality == patient.Home).Number;
                var entries = Enumerable.Range(0, random.Between(1, 3)).Select(_ => new LoggedEntry($"{random.Next():x16}", random.Chance(0.1) ? "refused" : "created", "", random.Pick(["heartrate", "spo2", "bodyweight"]), controller, patient.Home, "15m")).ToList();
                given.AddRange(entries.Where(e => e.Outcome == "created").Select(e => (e.Identity, patient.Key)));
                month.Add(new() { Id = Guid.Empty, CorrelationId = "", Time = at, Action = AccessAction.Submit, Outcome = AccessOutcome.Permitted, Patient = patient.Key, Submission = new("", SenderId.Development, "http", entries) });
            }

            foreach (var worker in workers.Where(_ => random.Chance(pace * 0.7)))
            {
                var patient = random.Pick(patients).Key;
                var refused = random.Chance(0.15);
                month.Add(new()
                {
                    Id = Guid.Empty,
                    CorrelationId = "",
                    Time = at.AddHours(random.Between(1, 9)),
                    Action = AccessAction.Search,
                    Outcome = refused ? AccessOutcome.Refused : AccessOutcome.Permitted,
                    Patient = patient,
                    Client = new("", "", worker.Of, "", ""),
                    Practitioner = new("", "", worker.Key, worker.Profession),
                    LookUp = refused ? null : new([], null, null, [.. given.Where(g => g.Of == patient).Select(g => g.Identity)], [], 0, random.Chance(0.3)),
                });
            }
        }

        month.End();
        return month;
    }

    private static PractitionerKey Practitioner(SeededRandom random) => PractitionerKey.TryParse(random.Uuid().ToString("n"), out var key) ? key : throw new InvalidOperationException();

    private static string Organisation(SeededRandom random)
    {
        while (true)
        {
            var number = $"{random.Between(300_000_000, 399_999_999)}";
            if (OrganisationNumber.TryParse(number, out _))
            {
                return number;
            }
        }
    }

    /// <summary>What the attacker does.</summary>
    private sealed class Attack
    {
        private readonly Solver model = Solver.CreateSolver("SCIP");
        private readonly MonthTime time;
        private readonly List<(string Name, Variable Count)> small = [];

        private Attack(MonthTime time) => this.time = time;

        public static List<string> On(IReadOnlyList<(OpenTable Table, IReadOnlyList<CountedTree> Trees)> tables, MonthTime time)
        {
            var attack = new Attack(time);
            var first = tables[0];
            var counts = first.Trees.Select(t => attack.Describe(first.Table, t, first.Table.Shape.Name, first.Trees[0].Root)).ToList();
            attack.TieTotals(counts);
            foreach (var (table, trees) in tables.Skip(1))
            {
                attack.TieParts(trees.Select((t, i) => (attack.Describe(table, t, table.Shape.Name, trees[0].Root), counts[i])).ToList());
            }

            return attack.Found();
        }

        /// <summary>Where the one counts some of the other's events: look-ups by which something was opened are look-ups.</summary>
        public static List<string> OnPartOf((OpenTable Table, IReadOnlyList<CountedTree> Trees) part, (OpenTable Table, IReadOnlyList<CountedTree> Trees) whole, MonthTime time)
        {
            var attack = new Attack(time);
            var counts = whole.Trees.Select(t => attack.Describe(whole.Table, t, whole.Table.Shape.Name, whole.Trees[0].Root)).ToList();
            attack.TieTotals(counts);
            var parts = attack.Describe(part.Table, part.Trees[0], part.Table.Shape.Name, part.Trees[0].Root);
            foreach (var (path, some) in parts)
            {
                // A part lies at region and role; the whole has health community and legal entity besides.
                var all = counts[0].Where(c => path.Split('/') is var at && (at.Length < 3
                    ? c.Key == path
                    : c.Key.Split('/') is [_, var region, _, var role] && region == at[1] && role == at[2])).Select(c => c.Value).ToList();
                for (var day = 0; day < time.Days; day++)
                {
                    attack.model.Add(some[day, 0] <= Sum(all.Select(a => a[day, 0])));
                }
            }

            return attack.Found();
        }

        // Variables for every count of a tree by day, and by kind of people; what is told is known.
        private Dictionary<string, Variable[,]> Describe(OpenTable table, CountedTree tree, string name, Cells total)
        {
            var days = new Dictionary<string, Variable[,]>();
            Below(tree.Root, "");
            return days;

            (Variable[,] Days, Variable[][][] People) Below(Cells cells, string path)
            {
                var mine = new Variable[time.Days, cells.Measures];
                for (var day = 0; day < time.Days; day++)
                {
                    for (var measure = 0; measure < cells.Measures; measure++)
                    {
                        mine[day, measure] = model.MakeIntVar(0, 10_000, "");
                    }
                }

                days[path] = mine;
                var people = new Variable[3][][];
                for (var level = TimeLevel.Day; level < TimeLevel.Never; level++)
                {
                    people[(int)level] = new Variable[time.Units(level)][];
                    for (var unit = 0; unit < time.Units(level); unit++)
                    {
                        var (from, to) = time.DaysOf(level, unit);
                        for (var measure = 0; measure < cells.Measures; measure++)
                        {
                            var sum = model.MakeIntVar(0, 10_000, "");
                            model.Add(sum == Sum(Enumerable.Range(from, to - from + 1).Select(d => mine[d, measure])));
                            Note($"{name} {path} {level} {unit} events {measure}", sum, cells.Events(level, unit, measure), cells.Level <= level);
                        }

                        people[(int)level][unit] = [.. Enumerable.Range(0, cells.Kinds).Select(_ => model.MakeIntVar(0, 10_000, ""))];
                        for (var kind = 0; kind < cells.Kinds; kind++)
                        {
                            var count = people[(int)level][unit][kind];
                            Note($"{name} {path} {level} {unit} people {kind}", count, cells.People(level, unit, kind), cells.Level <= level);
                            model.Add(count <= Sum(Enumerable.Range(from, to - from + 1).Select(d => mine[d, 0])));
                            if (level != TimeLevel.Day)
                            {
                                var parts = Enumerable.Range(from, to - from + 1).Select(d => people[0][d][kind]).ToList();
                                model.Add(count <= Sum(parts));
                                parts.ForEach(p => model.Add(count >= p));
                            }
                        }
                    }
                }

                // Which organisations are active is known.
                if (table.ActiveIsKnown && cells is { Children.Count: 0, Dimension: "legal_entity" } && !cells.IsZero(TimeLevel.Month, 0))
                {
                    model.Add(Sum(Enumerable.Range(0, time.Days).Select(d => mine[d, 0])) >= 1);
                }

                var below = cells.Children.Select(c => (Cells: c, Made: Below(c, $"{path}/{c.Value}"))).ToList();
                for (var day = 0; day < time.Days && below.Count > 0; day++)
                {
                    for (var measure = 0; measure < cells.Measures; measure++)
                    {
                        model.Add(mine[day, measure] == Sum(below.Select(b => b.Made.Days[day, measure])));
                    }
                }

                for (var level = 0; level < 3 && below.Count > 0; level++)
                {
                    for (var unit = 0; unit < people[level].Length; unit++)
                    {
                        for (var kind = 0; kind < cells.Kinds; kind++)
                        {
                            model.Add(people[level][unit][kind] <= Sum(below.Select(b => b.Made.People[level][unit][kind])));
                            below.ForEach(b => model.Add(people[level][unit][kind] >= b.Made.People[level][unit][kind]));
                        }
                    }
                }

                return (mine, people);
            }
        }

        private void TieTotals(List<Dictionary<string, Variable[,]>> trees)
        {
            foreach (var other in trees.Skip(1))
            {
                for (var day = 0; day < time.Days; day++)
                {
                    for (var measure = 0; measure < trees[0][""].GetLength(1); measure++)
                    {
                        model.Add(trees[0][""][day, measure] == other[""][day, measure]);
                    }
                }
            }
        }

        // Those looked up within a day, within a week, and not, are all that were stored.
        private void TieParts(List<(Dictionary<string, Variable[,]> Parts, Dictionary<string, Variable[,]> Whole)> trees)
        {
            TieTotals([.. trees.Select(t => t.Parts)]);
            foreach (var (parts, whole) in trees)
            {
                foreach (var (path, counts) in parts)
                {
                    for (var day = 0; day < time.Days; day++)
                    {
                        model.Add(whole[path][day, 0] == counts[day, 0] + counts[day, 1] + counts[day, 2]);
                    }
                }
            }
        }

        private void Note(string name, Variable variable, int truth, bool isTold)
        {
            if (isTold)
            {
                model.Add(variable == truth);
            }
            else if (truth is > 0 and < Suppression.Least)
            {
                small.Add((name, variable));
            }
        }

        private List<string> Found()
        {
            var found = new List<string>();
            var open = small.ToList();

            // A world in which the first of them is at least 5, or 0, mostly has others so as well.
            while (open.Count > 0)
            {
                var target = open[0];
                if ((Settled(target, Suppression.Least, 10_000, open) ?? Settled(target, 0, 0, open)) is not { } settled)
                {
                    found.Add(target.Name);
                    settled = [target];
                }

                open.RemoveAll(settled.Contains);
            }

            return found;
        }

        // The counts that are 0 or at least 5 in a world where the target lies between two bounds; null where there is none.
        private HashSet<(string Name, Variable Count)>? Settled((string Name, Variable Count) target, int least, int most, List<(string Name, Variable Count)> open)
        {
            target.Count.SetBounds(least, most);
            model.SetTimeLimit(20_000);
            var status = model.Solve();
            HashSet<(string, Variable)>? settled = status is Solver.ResultStatus.OPTIMAL or Solver.ResultStatus.FEASIBLE
                ? [target, .. open.Where(o => Math.Round(o.Count.SolutionValue()) is 0 or >= Suppression.Least)]
                : null;

            // Afterwards: with other bounds the solution is gone.
            target.Count.SetBounds(0, 10_000);
            Assert.True(settled is not null || status == Solver.ResultStatus.INFEASIBLE, $"The solver gave up on {target.Name}: {status}.");
            return settled;
        }

        private static LinearExpr Sum(IEnumerable<Variable> variables) => variables.ToArray().Sum();
    }
}
