using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>RFC 9449 on the calls of personnel and gateways: every way to be wrong is refused as its rule says, and uses up no proof.</summary>
public sealed class DPoPTests(SharedTokenWorld shared) : IClassFixture<SharedTokenWorld>
{
    private const string InvalidProof = "invalid_dpop_proof";
    private const string InvalidToken = "invalid_token";
    private const string InvalidRequest = "invalid_request";

    // What is not named here is a fault of the proof: 401 and invalid_dpop_proof.
    private static readonly Dictionary<string, (int Status, string? Error)> ProofRules = new()
    {
        ["two DPoP headers"] = (400, InvalidRequest),
        ["two proofs in one header"] = (400, InvalidRequest),
        ["both DPoP and Bearer"] = (400, InvalidRequest),
        ["proof by another key than the token's"] = (401, InvalidToken),
        ["bound token sent as Bearer"] = (401, InvalidToken),
        ["bound token sent as Bearer without proof"] = (401, InvalidToken),
        ["token without cnf"] = (401, InvalidToken),
        ["token with a cnf without jkt"] = (401, InvalidToken),
        ["token whose cnf is a text"] = (401, InvalidToken),
    };

    // What is not named here is a fault of the token: 401 and invalid_token.
    private static readonly Dictionary<string, (int Status, string? Error)> TokenRules = new()
    {
        ["token without scope"] = (403, "insufficient_scope"),
        ["token with another scope"] = (403, "insufficient_scope"),
        ["token with a scope that begins as the right one"] = (403, "insufficient_scope"),
        ["token without client"] = (403, "insufficient_scope"),
        ["no credentials"] = (401, null),
        ["an empty Authorization header"] = (401, null),
        ["credentials of another scheme"] = (401, null),
        ["two Authorization headers"] = (400, InvalidRequest),
        ["two credentials in one header"] = (400, InvalidRequest),
    };

    private readonly TokenWorld world = shared.World;

    public static TheoryData<string, RouteKind> ProofsByRoute => Table(BrokenProofs.All);

    public static TheoryData<string, RouteKind> AcceptedByRoute => Table(BrokenProofs.Accepted);

    public static TheoryData<string, RouteKind> TokensByRoute => Table(BrokenTokens.All);

    [Theory]
    [MemberData(nameof(ProofsByRoute))]
    public async Task A_broken_proof_is_refused(string name, RouteKind route) =>
        await RefusesAsync(BrokenProofs.All.Single(b => b.Name == name), route, ProofRules.TryGetValue(name, out var rule) ? rule : (401, InvalidProof));

    [Theory]
    [MemberData(nameof(TokensByRoute))]
    public async Task A_broken_token_is_refused(string name, RouteKind route) =>
        await RefusesAsync(BrokenTokens.All.Single(b => b.Name == name), route, TokenRules.TryGetValue(name, out var rule) ? rule : (401, InvalidToken));

    [Theory]
    [MemberData(nameof(AcceptedByRoute))]
    public async Task What_is_odd_and_right_is_accepted(string name, RouteKind route)
    {
        var answer = await SendAsync(BrokenProofs.Accepted.Single(b => b.Name == name), route);
        Assert.True(answer.IsKnown, answer.Refusal?.Description);
        Assert.IsType(route == RouteKind.LookUp ? typeof(PersonnelCaller) : typeof(SystemCaller), answer.Caller);
    }

    [Fact]
    public void Every_rule_is_about_something_that_is_tried()
    {
        Assert.Empty(ProofRules.Keys.Except(BrokenProofs.All.Select(b => b.Name)));
        Assert.Empty(TokenRules.Keys.Except(BrokenTokens.All.Select(b => b.Name)));
    }

