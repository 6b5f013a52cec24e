using System.Text.Json.Nodes;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Citizens by ID-porten and by Helsenorge, and Helsenorge's privacy component: each issuer vouches for its own, and for no more than it says.</summary>
public sealed class BearerTests(SharedTokenWorld shared) : IClassFixture<SharedTokenWorld>
{
    private const string Child = "05898597468";

    private static readonly Dictionary<string, (int Status, string? Error)> Rules = new()
    {
        ["token without scope"] = (403, "insufficient_scope"),
        ["token with another scope"] = (403, "insufficient_scope"),
        ["token with a scope that begins as the right one"] = (403, "insufficient_scope"),
        ["token without client"] = (403, "insufficient_scope"),
        ["no credentials"] = (401, null),
        ["an empty Authorization header"] = (401, null),
        ["credentials of another scheme"] = (401, null),
        ["two Authorization headers"] = (400, "invalid_request"),
        ["two credentials in one header"] = (400, "invalid_request"),
    };

    private readonly TokenWorld world = shared.World;

    public static TheoryData<string, TokenKind> TokensByKind =>
        [.. BrokenTokens.All.SelectMany(b => new[] { TokenKind.Citizen, TokenKind.Helsenorge, TokenKind.Pvk }.Select(k => new TheoryDataRow<string, TokenKind>(b.Name, k)))];

    [Theory]
    [MemberData(nameof(TokensByKind))]
    public async Task A_broken_token_is_refused(string name, TokenKind kind)
    {
        var headers = BrokenTokens.All.Single(b => b.Name == name).Headers(world.Client(kind), "GET", TokenWorld.Search);
        var answer = await world.SendAsync(RouteOf(kind), "GET", TokenWorld.Search, headers);
        Assert.Equal(Rules.TryGetValue(name, out var rule) ? rule : (401, "invalid_token"), (answer.Refusal!.Status, answer.Refusal.Error));
        Assert.Matches("^Bearer( error=.*)?$", answer.Refusal.Challenge);
    }

    [Fact]
    public async Task A_citizen_of_ID_porten_acts_for_themselves()
    {
        var citizen = await CitizenAsync(TokenKind.Citizen, t => t);
        Assert.Equal(("13717404089", "13717404089", Relation.Self, true), (citizen.Subject.Digits, citizen.Acting.Digits, citizen.Relation, citizen.MayChange));
        Assert.Equal(("development-citizen-app", "994598759"), (citizen.Client.Id, citizen.Client.LegalEntity!.Value.Digits));
    }

    [Fact]
    public async Task Who_calls_for_a_citizen_is_known_by_name_and_by_the_organisations_that_ID_porten_vouches_for()
    {
        static JsonObject Actor(string id) => new() { ["authority"] = "iso6523-actorid-upis", ["ID"] = id };
        var client = (await CitizenAsync(TokenKind.Citizen, t => t.With("client_name", "App").With("consumer", Actor("0192:312232324")).With("supplier", Actor("0192:213710192")))).Client;
        Assert.Equal(("App", "312232324", "213710192"), (client.Name, client.LegalEntity!.Value.Digits, client.Supplier!.Value.Digits));
        foreach (var other in new[] { "9908:312232324", "312232324", "0192:312232325", "0192:" })
        {
            Assert.Null((await CitizenAsync(TokenKind.Citizen, t => t.With("consumer", Actor(other)))).Client.LegalEntity);
        }

        Assert.Equal("Portal", (await CitizenAsync(TokenKind.Helsenorge, t => t.With("client_name", "Portal"))).Client.Name);
        Assert.Equal("PVK", ((PrivacyComponentCaller)(await world.BearAsync(RouteKind.PrivacyPush, TokenKind.Pvk, t => t.With("client_name", "PVK"))).Caller!).Client.Name);
    }

