using System.Security.Cryptography;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Work that is done again and again while the service runs.</summary>
/// <param name="Name">What it is, for the log.</param>
/// <param name="Every">How long between the end of one round and the next.</param>
/// <param name="DoAsync">One round.</param>
public sealed record Timed(string Name, TimeSpan Every, Func<CancellationToken, Task> DoAsync);

/// <summary>Runs what is timed, each on its own: one that fails or lasts does not hold up the others. What failed is tried again at the next round.</summary>
internal sealed partial class Timers(IReadOnlyList<Timed> work, TimeProvider time, ILogger<Timers> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(work.Select(w => RunAsync(w, stoppingToken)));

    private async Task RunAsync(Timed timed, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(timed.Every, time);
        using var stopping = stop.Register(timer.Dispose);
        while (await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            try
            {
                await timed.DoAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StorageUnavailableException or CryptographicException or FormatException or IOException or HttpRequestException)
            {
                Log(timed.Name, e.GetType().Name);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Work} failed, and is tried again: {Fault}")]
    private partial void Log(string work, string fault);
}
