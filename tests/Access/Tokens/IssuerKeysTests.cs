using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Keys are fetched when they are needed and not more often; without them nobody is let in, and nothing fails.</summary>
public sealed class IssuerKeysTests : IDisposable
{
    private static readonly SigningKey Next = SigningKey.Rsa();

    private readonly TokenWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task They_are_fetched_once_for_many()
    {
        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(LetInAsync)));
        Assert.Equal(1, world.Network.Fetches);
    }

    [Fact]
    public async Task Whoever_calls_while_they_cannot_be_fetched_is_refused_until_they_can()
    {
        world.Network.IsCut = true;
        var refusal = (await SearchAsync()).Refusal!;
        Assert.Equal((503, "transient", RefusalReason.KeysUnreachable), (refusal.Status, refusal.IssueCode, refusal.Reason));
        Assert.Equal(401, (await world.SearchAsync(new RequestHeaders([], []))).Refusal!.Status);

        world.Network.IsCut = false;
        Assert.Equal(RefusalReason.KeysUnreachable, (await SearchAsync()).Refusal!.Reason);
        world.Clock.Advance(TimeSpan.FromSeconds(5));
        await LetInAsync();
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_the_first_token_names_it()
    {
        await LetInAsync();
        world.Issuer.Key = Next;
        world.Clock.Advance(TimeSpan.FromSeconds(30));
        await LetInAsync();
        Assert.Equal(2, world.Network.Fetches);
    }

    [Fact]
    public async Task A_key_is_taken_with_the_algorithm_of_its_curve_alone()
    {
        world.Issuer.Key = SigningKey.Ec("ES384");
        world.Network.Answer = (_, text) => text.Replace(",\"alg\":\"ES384\"", "", StringComparison.Ordinal);
        await LetInAsync();
        Assert.Equal(RefusalReason.TokenAlgorithm, (await SearchAsync(t => t.WithHeader("alg", "ES256"))).Refusal!.Reason);
    }

    [Fact]
    public async Task Unknown_keys_are_asked_for_once_in_thirty_seconds_however_many_tokens_name_them()
    {
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(RefusalReason.TokenKey, (await SearchAsync(t => t.WithHeader("kid", $"nobody-{i}"))).Refusal!.Reason);
        }

        Assert.Equal(2, world.Network.Fetches);
        world.Clock.Advance(TimeSpan.FromSeconds(29));
        await SearchAsync(t => t.WithHeader("kid", "nobody"));
        Assert.Equal(2, world.Network.Fetches);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await SearchAsync(t => t.WithHeader("kid", "nobody"));
        Assert.Equal(3, world.Network.Fetches);
    }

    [Fact]
    public async Task Known_callers_do_not_wait_for_what_is_fetched_for_others()
    {
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(30));
        var gate = new TaskCompletionSource();
        world.Network.Gate = gate.Task;
        var waiting = SearchAsync(t => t.WithHeader("kid", "nobody"));
        await LetInAsync();
        Assert.False(waiting.IsCompleted);
        gate.SetResult();
        Assert.Equal(RefusalReason.TokenKey, (await waiting).Refusal!.Reason);
    }

    [Fact]
    public async Task A_caller_who_gives_up_does_not_end_the_fetch_for_others()
    {
        var gate = new TaskCompletionSource();
        world.Network.Gate = gate.Task;
        var client = world.Client(TokenKind.Clinician);
        var headers = client.Headers("POST", TokenWorld.Search);
        using var gone = new CancellationTokenSource();
        var first = world.Authenticator.AuthenticateAsync(RouteKind.LookUp, new("POST", TokenWorld.Search.AbsolutePath, headers.Authorization, headers.Proofs), gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = LetInAsync();
        gate.SetResult();
        await second;
        Assert.Equal(1, world.Network.Fetches);
    }

    [Fact]
    public async Task Old_keys_serve_for_a_day_while_the_issuer_is_away_and_no_longer()
    {
        await LetInAsync();
        world.Network.IsCut = true;
        world.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RefusalReason.KeysUnreachable, (await SearchAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task They_are_fetched_anew_after_half_a_day_and_nobody_waits_for_it()
    {
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromHours(12));
        var gate = new TaskCompletionSource();
        world.Network.Gate = gate.Task;
        await LetInAsync();
        Assert.Equal(1, world.Network.Fetches);
        gate.SetResult();
        world.Clock.Advance(TimeSpan.FromHours(12));
        await LetInAsync();
        Assert.InRange(world.Network.Fetches, 2, 3);
    }

    [Fact]
    public async Task The_fetch_after_half_a_day_is_not_made_before_and_not_left_out()
    {
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(31));
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(9));
        await AskForNobodyAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(22));

        // Were one made 31 seconds ago, another would be due.
        await AskForNobodyAsync();
        Assert.Equal(2, world.Network.Fetches);

        world.Clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(22));
        await LetInAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(10));
        await AskForNobodyAsync();
        Assert.Equal(3, world.Network.Fetches);
        world.Clock.Advance(TimeSpan.FromSeconds(25));

        // Were the one at the twelfth hour made by whoever asked ten seconds later, none would be due yet.
        await AskForNobodyAsync();
        Assert.Equal(4, world.Network.Fetches);

        async Task AskForNobodyAsync() => Assert.Equal(RefusalReason.TokenKey, (await SearchAsync(t => t.WithHeader("kid", "nobody"))).Refusal!.Reason);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("EdDSA")]
    public async Task A_key_without_algorithm_does_not_let_the_token_choose_one(string algorithm)
    {
        world.Network.Answer = (_, text) => text.Replace(",\"alg\":\"RS256\"", "", StringComparison.Ordinal);
        await LetInAsync();
        Assert.Equal(RefusalReason.TokenAlgorithm, (await SearchAsync(t => t.WithHeader("alg", algorithm))).Refusal!.Reason);
    }

    [Theory]
    [InlineData("\"kty\":\"RSA\"", "\"kty\":\"oct\",\"k\":\"c2VjcmV0\"")]
    [InlineData("\"kty\":\"RSA\"", "\"kty\":\"OKP\"")]
    [InlineData("\"kty\":\"RSA\"", "\"kind\":\"RSA\"")]
    public async Task A_key_of_another_kind_is_none(string published, string wrong)
    {
        world.Network.Answer = (_, text) => text.Replace(published, wrong, StringComparison.Ordinal);
        Assert.Equal(RefusalReason.TokenKey, (await SearchAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task A_key_that_is_none_verifies_nothing()
    {
        world.Issuer.Key = SigningKey.Ec();
        var point = world.Issuer.Key.PublicJwk()["y"]!.ToString();
        world.Network.Answer = (_, text) => text.Replace(point, new string('A', point.Length), StringComparison.Ordinal);
        Assert.Equal(RefusalReason.TokenSignature, (await SearchAsync()).Refusal!.Reason);
    }

    [Theory]
    [InlineData("\"https://issuer.example/helseid\"", "\"https://other.example/helseid\"", "the document of another issuer")]
    [InlineData("\"https://issuer.example/helseid/.well-known/openid-configuration/jwks\"", "\"http://issuer.example/helseid/jwks\"", "keys without TLS")]
    [InlineData("\"https://issuer.example/helseid/.well-known/openid-configuration/jwks\"", "\"file:///etc/passwd\"", "keys from a file")]
    [InlineData("{", "<", "what is no JSON")]
    [InlineData("\"use\":\"sig\"", "\"use\":\"enc\"", "keys that are not for signing")]
    [InlineData("\"kid\":", "\"kd\":", "keys without a name")]
    [InlineData("\"kty\":\"RSA\"", "\"kty\":\"oct\",\"k\":\"c2VjcmV0\"", "symmetric keys")]
    [InlineData("\"n\":\"", "\"n\":\"%%", "a modulus that is none")]
    [InlineData("\"kid\":\"", "\"kid\":4,\"k\":\"", "a name that is a number")]
    [InlineData("\"keys\":", "\"keys\":null,\"k\":", "no keys")]
    [InlineData("\"alg\":\"RS256\"", "\"alg\":\"PS256\"", "keys for another algorithm")]
    public async Task What_an_issuer_should_not_publish_lets_nobody_in(string published, string wrong, string _)
    {
        world.Network.Answer = (_, text) => text.Replace(published, wrong, StringComparison.Ordinal);
        Assert.False((await SearchAsync()).IsKnown);
    }

    [Fact]
    public async Task An_issuer_that_answers_without_end_lets_nobody_in()
    {
        world.Network.Answer = (_, text) => text + new string(' ', 262_144);
        Assert.Equal(RefusalReason.KeysUnreachable, (await SearchAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task A_short_key_of_an_issuer_is_not_used()
    {
        using var small = SigningKey.Rsa("RS256", 1024);
        world.Issuer.Key = small;
        Assert.Equal(RefusalReason.TokenKey, (await SearchAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task An_issuer_without_discovery_is_known_by_its_key_set()
    {
        using var direct = new TokenWorld(null, ("Auth:HelseId:KeySet", "https://issuer.example/helseid/keys/jwks"));
        Assert.True((await direct.SearchAsync(t => t)).IsKnown);
    }

    private Task<Authentication> SearchAsync(Func<TokenDraft, TokenDraft>? change = null) => world.SearchAsync(change ?? (t => t));

    private async Task LetInAsync()
    {
        var answer = await SearchAsync();
        Assert.True(answer.IsKnown, answer.Refusal?.Description);
    }
}
