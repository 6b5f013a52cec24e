namespace PasientensMaledata.Issuer;

/// <summary>What a client sends to be known.</summary>
/// <param name="Authorization">Values of <c>Authorization</c>, a header each.</param>
/// <param name="Proofs">Values of <c>DPoP</c>, a header each.</param>
public sealed record RequestHeaders(IReadOnlyList<string> Authorization, IReadOnlyList<string> Proofs)
{
    /// <summary>Header lines, in the order in which they are sent.</summary>
    public IEnumerable<(string Name, string Value)> Lines => Authorization.Select(v => ("Authorization", v)).Concat(Proofs.Select(v => ("DPoP", v)));
}

/// <summary>A client in development and tests: it has a key for proofs, and an issuer that gives it what it asks for.</summary>
/// <param name="issuer">The issuer.</param>
/// <param name="kind">The kind of its tokens.</param>
/// <param name="key">The key of its proofs.</param>
/// <param name="time">The clock.</param>
public sealed class DevelopmentClient(DevelopmentIssuer issuer, TokenKind kind, SigningKey key, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The issuer.</summary>
    public DevelopmentIssuer Issuer => issuer;

    /// <summary>The kind of its tokens.</summary>
    public TokenKind Kind => kind;

    /// <summary>The key of its proofs.</summary>
    public SigningKey Key => key;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>A token as it should be, bound where its kind is; to be changed and signed.</summary>
    public TokenDraft Token(TimeSpan? lifetime = null)
    {
        var draft = issuer.Draft(kind, lifetime ?? Lifetime);
        return DevelopmentIssuer.IsBound(kind) ? draft.BoundTo(key) : draft;
    }

    /// <summary>A proof as it should be; to be changed and signed.</summary>
    public TokenDraft Proof(string method, Uri address, string token) => ProofDraft.For(key, method, address, token, time.GetUtcNow());

    /// <summary>The headers of one request with a good token, and a proof of its own where the kind has one.</summary>
    public RequestHeaders Headers(string method, Uri address) => Headers(method, address, Token().Sign(issuer.Key));

    /// <summary>The headers of one request with this token, and a proof of its own where the kind has one.</summary>
    public RequestHeaders Headers(string method, Uri address, string token) =>
        DevelopmentIssuer.IsBound(kind) ? new([$"DPoP {token}"], [Proof(method, address, token).Sign(key)]) : new([$"Bearer {token}"], []);
}
