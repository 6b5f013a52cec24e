using System.Security.Cryptography;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Retention;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>
/// Keeps the service closed until its tables have every privacy setting that the access log has: tables restored from an older backup must not show what
/// a citizen has closed since, nor store for one who has opted out. While it cannot be told, callers get 503, and events of the hub come again.
/// </summary>
internal sealed partial class Opening(LogReplay replay, TimeProvider time, ILogger<Opening> logger) : BackgroundService
{
    /// <summary>What is told meanwhile.</summary>
    public const string Why = "The service is closed until privacy settings have been read from the access log. Try again; if it lasts, the operator has to look at it.";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private volatile bool isOpen;

    /// <summary>Whether callers are answered.</summary>
    public bool IsOpen => isOpen;

    /// <summary>Tries before the first request can come.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Limits.MaxAttempts && await TryAsync(cancellationToken); attempt++)
        {
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (!isOpen && await timer.WaitForNextTickAsync(stoppingToken))
        {
            _ = await TryAsync(stoppingToken);
        }
    }

    /// <summary>Answers 503 to whoever asks about people, while it is closed.</summary>
    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var isOfPeople = context.GetEndpoint()?.Metadata.GetMetadata<Route>() is { Audience: not Audience.Anyone } || (context.GetEndpoint()?.Metadata.GetMetadata<Trigger>() is EventHubTrigger && TriggerCalls.IsFromHost(context.Request));
        if (isOpen || !isOfPeople)
        {
            return next(context);
        }

        return FhirAnswer.OutcomeAsync(
            context, StatusCodes.Status503ServiceUnavailable, Issue.Error("transient", null, Why));
    }

    // Whether it is of use to try again at once: storage that stays away may come back, damage stays.
    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await replay.OpenAsync(cancellationToken);
            if (result.Settings + result.Deletions + result.Joinings > 0)
            {
                Replayed(result.Settings, result.Deletions, result.Joinings);
            }

            isOpen = true;
            return false;
        }
        catch (Exception e) when (e is StorageUnavailableException or InvalidDataException or CryptographicException)
        {
            // Of damage the message names a blob and a place, and nobody.
            Closed(e is InvalidDataException ? e.Message : e.GetType().Name);
            return e is StorageUnavailableException;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The tables were behind the access log: {Settings} settings, {Deletions} deletions and {Joinings} joinings were done again")]
    private partial void Replayed(int settings, int deletions, int joinings);

    [LoggerMessage(LogLevel.Error, "Closed: it cannot be told which privacy settings hold: {Why}")]
    private partial void Closed(string why);
}
