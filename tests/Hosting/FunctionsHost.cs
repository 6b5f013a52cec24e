using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing.Template;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>
/// Does what the Azure Functions host does to a custom handler that takes requests as they are: starts it with its environment, asks until it answers,
/// hands requests on by the routes of the package's function.json, calls triggers, and starts it again when it dies.
/// </summary>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private const int MaxStarts = 3;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    private readonly string folder;
    private readonly IReadOnlyDictionary<string, string> settings;
    private readonly List<HttpFunction> functions;
    private readonly StringBuilder said = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None }) { Timeout = TimeSpan.FromMinutes(2) };
    private Process? program;
    private int port;
    private int starts;

    private FunctionsHost(string folder, IReadOnlyDictionary<string, string> settings)
    {
        (this.folder, this.settings) = (folder, settings);

        // In the order of the folders' names, as the host has them.
        functions = [.. Directory.EnumerateDirectories(folder).Order(StringComparer.OrdinalIgnoreCase)
            .Select(f => (Name: Path.GetFileName(f), File: Path.Combine(f, "function.json"))).Where(f => File.Exists(f.File))
            .Select(f => HttpFunction.Read(f.Name, JsonNode.Parse(File.ReadAllText(f.File))!)).OfType<HttpFunction>()];
    }

    /// <summary>All that the program has written.</summary>
    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    /// <summary>How long the program took until it answered, the last time.</summary>
    public TimeSpan TookToAnswer { get; private set; }

    /// <summary>Starts the program of a package.</summary>
    /// <exception cref="InvalidOperationException">It ended before it answered; the message has its exit code and what it said.</exception>
    public static async Task<FunctionsHost> StartAsync(string packageFolder, IReadOnlyDictionary<string, string> settings)
    {
        var host = new FunctionsHost(packageFolder, settings);
        try
        {
            await host.StartProgramAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Hands a request on, as one that came from outside to <paramref name="hostName"/>.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage outside, string hostName = "pmd.example.org")
    {
        var path = outside.RequestUri!.OriginalString;
        var bare = path.Split('?')[0];
        if (bare == "/" && outside.Method == HttpMethod.Get)
        {
            return new(HttpStatusCode.NoContent);
        }

        if (functions.Find(f => f.Takes(outside.Method.Method, bare)) is null)
        {
            return new(HttpStatusCode.NotFound);
        }

        var inner = new HttpRequestMessage(outside.Method, $"http://127.0.0.1:{port}{path}") { Content = outside.Content };
        foreach (var (name, values) in outside.Headers)
        {
            // What a client says of proxies is replaced.
            if (!name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
            {
                inner.Headers.TryAddWithoutValidation(name, values);
            }
        }

        var invocation = Guid.NewGuid().ToString();
        inner.Headers.Host = $"127.0.0.1:{port}";
        inner.Headers.Add("X-Forwarded-For", "203.0.113.7");
        inner.Headers.Add("X-Forwarded-Host", hostName);
        inner.Headers.Add("X-Forwarded-Proto", "https");
        inner.Headers.Add("X-Azure-Functions-InvocationId", invocation);
        inner.Headers.Add("x-ms-invocation-id", invocation);
        return await client.SendAsync(inner);
    }

    /// <summary>Triggers a function with nothing but its name, as a timer: what else a timer's call holds is not relied on.</summary>
    public Task<bool> TriggerAsync(string function) => TriggerAsync(
        function, Encoding.UTF8.GetBytes(new JsonObject { ["Data"] = new JsonObject(), ["Metadata"] = new JsonObject { ["sys"] = new JsonObject { ["MethodName"] = function } } }.ToJsonString()));

    /// <summary>Triggers a function. True where the host takes the answer for success: 2xx with a JSON object.</summary>
    /// <exception cref="TimeoutException">A 2xx without a body: the host would wait for it until its time-out.</exception>
    public async Task<bool> TriggerAsync(string function, byte[] call)
    {
        // Read as a stream, so that it is sent in chunks, as the host does.
        using var body = new StreamContent(new ChunkedOnly(call));
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/{function}") { Content = body };
        request.Headers.Add("X-Azure-Functions-InvocationId", Guid.NewGuid().ToString());
        request.Headers.Add("X-Azure-Functions-HostVersion", "4.0");
        request.Headers.UserAgent.ParseAdd("Azure-Functions-Host/4.0");
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            return false;
        }

        return text.Length == 0 ? throw new TimeoutException($"{function} answered {(int)response.StatusCode} without a body.")
            : response.Content.Headers.ContentType?.MediaType == "application/json" && JsonNode.Parse(text) is JsonObject;
    }

    /// <summary>What the program itself answers to a trigger's address where the request came from outside: a host that let it through would be no breach.</summary>
    public async Task<HttpStatusCode> SendAsOutsideTriggerAsync(string function)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/{function}") { Content = new StringContent("{}", null, "application/json") };
        request.Headers.Add("X-Forwarded-Host", "pmd.example.org");
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>Kills the program without warning, and starts it again as the host does.</summary>
    public async Task KillAndRestartAsync()
    {
        program!.Kill();
        await program.WaitForExitAsync();
        if (++starts > MaxStarts)
        {
            throw new InvalidOperationException("The host has given up: the program died too often.");
        }

        await StartProgramAsync();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (program is { } running)
        {
            if (!running.HasExited)
            {
                running.Kill();
            }

            await running.WaitForExitAsync();
            running.Dispose();
        }
    }

    private async Task StartProgramAsync()
    {
        var host = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "host.json")))!["customHandler"]!;
        port = FreePort();
        var start = new ProcessStartInfo(Path.Combine(folder, (string)host["description"]!["defaultExecutablePath"]!))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in host["description"]!["arguments"]!.AsArray())
        {
            start.ArgumentList.Add(((string)argument!).Replace("%FUNCTIONS_CUSTOMHANDLER_PORT%", $"{port}", StringComparison.Ordinal));
        }

        // The whole environment of the host is inherited, the address that it listens on itself among it.
        start.Environment["ASPNETCORE_URLS"] = "http://+:80";
        start.Environment["FUNCTIONS_CUSTOMHANDLER_PORT"] = start.Environment["FUNCTIONS_HTTPWORKER_PORT"] = $"{port}";
        start.Environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = start.Environment["FUNCTIONS_HTTPWORKER_ID"] = Guid.NewGuid().ToString();
        start.Environment["FUNCTIONS_APP_ROOT_PATH"] = folder;
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var clock = Stopwatch.StartNew();
        program = new Process { StartInfo = start };
        program.OutputDataReceived += (_, line) => Hear(line.Data);
        program.ErrorDataReceived += (_, line) => Hear(line.Data);
        program.Start();
        program.BeginOutputReadLine();
        program.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(TimeSpan.Parse((string)host["initializationTimeout"]!, null));
        using var polling = new PeriodicTimer(Poll);
        while (await polling.WaitForNextTickAsync(limit.Token))
        {
            if (program.HasExited)
            {
                await program.WaitForExitAsync();
                throw new InvalidOperationException($"It ended with {program.ExitCode}: {Said}");
            }

            try
            {
                // Any answer counts.
                using var answer = await client.GetAsync($"http://127.0.0.1:{port}/", limit.Token);
                TookToAnswer = clock.Elapsed;
                return;
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException)
            {
            }
        }
    }

    private void Hear(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record HttpFunction(string Name, IReadOnlyList<string> Methods, TemplateMatcher Route)
    {
        public static HttpFunction? Read(string name, JsonNode file) =>
            file["bindings"]!.AsArray().FirstOrDefault(b => (string?)b!["type"] == "httpTrigger") is { } binding
                ? new(name, [.. binding["methods"]!.AsArray().Select(m => (string)m!)], new(TemplateParser.Parse(((string)binding["route"]!).TrimStart('/')), []))
                : null;

        public bool Takes(string method, string path) => Methods.Contains(method, StringComparer.OrdinalIgnoreCase) && Route.TryMatch(path, []);
    }

    private sealed class ChunkedOnly(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
