using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace PasientensMaledata.Issuer;

/// <summary>Serves a <see cref="DevelopmentIssuer"/> by HTTP, on this machine alone: discovery, keys, and tokens for whoever asks.</summary>
public static class IssuerHost
{
    private const int MaxFormBytes = 65_536;

    /// <summary>Makes the server; the caller starts and stops it.</summary>
    /// <param name="issuer">The issuer; its address is to have the same port.</param>
    /// <param name="port">TCP port on 127.0.0.1.</param>
    public static WebApplication Build(DevelopmentIssuer issuer, int port)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, port);
            k.Limits.MaxRequestBodySize = MaxFormBytes;
        });
        var app = builder.Build();

        // Who came by another name was led here by a page in a browser (DNS rebinding).
        app.Use((context, next) => IPAddress.TryParse(context.Request.Host.Host, out _) || context.Request.Host.Host == "localhost" ? next(context) : AnswerAsync(context, 403, Error("invalid_request", "Call it by 127.0.0.1 or localhost.")));
        foreach (var path in DevelopmentIssuer.Paths)
        {
            app.MapGet($"{path}/.well-known/openid-configuration", (HttpContext c) => AnswerAsync(c, 200, issuer.Discovery(path)));
            app.MapGet($"{path}/.well-known/openid-configuration/jwks", (HttpContext c) => AnswerAsync(c, 200, issuer.KeySet()));
            app.MapPost($"{path}/connect/token", (HttpContext c) => TokenAsync(c, issuer, path));
        }

        return app;
    }

    /// <summary>
    /// Answers a token request (RFC 6749 4.4): a form with <c>kind</c> (<see cref="TokenKind"/>; else what the path gives first), and where another token
    /// than usual is wanted <c>scope</c>, <c>claims</c> and <c>header</c> (JSON objects that are laid over; null takes away), and <c>lifetime</c> in seconds.
    /// </summary>
    private static async Task TokenAsync(HttpContext context, DevelopmentIssuer issuer, string path)
    {
        if (!context.Request.HasFormContentType)
        {
            await AnswerAsync(context, 400, Error("invalid_request", "Send a form: grant_type=client_credentials&kind=clinician."));
            return;
        }

        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            await AnswerAsync(context, 400, Error("invalid_request", "The form cannot be read."));
            return;
        }

        var (token, kind, lifetime, wrong) = Draft(form, issuer, path, context.Request.Headers["DPoP"]);
        await (token is null
            ? AnswerAsync(context, 400, Error("invalid_request", wrong))
            : AnswerAsync(context, 200, new()
            {
                ["access_token"] = token.Sign(issuer.Key),
                ["token_type"] = DevelopmentIssuer.IsBound(kind) ? "DPoP" : "Bearer",
                ["expires_in"] = lifetime,
                ["scope"] = (token.Claims["scope"] ?? token.Claims["scp"]) switch
                {
                    JsonArray list => string.Join(' ', list.Select(s => s?.ToString())),
                    var text => text?.ToString(),
                },
            }));
    }

    private static (TokenDraft? Token, TokenKind Kind, long Lifetime, string Wrong) Draft(IFormCollection form, DevelopmentIssuer issuer, string path, string? proof)
    {
        var kinds = Enum.GetValues<TokenKind>().Where(k => issuer.IssuerOf(k) == issuer.Address + path).ToList();
        var kind = kinds[0];
        if (form["kind"].ToString() is { Length: > 0 } named)
        {
            var found = kinds.Where(k => k.ToString().Equals(named, StringComparison.OrdinalIgnoreCase)).ToList();
            if (found.Count == 0)
            {
                return (null, default, 0, $"kind is to be one of {string.Join(", ", kinds).ToLowerInvariant()} here.");
            }

            kind = found[0];
        }

        var lifetime = 600L;
        if (form["lifetime"].ToString() is { Length: > 0 } seconds && (!long.TryParse(seconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out lifetime) || Math.Abs(lifetime) > 86_400 * 365))
        {
            return (null, kind, 0, "lifetime is to be a number of seconds; negative for a token that has expired.");
        }

        if (Json(form["claims"]) is not { } claims || Json(form["header"]) is not { } header)
        {
            return (null, kind, 0, "claims and header are to be JSON objects.");
        }

        var draft = issuer.Draft(kind, TimeSpan.FromSeconds(lifetime));
        if (DevelopmentIssuer.IsBound(kind))
        {
            // RFC 9449 5: the token is bound to the key of the proof that came with the request.
            if (ProofDraft.ThumbprintOf(proof) is not { } thumbprint)
            {
                return (null, kind, 0, "This kind of token is bound to a key: send a DPoP header with a proof for this address.");
            }

            draft.With("cnf", new JsonObject { ["jkt"] = thumbprint });
        }

        if (form["scope"].ToString() is { Length: > 0 } scope)
        {
            draft = kind is TokenKind.Helsenorge or TokenKind.Pvk ? draft.With("scp", scope)
                : kind is TokenKind.Citizen ? draft.With("scope", scope)
                : draft.With("scope", new JsonArray([.. scope.Split(' ').Select(s => JsonValue.Create(s))]));
        }

        foreach (var (name, value) in claims)
        {
            draft.With(name, value?.DeepClone());
        }

        foreach (var (name, value) in header)
        {
            draft.WithHeader(name, value?.DeepClone());
        }

        return (draft, kind, lifetime, "");
    }

    private static JsonObject? Json(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonObject Error(string error, string description) => new() { ["error"] = error, ["error_description"] = description };

    private static async Task AnswerAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";

        // RFC 6749 5.1.
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
