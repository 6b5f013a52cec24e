namespace PasientensMaledata.Access.Tokens;

/// <summary>The answer to a call whose caller is not known, or may not call this route. Its texts hold nothing of the token.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Error">The error of OAuth (RFC 6750 3.1, RFC 9449 7.1, RFC 9470 3); null where no credentials came, and where the fault is ours.</param>
/// <param name="Description">What is wrong and what to do, in English ASCII.</param>
/// <param name="Challenge">Value of <c>WWW-Authenticate</c>; null with 503.</param>
/// <param name="IssueCode">FHIR issue-type.</param>
/// <param name="Reason">For telemetry.</param>
/// <param name="RetryAfter">When to try again; null where trying again the same way is of no use.</param>
public sealed record TokenRefusal(int Status, string? Error, string Description, string? Challenge, string IssueCode, RefusalReason Reason, TimeSpan? RetryAfter)
{
    private const string Algorithms = "ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>A refusal on a route that takes tokens bound with DPoP (RFC 9449 7.1).</summary>
    internal static TokenRefusal OfDPoP(RefusalReason reason, string scope) => Of(reason, "DPoP", scope, null, $"algs=\"{Algorithms}\"");

    /// <summary>A refusal on a route that takes Bearer tokens (RFC 6750 3).</summary>
    /// <param name="reason">Why.</param>
    /// <param name="scope">The scope of the call in tokens of this issuer.</param>
    /// <param name="level">The issuer's word for the highest level (<c>acr</c>); null where it has none.</param>
    internal static TokenRefusal OfBearer(RefusalReason reason, string scope, string? level) => Of(reason, "Bearer", scope, level, null);

    private static TokenRefusal Of(RefusalReason reason, string scheme, string scope, string? level, string? always)
    {
        var (status, error, issue, description) = Meaning(reason);
        if (status == 503)
        {
            return new(status, error, description, null, issue, reason, Pause);
        }

        List<string> members = [];
        if (error is not null)
        {
            // RFC 6750 3.1: a request without credentials SHOULD NOT be told an error.
            members.Add($"error=\"{error}\"");
            members.Add($"error_description=\"{description}\"");
        }

        if (error == "insufficient_scope")
        {
            members.Add($"scope=\"{scope}\"");
        }

        if (error == "insufficient_user_authentication" && level is not null)
        {
            members.Add($"acr_values=\"{level}\"");
        }

        if (always is not null)
        {
            members.Add(always);
        }

        return new(status, error, description, members.Count == 0 ? scheme : $"{scheme} {string.Join(", ", members)}", issue, reason, null);
    }

    private static (int Status, string? Error, string Issue, string Description) Meaning(RefusalReason reason) => reason switch
    {
        RefusalReason.NoCredentials => (401, null, "login", "Sign in: this call needs an access token."),
        RefusalReason.ManyCredentials => (400, "invalid_request", "security", "Send one Authorization header with one scheme, and at most one DPoP header with one proof."),
        RefusalReason.OtherScheme => (401, "invalid_token", "login", "The access token came with another authentication scheme than this call takes."),
        RefusalReason.TokenTooLong => Token("The access token is longer than is accepted."),
        RefusalReason.TokenMalformed => Token("The access token is not a signed JWT."),
        RefusalReason.TokenAlgorithm => Token("The access token is signed with an algorithm that is not accepted."),
        RefusalReason.TokenType => Token("The typ of the access token is neither at+jwt nor JWT."),
        RefusalReason.TokenIssuer => Token("The access token is of an issuer that is not trusted for this call."),
        RefusalReason.TokenKey => Token("The access token is signed with a key that its issuer does not publish."),
        RefusalReason.TokenSignature => Token("The signature of the access token does not verify."),
        RefusalReason.TokenAudience => Token("The access token is not for this service, or not for it alone."),
        RefusalReason.TokenExpired => (401, "invalid_token", "expired", "The access token has expired."),
        RefusalReason.TokenNotYetValid => Token("The access token is not valid yet."),
        RefusalReason.TokenTimes => Token("The access token lacks its times, or they are not numbers."),
        RefusalReason.TokenNotBound => Token("The access token is not bound to a key: this call takes tokens bound with DPoP."),
        RefusalReason.TokenBound => Token("The access token is bound to a key and came without its proof."),
        RefusalReason.ProofKeyOfAnother => Token("The access token is bound to another key than that of the proof."),
        RefusalReason.ProofMissing => Proof("The request has no DPoP header."),
        RefusalReason.ProofTooLong => Proof("The proof is longer than is accepted."),
        RefusalReason.ProofMalformed => Proof("The proof is not a signed JWT."),
        RefusalReason.ProofType => Proof("The typ of the proof is not dpop+jwt."),
        RefusalReason.ProofAlgorithm => Proof("The proof is signed with an algorithm that is not accepted."),
        RefusalReason.ProofKey => Proof("The jwk of the proof is not a public RSA key of 2048 to 8192 bits or an EC key that fits alg."),
        RefusalReason.ProofSignature => Proof("The signature of the proof does not verify with its jwk."),
        RefusalReason.ProofOfAnotherToken => Proof("The ath of the proof is not the hash of the access token."),
        RefusalReason.ProofId => Proof("The jti of the proof is missing, empty or too long."),
        RefusalReason.ProofMethod => Proof("The htm of the proof is not the method of the request."),
        RefusalReason.ProofTarget => Proof("The htu of the proof is not the address of the request."),
        RefusalReason.ProofTime => Proof("The iat of the proof is missing, no whole number, or too far from now: make a new proof for each request."),
        RefusalReason.ProofReplayed => Proof("The proof has been used: make a new proof for each request."),
        RefusalReason.Scope => Lacking("The access token lacks the scope of this call."),
        RefusalReason.MachineToken => Lacking("This call is for a signed in person, and the access token is a system's."),
        RefusalReason.UserToken => Lacking("This call is for systems, and the access token is a signed in person's."),
        RefusalReason.Client => Lacking("The client of the access token is missing, or is not allowed this call."),
        RefusalReason.Person => Lacking("The access token names no person by a valid person number."),
        RefusalReason.Representation => Lacking("The access token does not say how the signed in person may act for the other."),
        RefusalReason.Level => (401, "insufficient_user_authentication", "login", "The person is to sign in at the highest level."),
        RefusalReason.KeysUnreachable => (503, null, "transient", "The issuer's keys cannot be fetched now. Nothing was done; try again."),
        RefusalReason.MemoryUnreachable => (503, null, "transient", "Storage does not answer, so that the proof cannot be checked. Nothing was done; try again with a new proof."),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    private static (int Status, string? Error, string Issue, string Description) Token(string description) => (401, "invalid_token", "login", description);

    private static (int Status, string? Error, string Issue, string Description) Proof(string description) => (401, "invalid_dpop_proof", "security", description);

    private static (int Status, string? Error, string Issue, string Description) Lacking(string description) => (403, "insufficient_scope", "forbidden", description);
}
