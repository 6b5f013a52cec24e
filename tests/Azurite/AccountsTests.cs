using Azure.Storage.Blobs;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Azurite;

/// <summary>Which account things lie in.</summary>
[Collection(typeof(AzuriteTests))]
public sealed class AccountsTests(AzuriteProcess azurite)
{
    [Fact]
    public async Task The_access_log_lies_in_its_own_account_and_nothing_else_does()
    {
        _ = azurite.Options;
        using var folder = new TemporaryFolder();
        var (data, log) = azurite.Accounts;
        var settings = new Dictionary<string, string?> { ["PMD_STORAGE_CONNECTION"] = data, ["PMD_STORAGE_LOG_ACCOUNT"] = log };
        await using var storage = OpenedStorage.Open("azure", folder.Path, settings.GetValueOrDefault, TimeProvider.System);
        var ring = await KeyRing.OpenAsync(storage.Blobs, storage.ReadMasterKeys, TestContext.Current.CancellationToken);
        var service = Service.Open(storage.Partitions, storage.Blobs, ring, NationalIdPolicy.Synthetic, "azure", TimeProvider.System);
        await service.Journal.AppendAsync(
            new AccessEvent { Id = Guid.NewGuid(), CorrelationId = "1", Time = DateTime.UtcNow, Action = AccessAction.Search, Outcome = AccessOutcome.Permitted }, TestContext.Current.CancellationToken);
        Assert.Equal(1, await service.Log.Sequencer.RunAsync(everything: true, TestContext.Current.CancellationToken));
        await LogFunctions.VerifyAsync(service, TestContext.Current.CancellationToken);

        var apart = ContainersOf(log);
        Assert.Subset(OpenedStorage.LogContainers.ToHashSet(), apart);
        Assert.Superset(new HashSet<string> { "journal", "sequence", "checkpoint" }, apart);
        var rest = ContainersOf(data);
        Assert.Superset(new HashSet<string> { "keys", "verified" }, rest);
        Assert.Empty(rest.Intersect(OpenedStorage.LogContainers));
    }

    [Fact]
    public void A_name_without_a_way_to_sign_in_is_refused_and_not_passed_over()
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string?> { ["PMD_STORAGE_CONNECTION"] = azurite.Options.ConnectionString, ["PMD_STORAGE_LOG_ACCOUNT"] = "pmdlog" };
        Assert.Throws<ArgumentException>(() => OpenedStorage.Open("azure", folder.Path, settings.GetValueOrDefault, TimeProvider.System));
    }

    private static HashSet<string> ContainersOf(string connection) => [.. new BlobServiceClient(connection).GetBlobContainers().Select(c => c.Name)];
}
