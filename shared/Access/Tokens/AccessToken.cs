using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Access.Tokens;

/// <summary>The claims of an access token that has been validated. Each is optional: an API's owner decides which are in its tokens.</summary>
/// <param name="claims">The payload.</param>
/// <param name="issuedAt"><c>iat</c>.</param>
internal sealed class AccessToken(JsonElement claims, DateTimeOffset issuedAt)
{
    private const int TokenIdBytes = 16;

    /// <summary><c>iat</c>.</summary>
    public DateTimeOffset IssuedAt { get; } = issuedAt;

    /// <summary>Hash of <c>jti</c>, for the log; of the whole token where it has none.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text("jti") ?? claims.GetRawText())).AsSpan(0, TokenIdBytes));

    /// <summary>Whether the token confirms its holder by a key or a certificate (RFC 7800).</summary>
    public bool IsBound => Has("cnf");

    /// <summary><c>cnf.jkt</c> (RFC 9449 6.1); null where it is absent.</summary>
    public string? Thumbprint => claims.TryGetProperty("cnf", out var cnf) && cnf.ValueKind == JsonValueKind.Object ? CompactJws.Text(cnf, "jkt") : null;

    /// <summary>Whether a claim is there, whatever it holds.</summary>
    public bool Has(string claim) => claims.TryGetProperty(claim, out _);

    /// <summary>A claim that is a text with something in it; else null.</summary>
    public string? Text(string claim) => CompactJws.Text(claims, claim) is { Length: > 0 } text ? text : null;

    /// <summary>A claim as JSON; null where it is absent.</summary>
    public JsonElement? Json(string claim) => claims.TryGetProperty(claim, out var value) ? value : null;

    /// <summary>Whether a claim lists a scope: as an array, as HelseID does, or in one text with spaces between (RFC 8693 4.2).</summary>
    public bool HasScope(string claim, string scope) => claims.TryGetProperty(claim, out var value) && value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().Any(s => s.ValueKind == JsonValueKind.String && s.ValueEquals(scope)),
        JsonValueKind.String => value.GetString()!.Split(' ').Contains(scope, StringComparer.Ordinal),
        _ => false,
    };
}
