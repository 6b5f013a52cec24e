using PasientensMaledata.Storage.Azure;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Storage;

/// <summary>The storage that a program was told to use, with the master keys that go with it.</summary>
public sealed class OpenedStorage : IAsyncDisposable
{
    /// <summary>The kinds, as written on a command line.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["embedded", "azure"];

    private readonly EmbeddedStorage? embedded;
    private readonly string folder;
    private readonly Func<string, string?> setting;

    private OpenedStorage(EmbeddedStorage? embedded, IPartitions partitions, IBlobs blobs, string kind, string folder, Func<string, string?> setting) =>
        (this.embedded, Partitions, Blobs, Kind, this.folder, this.setting) = (embedded, partitions, blobs, kind, folder, setting);

    /// <summary>Rows.</summary>
    public IPartitions Partitions { get; }

    /// <summary>Blobs.</summary>
    public IBlobs Blobs { get; }

    /// <summary>Which of <see cref="Kinds"/>.</summary>
    public string Kind { get; }

    /// <summary>The file of the master keys, where no secret is given.</summary>
    public string MasterKeysFile => Path.Combine(folder, "master-keys.json");

    /// <summary>Whether the master keys are a secret from outside, which this program cannot write.</summary>
    public bool HasMasterSecret => setting("PMD_MASTER_KEYS") is { Length: > 0 };

    /// <summary>Opens it.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="folder">The data folder: rows and blobs of the embedded storage, and the file of master keys.</param>
    /// <param name="setting">The environment: <c>PMD_STORAGE_CONNECTION</c>, or <c>PMD_STORAGE_ACCOUNT</c> (or <c>PMD_STORAGE_TABLES</c> and <c>PMD_STORAGE_BLOBS</c>, end points) with <c>PMD_STORAGE_IDENTITY</c>, and <c>PMD_STORAGE_LOG_ACCOUNT</c> and <c>PMD_STORAGE_STATISTICS_ACCOUNT</c> (names or connection strings) where these lie apart; <c>PMD_MASTER_KEYS</c>.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The settings do not say where the account is, or what lies apart is named without a way to sign in to it.</exception>
    public static OpenedStorage Open(string kind, string folder, Func<string, string?> setting, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        if (kind == "embedded")
        {
            var embedded = EmbeddedStorage.Open(folder, time);
            return new(embedded, embedded.Partitions, embedded.Blobs, kind, folder, setting);
        }

        var azure = AzureStorage.Open(
            new()
            {
                ConnectionString = setting("PMD_STORAGE_CONNECTION"),
                AccountName = setting("PMD_STORAGE_ACCOUNT"),
                TableEndpoint = setting("PMD_STORAGE_TABLES") is { Length: > 0 } tables ? new(tables) : null,
                BlobEndpoint = setting("PMD_STORAGE_BLOBS") is { Length: > 0 } blobs ? new(blobs) : null,
                AccountOfContainer = Accounts(setting),
                ManagedIdentityClientId = setting("PMD_STORAGE_IDENTITY"),
            },
            time);
        return new(null, azure.Partitions, azure.Blobs, kind, folder, setting);
    }

    /// <summary>The containers of the access log.</summary>
    public static readonly IReadOnlyList<string> LogContainers = [.. StorageLimits.ProtectedPrefixes.Select(p => p.TrimEnd('/'))];

    /// <summary>The containers of the statistics.</summary>
    public static readonly IReadOnlyList<string> StatisticsContainers = ["statistics", "statistics-raw", "statistics-open"];

    private static Dictionary<string, string> Accounts(Func<string, string?> setting)
    {
        Dictionary<string, string> accounts = [];
        foreach (var (name, containers) in new[] { ("PMD_STORAGE_LOG_ACCOUNT", LogContainers), ("PMD_STORAGE_STATISTICS_ACCOUNT", StatisticsContainers) })
        {
            if (setting(name) is { Length: > 0 } account)
            {
                foreach (var container in containers)
                {
                    accounts[container] = account;
                }
            }
        }

        return accounts;
    }

    /// <summary>Reads the master keys: the secret, else the file, which is made the first time.</summary>
    /// <exception cref="FormatException">They are not of the form of <see cref="MasterKeys"/>.</exception>
    public MasterKeys ReadMasterKeys() =>
        setting("PMD_MASTER_KEYS") is { Length: > 0 } secret ? MasterKeys.Parse(System.Text.Encoding.UTF8.GetBytes(secret)) : MasterKeys.ReadOrCreate(MasterKeysFile);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => embedded?.DisposeAsync() ?? ValueTask.CompletedTask;
}
