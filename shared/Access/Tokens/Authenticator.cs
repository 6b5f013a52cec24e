using PasientensMaledata.Access.Callers;
using PasientensMaledata.Identity;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// Knows callers by their tokens. Knows no web server: a method, a path and header values go in; a caller, or the refusal as it is to be answered,
/// comes out. Nothing that a caller can send is an exception. Thread-safe.
/// </summary>
public sealed class Authenticator
{
    private readonly AuthOptions options;
    private readonly ReplayMemory memory;
    private readonly TimeProvider time;
    private readonly ProofKeys proofKeys = new();
    private readonly HelseIdCallers helseIdCallers;
    private readonly AccessTokenReader? helseId;
    private readonly IReadOnlyList<BearerScheme> citizens;
    private readonly IReadOnlyList<BearerScheme> pvk;

    private sealed record BearerScheme(AccessTokenReader Reader, string Scope, string ScopeClaim, string? Level, Func<AccessToken, (Caller? Caller, RefusalReason Reason)> CallerOf);

    /// <param name="options">The settings.</param>
    /// <param name="numbers">Which person numbers are accepted.</param>
    /// <param name="practitionerKey">The ring's practitioner key, as it is now.</param>
    /// <param name="memory">Which proofs have been used.</param>
    /// <param name="handler">The way to the issuers; should follow no redirect. Not disposed here.</param>
    /// <param name="time">The clock.</param>
    public Authenticator(AuthOptions options, NationalIdPolicy numbers, Func<byte[]> practitionerKey, ReplayMemory memory, HttpMessageHandler handler, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, this.memory, this.time) = (options, memory, time);
        AccessTokenReader Reader(TrustedIssuer trusted) => new(trusted, new(trusted, handler, time), time);
        helseIdCallers = new(numbers, practitionerKey);
        helseId = options.HelseId is { } hid ? Reader(hid.Trusted) : null;
        List<BearerScheme> schemes = [];
        if (options.IdPorten is { } idPorten)
        {
            schemes.Add(new(Reader(idPorten.Trusted), idPorten.Scope, "scope", IdPortenCallers.HighLevel, new IdPortenCallers(idPorten, numbers).Of));
        }

        if (options.Helsenorge is { } helsenorge)
        {
            schemes.Add(new(Reader(helsenorge.Trusted), helsenorge.Scope, helsenorge.Claims.Scope, null, new HelsenorgeCallers(helsenorge, numbers).Of));
        }

