using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace PasientensMaledata.Storage.Azure;

/// <summary>
/// Storage in an Azure account: rows in one table, blobs in containers named by the first segments of their names, made when first written to.
/// Every call is tried three times with growing, jittered pauses, each try lasting at most <see cref="StorageLimits.MaxAttempt"/>. Thread-safe.
/// </summary>
public sealed class AzureStorage
{
    private const int MaxRetries = 2;
    private static readonly TimeSpan DefaultRetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(2);

    private AzureStorage(TableClient table, Func<string, BlobServiceClient> blobs)
    {
        Partitions = new AzurePartitions(table);
        Blobs = new AzureBlobs(blobs);
    }

    /// <summary>The rows.</summary>
    public IPartitions Partitions { get; }

    /// <summary>The blobs.</summary>
    public IBlobs Blobs { get; }

    /// <summary>Connects. Nothing is sent until something is asked.</summary>
    /// <param name="options">Which account, and as whom.</param>
    /// <param name="time">The clock that a batch's time to commit by is held against.</param>
    /// <exception cref="ArgumentException">The options name no account.</exception>
    public static AzureStorage Open(AzureStorageOptions options, TimeProvider time) => Open(options, time, null, DefaultRetryDelay);

    /// <inheritdoc cref="Open(AzureStorageOptions, TimeProvider)"/>
    /// <param name="options">Which account.</param>
    /// <param name="time">The clock.</param>
    /// <param name="transport">Stands in for the network in tests.</param>
    /// <param name="retryDelay">The first pause.</param>
    internal static AzureStorage Open(AzureStorageOptions options, TimeProvider time, HttpPipelineTransport? transport, TimeSpan retryDelay)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var tableOptions = Prepare(new TableClientOptions(), time, transport, retryDelay);
        var blobOptions = Prepare(new BlobClientOptions(), time, transport, retryDelay);
        if (options.ConnectionString is { Length: > 0 } connection)
        {
            return new AzureStorage(
                new TableClient(connection, options.TableName, tableOptions),
                Accounts(new BlobServiceClient(connection, blobOptions), _ => throw new ArgumentException("Where storage is named by a connection string, so are the accounts that containers of their own lie in.")));
        }

        TokenCredential credential = options.ManagedIdentityClientId is { Length: > 0 } id
            ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(id))
            : new DefaultAzureCredential();
        return new AzureStorage(
            new TableClient(options.RequiredTableEndpoint, options.TableName, credential, tableOptions),
            Accounts(new BlobServiceClient(options.RequiredBlobEndpoint, credential, blobOptions), name => new BlobServiceClient(AzureStorageOptions.BlobEndpointOf(name), credential, blobOptions)));

        Func<string, BlobServiceClient> Accounts(BlobServiceClient rest, Func<string, BlobServiceClient> named)
        {
            var accounts = options.AccountOfContainer.Values.Distinct().ToDictionary(a => a, a => AzureStorageOptions.IsConnectionString(a) ? new BlobServiceClient(a, blobOptions) : named(a));
            return container => options.AccountOfContainer.TryGetValue(container, out var account) ? accounts[account] : rest;
        }
    }

    private static T Prepare<T>(T options, TimeProvider time, HttpPipelineTransport? transport, TimeSpan retryDelay)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = MaxRetries;
        options.Retry.Delay = retryDelay;
        options.Retry.MaxDelay = MaxRetryDelay;
        options.Retry.NetworkTimeout = StorageLimits.MaxAttempt;
        options.AddPolicy(new ServerTimeoutPolicy(), HttpPipelinePosition.PerCall);
        options.AddPolicy(new CommitByPolicy(time), HttpPipelinePosition.PerRetry);
        if (transport is not null)
        {
            options.Transport = transport;
        }

        return options;
    }
}
