using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PasientensMaledata.Storage.Azure;
using PasientensMaledata.Telemetry;

namespace PasientensMaledata.Tests.Telemetry;

/// <summary>What Azure Storage is told of a trace.</summary>
[Collection(nameof(Alone))]
public sealed class StorageTraceTests
{
    [Fact]
    public async Task The_callers_trace_goes_on_to_storage_and_nothing_else_of_it()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var heard = HearAsync(server, 2);
        var storage = AzureStorage.Open(
            new() { ConnectionString = $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={Convert.ToBase64String(new byte[64])};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1" },
            TimeProvider.System);

        // A caller's trace, as the web server opens it.
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        using var listener = new ActivityListener { ShouldListenTo = s => s.Name == Signals.Name, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        using var activity = Signals.Source.StartActivity("request", ActivityKind.Server, parent)!;
        Assert.Null(await storage.Partitions.ReadAsync(new("p"), new("r"), TestContext.Current.CancellationToken));
        Assert.Null(await storage.Blobs.ReadAsync(new("keys/none"), 0, 1, TestContext.Current.CancellationToken));
        foreach (var request in await heard)
        {
            var lines = request.Split("\r\n");
            Assert.Contains(lines, l => l.StartsWith($"traceparent: 00-{parent.TraceId}-", StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(lines, l => l.StartsWith("baggage", StringComparison.OrdinalIgnoreCase) || l.StartsWith("Correlation-Context", StringComparison.OrdinalIgnoreCase) || l.StartsWith("tracestate", StringComparison.OrdinalIgnoreCase));
        }
    }

    private static async Task<List<string>> HearAsync(TcpListener server, int requests)
    {
        List<string> heard = [];
        while (heard.Count < requests)
        {
            using var client = await server.AcceptTcpClientAsync();
            var stream = client.GetStream();
            var bytes = new byte[16_384];
            var length = 0;
            while (!Encoding.ASCII.GetString(bytes, 0, length).Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                length += await stream.ReadAsync(bytes.AsMemory(length));
            }

            heard.Add(Encoding.ASCII.GetString(bytes, 0, length));
            await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\nx-ms-error-code: ResourceNotFound\r\n\r\n"u8.ToArray());
        }

        return heard;
    }
}
