using System.Diagnostics;
using System.Globalization;
using PasientensMaledata.Functions;

namespace PasientensMaledata.Bench;

/// <summary>A program in a process of its own that answers HTTP: the service as it is shipped, or the floor.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process process;

    private ServiceProcess(Process process, Uri address, TimeSpan startUp) => (this.process, Address, StartUp) = (process, address, startUp);

    public Uri Address { get; }

    /// <summary>From the start of the process to its first answer.</summary>
    public TimeSpan StartUp { get; }

    /// <summary>Bytes of memory it holds now.</summary>
    public long Memory => Status("VmRSS:");

    /// <summary>Bytes of memory it has held at most.</summary>
    public long PeakMemory => Status("VmHWM:");

    /// <summary>CPU time it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts the service on a folder.</summary>
    public static Task<ServiceProcess> StartAsync(string folder, CancellationToken cancellationToken) =>
        StartAsync("dotnet", [typeof(Service).Assembly.Location, "--port", "0", "--data", folder], "health", cancellationToken);

    /// <summary>Starts the service on a folder, with callers known by tokens.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="settings">The settings <c>Auth:…</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<ServiceProcess> StartRequiredAsync(string folder, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken) =>
        StartAsync("dotnet", [typeof(Service).Assembly.Location, "--auth", "required", "--port", "0", "--data", folder], "health", cancellationToken, settings);

    /// <summary>Starts the program of a package on a folder.</summary>
    public static Task<ServiceProcess> StartPackagedAsync(string program, string folder, CancellationToken cancellationToken) =>
        StartAsync(program, ["--port", "0", "--data", folder], "health", cancellationToken);

    /// <summary>Starts a server that always answers the same bytes.</summary>
    public static Task<ServiceProcess> StartSameBytesAsync(string file, CancellationToken cancellationToken) =>
        StartAsync("dotnet", [typeof(ServiceProcess).Assembly.Location, SameBytes.CommandName, file], "", cancellationToken);

    private static async Task<ServiceProcess> StartAsync(
        string program, string[] arguments, string probe, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? settings = null)
    {
        var began = Stopwatch.GetTimestamp();
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            Uri? address = null;
            while (address is null)
            {
                var line = await process.StandardOutput.ReadLineAsync(patience.Token)
                    ?? throw new InvalidOperationException($"The program ended: {await process.StandardError.ReadToEndAsync(patience.Token)}");
                var at = line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal);
                address = at < 0 ? null : new Uri(line[at..].Split(' ')[0].TrimEnd('/') + "/");
            }

            // What is not read would fill the pipe and hold the program.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            using var client = new HttpClient { BaseAddress = address };
            using var answer = await client.GetAsync(probe, patience.Token);
            return new(process, address, Stopwatch.GetElapsedTime(began));
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            // SIGTERM, so that it closes its store as when it is stopped by a person.
            using var kill = Process.Start("kill", process.Id.ToString(CultureInfo.InvariantCulture));
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }

        process.Dispose();
    }

    private long Status(string name)
    {
        var path = $"/proc/{process.Id}/status";
        if (!File.Exists(path))
        {
            process.Refresh();
            return name == "VmHWM:" ? process.PeakWorkingSet64 : process.WorkingSet64;
        }

        var line = File.ReadLines(path).First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
