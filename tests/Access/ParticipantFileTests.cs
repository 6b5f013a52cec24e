using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Access;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;

namespace PasientensMaledata.Tests.Access;

/// <summary>The file of participants: what reads, and where it points when it does not.</summary>
public sealed class ParticipantFileTests
{
    // What is done to the example, where the problem is told, and a word of it.
    private static readonly IReadOnlyList<(string Case, Action<JsonObject> Break, string Where, string Word)> Slips =
    [
        ("a member that is not known", root => root["agreement"] = new JsonArray(), "/agreement", "known"),
        ("a member with a slash", root => root["a/b~"] = 1, "/a~1b~0", "known"),
        ("no participants", root => root.Remove("participants"), "/participants", "missing"),
        ("participants that are no list", root => root["participants"] = "x", "/participants", "list"),
        ("a participant that is no object", root => Participants(root).Insert(1, 7), "/participants/1", "object"),
        ("an id with capitals", root => First(root)["id"] = "Sykehus", "/participants/0/id", "a-z"),
        ("an id that is too long", root => First(root)["id"] = new string('a', 37), "/participants/0/id", "36"),
        ("the id of open mode", root => First(root)["id"] = "development", "/participants/0/id", "open mode"),
        ("an empty name", root => First(root)["name"] = "", "/participants/0/name", "text"),
        ("a name that is too long", root => First(root)["name"] = new string('a', 201), "/participants/0/name", "200"),
        ("a name of two lines", root => First(root)["name"] = "a\nb", "/participants/0/name", "text"),
        ("a number as name", root => First(root)["name"] = 7, "/participants/0/name", "text"),
        ("a wrong control digit", root => First(root)["organisation"] = "981275722", "/participants/0/organisation", "control digit"),
        ("an organisation number as a number", root => First(root)["organisation"] = 981275721, "/participants/0/organisation", "control digit"),
        ("no organisation", root => First(root)["organisation"] = null, "/participants/0/organisation", "missing"),
        ("a unit that is none", root => First(root)["units"] = new JsonArray("873255102", "1"), "/participants/0/units/1", "organisation number"),
        ("a unit twice", root => First(root)["units"] = new JsonArray("873255102", "873255102"), "/participants/0/units/1", "twice"),
        ("an unknown role", root => First(root)["role"] = "hospital", "/participants/0/role", "specialist"),
        ("a municipality of one who is no controller", root => First(root)["municipalities"] = new JsonArray("4601"), "/participants/0/municipalities", "controller"),
        ("a municipality of three digits", root => Second(root)["municipalities"] = new JsonArray("460"), "/participants/1/municipalities/0", "four digits"),
        ("a record without name", root => First(root)["record"] = new JsonObject(), "/participants/0/record/name", "missing"),
        ("a record that is a text", root => First(root)["record"] = "EPJ", "/participants/0/record", "object"),
        ("a client without id", root => First(root)["clients"] = new JsonArray(new JsonObject()), "/participants/0/clients/0/id", "missing"),
        ("a client twice", root => First(root)["clients"] = new JsonArray(new JsonObject { ["id"] = "a" }, new JsonObject { ["id"] = "a" }), "/participants/0/clients/1", "twice"),
        ("a period that ends before it begins", root => First(root)["enrolled"] = Period("2026-02-01", "2026-01-31"), "/participants/0/enrolled/to", "last day"),
        ("a date that is none", root => First(root)["enrolled"] = Period("2026-02-30", null), "/participants/0/enrolled/from", "date"),
        ("a last day that is none", root => First(root)["enrolled"] = Period("2026-02-01", "soon"), "/participants/0/enrolled/to", "date"),
        ("a moment in place of a date", root => First(root)["enrolled"] = Period("2026-02-01T00:00:00Z", null), "/participants/0/enrolled/from", "date"),
        ("no enrolment", root => First(root).Remove("enrolled"), "/participants/0/enrolled", "missing"),
        ("a text for true", root => First(root)["controller"] = "true", "/participants/0/controller", "true or false"),
        ("an id twice", root => Second(root)["id"] = "eksempel-sykehus", "/participants/1/id", "before"),
        ("an organisation twice", root => Second(root)["organisation"] = "873255102", "/participants/1/organisation", "before"),
        ("a unit that is another's organisation", root => Second(root)["units"] = new JsonArray("981275721"), "/participants/1/units", "before"),
        ("serving one who is no controller", root => Third(root)["serves"] = new JsonArray("981275721"), "/participants/2/serves", "controller: true"),
        ("serving what is no organisation", root => Third(root)["serves"] = new JsonArray("1"), "/participants/2/serves/0", "organisation number"),
        ("serving one who is not there", root => Third(root)["serves"] = new JsonArray("100100673"), "/participants/2/serves", "100100673"),
        ("a municipality of two at a time", root => Third(root)["municipalities"] = new JsonArray("4601"), "/participants/2/municipalities", "eksempel-kommune"),
        ("an agreement with nobody", root => Agreement(root).Remove("organisation"), "/agreements/0", "one of"),
        ("an agreement with two", root => Agreement(root)["national"] = true, "/agreements/0", "one of"),
        ("an agreement without beginning", root => Agreement(root).Remove("from"), "/agreements/0/from", "missing"),
        ("an agreement that ends before it begins", root => Agreement(root)["to"] = "2025-12-31", "/agreements/0/to", "last day"),
        ("an agreement of one who is no controller", root => Agreement(root)["controller"] = "981275721", "/agreements/0/controller", "controller: true"),
        ("an agreement of one who is not there", root => Agreement(root)["controller"] = "100100673", "/agreements/0/controller", "controller: true"),
        ("an agreement with one who is not there", root => Agreement(root)["organisation"] = "100100673", "/agreements/0/organisation", "no participant"),
        ("an agreement with a health community of nobody", root => root["agreements"]![2]!["healthCommunity"] = "førde", "/agreements/2/healthCommunity", "no participant"),
    ];

