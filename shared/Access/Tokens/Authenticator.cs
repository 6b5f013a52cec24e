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

    private sealed record BearerScheme(AccessTokenReader Reader, string Scope, string ScopeClaim, Func<AccessToken, (Caller? Caller, RefusalReason Reason)> CallerOf);

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
            schemes.Add(new(Reader(idPorten.Trusted), idPorten.Scope, "scope", new IdPortenCallers(idPorten, numbers).Of));
        }

        if (options.Helsenorge is { } helsenorge)
        {
            schemes.Add(new(Reader(helsenorge.Trusted), helsenorge.Scope, helsenorge.Claims.Scope, new HelsenorgeCallers(helsenorge, numbers).Of));
        }

        citizens = schemes;
        pvk = options.Pvk is { } component ? [new(Reader(component.Trusted), component.Scope, component.ScopeClaim, new PvkCallers(component).Of)] : [];
    }

    /// <summary>Finds out who calls.</summary>
    /// <param name="route">What is called.</param>
    /// <param name="call">What the caller sent.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Authentication> AuthenticateAsync(RouteKind route, CallCredentials call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var (caller, reason) = route switch
        {
            RouteKind.LookUp => await WithProofAsync(call, options.HelseId?.ReadScope, isPersonNeeded: true, cancellationToken),
            RouteKind.Submit => await WithProofAsync(call, options.HelseId?.WriteScope, isPersonNeeded: false, cancellationToken),
            RouteKind.Citizen => await AsBearerAsync(call, citizens, cancellationToken),
            RouteKind.PrivacyPush => await AsBearerAsync(call, pvk, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(route), route, null),
        };
        if (caller is not null)
        {
            return Authentication.Of(caller);
        }

        Signals.UnknownCallers.Add(1, new("route", route.ToString()), new("reason", reason.ToString()));
        return Authentication.Of(route switch
        {
            RouteKind.LookUp => TokenRefusal.OfDPoP(reason, options.HelseId?.ReadScope ?? ""),
            RouteKind.Submit => TokenRefusal.OfDPoP(reason, options.HelseId?.WriteScope ?? ""),
            RouteKind.Citizen => TokenRefusal.OfBearer(reason, options.IdPorten?.Scope ?? options.Helsenorge?.Scope ?? ""),
            _ => TokenRefusal.OfBearer(reason, options.Pvk?.Scope ?? ""),
        });
    }

    // RFC 9449 4.3 with 7.1, in the order: header, token, proof, what the token lets its holder do, and last whether the proof has been used. Were that
    // first, proofs that prove nothing could use up another's.
    private async ValueTask<(Caller? Caller, RefusalReason Reason)> WithProofAsync(CallCredentials call, string? scope, bool isPersonNeeded, CancellationToken cancellationToken)
    {
        if (PresentedToken.Read(call, "DPoP", out var presented) is { } unread)
        {
            return (null, unread);
        }

        if (helseId is null || scope is null)
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

    private static async ValueTask<(Caller? Caller, RefusalReason Reason)> AsBearerAsync(CallCredentials call, IReadOnlyList<BearerScheme> schemes, CancellationToken cancellationToken)
    {
        if (PresentedToken.Read(call, "Bearer", out var presented) is { } unread)
        {
            return (null, unread);
        }

        // By what the token says itself: each issuer's own rules then hold it to that.
        var issuer = schemes.Count > 1 ? AccessTokenReader.ClaimedIssuer(presented.Token) : null;
        if ((schemes.FirstOrDefault(s => s.Reader.Issuer == issuer) ?? (schemes.Count > 0 ? schemes[0] : null)) is not { } scheme)
        {
            return (null, RefusalReason.TokenIssuer);
        }

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
