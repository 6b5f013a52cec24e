namespace PasientensMaledata.Access.Tokens;

/// <summary>The one token of a request, and the one proof beside it where there is one.</summary>
/// <param name="Token">The token, as received.</param>
/// <param name="Proof">The proof, as received; null where none came.</param>
internal readonly record struct PresentedToken(string Token, string? Proof)
{
    /// <summary>Takes token and proof out of the headers.</summary>
    /// <param name="call">The request.</param>
    /// <param name="scheme">The scheme that is taken, <c>DPoP</c> or <c>Bearer</c>; compared without regard to case (RFC 9110 11.1).</param>
    /// <param name="presented">Token and proof.</param>
    /// <returns>Why there is none; null where there is.</returns>
    public static RefusalReason? Read(CallCredentials call, string scheme, out PresentedToken presented)
    {
        presented = default;

        // RFC 9449 4.3: "1. There is not more than one DPoP HTTP request header field." One with a comma is two that a proxy has joined; 7.2: two
        // methods of authentication in one request are an invalid request.
        if (call.Authorization.Count > 1 || call.Proofs.Count > 1 || call.Authorization.Concat(call.Proofs).Any(h => h.Contains(',', StringComparison.Ordinal)))
        {
            return RefusalReason.ManyCredentials;
        }

        if (call.Authorization.Count == 0 || call.Authorization[0].Trim(' ') is not { Length: > 0 } header)
        {
            return RefusalReason.NoCredentials;
        }

        // RFC 9110 11.4: credentials = auth-scheme [ 1*SP ( token68 / ... ) ]
        var (name, token) = header.Split(' ', 2) is [var before, var after] ? (before, after.TrimStart(' ')) : (header, "");
        if (!name.Equals(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return name.Equals("DPoP", StringComparison.OrdinalIgnoreCase) || name.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? RefusalReason.OtherScheme : RefusalReason.NoCredentials;
        }

        presented = new(token, call.Proofs.Count == 1 ? call.Proofs[0].Trim(' ') : null);
        return token.Length == 0 ? RefusalReason.TokenMalformed : null;
    }
}
