using System.Text;
using PasientensMaledata.AccessLog.Checkpoints;
using PasientensMaledata.AccessLog.Tree;
using PasientensMaledata.AccessLog.Verification;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions;

/// <summary>The public face of the access log (C2SP tlog-tiles): hashes and signatures alone, for whoever wants to hold the log to its word.</summary>
public static class LogFunctions
{
    private const string Forever = "public, max-age=31536000, immutable";

    /// <summary>How long the nightly verification may last; less than the host's <c>functionTimeout</c>, at which it kills the process.</summary>
    public static readonly TimeSpan VerifyTimeLimit = TimeSpan.FromMinutes(4);

    /// <summary>The nightly verification.</summary>
    /// <exception cref="InvalidDataException">The log is not whole. The message says what is wrong, and names nobody.</exception>
    /// <exception cref="TimeoutException">The log is too long to be verified in the time that the host gives.</exception>
    public static async Task VerifyAsync(Service service, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(VerifyTimeLimit, service.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var verdict = await new StandingVerification(service.Blobs, service.Partitions).RunAsync(either.Token);
            if (verdict.Fault is { } fault)
            {
                // A row's name has the patient's key in it: the command tells it, and telemetry does not.
                throw new InvalidDataException($"The access log is not whole. {(fault.Where.StartsWith("row ", StringComparison.Ordinal) ? "" : fault.Where + ": ")}{fault.What} ./pmd verify-log tells more.");
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The access log is too long to be verified here. Run ./pmd verify-log elsewhere.");
        }
    }

    /// <summary><c>GET /log/checkpoint</c>: the newest signed tree head.</summary>
    public static async Task CheckpointAsync(HttpContext context, Service service)
    {
        if (await service.Log.Checkpoints.NewestAsync(context.RequestAborted) is not { } note)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "No checkpoint is published yet. Try again in some seconds."));
            return;
        }

        await AnswerAsync(context, "text/plain; charset=utf-8", "public, max-age=2", Encoding.UTF8.GetBytes(note));
    }

    /// <summary><c>GET /log/tile/{address}</c>: hashes of the tree, as far as a checkpoint covers it.</summary>
    public static async Task TileAsync(HttpContext context, Service service)
    {
        var note = await service.Log.Checkpoints.NewestAsync(context.RequestAborted);
        if (note is null || !Checkpoint.TryRead(note, out var checkpoint)
            || !Tile.TryParse((string?)context.Request.RouteValues["address"] ?? "", out var tile, out var width)
            || !IsCovered(tile, width, checkpoint.Size)
            || await service.Log.OpenTreeAsync(context.RequestAborted) is not { } tree
            || await tree.HashesAsync(tile, width, context.RequestAborted) is not { } hashes)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is no such tile under the newest checkpoint. Addresses are those of C2SP tlog-tiles."));
            return;
        }

        await AnswerAsync(context, "application/octet-stream", Forever, hashes);
    }

    /// <summary><c>GET /log/key</c>: the public keys, a line each, the one that signs now first.</summary>
    public static async Task KeyAsync(HttpContext context, Service service)
    {
        var keys = await LogKeys.ReadVerifiersAsync(service.Log.Blobs, context.RequestAborted);
        if (keys.Count == 0)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "Nothing is signed yet. Try again in some seconds."));
            return;
        }

        await AnswerAsync(context, "text/plain; charset=utf-8", "public, max-age=60", Encoding.UTF8.GetBytes(string.Concat(keys.Select(k => $"{k}\n"))));
    }

    // Hashes beyond the checkpoint would be shown before they are signed for.
    private static bool IsCovered(Tile tile, int width, long size)
    {
        var hashes = size >> Math.Min(63, tile.Level * Tile.Height);
        return tile.Index < hashes / Tile.Width || (tile.Index == hashes / Tile.Width && width <= hashes % Tile.Width);
    }

    private static async Task AnswerAsync(HttpContext context, string type, string caching, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = caching;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
