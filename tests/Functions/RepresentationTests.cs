using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Functions;

/// <summary>
/// One who is signed in on Helsenorge and acts for another, over the whole pipeline: by the ages and relations of what Helsenorge publishes, and by
/// what a register says.
/// </summary>
public sealed class RepresentationTests : IAsyncLifetime
{
    private const string Changing = "pmd:citizen pmd:citizen.change";
    private static readonly string Parent = SyntheticNumbers.Number(30_000);
    private static readonly string OtherParent = SyntheticNumbers.Number(30_001);
    private static readonly string Hidden = SyntheticNumbers.Number(30_002);

    // Whom a register knows, by the day on which it is noon on 20 November 2026.
    private static readonly Dictionary<string, (string Number, string? Born, bool Protected, string[]? Parents)> Subjects = new()
    {
        ["eleven"] = (SyntheticNumbers.Number(30_011), "2014-11-21", false, [Parent, OtherParent]),
        ["twelve"] = (SyntheticNumbers.Number(30_012), "2014-11-20", false, [Parent]),
        ["fifteen"] = (SyntheticNumbers.Number(30_013), "2010-11-21", false, null),
        ["sixteen"] = (SyntheticNumbers.Number(30_014), "2010-11-20", false, null),
        ["adult"] = (SyntheticNumbers.Number(30_015), "1950-01-01", false, null),
        ["child of others"] = (SyntheticNumbers.Number(30_016), "2020-01-01", false, [OtherParent]),
        ["child, parents not known"] = (SyntheticNumbers.Number(30_017), "2020-01-01", false, null),
        ["protected child"] = (SyntheticNumbers.Number(30_018), "2020-01-01", true, [Parent]),
        ["protected adult"] = (SyntheticNumbers.Number(30_019), "1950-01-01", true, null),
        ["age not known"] = (SyntheticNumbers.Number(30_020), null, false, [Parent]),
        ["not in the register"] = (SyntheticNumbers.Number(30_021), null, false, null),
    };

    private readonly SecuredService service = new() { Registers = Register() };

