using System.Runtime.CompilerServices;

namespace PasientensMaledata.Storage.Faulty;

/// <summary>Blobs that behave as badly as real storage may, for tests: see <see cref="FaultPlan"/>.</summary>
public sealed class FaultyBlobs : IBlobs
{
    private readonly IBlobs inner;
    private readonly Faults faults;

    /// <param name="inner">What does the work.</param>
    /// <param name="plan">How often it fails.</param>
    /// <param name="random">Seeded, so that a failure can be had again. Used under a lock.</param>
    /// <param name="time">The clock of delays.</param>
    public FaultyBlobs(IBlobs inner, FaultPlan plan, Random random, TimeProvider time)
    {
        this.inner = inner;
        faults = new Faults(plan, random, time);
    }

    /// <summary>Faults injected so far.</summary>
    public long FaultCount => faults.Drawn;

    /// <inheritdoc/>
    public ValueTask<bool> CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.CreateAsync(name, content, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> CreateAppendableAsync(BlobName name, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.CreateAppendableAsync(name, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AppendOutcome> AppendAsync(BlobName name, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.AppendAsync(name, position, bytes, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BlobRange?> ReadAsync(BlobName name, long offset, int maxBytes, CancellationToken cancellationToken) =>
        faults.ReadAsync(() => inner.ReadAsync(name, offset, maxBytes, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
        {
            yield return await faults.ReadAsync(() => ValueTask.FromResult(item), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReplaceAsync(BlobName name, BlobVersion version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.ReplaceAsync(name, version, content, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(BlobName name, BlobVersion version, CancellationToken cancellationToken) =>
        faults.WriteAsync(() => inner.DeleteAsync(name, version, cancellationToken), cancellationToken);
}
