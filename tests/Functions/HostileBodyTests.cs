using System.Text;
using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Every call that takes a body, and every body that is none: refused, never a fault of the service, and nothing of it repeated.</summary>
public sealed class HostileBodyTests(SecuredService service) : IClassFixture<SecuredService>
{
    private const string Secret = "13717404089";

    // Latin-1 stands for bytes, so that what is not UTF-8 can be written.
    private static readonly IReadOnlyDictionary<string, string> Bodies = new Dictionary<string, string>
    {
        ["no JSON"] = Secret,
        ["JSON cut off"] = $"{{\"name\":\"{Secret}",
        ["a list"] = $"[\"{Secret}\"]",
        ["a number of many digits"] = new('9', 10_000),
        ["a member twice"] = $"{{\"name\":\"{Secret}\",\"name\":\"b\",\"restricted\":true,\"reserved\":true}}",
        ["deep nesting"] = new string('[', 100_000),
        ["deep nesting in a member"] = string.Concat(Enumerable.Repeat("{\"name\":", 5_000)),
        ["half of a surrogate pair in a name"] = """{"\ud800":1,"restricted":true,"reserved":true}""",
        ["half of a surrogate pair in a value"] = """{"name":"\ud800","event":"\ud800","concepts":["\ud800"],"restricted":true,"reserved":true,"resourceType":"\ud800"}""",
        ["bytes that are not UTF-8"] = "{\"name\":\"\u00ff\u00fe\",\"restricted\":true,\"reserved\":true}",
        ["bytes that are not UTF-8 in a name"] = "{\"\u00ff\u00fe\":1,\"restricted\":true,\"reserved\":true}",
        ["UTF-16"] = "\u00ff\u00fe{\0}\0",
    };

    public static TheoryData<string, string> Cases =>
        [.. Routes.All.Where(r => r.Audience != Audience.Anyone && r.Method is "POST" or "PUT").SelectMany(r => Bodies.Keys.Select(b => new TheoryDataRow<string, string>(r.Name, b)))];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_is_refused_and_nothing_of_it_is_repeated(string name, string body)
    {
        var route = Routes.All.Single(r => r.Name == name);
        var path = route.Path.Replace("{hpr}", "565501872", StringComparison.Ordinal).Replace("{id}", new string('a', 52), StringComparison.Ordinal);
        var client = service.Client(route.Audience switch
        {
            Audience.Personnel => TokenKind.Clinician,
            Audience.Sender => TokenKind.Gateway,
            Audience.Citizen => TokenKind.Citizen,
            _ => TokenKind.Pvk,
        });
        foreach (var contentType in new[] { "application/json", "application/x-www-form-urlencoded" })
        {
            var answer = await service.SendBytesAsync(route.Method, path, client.Headers(route.Method, SecuredService.Public(path)), Encoding.Latin1.GetBytes(Bodies[body]), contentType);
            Assert.True(answer.StatusCode is 400 or 413 or 415 or 422, $"{answer.StatusCode}: {answer.Text}");
            Assert.Equal("OperationOutcome", (string?)JsonNode.Parse(answer.Text)!["resourceType"]);
            Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
        }
    }
}
