namespace PasientensMaledata.Access.Tokens;

/// <summary>An issuer whose tokens are trusted for one kind of call.</summary>
/// <param name="Issuer"><c>iss</c>, exactly as in its tokens and its discovery document.</param>
/// <param name="KeySet">Where its keys are; null where its discovery document says so.</param>
/// <param name="Audience">The one <c>aud</c> that its tokens for us have.</param>
public sealed record TrustedIssuer(string Issuer, Uri? KeySet, string Audience)
{
    /// <summary>Where its discovery document is (OpenID Connect Discovery 4).</summary>
    internal Uri Metadata => new(Issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    /// <summary>Whether keys may be fetched from here: by TLS, or from this machine.</summary>
    internal static bool MayFetch(Uri address) => address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));
}
