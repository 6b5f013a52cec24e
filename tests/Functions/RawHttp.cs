using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Requests that no client library would send.</summary>
internal static class RawHttp
{
    /// <summary>Sends the text as it is, and gives all that comes back before the service closes. Ask it to: <c>Connection: close</c>.</summary>
    public static Task<string> SendAsync(TestService service, string request) => SendAsync(service.Client.BaseAddress!.Port, request);

    public static async Task<string> SendAsync(int port, string request)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, timeout.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), timeout.Token);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, timeout.Token);
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
