using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace PasientensMaledata.Access.PrivacyComponent;

/// <summary>The way to Helsenorge's privacy component, where it is the master.</summary>
/// <param name="Address">Its base address; the documented calls begin after it.</param>
/// <param name="Client">How calls are signed in; null for a double on this machine, which takes no token.</param>
public sealed record PvkConnection(Uri Address, PvkClientCredentials? Client)
{
    /// <summary>How long one call may last.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Makes the way.</summary>
    /// <param name="network">What sends. Not disposed with the client.</param>
    /// <param name="time">The clock.</param>
    public HttpClient Open(HttpMessageHandler network, TimeProvider time)
    {
        var address = Address.AbsoluteUri.EndsWith('/') ? Address : new Uri(Address.AbsoluteUri + "/");
        return new(Client is null ? network : new PvkTokens(Client, network, time), disposeHandler: false) { BaseAddress = address, Timeout = Timeout };
    }
}

/// <summary>The service as a client of HelseID, with a key of its own (<c>private_key_jwt</c>, RFC 7523).</summary>
/// <param name="Issuer">Who issues the tokens; its discovery document names the token endpoint.</param>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="Scope">The scopes asked for, with spaces between.</param>
/// <param name="Key">The private key. Never logged: a record would print it, so it prints nothing.</param>
public sealed record PvkClientCredentials(string Issuer, string Id, string Scope, JsonWebKey Key)
{
    /// <summary>The client, without its key.</summary>
    public override string ToString() => $"{Id} of {Issuer}";
}

/// <summary>Adds a token to each call, and gets a new one a while before the old ends.</summary>
/// <param name="client">The client.</param>
/// <param name="network">What sends.</param>
/// <param name="time">The clock.</param>
internal sealed class PvkTokens(PvkClientCredentials client, HttpMessageHandler network, TimeProvider time) : DelegatingHandler(network)
{
    // HelseID takes an assertion for at most 60 seconds (helseid.md 1.1).
    private static readonly TimeSpan AssertionLife = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(10);

    private const int MaxDepth = 16;
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly string[] ErrorCodes = ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

    private (string Token, DateTimeOffset Until)? held;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Two at once may each get one: harmless.
        if (held is not { } usable || usable.Until <= time.GetUtcNow())
        {
            held = usable = await GetAsync(cancellationToken);
        }

        request.Headers.Authorization = new("Bearer", usable.Token);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            // Whatever it says of its end, it is not taken any more: the next call gets another.
            held = null;
        }

        return response;
    }

    private async Task<(string Token, DateTimeOffset Until)> GetAsync(CancellationToken cancellationToken)
    {
        var discovery = await ReadAsync(new(HttpMethod.Get, new Uri($"{client.Issuer}/.well-known/openid-configuration")), cancellationToken);
        if (Text(discovery, "token_endpoint") is not { } endpoint || !Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || !Tokens.TrustedIssuer.MayFetch(address))
        {
            throw new HttpRequestException("The issuer of tokens for the privacy component names no token endpoint.");
        }

        var asked = time.GetUtcNow();
        var answer = await ReadAsync(
            new(HttpMethod.Post, address)
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = client.Id,
                    ["scope"] = client.Scope,
                    ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    ["client_assertion"] = Assertion(asked),
                }),
            },
            cancellationToken);

        // One that says nothing of its end is used once.
        var seconds = answer.TryGetProperty("expires_in", out var life) && life.ValueKind == JsonValueKind.Number && life.TryGetInt32(out var stated) ? stated : 0;
        return Text(answer, "access_token") is { } token && IsToken(token)
            ? (token, asked.AddSeconds(seconds) - Early)
            : throw new HttpRequestException("The token endpoint for the privacy component gave no token.");
    }

    private string Assertion(DateTimeOffset now) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        TokenType = "client-authentication+jwt",
        Issuer = client.Id,
        Subject = new ClaimsIdentity([new("sub", client.Id), new("jti", Guid.NewGuid().ToString())]),
        Audience = client.Issuer,
        IssuedAt = now.UtcDateTime,
        NotBefore = now.UtcDateTime,
        Expires = (now + AssertionLife).UtcDateTime,
        SigningCredentials = new(client.Key, client.Key.Alg),
    });

    private async Task<JsonElement> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var response = await base.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var read = ReadObject(body);
            if (!response.IsSuccessStatusCode)
            {
                // RFC 6749 5.2. Its description is left out: nobody knows what stands in it.
                var code = read is { } refusal && Text(refusal, "error") is { } error && ErrorCodes.Contains(error) ? $", {error}" : "";
                throw new HttpRequestException($"The issuer of tokens for the privacy component refused: {(int)response.StatusCode}{code}.", null, response.StatusCode);
            }

            return read ?? throw new HttpRequestException("The issuer of tokens for the privacy component answered with something else than a JSON object.", null, response.StatusCode);
        }
    }

    private static JsonElement? ReadObject(byte[] body)
    {
        try
        {
            using var document = StrictDocument.Parse(body, MaxDepth);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            // No such JSON.
        }

        return null;
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // RFC 6750 2.1, so that it can stand in a header: an error of the header's own would hold it.
    private static bool IsToken(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-._~+/=".Contains(c, StringComparison.Ordinal));
}