    public static TheoryData<string> Names => [.. Slips.Select(s => s.Case)];

    [Fact]
    public void The_example_reads_and_fits_the_tokens_of_development()
    {
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes(Example()), 7);
        Assert.Empty(read.Problems);
        Assert.Equal(7, read.List!.Version);
        var permit = LookUpDecisionTests.Permit(World.Request with { Participants = read.List, FollowUps = [] });
        Assert.True(permit.Includes(World.Gateway));
        Assert.True(permit.Includes(World.Bergen));

        var gateway = new SystemCaller(new("development-gateway", "", World.Gateway, null, World.Supplier));
        Assert.Equal("eksempel-gateway", SubmissionDecision.FindSender(gateway, read.List, World.Now).Sender!.Id.ToString());
        Assert.Empty(read.Remarks);

        // What may be a slip is remarked upon: a controller whose own personnel see nothing.
        var root = JsonNode.Parse(Example())!.AsObject();
        root["agreements"]!.AsArray().RemoveAt(2);
        Assert.Equal("/participants/1", Assert.Single(ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1).Remarks).Where);
    }

    [Fact]
    public void Everything_in_a_file_is_read()
    {
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes("""
            {"participants":[{"id":"a-1","name":"A","organisation":"312232324","units":["313325016"],"role":"municipal","region":"vest","healthCommunity":"bergen","municipalities":["4601","4602"],
              "record":{"name":"EPJ","organisation":"213710192"},"clients":[{"id":"c"},{"id":"c","supplier":"213710192"}],"enrolled":{"from":"2026-01-01","to":"2026-06-30"},
              "dataProcessorAgreement":{"from":"2026-02-01"},"controller":true,"serves":[]}],
             "agreements":[{"controller":"312232324","national":true,"from":"2026-01-01","to":"2026-12-31"}]}
            """), 1);
        Assert.Empty(read.Problems);
        var a = Assert.Single(read.List!.Participants);
        Assert.Equal(("a-1", "A", World.Bergen, ParticipantRole.Municipal, "vest", "bergen"), (a.Id.ToString(), a.Name, a.Organisation, a.Role, a.Region, a.HealthCommunity));
        Assert.Equal([World.Voss], a.Units);
        Assert.Equal([World.Municipality("4601"), World.Municipality("4602")], a.Municipalities);
        Assert.Equal(new("EPJ", World.Supplier), a.Record);
        Assert.Equal([new("c", null), new("c", World.Supplier)], a.Clients);
        Assert.Equal((new DatePeriod(new(2026, 1, 1), new(2026, 6, 30)), new DatePeriod(new(2026, 2, 1), null)), (a.Enrolled, a.DataProcessorAgreement));
        Assert.True(a.IsController);
        Assert.Equal(new(World.Bergen, AgreementScope.National, null, "", World.ThisYear), Assert.Single(read.List.Agreements));
        Assert.Contains(read.Remarks, r => r.Where == "/participants/0/dataProcessorAgreement");
    }

    [Fact]
    public void An_agreement_is_with_whom_it_names_and_with_no_more()
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        First(root)["healthCommunity"] = "bergen";
        root["agreements"] = new JsonArray(
            new JsonObject { ["controller"] = "312232324", ["organisation"] = "981275721", ["from"] = "2026-01-01" },
            new JsonObject { ["controller"] = "312232324", ["healthCommunity"] = "bergen", ["from"] = "2026-01-01" },
            new JsonObject { ["controller"] = "312232324", ["national"] = true, ["from"] = "2026-01-01" });
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1);
        Assert.Empty(read.Problems);
        var period = new DatePeriod(new(2026, 1, 1), null);
        Assert.Equal(
            [
                new(World.Bergen, AgreementScope.Organisation, World.Hospital, "", period),
                new(World.Bergen, AgreementScope.HealthCommunity, null, "bergen", period),
                new(World.Bergen, AgreementScope.National, null, "", period),
            ],
            read.List!.Agreements);
    }

    [Fact]
    public void A_record_may_be_named_without_its_maker()
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        First(root)["record"] = new JsonObject { ["name"] = "EPJ" };
        Assert.Equal(new("EPJ", null), ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1).List!.Participants[0].Record);
    }

    [Theory]
    [InlineData("312232324", true)]
    [InlineData("981275721", false)]
    public void Only_an_agreement_of_its_own_with_itself_lets_a_controllers_personnel_see(string organisation, bool sees)
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        Third(root)["controller"] = true;
        root["agreements"] = new JsonArray(
            new JsonObject { ["controller"] = "312232324", ["organisation"] = organisation, ["from"] = "2026-01-01" },
            new JsonObject { ["controller"] = "994598759", ["national"] = true, ["from"] = "2026-01-01" });
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1);
        Assert.Equal(sees ? [] : ["/participants/1"], read.Remarks.Select(r => r.Where));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_slip_is_told_with_a_pointer_and_nothing_is_read(string name)
    {
        var (_, change, where, word) = Slips.Single(s => s.Case == name);
        var root = JsonNode.Parse(Example())!.AsObject();
        change(root);
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1);
        Assert.Null(read.List);
        Assert.Contains(read.Problems, p => p.Where == where && p.Problem.Contains(word, StringComparison.Ordinal) && p.ToString().StartsWith(where, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"participants\":[],\"participants\":[]}")]
    [InlineData("{\"participants\":[],}")]
    [InlineData("// a remark\n{\"participants\":[]}")]
    public void What_is_no_JSON_is_told_without_its_content(string text)
    {
        var problem = Assert.Single(ParticipantFile.Read(Encoding.UTF8.GetBytes(text), 1).Problems);
        Assert.Equal("", problem.Where);
        Assert.StartsWith("This is not JSON", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_that_is_no_object_is_told() => Assert.Equal(new("", "is to be an object."), Assert.Single(ParticipantFile.Read("[]"u8.ToArray(), 1).Problems));

    [Fact]
    public void A_byte_order_mark_does_no_harm() => Assert.NotNull(ParticipantFile.Read(Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes(Example())).ToArray(), 1).List);

    [Fact]
    public void A_file_is_as_large_as_it_may_be_and_no_larger()
    {
        var text = Encoding.UTF8.GetBytes("""{"participants":[]}""");
        byte[] largest = [.. text, .. Enumerable.Repeat((byte)' ', Limits.MaxParticipantFileBytes - text.Length)];
        Assert.NotNull(ParticipantFile.Read(largest, 1).List);
        Assert.Contains("bytes", Assert.Single(ParticipantFile.Read((byte[])[.. largest, (byte)' '], 1).Problems).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Limits.MinRetentionDays, true)]
    [InlineData(Limits.MinRetentionDays - 1, false)]
    [InlineData(Limits.MaxRetentionDays, true)]
    [InlineData(Limits.MaxRetentionDays + 1, false)]
    public void Measurements_are_kept_for_so_many_days_and_no_fewer_or_more(int days, bool isAccepted)
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        Second(root)["retentionDays"] = days;
        var read = ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1);
        Assert.Equal(isAccepted, read.List is not null);
        if (read.List is { } list)
        {
            Assert.Equal([days], list.RetentionDays.Values);
            Assert.Contains(read.Remarks, r => r.Where == "/participants/1/retentionDays");
        }
        else
        {
            Assert.Equal("/participants/1/retentionDays", Assert.Single(read.Problems).Where);
        }
    }

    [Fact]
    public void One_who_is_no_controller_has_no_days_of_keeping()
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        First(root)["retentionDays"] = 365;
        Assert.Contains(ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1).Problems, p => p.Where == "/participants/0/retentionDays");
    }

    [Fact]
    public void Successors_of_a_municipality_may_follow_one_upon_the_other()
    {
        var root = JsonNode.Parse(Example())!.AsObject();
        Second(root)["enrolled"] = Period("2026-01-01", "2026-06-30");
        Third(root)["enrolled"] = Period("2026-07-01", null);
        Third(root)["municipalities"] = new JsonArray("4601");
        Assert.Empty(ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1).Problems);
        Third(root)["enrolled"] = Period("2026-06-30", null);
        Assert.Single(ParticipantFile.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), 1).Problems);
    }

    [Fact]
    public void The_schema_has_the_members_that_are_read_and_no_other()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(), "participants.schema.json")));
        Assert.Equal(ParticipantFile.RootMembers.Order(), Members(schema.RootElement));
        var parts = schema.RootElement.GetProperty("$defs");
        Assert.Equal(ParticipantFile.ParticipantMembers.Order(), Members(parts.GetProperty("participant")));
        Assert.Equal(ParticipantFile.AgreementMembers.Order(), Members(parts.GetProperty("agreement")));
        Assert.Equal(Enum.GetValues<ParticipantRole>().Select(ParticipantFile.WordFor), parts.GetProperty("participant").GetProperty("properties").GetProperty("role").GetProperty("enum").EnumerateArray().Select(e => e.GetString()!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("æ")]
    [InlineData("a b")]
    public void A_sender_id_has_its_letters_alone(string text)
    {
        Assert.False(SenderId.TryParse(text, out _));
        Assert.ThrowsAny<ArgumentException>(() => new SenderId(text));
        Assert.False(SenderId.TryParse(null, out _));
        Assert.True(SenderId.TryParse("az-09", out var id) && id.ToString() == "az-09");
    }

    private static IEnumerable<string> Members(JsonElement schema) => schema.GetProperty("properties").EnumerateObject().Select(p => p.Name).Order();

    private static JsonArray Participants(JsonObject root) => root["participants"]!.AsArray();

    private static JsonObject First(JsonObject root) => Participants(root)[0]!.AsObject();

    private static JsonObject Second(JsonObject root) => Participants(root)[1]!.AsObject();

    private static JsonObject Third(JsonObject root) => Participants(root)[2]!.AsObject();

    private static JsonObject Agreement(JsonObject root) => root["agreements"]![0]!.AsObject();

    private static JsonObject Period(string from, string? to) => to is null ? new() { ["from"] = from } : new() { ["from"] = from, ["to"] = to };

    private static string Example() => File.ReadAllText(Path.Combine(Folder(), "participants.example.json"));

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PasientensMaledata.Functions.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "docs");
    }
}
