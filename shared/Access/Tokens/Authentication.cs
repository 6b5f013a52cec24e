using System.Diagnostics.CodeAnalysis;
using PasientensMaledata.Access.Callers;

namespace PasientensMaledata.Access.Tokens;

/// <summary>How authentication ended: with a caller, or with a refusal. Never both, never neither.</summary>
public sealed record Authentication
{
    private Authentication(Caller? caller, TokenRefusal? refusal) => (Caller, Refusal) = (caller, refusal);

    /// <summary>Who calls.</summary>
    public Caller? Caller { get; }

    /// <summary>Why nobody is known to call.</summary>
    public TokenRefusal? Refusal { get; }

    /// <summary>Whether the caller is known.</summary>
    [MemberNotNullWhen(true, nameof(Caller))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsKnown => Caller is not null;

    internal static Authentication Of(Caller caller) => new(caller, null);

    internal static Authentication Of(TokenRefusal refusal) => new(null, refusal);
}
