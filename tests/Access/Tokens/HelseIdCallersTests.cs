using System.Text.Json.Nodes;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>What a HelseID token says of its caller, and that nothing is assumed where it says nothing.</summary>
public sealed class HelseIdCallersTests(SharedTokenWorld shared) : IClassFixture<SharedTokenWorld>
{
    private readonly TokenWorld world = shared.World;

    [Fact]
    public async Task A_clinician_is_known_by_every_claim()
    {
        var caller = await PersonAsync(t => t.With("jti", "an-id"));
        Assert.Equal(("development-health-record", "DEVELOPMENT HEALTH RECORD"), (caller.Client.Id, caller.Client.Name));
        Assert.Equal(("981275721", "873255102", "213710192"), (caller.Client.LegalEntity!.Value.Digits, caller.Client.Unit!.Value.Digits, caller.Client.Supplier!.Value.Digits));
        Assert.Equal(("05898597468", "565501872", "GRØNN VITS", 4), (caller.Person.Digits, caller.Hpr!.Value.Digits, caller.Name, caller.SecurityLevel));
        Assert.Equal(("981275721", "TREAT"), (caller.Attest!.LegalEntity!.Id, caller.Attest.PurposeOfUse!.Code));
        Assert.Equal(world.Clock.GetUtcNow(), caller.IssuedAt);
        Assert.DoesNotContain("an-id", caller.TokenId, StringComparison.Ordinal);
        Assert.Equal(caller.TokenId, (await PersonAsync(t => t.With("jti", "an-id"))).TokenId);
        Assert.NotEqual(caller.TokenId, (await PersonAsync(t => t.With("jti", "another-id"))).TokenId);
    }

    [Fact]
    public async Task The_same_person_has_the_same_key_and_another_another()
    {
        var one = await PersonAsync(t => t);
        Assert.Equal(one.Key, (await PersonAsync(t => t.With("name", "ANOTHER NAME"))).Key);
        Assert.NotEqual(one.Key, (await PersonAsync(t => t.With(ClaimNames.Pid, "13717404089"))).Key);
    }

    [Theory]
    [InlineData(ClaimNames.Hpr)]
    [InlineData("name")]
    [InlineData(ClaimNames.SecurityLevel)]
    [InlineData(ClaimNames.LegalEntity)]
    [InlineData(ClaimNames.Unit)]
    [InlineData(ClaimNames.Supplier)]
    [InlineData(ClaimNames.ClientName)]
    [InlineData(ClaimNames.Attest)]
    public async Task A_claim_that_is_missing_or_of_a_wrong_form_is_not_assumed(string claim)
    {
        foreach (var value in new JsonNode?[] { null, "", 4, new JsonArray("x"), "not a number" })
        {
            var caller = await PersonAsync(t => t.With(claim, value?.DeepClone()));
            object? read = claim switch
            {
                ClaimNames.Hpr => caller.Hpr,
                ClaimNames.SecurityLevel => caller.SecurityLevel == 0 ? null : caller.SecurityLevel,
                ClaimNames.LegalEntity => caller.Client.LegalEntity,
                ClaimNames.Unit => caller.Client.Unit,
                ClaimNames.Supplier => caller.Client.Supplier,
                // One that is there and cannot be read states nothing.
                ClaimNames.Attest => caller.Attest is { Practitioner: null, LegalEntity: null, PurposeOfUse: null } ? null : caller.Attest,
                "name" => caller.Name is "" or "not a number" ? null : caller.Name,
                ClaimNames.ClientName => caller.Client.Name is "" or "not a number" ? null : caller.Client.Name,
                _ => null,
            };
            Assert.Null(read);
        }
    }

    [Theory]
    [InlineData("sub")]
    [InlineData("jti")]
    [InlineData("nbf")]
    [InlineData("amr")]
    public async Task A_claim_that_decides_nothing_may_be_missing(string claim) => await PersonAsync(t => t.With(claim, null));