    /// <summary>Who acts for whom as what, and how it is answered: 200, or the word of the refusal.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        { "eleven", "parent", "" },
        { "twelve", "parent", "age" },
        { "fifteen", "parent", "age" },
        { "adult", "parent", "age" },
        { "child of others", "parent", "representation" },
        { "child, parents not known", "parent", "" },
        { "protected child", "parent", "representation" },
        { "age not known", "parent", "age" },
        { "not in the register", "parent", "age" },
        { "eleven", "attorney", "age" },
        { "fifteen", "attorney", "age" },
        { "sixteen", "attorney", "" },
        { "adult", "attorney", "" },
        { "protected adult", "attorney", "representation" },
        { "not in the register", "attorney", "age" },
        { "eleven", "guardian", "" },
        { "twelve", "guardian", "age" },
        { "fifteen", "guardian", "age" },
        { "sixteen", "guardian", "" },
        { "adult", "guardian", "" },
    };

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Who_acts_for_another_sees_them_or_is_refused(string subject, string relation, string refusal)
    {
        var person = await StoreAsync(subject);
        var own = await service.SubmitAsync(Messages.Collection(Secret(Parent, "own")));
        Assert.True(own.StatusCode == 200, own.Text);
        foreach (var path in new[] { "/citizen/Observation", "/citizen/Observation/$lastn", "/citizen/access-log", "/citizen/AuditEvent", "/citizen/privacy", "/citizen/who-may-see", "/citizen/export" })
        {
            var answer = await service.OnHelsenorgeAsync(Parent, person, relation, "GET", path);
            Assert.True(answer.StatusCode == (refusal.Length == 0 ? 200 : 403), $"{path}: {answer.StatusCode} {answer.Text}");

            // Of those whom the token names as subject, never of the one who is signed in.
            Assert.DoesNotContain("own-secret", answer.Text, StringComparison.Ordinal);
            Assert.Equal(refusal.Length == 0 && path.Contains("Observation", StringComparison.Ordinal), answer.Text.Contains("theirs-secret", StringComparison.Ordinal));
            Assert.DoesNotContain(Parent, answer.Text, StringComparison.Ordinal);
        }

        var logged = (await service.EventsAsync()).Where(e => e.Citizen is not null).ToList();
        Assert.Equal(7, logged.Count);
        Assert.All(logged, e => Assert.Equal((relation, refusal), (e.Citizen!.Relation, e.Reason)));
    }

    [Fact]
    public async Task One_who_is_signed_in_as_themselves_at_twelve_to_fifteen_sees_nothing_and_from_sixteen_all()
    {
        foreach (var (subject, status) in new[] { ("twelve", 403), ("fifteen", 403), ("sixteen", 200), ("adult", 200), ("not in the register", 200) })
        {
            var person = await StoreAsync(subject);
            Assert.Equal(status, (await service.OnHelsenorgeAsync(person, person, "self", "GET", "/citizen/Observation")).StatusCode);
            Assert.Equal(status, (await service.AsCitizenAsync(person, "GET", "/citizen/Observation")).StatusCode);
        }
    }

    [Fact]
    public async Task Nobody_with_a_protected_address_acts_for_anybody()
    {
        var person = await StoreAsync("adult");
        SharedService.Refused(403, await service.OnHelsenorgeAsync(Hidden, person, "attorney", "GET", "/citizen/Observation"));
        Assert.Equal(200, (await service.OnHelsenorgeAsync(Hidden, Hidden, "self", "GET", "/citizen/Observation")).StatusCode);
    }

    [Fact]
    public async Task A_representative_reads_only_unless_the_token_grants_more()
    {
        var person = await StoreAsync("eleven");
        var changes = new (string Method, string Path, string? Body)[]
        {
            ("PUT", "/citizen/privacy/blocks/1234567", "{}"),
            ("DELETE", "/citizen/privacy/blocks/1234567", null),
            ("PUT", "/citizen/privacy/restriction", """{"restricted":true}"""),
            ("PUT", "/citizen/privacy/reservation", """{"reserved":true}"""),
        };
        foreach (var (method, path, body) in changes)
        {
            SharedService.Refused(403, await service.OnHelsenorgeAsync(Parent, person, "parent", method, path, body));
            Assert.Equal("read-only", (await service.EventsAsync())[^1].Reason);
        }

        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
        var set = await service.OnHelsenorgeAsync(Parent, person, "parent", "PUT", "/citizen/privacy/restriction", """{"restricted":true}""", Changing);
        Assert.Equal((200, "representative"), (set.StatusCode, (string?)set.Json["restriction"]!["by"]));
        Assert.Contains("suppressed", (await service.SearchAsync(person)).Text, StringComparison.Ordinal);

        // Nor does the wider scope make one who may not act for the child one who may.
        SharedService.Refused(403, await service.OnHelsenorgeAsync(SyntheticNumbers.Number(30_003), person, "parent", "PUT", "/citizen/privacy/restriction", """{"restricted":false}""", Changing));
    }

    [Fact]
    public async Task The_citizen_sees_that_a_representative_looked_and_never_their_number()
    {
        var person = await StoreAsync("adult");
        await service.OnHelsenorgeAsync(Parent, person, "attorney", "GET", "/citizen/Observation");
        await service.OnHelsenorgeAsync(person, person, "self", "GET", "/citizen/Observation");
        await service.Service.Log.Sequencer.RunAsync(everything: true, default);
        var answer = await service.AsCitizenAsync(person, "GET", "/citizen/access-log");
        var seen = answer.Json["events"]!.AsArray().Where(e => (string?)e!["action"] == "citizen-view").Select(e => (string?)e!["relation"]);
        Assert.Equal(["self", "attorney"], seen);
        Assert.DoesNotContain(Parent, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Parent, (await service.AsCitizenAsync(person, "GET", "/citizen/AuditEvent")).Text, StringComparison.Ordinal);

        // Two who act for the same are told apart in the log, by pseudonym.
        await service.OnHelsenorgeAsync(OtherParent, person, "attorney", "GET", "/citizen/Observation");
        Assert.Equal(3, (await service.EventsAsync()).Where(e => e.Action == AccessAction.CitizenView).Select(e => e.Citizen!.Acting).Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("self")]
    [InlineData("Parent")]
    [InlineData("sibling")]
    public async Task A_relation_that_is_none_is_refused_before_anything_is_looked_at(string? relation)
    {
        var person = await StoreAsync("eleven");
        SharedService.Refused(403, await service.OnHelsenorgeAsync(Parent, person, relation, "GET", "/citizen/Observation"));
        SharedService.Refused(403, await service.OnHelsenorgeAsync(person, person, "parent", "GET", "/citizen/Observation"));
    }

    [Fact]
    public async Task A_page_of_one_child_is_of_no_use_with_a_token_for_another_or_by_another()
    {
        var (one, other) = (await StoreAsync("eleven"), await StoreAsync("child, parents not known"));
        await service.SubmitAsync(Messages.Collection(Secret(one, "theirs-more")));
        var page = await service.OnHelsenorgeAsync(Parent, one, "parent", "GET", "/citizen/Observation?_count=1");
        var next = new Uri((string)page.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;
        SharedService.Refused(400, await service.OnHelsenorgeAsync(Parent, other, "parent", "GET", next));
        SharedService.Refused(400, await service.OnHelsenorgeAsync(OtherParent, one, "parent", "GET", next));
        Assert.Equal(200, (await service.OnHelsenorgeAsync(Parent, one, "parent", "GET", next)).StatusCode);
    }

    private static JsonObject Secret(string person, string name)
    {
        var observation = SecuredService.Of(person, name);
        observation["note"] = new JsonArray(new JsonObject { ["text"] = $"{name}-secret" });
        return observation;
    }

    private async Task<string> StoreAsync(string subject)
    {
        var person = Subjects[subject].Number;
        var answer = await service.SubmitAsync(Messages.Collection(Secret(person, "theirs")));
        Assert.True(answer.StatusCode == 200, answer.Text);
        return person;
    }

    private static FileRegisters Register()
    {
        var persons = new JsonArray();
        foreach (var (number, born, isProtected, parents) in Subjects.Where(s => s.Key != "not in the register").Select(s => s.Value).Append((Hidden, "1980-01-01", true, null)))
        {
            var person = new JsonObject { ["number"] = number, ["protectedAddress"] = isProtected };
            if (born is not null)
            {
                person["born"] = born;
            }

            if (parents is not null)
            {
                person["parents"] = new JsonArray([.. parents.Select(p => (JsonNode)p)]);
            }

            persons.Add(person);
        }

        return FileRegisters.Read(Encoding.UTF8.GetBytes(new JsonObject { ["persons"] = persons }.ToJsonString()), NationalIdPolicy.Synthetic, out var problems)
            ?? throw new InvalidOperationException(string.Join('\n', problems));
    }
}
