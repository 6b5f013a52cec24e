using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using PasientensMaledata.Storage.Azure;

namespace PasientensMaledata.Tests.Azurite;

/// <summary>
/// The emulator in memory, on free ports of this machine, for as long as the tests that share it run. Without Node they are skipped with the
/// reason, unless <c>CI=true</c>, where they fail.
/// </summary>
public sealed class AzuriteProcess : IAsyncLifetime
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private Process? process;
    private string? missing;
    private AzureStorageOptions? options;

    /// <summary>How to reach it; skips the test that asks where it cannot run.</summary>
    public AzureStorageOptions Options
    {
        get
        {
            Assert.SkipWhen(missing is not null, missing ?? "");
            return options!;
        }
    }

    /// <summary>Connection strings of two further accounts, that no other test uses.</summary>
    public (string Data, string Log) Accounts { get; private set; }

    public async ValueTask InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(StartTimeout);
        try
        {
            await StartAsync(timeout.Token);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or OperationCanceledException
            && Environment.GetEnvironmentVariable("CI") != "true")
        {
            missing = $"Azurite cannot run here: {e.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process?.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Repository.Root, "tests", "Azurite");
        await Node.InstallAsync(folder, cancellationToken);
        var ports = Node.FreePorts(3);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var start = new ProcessStartInfo(
            "node",
            [
                Path.Combine("node_modules", "azurite", "dist", "src", "azurite.js"),
                "--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck",
                "--blobHost", "127.0.0.1", "--blobPort", Text(ports[0]),
                "--queueHost", "127.0.0.1", "--queuePort", Text(ports[1]),
                "--tableHost", "127.0.0.1", "--tablePort", Text(ports[2]),
            ])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AZURITE_ACCOUNTS"] = $"tests:{key};testdata:{key};testlog:{key}";
        process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");

        // Both streams are read to their ends, so that the emulator never waits for a full pipe.
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("Azurite ended as it started."));
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("Table service is successfully listening", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ready.Task.WaitAsync(cancellationToken);
        options = new AzureStorageOptions { ConnectionString = Connection("tests") };
        Accounts = (Connection("testdata"), Connection("testlog"));

        string Connection(string account) => $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
            + $"BlobEndpoint=http://127.0.0.1:{Text(ports[0])}/{account};TableEndpoint=http://127.0.0.1:{Text(ports[2])}/{account}";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The tests that share one emulator, one after the other.</summary>
[CollectionDefinition]
public sealed class AzuriteTests : ICollectionFixture<AzuriteProcess>;
