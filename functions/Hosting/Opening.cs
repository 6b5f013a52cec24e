using System.Security.Cryptography;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Whether people's data may be shown and stored. Closed at first; opened once, for as long as the process lives.</summary>
public sealed class Gate
{
    private volatile bool isOpen;

    /// <summary>Whether it may.</summary>
    public bool IsOpen => isOpen;

    /// <summary>Opens it.</summary>
    public void Open() => isOpen = true;
}

/// <summary>
/// Keeps the service closed until its tables have every privacy setting that the access log has: tables restored from an older backup must not show what
/// a citizen has closed since, nor store for one who has opted out. While it cannot be told, callers get 503, and events of the hub come again.
/// </summary>
internal sealed partial class Opening(Service service, ILogger<Opening> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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
        using var timer = new PeriodicTimer(Pause, service.Time);
        while (!service.Gate.IsOpen && await timer.WaitForNextTickAsync(stoppingToken))
        {
            _ = await TryAsync(stoppingToken);
        }
    }

    /// <summary>Answers 503 to whoever asks about people, while it is closed.</summary>
    public static Task GuardAsync(HttpContext context, RequestDelegate next, Service service) =>
        service.Gate.IsOpen || context.GetEndpoint()?.Metadata.GetMetadata<Route>() is null or { Audience: Audience.Anyone }
            ? next(context)
            : FhirAnswer.OutcomeAsync(
                context, StatusCodes.Status503ServiceUnavailable, Issue.Error("transient", null, "The service is closed until privacy settings have been read from the access log. Try again; if it lasts, the operator has to look at it."));

    // Whether it is of use to try again at once: storage that stays away may come back, damage stays.
    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await service.Replay.OpenAsync(cancellationToken);
            if (result.Settings + result.Deletions + result.Joinings > 0)
            {
                Replayed(result.Settings, result.Deletions, result.Joinings);
            }

            service.Gate.Open();
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
