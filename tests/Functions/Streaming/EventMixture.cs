using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Simulator;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions.Streaming;

/// <summary>What is to become of an entry, by how it was made.</summary>
internal enum Fate
{
    /// <summary>It lies in storage, under its name and with its value.</summary>
    Stored,

    /// <summary>It is no Observation.</summary>
    Ignored,

    /// <summary>It is refused, and its content is kept.</summary>
    Kept,

    /// <summary>It is refused by the access decision: that it came is kept, and nothing of it.</summary>
    Bare,
}

/// <summary>An entry of an event; the place is null where the event is refused whole.</summary>
internal sealed record ExpectedEntry(int? Index, Fate Fate, string Person = "", string Name = "", decimal Value = 0);

/// <summary>An event with what is to become of each of its entries.</summary>
internal sealed record ExpectedEvent(HostEvent Event, IReadOnlyList<ExpectedEntry> Entries);

/// <summary>Events of all kinds in any order, made from one seed.</summary>
internal sealed class EventMixture(int seed)
{
    public const int People = 4;

    private static readonly string[] Senders = ["clinic-a", "clinic-b"];
    private readonly Random random = new(seed);
    private int names;

    // Of each partition: what was sent there, to be sent again or contradicted. A partition is where order holds.
    private readonly List<(string Sender, string Person, string Name, decimal Value)> sent = [];

    public static string Person(int number) => SyntheticNumbers.Number(2_000 + number);

    /// <summary>One who takes no part.</summary>
    public static string Reserved => SyntheticNumbers.Number(2_999);

    public List<ExpectedEvent> Next(int count)
    {
        sent.Clear();
        return [.. Enumerable.Range(0, count).Select(_ => Next())];
    }

    private ExpectedEvent Next() => random.Next(12) switch
    {
        0 or 1 or 2 => Single(Sender()),
        3 => Bundle(),
        4 when sent.Count > 0 => Again(),
        5 when sent.Count > 0 => Contradicting(),
        6 => Unreadable(),
        7 => Huge(),
        8 => new(StreamTests.Event(HeartRate(Person(0), Name()), "nobody-known"), [new(null, Fate.Bare)]),
        9 => OfReserved(),
        10 => new(new(Encoding.UTF8.GetBytes("""{"resourceType":"Bundle","type":"transaction"}"""), Sender()), [new(null, Fate.Kept)]),
        11 => Compressed(),
        _ => Single(Sender()),
    };

    private string Sender() => Senders[random.Next(Senders.Length)];

    private string Name() => $"{seed}-{++names}";

    private ExpectedEvent Single(string sender)
    {
        var (observation, expected) = New(sender, 0);
        return new(StreamTests.Event(observation, sender), [expected]);
    }

    private ExpectedEvent Compressed()
    {
        var sender = Sender();
        var (observation, expected) = New(sender, 0);
        return new(StreamTests.Gzip(Encoding.UTF8.GetBytes(observation.ToJsonString())) with { Publisher = sender }, [expected]);
    }

    // Good ones, one without status, a device, one of who takes no part: each has its own fate.
    private ExpectedEvent Bundle()
    {
        var sender = Sender();
        var entries = new List<ExpectedEntry>();
        var resources = new List<JsonObject>();
        for (var i = random.Next(2, 7); i > 0; i--)
        {
            var at = entries.Count;
            switch (random.Next(6))
            {
                case 0:
                    var wrong = HeartRate(Person(random.Next(People)), Name());
                    wrong.Remove("status");
                    Add(wrong, new(at, Fate.Kept));
                    break;
                case 1:
                    Add(new() { ["resourceType"] = "Device" }, new(at, Fate.Ignored));
                    break;
                case 2:
                    Add(HeartRate(Reserved, Name()), new(at, Fate.Bare));
                    break;
                default:
                    var (observation, expected) = New(sender, at);
                    Add(observation, expected);
                    break;
            }
        }

        return new(StreamTests.Event(Collection(resources), sender), entries);

        void Add(JsonObject resource, ExpectedEntry entry)
        {
            resources.Add(resource);
            entries.Add(entry);
        }
    }

    private (JsonObject Observation, ExpectedEntry Expected) New(string sender, int index)
    {
        var (person, name, value) = (Person(random.Next(People)), Name(), random.Next(50, 120));
        sent.Add((sender, person, name, value));
        return (HeartRate(person, name, value: value), new(index, Fate.Stored, person, name, value));
    }

    private ExpectedEvent Again()
    {
        var (sender, person, name, value) = sent[random.Next(sent.Count)];
        return new(StreamTests.Event(HeartRate(person, name, value: value), sender), [new(0, Fate.Stored, person, name, value)]);
    }

    private ExpectedEvent Contradicting()
    {
        var (sender, person, name, value) = sent[random.Next(sent.Count)];
        return new(StreamTests.Event(HeartRate(person, name, value: value + 0.5m), sender), [new(0, Fate.Kept)]);
    }

    private ExpectedEvent Unreadable()
    {
        byte[] body = random.Next(5) switch
        {
            0 => "not json"u8.ToArray(),
            1 => [0xff, 0xfe, 0x00, (byte)random.Next(256)],
            2 => Encoding.UTF8.GetBytes(new string('[', 5_000)),
            3 => [],
            _ => """{"resourceType":"Observation","\ud800":1}"""u8.ToArray(),
        };
        return new(new(body, Sender(), IsGzip: random.Next(4) == 0), [new(null, Fate.Kept)]);
    }

    private ExpectedEvent Huge()
    {
        var observation = HeartRate(Person(random.Next(People)), Name());
        observation["note"] = new JsonArray([.. Enumerable.Range(0, 30).Select(_ => (JsonNode)new JsonObject { ["text"] = new string('x', 10_000) })]);
        return new(StreamTests.Event(observation, Sender()), [new(0, Fate.Kept)]);
    }

    // Right or wrong, it is refused as theirs.
    private ExpectedEvent OfReserved()
    {
        var observation = HeartRate(Reserved, Name());
        if (random.Next(2) == 0)
        {
            observation.Remove("status");
        }

        return new(StreamTests.Event(observation, Sender()), [new(0, Fate.Bare)]);
    }
}