    [Fact]
    public async Task Without_a_scope_for_changing_no_representative_changes_anything()
    {
        using var without = new TokenWorld(null, ("Auth:Helsenorge:ChangeScope", null));
        var answer = await without.BearAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("subject_pid", Child).With("relation", "parent").With("scp", "pmd:citizen  pmd:citizen.change "));
        Assert.False(Assert.IsType<CitizenCaller>(answer.Caller).MayChange);
    }

    [Fact]
    public async Task A_proof_of_possession_is_another_scheme_here()
    {
        var refusal = (await world.SendAsync(RouteKind.Citizen, "GET", TokenWorld.Search, world.Client(TokenKind.Clinician).Headers("GET", TokenWorld.Search))).Refusal!;
        Assert.Equal((401, "invalid_token", RefusalReason.OtherScheme), (refusal.Status, refusal.Error, refusal.Reason));
    }

    [Fact]
    public async Task A_token_is_as_long_as_it_may_be_and_no_longer_whoever_issued_it()
    {
        var client = world.Client(TokenKind.Helsenorge);
        var padding = Limits.MaxTokenLength / 2;
        string token;
        while ((token = client.Token().With("padding", new string('x', padding)).Sign(world.Issuer.Key)).Length != Limits.MaxTokenLength)
        {
            padding += Math.Max(1, (Limits.MaxTokenLength - token.Length) / 2);
        }

        Assert.True((await world.SendAsync(RouteKind.Citizen, "GET", TokenWorld.Search, new([$"Bearer {token}"], []))).IsKnown);
        Assert.Equal(RefusalReason.TokenTooLong, (await world.SendAsync(RouteKind.Citizen, "GET", TokenWorld.Search, new([$"Bearer {token}x"], []))).Refusal!.Reason);
    }

    [Fact]
    public async Task A_client_that_is_not_on_the_list_may_not_call_for_citizens()
    {
        Assert.Equal((403, RefusalReason.Client), await RefusalAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("client_id", "somebody")));
        Assert.True((await world.BearAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("client_id", "another-app"))).IsKnown);
        using var none = new TokenWorld(null, ("Auth:IdPorten:Clients", null));
        Assert.Equal(RefusalReason.Client, (await none.BearAsync(RouteKind.Citizen, TokenKind.Citizen)).Refusal!.Reason);
    }

    [Theory]
    [InlineData("idporten-loa-substantial")]
    [InlineData("idporten-loa-low")]
    [InlineData("Level4")]
    [InlineData(null)]
    public async Task A_citizen_at_a_lower_level_is_told_to_step_up(string? level)
    {
        var refusal = (await world.BearAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("acr", level))).Refusal!;
        Assert.Equal((401, "insufficient_user_authentication", RefusalReason.Level), (refusal.Status, refusal.Error, refusal.Reason));
        Assert.Contains("acr_values=\"idporten-loa-high\"", refusal.Challenge, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_lacking_in_a_token_of_Helsenorge_is_told_in_Helsenorges_words()
    {
        using var both = new TokenWorld(null, ("Auth:Helsenorge:Scope", "pmd:helsenorge"));
        Assert.Contains("scope=\"pmd:helsenorge\"", (await both.BearAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("scp", "other"))).Refusal!.Challenge, StringComparison.Ordinal);
        Assert.Contains("scope=\"pmd:citizen\"", (await both.BearAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("scope", "other"))).Refusal!.Challenge, StringComparison.Ordinal);

        // acr_values are ID-porten's words.
        var lower = (await both.BearAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("scp", "pmd:helsenorge").With("security_level", "3"))).Refusal!;
        Assert.Equal("Bearer error=\"insufficient_user_authentication\", error_description=\"The person is to sign in at the highest level.\"", lower.Challenge);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1234")]
    public async Task A_token_that_names_no_person_is_refused(string? number)
    {
        Assert.Equal((403, RefusalReason.Person), await RefusalAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("pid", number)));
        Assert.Equal((403, RefusalReason.Person), await RefusalAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("acting_pid", number)));
        Assert.Equal((403, RefusalReason.Person), await RefusalAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("subject_pid", number)));
    }

    [Fact]
    public async Task On_Helsenorge_a_citizen_acts_for_themselves()
    {
        var citizen = await CitizenAsync(TokenKind.Helsenorge, t => t);
        Assert.Equal((citizen.Subject, Relation.Self, true), (citizen.Acting, citizen.Relation, citizen.MayChange));
        Assert.Equal(Relation.Self, (await CitizenAsync(TokenKind.Helsenorge, t => t.With("relation", null))).Relation);
    }

    [Theory]
    [InlineData("parent", Relation.Parent)]
    [InlineData("attorney", Relation.Attorney)]
    [InlineData("guardian", Relation.Guardian)]
    public async Task A_representative_reads_and_changes_only_where_the_token_says_so(string word, Relation relation)
    {
        var reading = await CitizenAsync(TokenKind.Helsenorge, t => t.With("subject_pid", Child).With("relation", word));
        Assert.Equal((Child, "13717404089", relation, false), (reading.Subject.Digits, reading.Acting.Digits, reading.Relation, reading.MayChange));
        Assert.True((await CitizenAsync(TokenKind.Helsenorge, t => t.With("subject_pid", Child).With("relation", word).With("scp", "pmd:citizen pmd:citizen.change"))).MayChange);
    }

    [Theory]
    [InlineData(Child, null)]
    [InlineData(Child, "self")]
    [InlineData(Child, "friend")]
    [InlineData(Child, "PARENT")]
    [InlineData("13717404089", "parent")]
    public async Task A_relation_that_does_not_fit_is_refused(string subject, string? relation) =>
        Assert.Equal((403, RefusalReason.Representation), await RefusalAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("subject_pid", subject).With("relation", relation)));

    [Theory]
    [InlineData("3")]
    [InlineData(null)]
    public async Task On_Helsenorge_the_level_is_four(string? level) =>
        Assert.Equal((401, RefusalReason.Level), await RefusalAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("security_level", level)));

    [Fact]
    public async Task The_names_of_Helsenorges_claims_are_settings()
    {
        using var other = new TokenWorld(
            null, ("Auth:Helsenorge:ActingClaim", "a"), ("Auth:Helsenorge:SubjectClaim", "s"), ("Auth:Helsenorge:RelationClaim", "r"), ("Auth:Helsenorge:LevelClaim", "l"), ("Auth:Helsenorge:ScopeClaim", "scope"));
        var answer = await other.BearAsync(RouteKind.Citizen, TokenKind.Helsenorge, t => t.With("a", "13717404089").With("s", Child).With("r", "parent").With("l", "4").With("scope", "pmd:citizen"));
        Assert.Equal((Child, Relation.Parent), (((CitizenCaller)answer.Caller!).Subject.Digits, ((CitizenCaller)answer.Caller).Relation));
        Assert.False((await other.BearAsync(RouteKind.Citizen, TokenKind.Helsenorge)).IsKnown);
    }

    [Fact]
    public async Task The_privacy_component_is_known_by_its_system_token()
    {
        var answer = await world.BearAsync(RouteKind.PrivacyPush, TokenKind.Pvk);
        Assert.Equal("development-pvk", Assert.IsType<PrivacyComponentCaller>(answer.Caller).Client.Id);
        Assert.Equal((403, RefusalReason.Client), await RefusalAsync(RouteKind.PrivacyPush, TokenKind.Pvk, t => t.With("client_id", "somebody")));
        Assert.Equal((403, RefusalReason.UserToken), await RefusalAsync(RouteKind.PrivacyPush, TokenKind.Pvk, t => t.With("typ_2", null)));
    }

    [Fact]
    public async Task A_token_of_one_kind_opens_no_route_of_another()
    {
        foreach (var kind in Enum.GetValues<TokenKind>())
        {
            foreach (var route in Enum.GetValues<RouteKind>().Where(r => r != RouteOf(kind)))
            {
                var client = world.Client(kind);
                foreach (var token in new[] { client.Token(), client.Token().With("scp", "pmd:citizen pmd:privacy.push nhn:pmd/read").With("scope", "pmd:citizen nhn:pmd/read nhn:pmd/write pmd:privacy.push") })
                {
                    var right = client.Headers("POST", TokenWorld.Search, token.Sign(world.Issuer.Key));
                    var asBearer = right.Authorization[0].Replace("DPoP ", "Bearer ", StringComparison.Ordinal);
                    Assert.False((await world.SendAsync(route, "POST", TokenWorld.Search, right)).IsKnown);
                    Assert.False((await world.SendAsync(route, "POST", TokenWorld.Search, new([asBearer], []))).IsKnown);
                }
            }
        }
    }

    [Fact]
    public async Task A_bound_token_is_not_taken_without_its_proof()
    {
        var cnf = new JsonObject { ["jkt"] = "abc" };
        Assert.Equal((401, RefusalReason.TokenBound), await RefusalAsync(RouteKind.Citizen, TokenKind.Citizen, t => t.With("cnf", cnf.DeepClone())));
        Assert.Equal((401, RefusalReason.TokenBound), await RefusalAsync(RouteKind.PrivacyPush, TokenKind.Pvk, t => t.With("cnf", cnf.DeepClone())));
    }

    private static RouteKind RouteOf(TokenKind kind) => kind switch
    {
        TokenKind.Clinician => RouteKind.LookUp,
        TokenKind.Gateway => RouteKind.Submit,
        TokenKind.Pvk => RouteKind.PrivacyPush,
        _ => RouteKind.Citizen,
    };

    private async Task<CitizenCaller> CitizenAsync(TokenKind kind, Func<TokenDraft, TokenDraft> change)
    {
        var answer = await world.BearAsync(RouteKind.Citizen, kind, change);
        Assert.True(answer.IsKnown, answer.Refusal?.Description);
        return Assert.IsType<CitizenCaller>(answer.Caller);
    }

    private async Task<(int Status, RefusalReason Reason)> RefusalAsync(RouteKind route, TokenKind kind, Func<TokenDraft, TokenDraft> change)
    {
        var refusal = (await world.BearAsync(route, kind, change)).Refusal!;
        return (refusal.Status, refusal.Reason);
    }
}
