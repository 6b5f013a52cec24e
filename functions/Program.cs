using System.Security.Cryptography;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Functions.Streaming;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Measured;
using PasientensMaledata.Storage.Sealing;

string? error;
#if ISOLATED_WORKER
// Only a host starts it.
var isHosted = true;
#else
var isHosted = Environment.GetEnvironmentVariable(ServiceOptions.HostedPortSetting) is not null;
#endif
var options = isHosted ? ServiceOptions.ReadHosted(Environment.GetEnvironmentVariable, out error) : ServiceOptions.Read(args, out error);
if (options is null)
{
    await Console.Error.WriteLineAsync(isHosted ? $"Not started. {error}" : $"{error} See ./run --help.");
    return 2;
}

if (options.ShowHelp)
{
    Console.WriteLine(ServiceOptions.Help);
    return 0;
}

if (options.IsOpen && OpenMode.WhyNotStart(Environment.GetEnvironmentVariables()) is { } refusal)
{
    await Console.Error.WriteLineAsync($"Not started. {refusal}");
    return 3;
}

AccessSettings? access = null;
if (!options.IsOpen)
{
    access = AccessSettings.Read(
        Environment.GetEnvironmentVariable, Environment.GetEnvironmentVariables().Keys.Cast<string>(), isHosted ? null : options.Port, options.Numbers, out var wrong);
    if (access is null)
    {
        await Console.Error.WriteLineAsync($"Not started. {string.Join(' ', wrong)}");
        return 2;
    }
}

string? taken = null;
ServiceLock? serviceLock = null;
try
{
    Directory.CreateDirectory(options.DataFolder);
    serviceLock = options.Storage == "embedded" ? ServiceLock.TryTake(options.DataFolder, out taken) : null;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    taken = $"The folder given with --data cannot be used: {e.Message}";
}

using var unlocking = serviceLock;
if (taken is not null)
{
    await Console.Error.WriteLineAsync($"Not started. {taken}");
    return 4;
}

OpenedStorage storage;
KeyRing ring;
StreamOptions stream;
try
{
    stream = StreamOptions.Read(Environment.GetEnvironmentVariable);
    storage = OpenedStorage.Open(options.Storage, options.DataFolder, Environment.GetEnvironmentVariable, TimeProvider.System);
    ring = await KeyRing.OpenAsync(storage.Blobs, storage.ReadMasterKeys, CancellationToken.None);
}
catch (Exception e) when (e is ArgumentException or FormatException or StorageUnavailableException or CryptographicException or IOException or UnauthorizedAccessException)
{
    // The texts of these say what to do and hold no secret.
    await Console.Error.WriteLineAsync($"Not started. {e.Message} ./run --help tells how storage is named: PMD_STORAGE_CONNECTION, or PMD_STORAGE_ACCOUNT.");
    return 6;
}

await using var closing = storage;
var telemetry = Telemetry.Read(Environment.GetEnvironmentVariable, options.TelemetryToConsole);
IPartitions partitions = telemetry is null ? storage.Partitions : new MeasuredPartitions(storage.Partitions);
IBlobs blobs = telemetry is null ? storage.Blobs : new MeasuredBlobs(storage.Blobs);
using var tokens = access is null ? null : new TokenMode(
    partitions, blobs, ring, options.Numbers, options.Storage, TimeProvider.System, access.Auth, access.Rules, access.Registers, null, stream);
if (tokens is not null)
{
    await tokens.StartAsync(CancellationToken.None);
}

var service = tokens?.Service ?? Service.Open(partitions, blobs, ring, options.Numbers, options.Storage, TimeProvider.System, stream);
#if ISOLATED_WORKER
await PasientensMaledata.Functions.Worker.WorkerHost.RunAsync(service, telemetry, args);
#else
await using var app = WebHost.Build(service, options.Port, isHosted || service.IsOpen ? Triggers.All : [], telemetry);
try
{
    await app.StartAsync();
}
catch (IOException)
{
    await Console.Error.WriteLineAsync($"Not started. Port {options.Port} is taken. Choose another with --port.");
    return 5;
}

var port = new Uri(app.Urls.First()).Port;
var stored = options.Storage == "embedded" ? Path.GetFullPath(options.DataFolder) : $"the storage account; master keys in {Path.GetFullPath(options.DataFolder)}";
Console.WriteLine(
    isHosted ? $"Pasientens måledata is ready on {app.Urls.First()}"
    : access is null ? Greeting.Text(port, stored, TimeProvider.System.GetUtcNow())
    : Greeting.Required(port, stored, access.Auth.HelseId!.Trusted.Issuer, options.DataFolder));
#if DEPLOYED
var demo = Task.CompletedTask;
#else
var demo = options.Demo ? Demo.FillAsync(new Uri(app.Urls.First()), TimeProvider.System, Console.Out, app.Lifetime.ApplicationStopping) : Task.CompletedTask;
#endif
await app.WaitForShutdownAsync();
await demo;
Console.WriteLine("Stopped.");
#endif
return 0;
