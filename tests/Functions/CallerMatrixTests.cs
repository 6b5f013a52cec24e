using PasientensMaledata.Functions;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Every route that is about people, with every token and proof that is to be refused: nobody comes in, and nobody learns anything.</summary>
public sealed class CallerMatrixTests(SecuredService service) : IClassFixture<SecuredService>
{
    private static readonly Dictionary<Audience, TokenKind[]> Kinds = new()
    {
        [Audience.Personnel] = [TokenKind.Clinician],
        [Audience.Sender] = [TokenKind.Gateway],
        [Audience.Citizen] = [TokenKind.Citizen, TokenKind.Helsenorge],
        [Audience.PrivacyComponent] = [TokenKind.Pvk],
    };

    public static TheoryData<string> Names => [.. Routes.All.Where(r => r.Audience != Audience.Anyone).Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_broken_token_or_proof_is_refused_before_anything_else_is_looked_at(string name)
    {
        var route = Routes.All.Single(r => r.Name == name);
        var (person, id) = await service.StoreAsync();
        var path = Fill(route.Path, id);
        foreach (var kind in Kinds[route.Audience])
        {
            var isBound = DevelopmentIssuer.IsBound(kind);
            foreach (var broken in BrokenTokens.All.Concat(isBound ? BrokenProofs.All : []))
            {
                // What is sent besides is wrong too, and is not told of.
                var answer = await service.SendAsync(
                    route.Method, path + "?nonsense=1", broken.Headers(service.Client(kind), route.Method, SecuredService.Public(path)), route.Method == "GET" ? null : $"patient.identifier={person}", "text/csv", ("Accept", "text/csv"));
                Assert.True(answer.StatusCode is 400 or 401 or 403, $"{name}, {kind}, {broken}: {answer.StatusCode} {answer.Text}");
                Assert.True(answer.StatusCode != 401 || answer.Header("WWW-Authenticate")!.StartsWith(isBound ? "DPoP" : "Bearer", StringComparison.Ordinal), $"{name}, {kind}, {broken}");
                Assert.Contains("OperationOutcome", answer.Text, StringComparison.Ordinal);
                AssertNothingOf(person, answer);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_good_token_of_another_kind_is_refused(string name)
    {
        var route = Routes.All.Single(r => r.Name == name);
        var (person, id) = await service.StoreAsync();
        var path = Fill(route.Path, id);
        foreach (var kind in Enum.GetValues<TokenKind>().Except(Kinds[route.Audience]))
        {
            var answer = await service.SendAsync(route.Method, path, service.Client(kind).Headers(route.Method, SecuredService.Public(path)), route.Method == "GET" ? null : "{}");
            Assert.True(answer.StatusCode is 401 or 403, $"{name}, {kind}: {answer.StatusCode} {answer.Text}");
            AssertNothingOf(person, answer);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Without_credentials_the_challenge_names_no_error(string name)
    {
        // RFC 6750 3.1, RFC 9449 7.1.
        var route = Routes.All.Single(r => r.Name == name);
        var answer = await service.SendAsync(route.Method, Fill(route.Path, "x"), new([], []));
        SharedService.Refused(401, answer);
        Assert.Equal(
            DevelopmentIssuer.IsBound(Kinds[route.Audience][0]) ? "DPoP algs=\"ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512\"" : "Bearer",
            answer.Header("WWW-Authenticate"));
    }

    [Fact]
    public async Task A_proof_is_taken_once_of_32_clients_at_once()
    {
        var (person, _) = await service.StoreAsync();
        var headers = service.Client(TokenKind.Clinician).Headers("POST", SecuredService.Public("/Observation/_search"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ =>
            service.SendAsync("POST", "/Observation/_search", headers, $"patient.identifier={person}", "application/x-www-form-urlencoded")));
        Assert.Single(answers, a => a.StatusCode == 200);
        Assert.Equal(31, answers.Count(a => a.StatusCode == 401));
    }

    [Theory]
    [InlineData("/metadata")]
    [InlineData("/health")]
    public async Task What_tells_nothing_of_people_needs_no_token(string path) =>
        Assert.Equal(200, (await service.SendAsync("GET", path, new([], []))).StatusCode);

    private static void AssertNothingOf(string person, Answer answer)
    {
        Assert.DoesNotContain(person, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("8867-4", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("valueQuantity", answer.Text, StringComparison.Ordinal);
    }

    private static string Fill(string path, string id) => path
        .Replace("{id}", id, StringComparison.Ordinal)
        .Replace("{version}", "1", StringComparison.Ordinal)
        .Replace("{hpr}", "565501872", StringComparison.Ordinal)
        .Replace("{block}", "b-0123456789abcdef01234567", StringComparison.Ordinal)
        .Replace("{event}", "0", StringComparison.Ordinal);
}