    [Theory]
    [InlineData("\"4\"", 4)]
    [InlineData("\"3\"", 3)]
    [InlineData("4", 0)]
    [InlineData("\"04\"", 0)]
    [InlineData("\"+4\"", 0)]
    [InlineData("[\"4\"]", 0)]
    public async Task The_level_is_a_text_of_one_digit(string json, int level) =>
        Assert.Equal(level, (await PersonAsync(t => t.With(ClaimNames.SecurityLevel, JsonNode.Parse(json)))).SecurityLevel);

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"12345678901\"")]
    [InlineData("\"1371740408\"")]
    [InlineData("13717404089")]
    [InlineData("[\"13717404089\"]")]
    [InlineData("{}")]
    public async Task A_person_number_that_is_none_is_refused_and_makes_it_no_machine(string json)
    {
        var refusal = (await world.SearchAsync(t => t.With(ClaimNames.Pid, JsonNode.Parse(json)))).Refusal!;
        Assert.Equal((403, RefusalReason.Person), (refusal.Status, refusal.Reason));
        var gateway = world.Client(TokenKind.Gateway);
        var token = gateway.Token().With(ClaimNames.Pid, JsonNode.Parse(json)).Sign(world.Issuer.Key);
        Assert.Equal(RefusalReason.UserToken, (await world.SendAsync(RouteKind.Submit, "POST", TokenWorld.Search, gateway.Headers("POST", TokenWorld.Search, token))).Refusal!.Reason);
    }

    [Fact]
    public async Task A_name_is_cut_at_its_limit_and_a_client_past_it_is_refused()
    {
        Assert.Equal(new string('x', 200), (await PersonAsync(t => t.With("name", new string('x', 201)))).Name);
        Assert.Equal(200, (await PersonAsync(t => t.With("client_id", new string('x', 200)))).Client.Id.Length);
        Assert.Equal(RefusalReason.Client, (await world.SearchAsync(t => t.With("client_id", new string('x', 201)))).Refusal!.Reason);
        Assert.Equal(RefusalReason.Client, (await world.SearchAsync(t => t.With("client_id", "a\nb"))).Refusal!.Reason);
    }

    [Fact]
    public async Task A_name_is_not_cut_inside_a_character() => Assert.Equal(199, (await PersonAsync(t => t.With("name", new string('x', 199) + "😀"))).Name.Length);

    [Fact]
    public async Task A_gateway_is_known_by_its_organisation()
    {
        var client = world.Client(TokenKind.Gateway);
        var answer = await world.SendAsync(RouteKind.Submit, "PUT", TokenWorld.Search, client.Headers("PUT", TokenWorld.Search));
        var caller = Assert.IsType<SystemCaller>(answer.Caller);
        Assert.Equal(("development-gateway", "994598759", "213710192", null), (caller.Client.Id, caller.Client.LegalEntity!.Value.Digits, caller.Client.Supplier!.Value.Digits, caller.Client.Unit));
    }

    [Theory]
    [InlineData("exp", 4, null)]
    [InlineData("exp", 5, RefusalReason.TokenExpired)]
    [InlineData("nbf", 5, null)]
    [InlineData("nbf", 6, RefusalReason.TokenNotYetValid)]
    [InlineData("iat", 5, null)]
    [InlineData("iat", 6, RefusalReason.TokenNotYetValid)]
    public async Task Clocks_may_be_five_seconds_apart(string claim, int seconds, RefusalReason? expected)
    {
        var now = world.Clock.GetUtcNow().ToUnixTimeSeconds();
        var answer = await world.SearchAsync(t => t.With(claim, claim == "exp" ? now - seconds : now + seconds));
        Assert.Equal(expected, answer.Refusal?.Reason);
    }

    [Fact]
    public async Task A_token_past_the_limit_is_refused_and_one_at_it_taken()
    {
        var client = world.Client(TokenKind.Clinician);
        string Padded(int extra) => client.Token().With("jti", "the-same").With("padding", new string('x', extra)).Sign(world.Issuer.Key);

        var fits = MostThatFits(Padded, 16_384);
        Assert.InRange(Padded(fits).Length, 16_383, 16_384);
        Assert.True((await world.SearchAsync(client.Headers("POST", TokenWorld.Search, Padded(fits)))).IsKnown);
        Assert.Equal(RefusalReason.TokenTooLong, (await world.SearchAsync(client.Headers("POST", TokenWorld.Search, Padded(fits + 1)))).Refusal!.Reason);
    }

    [Fact]
    public async Task A_proof_past_the_limit_is_refused_and_one_at_it_taken()
    {
        var client = world.Client(TokenKind.Clinician);
        var token = client.Token().Sign(world.Issuer.Key);
        string Padded(int extra) => client.Proof("POST", TokenWorld.Search, token).With("padding", new string('x', extra)).Sign(client.Key);
        var fits = MostThatFits(Padded, 8_192);
        Assert.InRange(Padded(fits).Length, 8_191, 8_192);
        Assert.True((await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [Padded(fits)]))).IsKnown);
        Assert.Equal(RefusalReason.ProofTooLong, (await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [Padded(fits + 1)]))).Refusal!.Reason);
    }

    // In base64url three characters become four, so that one more gives one or two more.
    private static int MostThatFits(Func<int, string> padded, int limit)
    {
        var guess = (limit - padded(0).Length) * 3 / 4 + 4;
        return Enumerable.Range(0, 12).Select(less => guess - less).First(n => padded(n).Length <= limit);
    }

    private async Task<PersonnelCaller> PersonAsync(Func<TokenDraft, TokenDraft> change)
    {
        var answer = await world.SearchAsync(change);
        Assert.True(answer.IsKnown, answer.Refusal?.Description);
        return Assert.IsType<PersonnelCaller>(answer.Caller);
    }
}
