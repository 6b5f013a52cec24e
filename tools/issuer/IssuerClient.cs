using System.Text.Json;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>Gets tokens from a <see cref="IssuerHost"/> that runs elsewhere, and makes the proofs that go with them.</summary>
/// <param name="http">The way to it.</param>
/// <param name="address">Its address, as of <c>./pmd issuer</c>.</param>
/// <param name="key">The key of the proofs.</param>
/// <param name="time">The clock.</param>
public sealed class IssuerClient(HttpClient http, Uri address, SigningKey key, TimeProvider time)
{
    /// <summary>Gets a token.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="claims">Claims laid over the usual ones; null takes one away.</param>
    /// <param name="lifetime">How long it lives.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HttpRequestException">The issuer does not answer, or gives no token.</exception>
    public async Task<string> TokenAsync(TokenKind kind, JsonObject claims, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var endpoint = new Uri($"{new DevelopmentIssuer(address.AbsoluteUri.TrimEnd('/'), key, time).IssuerOf(kind)}/connect/token");
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new FormUrlEncodedContent(
            [
                new("grant_type", "client_credentials"),
                new("kind", kind.ToString()),
                new("claims", claims.ToJsonString()),
                new("lifetime", ((long)lifetime.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ]),
        };
        request.Headers.Add("DPoP", ProofDraft.For(key, "POST", endpoint, null, time.GetUtcNow()).Sign(key));
        using var response = await http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            var answer = JsonNode.Parse(body);
            return answer?["access_token"]?.GetValue<string>() ?? throw new HttpRequestException($"The issuer gives no token: {answer?["error_description"]}");
        }
        catch (JsonException)
        {
            throw new HttpRequestException($"What answers at {address} is no issuer of ./pmd issuer (HTTP {(int)response.StatusCode}).");
        }
    }

    /// <summary>The headers of one request.</summary>
    /// <param name="kind">The kind of the token.</param>
    /// <param name="token">The token.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="target">The request's address.</param>
    public RequestHeaders Headers(TokenKind kind, string token, string method, Uri target) => DevelopmentIssuer.IsBound(kind)
        ? new([$"DPoP {token}"], [ProofDraft.For(key, method, target, token, time.GetUtcNow()).Sign(key)])
        : new([$"Bearer {token}"], []);
}
