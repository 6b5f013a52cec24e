using System.Text.Json;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// The keys an issuer publishes, as fetched and for at most 24 hours (HelseID's requirement FK2). Fetched anew after half of that while the old ones serve,
/// and where a token names a key that is not among them, but not more often than every 30 seconds. One fetch at a time, whoever waits for it; a caller who
/// gives up does not end it. Thread-safe.
/// </summary>
/// <param name="issuer">The issuer.</param>
/// <param name="handler">The way to it; not disposed here. It should follow no redirect.</param>
/// <param name="time">The clock.</param>
internal sealed class IssuerKeys(TrustedIssuer issuer, HttpMessageHandler handler, TimeProvider time)
{
    private const int MaxDocumentBytes = 262_144;
    private const int MinRsaBits = 2048;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);
    private static readonly TimeSpan DueAfter = TimeSpan.FromHours(12);
    private static readonly TimeSpan BetweenFetches = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private volatile Fetched? fetched;
    private Task? fetching;
    private DateTimeOffset? lastTry;

    private sealed record Fetched(IReadOnlyDictionary<string, SecurityKey> Keys, DateTimeOffset At);

    /// <summary>Finds a key by its <c>kid</c>.</summary>
    /// <returns>The key; or why there is none.</returns>
    public async ValueTask<(SecurityKey? Key, RefusalReason Reason)> FindAsync(string kid, CancellationToken cancellationToken)
    {
        if (Usable() is { } known && known.Keys.TryGetValue(kid, out var key))
        {
            if (time.GetUtcNow() - known.At >= DueAfter)
            {
                _ = Refresh(BetweenFetches);
            }

            return (key, default);
        }

        await Refresh(Usable() is null ? BetweenTries : BetweenFetches).WaitAsync(cancellationToken);
        return Usable() is not { } fresh ? (null, RefusalReason.KeysUnreachable) : fresh.Keys.TryGetValue(kid, out key) ? (key, default) : (null, RefusalReason.TokenKey);
    }

    private Fetched? Usable() => fetched is { } known && time.GetUtcNow() - known.At < MaxAge ? known : null;

    // The fetch under way, a new one, or none where the last was too short a time ago.
    private Task Refresh(TimeSpan between)
    {
        lock (gate)
        {
            if (fetching is { IsCompleted: false })
            {
                return fetching;
            }

            if (lastTry is { } last && time.GetUtcNow() - last < between)
            {
                return Task.CompletedTask;
            }

            lastTry = time.GetUtcNow();
            return fetching = Task.Run(FetchAsync);
        }
    }

    private async Task FetchAsync()
    {
        using var client = new HttpClient(handler, disposeHandler: false) { Timeout = Patience, MaxResponseContentBufferSize = MaxDocumentBytes };
        try
        {
            var keys = await SigningKeysAsync(new Documents(client));
            fetched = new(keys.Where(IsStrong).DistinctBy(k => k.KeyId, StringComparer.Ordinal).ToDictionary(k => k.KeyId, StringComparer.Ordinal), time.GetUtcNow());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or ArgumentException or InvalidOperationException or JsonException)
        {
            // The old keys serve until they are too old; without any, tokens are refused.
        }
    }

    private async Task<IEnumerable<SecurityKey>> SigningKeysAsync(Documents documents)
    {
        if (issuer.KeySet is { } set)
        {
            return new JsonWebKeySet(await documents.GetDocumentAsync(set.AbsoluteUri, CancellationToken.None)).GetSigningKeys();
        }

        var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(issuer.Metadata.AbsoluteUri, documents, CancellationToken.None);

        // OpenID Connect Discovery 4.3: the issuer "MUST exactly match" the one asked for.
        return string.Equals(configuration.Issuer, issuer.Issuer, StringComparison.Ordinal)
            ? configuration.SigningKeys
            : throw new InvalidOperationException("The discovery document is of another issuer.");
    }

    private static bool IsStrong(SecurityKey key) => !string.IsNullOrEmpty(key.KeyId) && key switch
    {
        RsaSecurityKey rsa => rsa.KeySize >= MinRsaBits,
        ECDsaSecurityKey => true,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA } rsa => rsa.KeySize >= MinRsaBits,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve } => true,
        X509SecurityKey certificate => certificate.KeySize >= MinRsaBits,
        _ => false,
    };

    private sealed class Documents(HttpClient client) : IDocumentRetriever
    {
        public async Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
            Uri.TryCreate(address, UriKind.Absolute, out var uri) && TrustedIssuer.MayFetch(uri)
                ? await client.GetStringAsync(uri, cancel)
                : throw new InvalidOperationException("Keys are fetched by https, or from this machine.");
    }
}
