using System.Diagnostics.Metrics;
using PasientensMaledata.AccessLog;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Sequences the access log: the last hours' journals each time, and once a day every journal there is.</summary>
internal sealed partial class Sequencing(Service service, ILogger<Sequencing> logger)
{
    private static readonly Meter Meter = new("PasientensMaledata.AccessLog");
    private static readonly Counter<long> Sequenced = Meter.CreateCounter<long>("pmd.log.sequenced", "{event}", "Events of the access log that were given their place.");
    private static readonly Gauge<double> Lag = Meter.CreateGauge<double>("pmd.log.lag", "s", "How long ago the last whole pass began: what is younger may lack its place.");

    private DateTimeOffset last = service.Time.GetUtcNow();
    private DateOnly lookedAtAll;

    /// <summary>The work.</summary>
    public Timed Timed => new("the access log", Sequencer.Interval, PassAsync);

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        var began = service.Time.GetUtcNow();
        var today = DateOnly.FromDateTime(began.UtcDateTime);
        try
        {
            Sequenced.Add(await service.SequenceAsync(today != lookedAtAll, cancellationToken));
            (lookedAtAll, last) = (today, began);
        }
        catch (InvalidDataException e)
        {
            // Damage does not stop the service: events are journalled on, and the lag tells. The message names a blob and a place, and nobody.
            Damaged(e.Message);
        }
        finally
        {
            Lag.Record((service.Time.GetUtcNow() - last).TotalSeconds);
        }
    }

    [LoggerMessage(LogLevel.Error, "The access log is not sequenced: {What}")]
    private partial void Damaged(string what);
}