        citizens = schemes;
        pvk = options.Pvk is { } component ? [new(Reader(component.Trusted), component.Scope, component.ScopeClaim, null, new PvkCallers(component).Of)] : [];
    }

    /// <summary>Finds out who calls.</summary>
    /// <param name="route">What is called.</param>
    /// <param name="call">What the caller sent.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Authentication> AuthenticateAsync(RouteKind route, CallCredentials call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        // Stryker disable once String : where HelseID is not set nobody gets so far as to lack a scope
        var answer = route switch
        {
            RouteKind.LookUp => await WithProofAsync(call, options.HelseId?.ReadScope ?? "", isPersonNeeded: true, cancellationToken),
            RouteKind.Submit => await WithProofAsync(call, options.HelseId?.WriteScope ?? "", isPersonNeeded: false, cancellationToken),
            RouteKind.Citizen => await AsBearerAsync(call, citizens, cancellationToken),
            RouteKind.PrivacyPush => await AsBearerAsync(call, pvk, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(route), route, null),
        };
        if (!answer.IsKnown)
        {
            Signals.UnknownCallers.Add(1, new("route", route.ToString()), new("reason", answer.Refusal.Reason.ToString()));
        }

        return answer;
    }

    private async ValueTask<Authentication> WithProofAsync(CallCredentials call, string scope, bool isPersonNeeded, CancellationToken cancellationToken)
    {
        var (caller, reason) = await JudgeAsync(call, scope, isPersonNeeded, cancellationToken);
        return caller is not null ? Authentication.Of(caller) : Authentication.Of(TokenRefusal.OfDPoP(reason, scope));
    }

    // RFC 9449 4.3 with 7.1, in the order: header, token, proof, what the token lets its holder do, and last whether the proof has been used. Were that
    // first, proofs that prove nothing could use up another's.
    private async ValueTask<(Caller? Caller, RefusalReason Reason)> JudgeAsync(CallCredentials call, string scope, bool isPersonNeeded, CancellationToken cancellationToken)
    {
        if (PresentedToken.Read(call, "DPoP", out var presented) is { } unread)
        {
            return (null, unread);
        }

        if (helseId is null)
        {
            return (null, RefusalReason.TokenIssuer);
        }

        if (presented.Proof is not { } text)
        {
            return (null, RefusalReason.ProofMissing);
        }

        var (token, invalid) = await helseId.ReadAsync(presented.Token, cancellationToken);
        if (token is null)
        {
            return (null, invalid);
        }

        if (token.Thumbprint is not { } thumbprint)
        {
            return (null, RefusalReason.TokenNotBound);
        }

        if (Proof.Check(text, presented.Token, thumbprint, call.Method, Targets(call.Path), options.Window, time.GetUtcNow(), proofKeys, out var proof) is { } unproved)
        {
            return (null, unproved);
        }

        if (!token.HasScope("scope", scope))
        {
            return (null, RefusalReason.Scope);
        }

        var (caller, unfit) = helseIdCallers.Of(token, isPersonNeeded);
        return caller is null ? (null, unfit) : await memory.TakeAsync(proof!, cancellationToken) is { } used ? (null, used) : (caller, default);
    }

    private static async ValueTask<Authentication> AsBearerAsync(CallCredentials call, IReadOnlyList<BearerScheme> schemes, CancellationToken cancellationToken)
    {
        if (schemes.Count == 0)
        {
            // Stryker disable once String : nobody gets so far as to lack a scope
            return Authentication.Of(TokenRefusal.OfBearer(PresentedToken.Read(call, "Bearer", out _) ?? RefusalReason.TokenIssuer, "", null));
        }

        var scheme = schemes[0];
        if (PresentedToken.Read(call, "Bearer", out var presented) is { } unread)
        {
            return Authentication.Of(TokenRefusal.OfBearer(unread, scheme.Scope, scheme.Level));
        }

        // By what the token says itself: each issuer's own rules then hold it to that, and what is lacking is told in that issuer's words.
        var issuer = AccessTokenReader.ClaimedIssuer(presented.Token);
        scheme = schemes.FirstOrDefault(s => s.Reader.Issuer == issuer) ?? scheme;
        var (caller, reason) = await JudgeAsync(scheme, presented, cancellationToken);
        return caller is not null ? Authentication.Of(caller) : Authentication.Of(TokenRefusal.OfBearer(reason, scheme.Scope, scheme.Level));
    }

    private static async ValueTask<(Caller? Caller, RefusalReason Reason)> JudgeAsync(BearerScheme scheme, PresentedToken presented, CancellationToken cancellationToken)
    {
        var (token, invalid) = await scheme.Reader.ReadAsync(presented.Token, cancellationToken);
        if (token is null)
        {
            return (null, invalid);
        }

        // RFC 9449 7.2: what is bound to a key MUST NOT be accepted as a bearer token.
        return token.IsBound || presented.Proof is not null ? (null, RefusalReason.TokenBound)
            : !token.HasScope(scheme.ScopeClaim, scheme.Scope) ? (null, RefusalReason.Scope)
            : scheme.CallerOf(token);
    }

    // From the configured addresses: what Host and X-Forwarded-* say is the caller's own word.
    private List<TargetUri> Targets(string path)
    {
        List<TargetUri> targets = [];
        foreach (var address in options.PublicBases)
        {
            if (TargetUri.TryParse(address.AbsoluteUri.TrimEnd('/') + path, out var target))
            {
                targets.Add(target);
            }
        }

        return targets;
    }
}
