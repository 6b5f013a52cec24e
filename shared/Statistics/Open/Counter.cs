namespace PasientensMaledata.Statistics;

/// <summary>The dimensions by which something is told: a chain from coarse to fine, each value of the finer lying in one of the coarser.</summary>
/// <param name="Dimensions">Their names, coarse first.</param>
internal sealed record Chain(params string[] Dimensions);

/// <summary>Counts events and people by day and by every value of several chains of dimensions. Its total is common to all.</summary>
internal sealed class Counter
{
    private readonly MonthTime time;
    private readonly IReadOnlyList<Chain> chains;
    private readonly int measures;
    private readonly int kinds;
    private readonly Node root;

    /// <param name="time">The month.</param>
    /// <param name="chains">The chains.</param>
    /// <param name="measures">Measures of events.</param>
    /// <param name="kinds">Kinds of people.</param>
    public Counter(MonthTime time, IReadOnlyList<Chain> chains, int measures, int kinds)
    {
        (this.time, this.chains, this.measures, this.kinds) = (time, chains, measures, kinds);
        root = NewNode("", "");
    }

    /// <summary>A place in the chains: values in the order of the chains' dimensions.</summary>
    public Place PlaceOf(IReadOnlyList<string> values)
    {
        var nodes = new List<Node> { root };
        var at = 0;
        for (var chain = 0; chain < chains.Count; chain++)
        {
            var node = root;
            foreach (var dimension in chains[chain].Dimensions)
            {
                var key = (chain, values[at++]);
                if (!node.Children.TryGetValue(key, out var child))
                {
                    node.Children[key] = child = NewNode(dimension, key.Item2);
                }

                nodes.Add(node = child);
            }
        }

        return new(nodes);
    }

    /// <summary>Counts an event.</summary>
    /// <param name="place">Where.</param>
    /// <param name="day">Day of the month, from 0.</param>
    /// <param name="measure">Of which measure.</param>
    /// <param name="people">The number of the person of each kind; less than 0 for nobody.</param>
    public void Add(Place place, int day, int measure, params ReadOnlySpan<int> people)
    {
        foreach (var node in place.Nodes)
        {
            node.Events[(day * measures) + measure]++;
            for (var kind = 0; kind < people.Length; kind++)
            {
                if (people[kind] >= 0)
                {
                    (node.People[(day * kinds) + kind] ??= new()).Add(people[kind]);
                }
            }
        }
    }

    /// <summary>Counts something of the month in a histogram that stands beside the measures.</summary>
    public static void AddToHistogram(Place place, int bin)
    {
        foreach (var node in place.Nodes)
        {
            node.Histogram[bin]++;
        }
    }

    /// <summary>The counts of each chain as a tree under the total, with the histogram of each value.</summary>
    public IReadOnlyList<(Cells Root, Dictionary<Cells, int[]> Histograms)> Trees() => [.. Enumerable.Range(0, chains.Count).Select(Tree)];

    private (Cells Root, Dictionary<Cells, int[]> Histograms) Tree(int chain)
    {
        var histograms = new Dictionary<Cells, int[]>();
        return (Of(root), histograms);

        Cells Of(Node node)
        {
            var cells = Count(node);
            histograms[cells] = node.Histogram;
            cells.Children.AddRange(node.Children.Where(c => c.Key.Chain == chain).OrderBy(c => c.Key.Value, StringComparer.Ordinal).Select(c => Of(c.Value)));
            return cells;
        }
    }

    private Cells Count(Node node)
    {
        var (events, people) = (new int[3][][], new int[3][][]);
        for (var level = TimeLevel.Day; level < TimeLevel.Never; level++)
        {
            events[(int)level] = [.. Enumerable.Range(0, time.Units(level)).Select(u => EventsOf(node, level, u))];
            people[(int)level] = [.. Enumerable.Range(0, time.Units(level)).Select(u => PeopleOf(node, level, u))];
        }

        return new(node.Dimension, node.Value, events, people);
    }

    private int[] EventsOf(Node node, TimeLevel level, int unit)
    {
        var sums = new int[measures];
        var (from, to) = time.DaysOf(level, unit);
        for (var day = from; day <= to; day++)
        {
            for (var measure = 0; measure < measures; measure++)
            {
                sums[measure] += node.Events[(day * measures) + measure];
            }
        }

        return sums;
    }

    private int[] PeopleOf(Node node, TimeLevel level, int unit)
    {
        var (from, to) = time.DaysOf(level, unit);
        var counts = new int[kinds];
        for (var kind = 0; kind < kinds; kind++)
        {
            var all = new PersonSet();
            for (var day = from; day <= to; day++)
            {
                if (node.People[(day * kinds) + kind] is { } some)
                {
                    all.UnionWith(some);
                }
            }

            counts[kind] = all.Count;
        }

        return counts;
    }

    private Node NewNode(string dimension, string value) => new(dimension, value, new int[time.Days * measures], new PersonSet?[time.Days * kinds]);

    /// <summary>The values of every chain under which something is counted, the total among them.</summary>
    internal sealed class Place(IReadOnlyList<Node> nodes)
    {
        /// <summary>They.</summary>
        public IReadOnlyList<Node> Nodes => nodes;
    }

    /// <summary>A value, while it is counted.</summary>
    internal sealed class Node(string dimension, string value, int[] events, PersonSet?[] people)
    {
        /// <summary>Places in a histogram.</summary>
        public const int Bins = 16;

        /// <summary>The dimension.</summary>
        public string Dimension => dimension;

        /// <summary>The value in it.</summary>
        public string Value => value;

        /// <summary>Events by day and measure.</summary>
        public int[] Events => events;

        /// <summary>People by day and kind.</summary>
        public PersonSet?[] People => people;

        /// <summary>The values below it.</summary>
        public Dictionary<(int Chain, string Value), Node> Children { get; } = [];

        /// <summary>Counts of the month by bin.</summary>
        public int[] Histogram { get; } = new int[Bins];
    }
}
