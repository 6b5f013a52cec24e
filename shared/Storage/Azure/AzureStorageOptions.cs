namespace PasientensMaledata.Storage.Azure;

/// <summary>
/// Which storage account is used, and as whom: a connection string, or the account's name (or both its end points) with the identity that the
/// program runs as. That identity needs the roles Storage Table Data Contributor and Storage Blob Data Contributor.
/// </summary>
public sealed record AzureStorageOptions
{
    /// <summary>With key, for the emulator and for trying out; null where an identity is used.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Name of the account in Azure's public cloud; null where the end points are given.</summary>
    public string? AccountName { get; init; }

    /// <summary>Where tables are reached, if not as the account's name says.</summary>
    public Uri? TableEndpoint { get; init; }

    /// <summary>Where blobs are reached, if not as the account's name says.</summary>
    public Uri? BlobEndpoint { get; init; }

    /// <summary>
    /// Containers that lie in accounts of their own, so that those may have other rules and readers: the log's cannot be changed, the statistics' are
    /// read by others. From container to the account's name or connection string; what is not named lies with the rest.
    /// </summary>
    public IReadOnlyDictionary<string, string> AccountOfContainer { get; init; } = new Dictionary<string, string>();

    /// <summary>Client id of a user-assigned managed identity; null to try the identities that <c>DefaultAzureCredential</c> tries.</summary>
    public string? ManagedIdentityClientId { get; init; }

    /// <summary>The table of the rows, made when it is first written to.</summary>
    public string TableName { get; init; } = "pmd";

    internal Uri RequiredTableEndpoint => TableEndpoint ?? Endpoint("table");

    internal Uri RequiredBlobEndpoint => BlobEndpoint ?? Endpoint("blob");

    // A name has letters and digits alone.
    internal static bool IsConnectionString(string account) => account.Contains('=', StringComparison.Ordinal);

    internal static Uri BlobEndpointOf(string account) => new($"https://{account}.blob.core.windows.net");

    private Uri Endpoint(string service) =>
        AccountName is { Length: > 0 } name
            ? new Uri($"https://{name}.{service}.core.windows.net")
            : throw new ArgumentException($"Storage needs a connection string, an account's name, or an end point for {service}s.");
}
