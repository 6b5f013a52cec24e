using System.Collections;
using System.Net;
using System.Net.Sockets;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Tests.Storage;
using static PasientensMaledata.Tests.Functions.SharedService;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Open mode answers anyone, therefore only on this machine; and how the process starts and stops.</summary>
public sealed class OpenModeTests(SharedService shared) : IClassFixture<SharedService>
{
    private TestService Service => shared.Service;

    [Theory]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT", "7072", true)]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT", "", true)]
    [InlineData("functions_customhandler_port", "7072", true)]
    [InlineData("WEBSITE_SITE_NAME", "pmd", true)]
    [InlineData("WEBSITE_INSTANCE_ID", "1", true)]
    [InlineData("Website_Hostname", "pmd.azurewebsites.net", true)]
    [InlineData("ASPNETCORE_URLS", "http://0.0.0.0:80", true)]
    [InlineData("ASPNETCORE_URLS", "http://+:80", true)]
    [InlineData("ASPNETCORE_URLS", "http://*:80", true)]
    [InlineData("ASPNETCORE_URLS", "http://localhost:5000;http://10.0.0.4:5000", true)]
    [InlineData("ASPNETCORE_URLS", "http://[::]:5000", true)]
    [InlineData("DOTNET_URLS", "http://pmd.example.org", true)]
    [InlineData("URLS", "http://0.0.0.0", true)]
    [InlineData("Kestrel__Endpoints__Http__Url", "http://0.0.0.0:80", true)]
    [InlineData("ASPNETCORE_URLS", "http://localhost:5000;http://127.0.0.1:5001;http://[::1]:5002", false)]
    [InlineData("ASPNETCORE_URLS", "", false)]
    [InlineData("Kestrel__Endpoints__Http__Url", "http://localhost:80", false)]
    [InlineData("MY_WEBSITE_", "x", false)]
    [InlineData("PATH", "/bin", false)]
    public void It_does_not_start_under_a_host_or_bound_elsewhere(string name, string value, bool refused)
    {
        var reason = OpenMode.WhyNotStart(new Hashtable { [name] = value, ["HOME"] = "/home/ola" });
        Assert.Equal(refused, reason is not null);
        Assert.True(reason is null || reason.StartsWith($"{name} ", StringComparison.Ordinal), reason);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("x-forwarded-anything", "")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    public async Task What_came_through_a_proxy_is_403(string name, string value)
    {
        foreach (var (method, path) in new[] { ("GET", "/metadata"), ("GET", "/health"), ("POST", "/"), ("POST", "/Observation/_search"), ("GET", "/none"), ("DELETE", "/") })
        {
            Refused(403, await Service.SendAsync(new(method), path, headers: (name, value)), "same machine");
        }
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:7071", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.1:80", 200)]
    [InlineData("127.8.9.10", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("[::1]:7071", 200)]
    [InlineData("pmd.nhn.no", 403)]
    [InlineData("localhost.example.org", 403)]
    [InlineData("127.0.0.1.example.org", 403)]
    [InlineData("example.org:7071", 403)]
    [InlineData("10.0.0.4", 403)]
    [InlineData("0.0.0.0", 403)]
    [InlineData("[::]", 400)]
    [InlineData("[2001:db8::1]", 403)]
    [InlineData("", 403)]
    [InlineData("localhost, example.org", 400)]
    [InlineData("a b", 400)]
    public async Task A_request_for_another_host_is_turned_away(string host, int status)
    {
        var answer = await RawHttp.SendAsync(Service, $"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 403, answer.Contains("OperationOutcome", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_in_the_request_line_counts_as_the_host()
    {
        Assert.StartsWith("HTTP/1.1 403", await RawHttp.SendAsync(Service, "GET http://example.org/health HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await RawHttp.SendAsync(Service, "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await RawHttp.SendAsync(Service, "GET /health HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_are_to_the_host_that_was_addressed()
    {
        var answer = await RawHttp.SendAsync(Service, "GET /metadata HTTP/1.1\r\nHost: [::1]:7071\r\nConnection: close\r\n\r\n");
        Assert.Contains("\"url\":\"http://[::1]:7071\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_listens_on_loopback_alone()
    {
        Assert.Equal("127.0.0.1", Service.Client.BaseAddress!.Host);
        var others = (await Dns.GetHostAddressesAsync(Dns.GetHostName())).Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        foreach (var address in others)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(address, Service.Client.BaseAddress.Port));
        }
    }

    [Theory]
    [InlineData("WEBSITE_SITE_NAME", "pmd", "hosted")]
    [InlineData("ASPNETCORE_URLS", "http://0.0.0.0:5000", "loopback")]
    public async Task The_process_refuses_to_start_where_open_mode_may_not(string name, string value, string saying)
    {
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, "data");
        var (code, said) = await ServiceProcess.RunAsync(["--port", "0", "--data", data], (name, value));
        Assert.Equal(3, code);
        Assert.Contains($"Not started. {name}", said, StringComparison.Ordinal);
        Assert.Contains(saying, said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Theory]
    [InlineData("--help", 0, "Usage")]
    [InlineData("--port 1 -h", 0, "Usage")]
    [InlineData("--colour blue", 2, "--colour")]
    [InlineData("--port seven", 2, "--port")]
    [InlineData("--port 70000", 2, "--port")]
    [InlineData("--port -1", 2, "--port")]
    [InlineData("--port", 2, "--port needs a value")]
    [InlineData("--data=", 2, "--data needs a value")]
    [InlineData("--storage floppy", 2, "--storage")]
    [InlineData("--auth required --demo", 2, "--token-from")]
    [InlineData("--auth none", 2, "--auth")]
    [InlineData("start", 2, "start")]
    public async Task The_command_line_is_read_whole_or_refused(string line, int code, string saying)
    {
        // The text is the same in the process; starting one for each would only take time.
        if (line is not ("--help" or "--port seven"))
        {
            var options = ServiceOptions.Read(line.Split(' '), out var error);
            Assert.Equal(code == 0, options is { ShowHelp: true });
            Assert.Contains(saying, options is null ? error! : ServiceOptions.Help, StringComparison.Ordinal);
            return;
        }

        var (exit, said) = await ServiceProcess.RunAsync(line.Split(' '));
        Assert.Equal(code, exit);
        Assert.Contains(saying, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port=8080 --data=/tmp/x", 8080, "/tmp/x")]
    [InlineData("--port 0 --data x --auth open --storage embedded", 0, "x")]
    [InlineData("", 7071, ".data")]
    public void Options_are_as_said(string line, int port, string data) =>
        Assert.Equal((port, data, "embedded"), ServiceOptions.Read(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), out _) is { } options ? (options.Port, options.DataFolder, options.Storage) : default);

    [Fact]
    public async Task A_port_or_folder_that_is_in_use_is_told_and_what_runs_goes_on()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        using var first = ServiceProcess.Start(["--port", "0", "--data", folder.Path]);
        var port = await first.ReadyAsync();
        Assert.Contains("OPEN MODE", first.Said, StringComparison.Ordinal);

        var taken = await Task.WhenAll(
            ServiceProcess.RunAsync(["--port", $"{port}", "--data", other.Path]),
            ServiceProcess.RunAsync(["--port", "0", "--data", folder.Path]));
        Assert.Equal(5, taken[0].Code);
        Assert.Contains($"Port {port} is taken", taken[0].Said, StringComparison.Ordinal);
        Assert.Equal(4, taken[1].Code);
        Assert.StartsWith("Not started.", taken[1].Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", taken[0].Said + taken[1].Said, StringComparison.Ordinal);

        Assert.StartsWith("HTTP/1.1 200", await RawHttp.SendAsync(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        first.Signal("INT");
        Assert.Equal(0, await first.ExitAsync());
        Assert.Contains("Stopped.", first.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_one_is_told()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "x");
        var (code, said) = await ServiceProcess.RunAsync(["--port", "0", "--data", file]);
        Assert.Equal(4, code);
        Assert.StartsWith("Not started.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }
}
