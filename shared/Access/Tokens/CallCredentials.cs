namespace PasientensMaledata.Access.Tokens;

/// <summary>What kind of call a token is presented for. The table of routes says which; it decides the scheme, the scope and who may call.</summary>
public enum RouteKind
{
    /// <summary>Health personnel look up: HelseID user token, bound with DPoP.</summary>
    LookUp,

    /// <summary>Gateways submit: HelseID machine token, bound with DPoP.</summary>
    Submit,

    /// <summary>A citizen's own: a token of ID-porten or of Helsenorge, as Bearer.</summary>
    Citizen,

    /// <summary>Helsenorge's privacy component pushes settings: its system token, as Bearer.</summary>
    PrivacyPush,
}

/// <summary>What of a request a caller is known by. Holds secrets: never for logs.</summary>
/// <param name="Method">HTTP method as received.</param>
/// <param name="Path">Path of the request target as received: percent-encoded, from the first slash, without query.</param>
/// <param name="Authorization">Every <c>Authorization</c> header, each as received.</param>
/// <param name="Proofs">Every <c>DPoP</c> header, each as received.</param>
public sealed record CallCredentials(string Method, string Path, IReadOnlyList<string> Authorization, IReadOnlyList<string> Proofs)
{
    /// <summary>Hides what it holds.</summary>
    public override string ToString() => $"{Method}, {Authorization.Count} credentials, {Proofs.Count} proofs";
}
