using System.Net;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Time.Testing;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Azure;

namespace PasientensMaledata.Tests.Storage;

/// <summary>What the adapter for Azure does when storage stays away, which the emulator never does. A stub stands in for the network.</summary>
public sealed class AzureRetryTests : IDisposable
{
    private static readonly PartitionKey Partition = new("p");
    private static readonly RowOperation[] Batch = [RowOperation.Insert(new RowKey("a"), new byte[] { 1 })];

    private readonly FakeTimeProvider time = new(DateTimeOffset.Parse("2026-11-01T12:00:00Z", null));
    private readonly StubHandler network = new();
    private readonly HttpClientTransport transport;
    private readonly AzureStorage storage;

    public AzureRetryTests()
    {
        transport = new HttpClientTransport(network);
        storage = AzureStorage.Open(
            new AzureStorageOptions { ConnectionString = "DefaultEndpointsProtocol=http;AccountName=tests;AccountKey=AAAA;TableEndpoint=http://localhost/tests;BlobEndpoint=http://localhost/tests" },
            time,
            transport,
            TimeSpan.FromMilliseconds(1));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        transport.Dispose();
        network.Dispose();
    }

    public static TheoryData<HttpStatusCode> Away => [HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError, HttpStatusCode.TooManyRequests];

    [Theory]
    [MemberData(nameof(Away))]
    public async Task Storage_that_stays_away_is_tried_three_times_and_then_unavailable(HttpStatusCode status)
    {
        network.Answer = _ => new HttpResponseMessage(status);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Partitions.ReadAsync(Partition, new RowKey("a"), Cancel));
        Assert.Equal(3, network.Requests.Count);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Partitions.CommitAsync(Partition, Batch, null, Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(
            async () => await storage.Partitions.ReadRangeAsync(Partition, new RowKey("a"), new RowKey("b"), 1, null, Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Blobs.ReadAsync(new BlobName("test/a"), 0, 1, Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(
            async () => await storage.Blobs.AppendAsync(new BlobName("test/a"), 0, new byte[1], Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(
            async () =>
            {
                await foreach (var item in storage.Blobs.ListAsync("test/", Cancel))
                {
                    Assert.Fail($"There is no {item}.");
                }
            });
        Assert.Equal(18, network.Requests.Count);
    }

    [Fact]
    public async Task A_broken_network_is_unavailable()
    {
        network.Answer = _ => throw new HttpRequestException("No route.");
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Partitions.CommitAsync(Partition, Batch, null, Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Blobs.CreateAsync(new BlobName("test/a"), new byte[1], Cancel));
    }

    [Fact]
    public async Task A_key_that_is_refused_is_unavailable()
    {
        network.Answer = _ => new HttpResponseMessage(HttpStatusCode.Forbidden);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Partitions.ReadAsync(Partition, new RowKey("a"), Cancel));
    }

    [Fact]
    public async Task A_commit_whose_time_has_passed_is_not_sent()
    {
        var result = await storage.Partitions.CommitAsync(Partition, Batch, time.GetUtcNow() - TimeSpan.FromTicks(1), Cancel);
        Assert.Equal(CommitResult.TooLate, result);
        Assert.Empty(network.Requests);
    }

    [Fact]
    public async Task A_commit_is_not_tried_again_after_its_time_and_is_not_said_to_be_undone()
    {
        network.Answer = _ =>
        {
            time.Advance(TimeSpan.FromSeconds(11));
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        };
        await Assert.ThrowsAsync<StorageUnavailableException>(
            async () => await storage.Partitions.CommitAsync(Partition, Batch, time.GetUtcNow() + TimeSpan.FromSeconds(10), Cancel));
        Assert.Single(network.Requests);
    }

    [Fact]
    public async Task A_broken_commit_is_not_tried_again_after_its_time()
    {
        network.Answer = _ =>
        {
            time.Advance(TimeSpan.FromSeconds(11));
            throw new HttpRequestException("Reset.");
        };
        await Assert.ThrowsAsync<StorageUnavailableException>(
            async () => await storage.Partitions.CommitAsync(Partition, Batch, time.GetUtcNow() + TimeSpan.FromSeconds(10), Cancel));
        Assert.Single(network.Requests);
    }

    [Fact]
    public async Task Storage_is_told_to_give_up_when_we_do()
    {
        network.Answer = _ => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Partitions.CommitAsync(Partition, Batch, null, Cancel));
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await storage.Blobs.AppendAsync(new BlobName("test/a"), 0, new byte[1], Cancel));
        Assert.All(network.Requests, uri => Assert.Equal(2, uri.Query.Split("timeout=4").Length));
    }

    [Fact]
    public async Task A_short_or_empty_page_is_passed_on_with_its_continuation()
    {
        network.Answer = _ => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent("""{"value":[]}""", null, "application/json"),
            Headers = { { "x-ms-continuation-NextPartitionKey", "1!p" }, { "x-ms-continuation-NextRowKey", "1!r" } },
        };
        var page = await storage.Partitions.ReadRangeAsync(Partition, new RowKey("a"), new RowKey("b"), 10, null, Cancel);
        Assert.Empty(page.Rows);
        Assert.NotNull(page.Continuation);
        await storage.Partitions.ReadRangeAsync(Partition, new RowKey("a"), new RowKey("b"), 10, page.Continuation, Cancel);
        Assert.Equal(2, network.Requests.Count);
        Assert.Contains("NextRowKey=1", network.Requests[1].Query, StringComparison.Ordinal);
    }

    [Fact]
    public void An_account_must_be_named() => Assert.Throws<ArgumentException>(() => AzureStorage.Open(new AzureStorageOptions(), time));

    private sealed class StubHandler : HttpMessageHandler
    {
        public Func<HttpRequestMessage, HttpResponseMessage> Answer { get; set; } = _ => new HttpResponseMessage(HttpStatusCode.OK);

        public List<Uri> Requests { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request.RequestUri!);
            return Task.FromResult(Answer(request));
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request.RequestUri!);
            return Answer(request);
        }
    }
}
