using System.Security.Cryptography;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Looks every few seconds whether the operator has rotated a key.</summary>
internal sealed class KeyRefresh(Service service) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(KeyRing.RefreshInterval, service.Time);
        using var stopping = stoppingToken.Register(timer.Dispose);
        while (await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            try
            {
                await service.Ring.RefreshAsync(stoppingToken);
            }
            catch (Exception e) when (e is StorageUnavailableException or CryptographicException or FormatException or IOException)
            {
                // The keys at hand stay in force; the next tick asks again. What they do not open is refused.
            }
        }
    }
}
