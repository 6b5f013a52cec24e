using PasientensMaledata.AccessLog;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Sequences the access log: the last hours' journals each time, and once a day every journal there is.</summary>
internal sealed partial class Sequencing : IDisposable
{
    private readonly Service service;
    private readonly ILogger<Sequencing> logger;
    private readonly IDisposable lag;

    // When the last whole pass began, in ticks: it is asked from another thread.
    private long last;
    private DateOnly lookedAtAll;

    /// <param name="service">The parts.</param>
    /// <param name="logger">Takes what is damaged.</param>
    public Sequencing(Service service, ILogger<Sequencing> logger)
    {
        (this.service, this.logger, last) = (service, logger, service.Time.GetUtcNow().UtcTicks);
        lag = Signals.Lag(() => TimeSpan.FromTicks(service.Time.GetUtcNow().UtcTicks - Volatile.Read(ref last)));
    }

    /// <summary>The work.</summary>
    public Timed Timed => new("the access log", Sequencer.Interval, PassAsync);

    /// <inheritdoc/>
    public void Dispose() => lag.Dispose();

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        var began = service.Time.GetUtcNow();
        var today = DateOnly.FromDateTime(began.UtcDateTime);
        try
        {
            await service.SequenceAsync(today != lookedAtAll, cancellationToken);
            lookedAtAll = today;
            Volatile.Write(ref last, began.UtcTicks);
        }
        catch (InvalidDataException e)
        {
            // Damage does not stop the service: events are journalled on, and the lag tells. The message names a blob and a place, and nobody.
            Damaged(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Error, "The access log is not sequenced: {What}")]
    private partial void Damaged(string what);
}