    [Theory]
    [InlineData(RouteKind.LookUp, TokenKind.Gateway, RefusalReason.Scope)]
    [InlineData(RouteKind.Submit, TokenKind.Clinician, RefusalReason.Scope)]
    public async Task A_token_of_the_other_kind_is_refused(RouteKind route, TokenKind kind, RefusalReason reason)
    {
        var client = world.Client(kind);
        var answer = await world.SendAsync(route, "POST", TokenWorld.Search, client.Headers("POST", TokenWorld.Search));
        Assert.Equal((403, reason), (answer.Refusal!.Status, answer.Refusal.Reason));
    }

    [Theory]
    [InlineData(RouteKind.LookUp, TokenKind.Gateway, RefusalReason.MachineToken)]
    [InlineData(RouteKind.Submit, TokenKind.Clinician, RefusalReason.UserToken)]
    public async Task Nor_does_the_right_scope_help_it(RouteKind route, TokenKind kind, RefusalReason reason)
    {
        var client = world.Client(kind);
        var token = client.Token().With("scope", "nhn:pmd/read nhn:pmd/write").Sign(world.Issuer.Key);
        var answer = await world.SendAsync(route, "POST", TokenWorld.Search, client.Headers("POST", TokenWorld.Search, token));
        Assert.Equal((403, reason), (answer.Refusal!.Status, answer.Refusal.Reason));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(15, true)]
    [InlineData(16, false)]
    [InlineData(-5, true)]
    [InlineData(-6, false)]
    public async Task A_proof_is_taken_ten_seconds_long_and_clocks_may_be_five_apart(int age, bool isTaken)
    {
        var client = world.Client(TokenKind.Clinician);
        var token = client.Token().Sign(world.Issuer.Key);
        var proof = client.Proof("POST", TokenWorld.Search, token).With("iat", world.Clock.GetUtcNow().ToUnixTimeSeconds() - age).Sign(client.Key);
        var answer = await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [proof]));
        Assert.Equal(isTaken ? (RefusalReason?)null : RefusalReason.ProofTime, answer.Refusal?.Reason);
    }

    [Fact]
    public async Task The_proof_of_one_address_is_none_of_another_nor_of_another_method()
    {
        var headers = world.Client(TokenKind.Clinician).Headers("POST", TokenWorld.Search);
        Assert.Equal(RefusalReason.ProofTarget, (await world.SendAsync(RouteKind.LookUp, "POST", new(TokenWorld.PublicBase + "/Observation/$lastn"), headers)).Refusal!.Reason);
        Assert.Equal(RefusalReason.ProofMethod, (await world.SendAsync(RouteKind.LookUp, "GET", TokenWorld.Search, headers)).Refusal!.Reason);
        Assert.True((await world.SearchAsync(headers)).IsKnown, "Refusing it elsewhere has used it up.");
    }

    [Fact]
    public async Task Each_of_several_public_addresses_may_be_called()
    {
        using var both = new TokenWorld(null, ("Auth:PublicBaseUrl", "https://pmd.example https://inner.example/pmd"));
        var client = both.Client(TokenKind.Clinician);
        foreach (var address in new[] { TokenWorld.Search, new Uri("https://inner.example/pmd/Observation/_search") })
        {
            Assert.True((await both.SendAsync(RouteKind.LookUp, "POST", TokenWorld.Search, client.Headers("POST", address))).IsKnown);
        }

        Assert.Equal(RefusalReason.ProofTarget, (await both.SendAsync(RouteKind.LookUp, "POST", TokenWorld.Search, client.Headers("POST", new("https://inner.example/Observation/_search")))).Refusal!.Reason);
    }

    [Fact]
    public async Task Nobody_is_let_in_on_a_route_whose_issuer_is_not_set()
    {
        using var without = new TokenWorld(null, ("Auth:IdPorten:Issuer", null), ("Auth:Helsenorge:Issuer", null), ("Auth:Pvk:Issuer", null));
        Assert.Equal(RefusalReason.TokenIssuer, (await without.BearAsync(RouteKind.Citizen, TokenKind.Citizen)).Refusal!.Reason);
        Assert.Equal(RefusalReason.TokenIssuer, (await without.BearAsync(RouteKind.PrivacyPush, TokenKind.Pvk)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NoCredentials, (await without.SendAsync(RouteKind.Citizen, "GET", TokenWorld.Search, new([], []))).Refusal!.Reason);

        using var open = new TokenWorld(null, ("Auth:Mode", "Open"), ("Auth:HelseId:Issuer", null));
        Assert.Equal(RefusalReason.TokenIssuer, (await open.SearchAsync(t => t)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NoCredentials, (await open.SearchAsync(new RequestHeaders([], []))).Refusal!.Reason);
        Assert.Equal(RefusalReason.TokenIssuer, (await open.SendAsync(RouteKind.Submit, "POST", TokenWorld.Search, open.Client(TokenKind.Gateway).Headers("POST", TokenWorld.Search))).Refusal!.Reason);
    }

    [Theory]
    [InlineData(RouteKind.LookUp, TokenKind.Clinician, "nhn:pmd/read")]
    [InlineData(RouteKind.Submit, TokenKind.Gateway, "nhn:pmd/write")]
    public async Task The_scope_that_is_lacking_is_told(RouteKind route, TokenKind kind, string scope)
    {
        var client = world.Client(kind);
        foreach (var held in new JsonNode[] { "openid", new JsonArray("openid", "profile"), 7, true })
        {
            var answer = await world.SendAsync(route, "POST", TokenWorld.Search, client.Headers("POST", TokenWorld.Search, client.Token().With("scope", held).Sign(world.Issuer.Key)));
            Assert.Equal(RefusalReason.Scope, answer.Refusal!.Reason);
            Assert.Contains($"scope=\"{scope}\"", answer.Refusal.Challenge, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(-1L, RefusalReason.TokenTimes)]
    [InlineData(0L, null)]
    [InlineData(253_402_300_799L, RefusalReason.TokenNotYetValid)]
    [InlineData(253_402_300_800L, RefusalReason.TokenTimes)]
    public async Task A_token_is_of_a_time_in_the_calendar(long issued, RefusalReason? reason) => Assert.Equal(reason, (await world.SearchAsync(t => t.With("iat", issued))).Refusal?.Reason);

    [Fact]
    public async Task Whoever_is_not_known_is_counted_by_route_and_reason()
    {
        List<string> counted = [];
        using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (i == Signals.UnknownCallers) { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<long>((_, n, tags, _) =>
        {
            lock (counted)
            {
                counted.Add($"{n}: {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}");
            }
        });
        listener.Start();
        await world.SendAsync(RouteKind.Submit, "POST", TokenWorld.Search, new(["DPoP ."], ["."]));
        Assert.Contains("1: route=Submit reason=TokenMalformed", counted);
    }

    private static TheoryData<string, RouteKind> Table(IEnumerable<Broken> cases) =>
        [.. cases.SelectMany(c => new[] { RouteKind.LookUp, RouteKind.Submit }.Select(r => new TheoryDataRow<string, RouteKind>(c.Name, r)))];

    private async Task<Authentication> SendAsync(Broken broken, RouteKind route)
    {
        var client = world.Client(route == RouteKind.LookUp ? TokenKind.Clinician : TokenKind.Gateway);
        return await world.SendAsync(route, "POST", TokenWorld.Search, broken.Headers(client, "POST", TokenWorld.Search));
    }

    private async Task RefusesAsync(Broken broken, RouteKind route, (int Status, string? Error) expected)
    {
        var answer = await SendAsync(broken, route);
        Assert.False(answer.IsKnown);
        Assert.Equal(expected, (answer.Refusal.Status, answer.Refusal.Error));
        Assert.StartsWith("DPoP ", answer.Refusal.Challenge, StringComparison.Ordinal);
        Assert.Contains("algs=\"ES256 ", answer.Refusal.Challenge, StringComparison.Ordinal);
        Assert.Equal(expected.Error is not null, answer.Refusal.Challenge!.Contains("error=", StringComparison.Ordinal));
    }
}
