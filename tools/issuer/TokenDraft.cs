using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>A JWT before it is signed. Header and claims may be changed at will, also to what no issuer would sign.</summary>
/// <param name="Header">The JOSE header.</param>
/// <param name="Claims">The payload.</param>
public sealed record TokenDraft(JsonObject Header, JsonObject Claims)
{
    /// <summary>Sets a claim; null takes it away.</summary>
    public TokenDraft With(string claim, JsonNode? value) => Change(Claims, claim, value);

    /// <summary>Sets a member of the header; null takes it away.</summary>
    public TokenDraft WithHeader(string member, JsonNode? value) => Change(Header, member, value);

    /// <summary>Binds it to a key (RFC 9449 6.1).</summary>
    public TokenDraft BoundTo(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return With("cnf", new JsonObject { ["jkt"] = key.Thumbprint });
    }

    /// <summary>Signs it.</summary>
    public string Sign(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Sign(Header, Claims);
    }

    private TokenDraft Change(JsonObject within, string name, JsonNode? value)
    {
        if (value is null)
        {
            within.Remove(name);
        }
        else
        {
            within[name] = value;
        }

        return this;
    }
}
