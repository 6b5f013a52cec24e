using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Sequences the access log every few seconds, and once a day every journal there is.</summary>
internal sealed partial class Sequencing(Service service, ILogger logger) : BackgroundService
{
    private static readonly Meter Meter = new("PasientensMaledata.AccessLog");
    private static readonly Counter<long> Sequenced = Meter.CreateCounter<long>("pmd.log.sequenced", "{event}", "Events of the access log that were given their place.");
    private static readonly Gauge<double> Lag = Meter.CreateGauge<double>("pmd.log.lag", "s", "How long ago the last pass began: what is younger may lack its place.");

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (lookedAtAll, last) = (DateOnly.MinValue, service.Time.GetUtcNow());
        using var timer = new PeriodicTimer(Sequencer.Interval, service.Time);
        using var stopping = stoppingToken.Register(timer.Dispose);
        while (await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var began = service.Time.GetUtcNow();
            var today = DateOnly.FromDateTime(began.UtcDateTime);
            try
            {
                Sequenced.Add(await service.Log.Sequencer.RunAsync(today != lookedAtAll, stoppingToken));
                (lookedAtAll, last) = (today, began);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StorageUnavailableException)
            {
                // The next pass goes on; the lag tells.
            }
            catch (Exception e) when (e is InvalidDataException or CryptographicException or FormatException)
            {
                // Damage does not stop the service: events are journalled on. The message names a blob and a place, and nothing of anybody.
                Damaged(logger, e.Message);
            }

            Lag.Record((service.Time.GetUtcNow() - last).TotalSeconds);
        }
    }

    [LoggerMessage(LogLevel.Error, "The access log is not sequenced: {What}")]
    private static partial void Damaged(ILogger logger, string what);
}
