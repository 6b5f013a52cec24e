using System.Buffers;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Bench;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.AccessLog;

public sealed class EventLineTests
{
    private static readonly byte[] Salt = new byte[EventLine.SaltSize];
    private static readonly DateTime Time = new(2026, 11, 20, 12, 0, 0, 123, DateTimeKind.Utc);

    [Fact]
    public void A_line_reads_back_to_the_event_and_writes_again_to_the_same_bytes()
    {
        var events = new LogEvents(3, 5);
        for (var i = 0; i < 500; i++)
        {
            var logged = events.Next(Time.AddMilliseconds(i));
            var line = Line(logged);
            var read = EventLine.Read(line);
            Assert.Equal(JsonSerializer.Serialize(logged), JsonSerializer.Serialize(read));
            Assert.Equal(Encoding.UTF8.GetString(line), Encoding.UTF8.GetString(Line(read)));
            Assert.True(EventLine.TryPlace(line, out var patient, out var time));
            Assert.Equal((logged.Patient, logged.Time), (patient, time));
        }
    }

    [Fact]
    public void Every_member_of_a_line_and_of_a_proof_stands_in_the_page_of_the_log_in_its_order_and_the_page_has_no_other()
    {
        var code = new LoggedCode("a", "b", "c");
        var whole = new LogEvents(3, 5).Next(Time) with
        {
            CorrelationId = "c",
            Outcome = AccessOutcome.Refused,
            Reason = "blocked",
            Patient = PatientKey.NewRandom(),
            Client = new("a", "b", "c", "d", "e"),
            Practitioner = new("a", "1", default, "LE"),
            Attest = new(code, code, code, code, code, code, "r", true, "AKUTT"),
            LookUp = new(["bp"], Time, Time, ["00"], ["bp"], 1, true),
            Citizen = new("self", default),
            Submission = new("s", SenderId.Development, "http", []),
            Setting = "{}",
            Numbers = "sealed",
            Operation = new("c", "w", 1, "o"),
        };
        using var json = JsonDocument.Parse(Line(whole));
        var members = json.RootElement.EnumerateObject().SelectMany(m => m.Value.ValueKind == JsonValueKind.Object ? m.Value.EnumerateObject().Select(n => $"{m.Name}.{n.Name}") : [m.Name]);
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "log.md"));
        Assert.Equal(members, Members(page.Split("## The event")[1].Split("## The proof file")[0]));
        Assert.Equal(
            typeof(LogProof).GetProperties().Select(p => p.GetCustomAttributes(false).OfType<System.Text.Json.Serialization.JsonPropertyNameAttribute>().Single().Name),
            Members(page.Split("## The proof file")[1].Split("## Keys")[0]));

        static IEnumerable<string> Members(string part) =>
            part.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('`')[1]);
    }

    [Fact]
    public void Two_lines_of_one_event_differ_in_their_salt()
    {
        var logged = new LogEvents(3, 5).Next(Time);
        var (one, other) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        EventLine.Write(one, logged);
        EventLine.Write(other, logged);
        Assert.NotEqual(EventLine.SaltOf(one.WrittenMemory), EventLine.SaltOf(other.WrittenMemory));
    }

    [Theory]
    [InlineData("\n\r\0\u2028{\"v\":2}")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("=HYPERLINK(\"http://x\")&'")]
    [InlineData("\ud800 half a pair")]
    public void Hostile_names_stay_on_their_line_and_are_no_markup(string name)
    {
        var logged = new LogEvents(3, 5).Next(Time) with { Practitioner = new(name, "", default, name) };
        var line = Encoding.UTF8.GetString(Line(logged));
        Assert.DoesNotContain(line, c => c < ' ' || c is '<' or '>' or '&' or '\'' or '\u2028');
        Assert.Equal(name.Replace('\ud800', '\ufffd'), EventLine.Read(Line(logged)).Practitioner!.Name);
    }

    [Fact]
    public void Long_names_are_cut_at_the_limit_between_whole_characters()
    {
        foreach (var (name, kept) in new[] { (new string('å', Limits.MaxLoggedText), Limits.MaxLoggedText), (new string('å', Limits.MaxLoggedText + 1), Limits.MaxLoggedText), ("a" + string.Concat(Enumerable.Repeat("😀", Limits.MaxLoggedText)), Limits.MaxLoggedText - 1) })
        {
            var read = EventLine.Read(Line(new LogEvents(3, 5).Next(Time) with { Practitioner = new(name, "", default, "") }));
            Assert.Equal(name[..kept], read.Practitioner!.Name);
        }
    }

    [Fact]
    public void What_is_no_line_of_an_event_is_told_as_such()
    {
        var line = Line(new LogEvents(3, 5).Next(Time));
        for (var length = 0; length < line.Length; length++)
        {
            Assert.Throws<FormatException>(() => EventLine.Read(line.AsMemory(0, length)));
        }

        Assert.Throws<FormatException>(() => EventLine.Read(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line).Replace("{\"v\":1", "{\"v\":2", StringComparison.Ordinal))));
    }

    private static byte[] Line(AccessEvent logged)
    {
        var line = new ArrayBufferWriter<byte>();
        EventLine.Write(line, logged, Salt);
        Assert.Equal((byte)'\n', line.WrittenSpan[^1]);
        return line.WrittenSpan[..^1].ToArray();
    }
}
