using System.Diagnostics;
using System.Text;
using PasientensMaledata.Functions.Hosting;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The service as its users start it: a process of its own.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder said = new();
    private readonly TaskCompletionSource<int> port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServiceProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>All that it has said.</summary>
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

    public static ServiceProcess Start(IEnumerable<string> arguments, params (string Name, string Value)[] environment) =>
        StartProgram("dotnet", [typeof(WebHost).Assembly.Location, .. arguments], environment);

    public static ServiceProcess StartProgram(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(new Process { StartInfo = start });
    }

    /// <summary>Runs it to its end, and gives the exit code and all it said.</summary>
    public static async Task<(int Code, string Said)> RunAsync(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var service = Start(arguments, environment);
        return (await service.ExitAsync(), service.Said);
    }

    /// <summary>The port, when it says that it is ready.</summary>
    public async Task<int> ReadyAsync()
    {
        try
        {
            return await port.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(Said);
        }
    }

    /// <summary>Sends it a signal, as the terminal or the system would.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<int> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(timeout.Token);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (said)
        {
            said.AppendLine(line);
        }

        const string Ready = "is ready on http://127.0.0.1:";
        if (line.IndexOf(Ready, StringComparison.Ordinal) is >= 0 and var at)
        {
            port.TrySetResult(int.Parse(line[(at + Ready.Length)..], null));
        }
    }
}
