using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PasientensMaledata.Issuer;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tools;

/// <summary>
/// Signs requests in with tokens of the development issuer: the gateway's where something is sent, else those of the practitioner who asks. A token
/// serves until shortly before it expires, as HelseID wants it; a proof serves once.
/// </summary>
internal sealed class SigningIn : DelegatingHandler
{
    private const int Gateway = -1;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(1);

    private readonly SigningKey key = SigningKey.Ec();
    private readonly ConcurrentDictionary<int, (Task<string> Token, DateTimeOffset Until)> tokens = new();
    private readonly HttpClient toIssuer;
    private readonly IssuerClient issuer;
    private readonly TimeProvider time;

    /// <param name="inner">The way to the service and to the issuer.</param>
    /// <param name="address">The issuer's address.</param>
    /// <param name="time">The clock.</param>
    public SigningIn(HttpMessageHandler inner, Uri address, TimeProvider time)
        : base(inner)
    {
        this.time = time;
        toIssuer = new(inner, disposeHandler: false);
        issuer = new(toIssuer, address, key, time);
    }

    /// <summary>Gets the gateway's token.</summary>
    /// <exception cref="HttpRequestException">The issuer does not answer, or gives none.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => TokenAsync(Gateway, TokenKind.Gateway, cancellationToken);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!;
        if (!target.AbsolutePath.EndsWith("/metadata", StringComparison.Ordinal))
        {
            var who = request.Options.TryGetValue(Practitioners.Asking, out var index) ? index : Gateway;
            var kind = who == Gateway ? TokenKind.Gateway : TokenKind.Clinician;
            var token = await TokenAsync(who, kind, cancellationToken);
            foreach (var (name, value) in issuer.Headers(kind, token, request.Method.Method, target).Lines)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            toIssuer.Dispose();
            key.Dispose();
        }

        base.Dispose(disposing);
    }

    private Task<string> TokenAsync(int who, TokenKind kind, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var held = tokens.AddOrUpdate(who, _ => Fetch(), (_, old) => old.Until > now && !old.Token.IsFaulted && !old.Token.IsCanceled ? old : Fetch());
        return held.Token.WaitAsync(cancellationToken);

        (Task<string> Token, DateTimeOffset Until) Fetch() => (issuer.TokenAsync(kind, ClaimsOf(who), Lifetime, CancellationToken.None), now + Lifetime - Early);
    }

    private static JsonObject ClaimsOf(int who)
    {
        if (who == Gateway)
        {
            return [];
        }

        var (number, hpr) = Practitioners.PersonOf(who);
        var name = $"SIMULATED PRACTITIONER {who + 1}";
        return new()
        {
            [ClaimNames.Pid] = number,
            [ClaimNames.Hpr] = hpr,
            ["name"] = name,
            [ClaimNames.Attest] = new AttestDraft(number, name, hpr).ToJson(),
        };
    }
}
