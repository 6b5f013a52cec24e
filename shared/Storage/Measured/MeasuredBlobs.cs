using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PasientensMaledata.Storage.Measured;

/// <summary>Blobs whose requests are counted, timed and traced. Used where telemetry is on.</summary>
/// <param name="inner">What does the work.</param>
public sealed class MeasuredBlobs(IBlobs inner) : IBlobs
{
    private const string Store = "blobs";

    /// <inheritdoc/>
    public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        MeasureAsync("create", () => inner.CreateAsync(name, content, cancellationToken), done => done);

    /// <inheritdoc/>
    public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) =>
        MeasureAsync("create", () => inner.CreateAppendableAsync(name, cancellationToken), done => done);

    /// <inheritdoc/>
    public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        MeasureAsync("append", () => inner.AppendAsync(name, position, bytes, cancellationToken), outcome => outcome == AppendOutcome.Appended);

    /// <inheritdoc/>
    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) =>
        MeasureAsync("read", () => inner.ReadAsync(name, offset, maxBytes, cancellationToken), _ => true);

    /// <summary>Lists; measured is the time spent waiting, not what the caller does meanwhile.</summary>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = StorageCall.Begin(Store, "list");
        var (waited, outcome) = (TimeSpan.Zero, "done");
        var items = inner.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                var began = Stopwatch.GetTimestamp();
                try
                {
                    if (!await items.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (Exception e)
                {
                    outcome = StorageCall.OutcomeOf(e);
                    throw;
                }
                finally
                {
                    waited += Stopwatch.GetElapsedTime(began);
                }

                yield return items.Current;
            }
        }
        finally
        {
            await items.DisposeAsync();
            call.End(outcome, waited);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        MeasureAsync("replace", () => inner.ReplaceAsync(name, version, content, cancellationToken), done => done);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) =>
        MeasureAsync("delete", () => inner.DeleteAsync(name, version, cancellationToken), done => done);

    private static async ValueTask<T> MeasureAsync<T>(string operation, Func<ValueTask<T>> request, Func<T, bool> isDone)
    {
        var call = StorageCall.Begin(Store, operation);
        try
        {
            var result = await request();
            call.End(isDone(result));
            return result;
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }
    }
}
