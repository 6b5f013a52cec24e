using Azure;
using Azure.Identity;

namespace PasientensMaledata.Storage.Azure;

/// <summary>Turns what the SDK throws into what the ports promise. Answers that a port knows are the adapters' own; these are the rest.</summary>
internal static class AzureCall
{
    private const int RequestTimeout = 408;
    private const int TooManyRequests = 429;
    private const int Unauthorized = 401;
    private const int Forbidden = 403;

    public static async ValueTask<T> DoAsync<T>(string doing, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call();
        }
        catch (RequestFailedException e) when (e.Status is RequestTimeout or TooManyRequests or Unauthorized or Forbidden or 0 or >= 500)
        {
            throw new StorageUnavailableException($"{doing}: storage answered {e.Status} {e.ErrorCode}.", e);
        }
        catch (RequestFailedException e)
        {
            throw new InvalidOperationException($"{doing}: storage refused the request with {e.Status} {e.ErrorCode}.", e);
        }
        catch (Exception e) when (e is AggregateException or IOException or HttpRequestException or AuthenticationFailedException)
        {
            throw new StorageUnavailableException($"{doing}: storage did not answer.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The SDK's own time-out of an attempt.
            throw new StorageUnavailableException($"{doing}: storage did not answer in time.", e);
        }
    }
}
