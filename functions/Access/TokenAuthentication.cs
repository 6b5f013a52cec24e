using Microsoft.AspNetCore.Http.Features;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Access;

/// <summary>Tells who calls by their tokens, and answers those who are not known with the challenge of the route's scheme.</summary>
/// <param name="authenticator">Judges tokens and proofs.</param>
public sealed class TokenAuthentication(Authenticator authenticator) : IAuthentication
{
    /// <inheritdoc/>
    public async ValueTask<Caller?> IdentifyAsync(HttpContext context, Audience audience)
    {
        var request = context.Request;
        var kind = audience switch
        {
            Audience.Personnel => RouteKind.LookUp,
            Audience.Sender => RouteKind.Submit,
            Audience.Citizen => RouteKind.Citizen,
            Audience.PrivacyComponent => RouteKind.PrivacyPush,
            _ => throw new InvalidOperationException("A route for anyone asks nobody who they are."),
        };
        var known = await authenticator.AuthenticateAsync(
            kind,
            new(request.Method, PathAsSent(context), [.. request.Headers.Authorization.Select(v => v ?? "")], [.. request.Headers["DPoP"].Select(v => v ?? "")]),
            context.RequestAborted);
        if (known.IsKnown)
        {
            return known.Caller;
        }

        var refusal = known.Refusal;
        if (refusal.Challenge is { } challenge)
        {
            context.Response.Headers.WWWAuthenticate = challenge;
        }

        await FhirAnswer.OutcomeAsync(context, refusal.Status, Issue.Error(refusal.IssueCode, null, refusal.Description));
        return null;
    }

    // RFC 9449 4.2: htu is the address as it was sent, without query; decoding it here would make two addresses one.
    private static string PathAsSent(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var end = target.IndexOf('?', StringComparison.Ordinal);
        return !target.StartsWith('/') ? context.Request.Path.ToUriComponent() : end < 0 ? target : target[..end];
    }
}
