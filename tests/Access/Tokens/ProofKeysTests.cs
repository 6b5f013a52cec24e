using System.Text.Json;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Keys of proofs that held are kept for the next: it is to make no difference but that of time.</summary>
public sealed class ProofKeysTests
{
    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public async Task A_key_that_is_kept_takes_its_own_proofs_and_no_other(string algorithm)
    {
        await using var world = new TokenWorld();
        using var key = algorithm == "ES256" ? SigningKey.Ec() : SigningKey.Rsa();
        using var other = algorithm == "ES256" ? SigningKey.Ec() : SigningKey.Rsa();
        var client = new DevelopmentClient(world.Issuer, TokenKind.Clinician, key, world.Clock);
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await world.SearchAsync(client.Headers("POST", TokenWorld.Search))).IsKnown);

            // Signed by another, and shown as by this one.
            var token = client.Token().Sign(world.Issuer.Key);
            var forged = client.Proof("POST", TokenWorld.Search, token).Sign(other);
            Assert.Equal(RefusalReason.ProofSignature, (await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [forged]))).Refusal!.Reason);

            // By this one, and shown as by another algorithm of the same key.
            var shown = client.Proof("POST", TokenWorld.Search, token).WithHeader("alg", algorithm == "ES256" ? "ES384" : "PS256").Sign(key);
            Assert.Equal(algorithm == "ES256" ? RefusalReason.ProofKey : RefusalReason.ProofSignature, (await world.SearchAsync(new RequestHeaders([$"DPoP {token}"], [shown]))).Refusal!.Reason);
        }
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public async Task The_key_of_a_proof_that_held_is_the_one_of_the_next_and_one_that_did_not_hold_is_not_kept(string algorithm)
    {
        await using var world = new TokenWorld();
        using var key = algorithm == "ES256" ? SigningKey.Ec() : SigningKey.Rsa();
        var client = new DevelopmentClient(world.Issuer, TokenKind.Clinician, key, world.Clock);
        var token = client.Token().Sign(world.Issuer.Key);
        var kept = new ProofKeys();
        Assert.NotNull(Check(client.Proof("GET", TokenWorld.Search, token).Sign(key)));
        Assert.Null(Take());
        Assert.Null(Check(client.Proof("POST", TokenWorld.Search, token).Sign(key)));
        var first = Take()!;
        kept.Keep(first);
        Assert.Null(Check(client.Proof("POST", TokenWorld.Search, token).Sign(key)));
        Assert.Same(first, Take());
        kept.Keep(first);
        Assert.NotNull(Check(client.Proof("GET", TokenWorld.Search, token).Sign(key)));
        Assert.Null(Take());

        ProofKey? Take() => kept.Take(ProofAlgorithm.Of(algorithm)!, key.Thumbprint);

        RefusalReason? Check(string proof)
        {
            _ = TargetUri.TryParse(TokenWorld.Search.AbsoluteUri, out var target);
            return Proof.Check(proof, token, key.Thumbprint, "POST", [target], ProofWindow.Usual, world.Clock.GetUtcNow(), kept, out _);
        }
    }

    [Fact]
    public async Task Many_proofs_by_one_key_at_once_are_each_taken_once()
    {
        await using var world = new TokenWorld();
        var client = world.Client(TokenKind.Clinician);
        var sent = Enumerable.Range(0, 200).Select(_ => client.Headers("POST", TokenWorld.Search)).ToList();
        var answers = await Task.WhenAll(sent.Concat(sent).Select(h => Task.Run(() => world.SearchAsync(h))));
        Assert.Equal(200, answers.Count(a => a.IsKnown));
        Assert.All(answers.Where(a => !a.IsKnown), a => Assert.Equal(RefusalReason.ProofReplayed, a.Refusal!.Reason));
    }

    [Fact]
    public void A_key_is_out_while_it_is_in_use_and_past_a_thousand_all_are_let_go()
    {
        var kept = new ProofKeys();
        var algorithm = ProofAlgorithm.Of("ES256")!;
        var keys = Enumerable.Range(0, 1_001).Select(_ => Read()).ToList();
        var names = keys.Select(k => k.Thumbprint).ToList();
        keys[..1_000].ForEach(kept.Keep);
        Assert.Same(keys[0], kept.Take(algorithm, names[0]));
        Assert.Null(kept.Take(algorithm, names[0]));
        Assert.Null(kept.Take(ProofAlgorithm.Of("ES384")!, names[1]));
        kept.Keep(keys[0]);
        kept.Keep(keys[1_000]);
        Assert.All(names[..1_000], n => Assert.Null(kept.Take(algorithm, n)));
        Assert.Same(keys[1_000], kept.Take(algorithm, names[1_000]));

        ProofKey Read()
        {
            using var key = SigningKey.Ec();
            using var jwk = JsonDocument.Parse(key.PublicJwk().ToJsonString());
            return ProofKey.TryRead(jwk.RootElement, algorithm, kept)!;
        }
    }
}
