using CsCheck;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Refusals are answers as OAuth and FHIR have them, and nothing that can be sent is anything else.</summary>
public sealed class TokenRefusalTests
{
    public static TheoryData<RefusalReason> Reasons => [.. Enum.GetValues<RefusalReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void Every_reason_has_its_answer(RefusalReason reason)
    {
        foreach (var refusal in new[] { TokenRefusal.OfDPoP(reason, "nhn:pmd/read"), TokenRefusal.OfBearer(reason, "pmd:citizen", null) })
        {
            // RFC 6750 3: error_description has no quote, no backslash, and ASCII alone.
            Assert.All(refusal.Description, c => Assert.True(c is >= ' ' and <= '~' and not ('"' or '\\')));
            Assert.Contains(refusal.Status, new[] { 400, 401, 403, 503 });
            Assert.Contains(refusal.IssueCode, new[] { "login", "expired", "forbidden", "security", "transient" });
            Assert.Equal(refusal.Status == 503, refusal.Challenge is null);
            Assert.Equal(refusal.Status == 503, refusal.RetryAfter is not null);
            Assert.Equal(refusal.Status == 403, refusal.Challenge?.Contains("scope=", StringComparison.Ordinal) ?? false);
        }
    }

    [Fact]
    public void Each_reason_is_told_in_a_sentence_of_its_own()
    {
        var told = Enum.GetValues<RefusalReason>().Select(r => TokenRefusal.OfDPoP(r, "s").Description).ToList();
        Assert.All(told, t => Assert.Matches(@"^[A-Z].{20,}\.$", t));
        Assert.Distinct(told);
    }

    [Fact]
    public void Who_sends_nothing_is_told_the_scheme_and_no_error()
    {
        Assert.Equal("DPoP algs=\"ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512\"", TokenRefusal.OfDPoP(RefusalReason.NoCredentials, "s").Challenge);
        Assert.Equal("Bearer", TokenRefusal.OfBearer(RefusalReason.NoCredentials, "s", null).Challenge);
    }

    [Fact]
    public void What_is_lacking_is_told() =>
        Assert.Equal("Bearer error=\"insufficient_scope\", error_description=\"The access token lacks the scope of this call.\", scope=\"pmd:citizen\"", TokenRefusal.OfBearer(RefusalReason.Scope, "pmd:citizen", null).Challenge);

    [Fact]
    public void Credentials_do_not_slip_into_a_text() => Assert.Equal("GET, 1 credentials, 2 proofs", new CallCredentials("GET", "/secret", ["secret"], ["secret", "secret"]).ToString());

    [Fact]
    public async Task Nothing_that_can_be_sent_is_an_exception_or_lets_anyone_in_who_should_not_be()
    {
        await using var world = new TokenWorld();
        var client = world.Client(TokenKind.Clinician);
        var right = client.Headers("POST", TokenWorld.Search);
        var (token, proof) = (right.Authorization[0], right.Proofs[0]);

        // One character of token or proof is another; or a piece of it is gone; or it is something else altogether.
        var change = Gen.OneOf(
            Gen.Select(Gen.Int[0, 10_000], Gen.Char[" \"{}[]=.,-_AZaz09+/\0é"], (at, c) => (Func<string, string>)(s => s[..(at % s.Length)] + c + s[((at % s.Length) + 1)..])),
            Gen.Select(Gen.Int[0, 10_000], Gen.Int[1, 400], (at, n) => (Func<string, string>)(s => s.Remove(at % s.Length, Math.Min(n, s.Length - (at % s.Length))))),
            Gen.String[0, 60].Select(text => (Func<string, string>)(_ => text)));
        await Gen.Select(change, Gen.Bool, Gen.Enum<RouteKind>()).SampleAsync(
            async (Func<string, string> changed, bool isToken, RouteKind route) =>
            {
                var headers = isToken ? new RequestHeaders([changed(token)], [proof]) : new RequestHeaders([token], [changed(proof)]);
                var answer = await world.SendAsync(route, "POST", TokenWorld.Search, headers);

                // A letter of the scheme in another case is the same scheme, and what is not signed may be written in two ways.
                return !answer.IsKnown || (route == RouteKind.LookUp && (headers.Authorization[0].Equals(token, StringComparison.OrdinalIgnoreCase) || SignatureMeansTheSame(headers, token, proof)));
            },
            iter: 2_000);
    }

    // The last character of a base64url text has bits that mean nothing.
    private static bool SignatureMeansTheSame(RequestHeaders headers, string token, string proof) =>
        headers.Authorization[0].TrimStart()[..^1].Equals(token[..^1], StringComparison.OrdinalIgnoreCase) && headers.Proofs[0].Trim()[..^1] == proof[..^1];
}
