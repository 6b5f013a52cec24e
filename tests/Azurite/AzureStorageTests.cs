using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Azure;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Azurite;

/// <summary>The adapter for Azure keeps the contract of rows, as far as the emulator can show.</summary>
[Collection(typeof(AzuriteTests))]
public sealed class AzurePartitionsTests(AzuriteProcess azurite) : PartitionsContract
{
    private AzureStorage? storage;

    protected override IPartitions Partitions => (storage ??= AzureStorage.Open(azurite.Options, Time)).Partitions;

    protected override int Samples => 10;

    [Fact]
    public async Task A_table_is_made_when_it_is_first_written_to()
    {
        var fresh = AzureStorage.Open(azurite.Options with { TableName = $"t{Guid.NewGuid():n}" }, Time).Partitions;
        var partition = NewPartition();
        Assert.Null(await fresh.ReadAsync(partition, new RowKey("a"), Cancel));
        Assert.Empty((await fresh.ReadRangeAsync(partition, new RowKey("a"), new RowKey("b"), 1, null, Cancel)).Rows);
        Assert.Equal(CommitResult.Committed, await fresh.CommitAsync(partition, [Insert("a")], null, Cancel));
        Assert.NotNull(await fresh.ReadAsync(partition, new RowKey("a"), Cancel));
    }
}

/// <summary>The adapter for Azure keeps the contract of blobs, as far as the emulator can show.</summary>
[Collection(typeof(AzuriteTests))]
public sealed class AzureBlobsTests(AzuriteProcess azurite) : BlobsContract
{
    private AzureStorage? storage;

    protected override IBlobs Blobs => (storage ??= AzureStorage.Open(azurite.Options, TimeProvider.System)).Blobs;
}
