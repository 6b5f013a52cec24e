using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Embedded;
using PasientensMaledata.Storage.Sealing;

var options = ServiceOptions.Read(args, out var error);
if (options is null)
{
    await Console.Error.WriteLineAsync($"{error} See ./run --help.");
    return 2;
}

if (options.ShowHelp)
{
    Console.WriteLine(ServiceOptions.Help);
    return 0;
}

if (OpenMode.WhyNotStart(Environment.GetEnvironmentVariables()) is { } refusal)
{
    await Console.Error.WriteLineAsync($"Not started. {refusal}");
    return 3;
}

Directory.CreateDirectory(options.DataFolder);
using var serviceLock = ServiceLock.TryTake(options.DataFolder, out var taken);
if (serviceLock is null)
{
    await Console.Error.WriteLineAsync($"Not started. {taken}");
    return 4;
}

await using var storage = EmbeddedStorage.Open(options.DataFolder, TimeProvider.System);
var ring = await KeyRing.OpenAsync(storage.Blobs, () => MasterKeys.ReadOrCreate(Path.Combine(options.DataFolder, "master-keys.json")), CancellationToken.None);
var service = Service.Over(storage.Partitions, ring, NationalIdPolicy.Lenient, options.Storage, TimeProvider.System);
await using var app = WebHost.Build(service, options.Port);
try
{
    await app.StartAsync();
}
catch (IOException)
{
    await Console.Error.WriteLineAsync($"Not started. Port {options.Port} is taken. Choose another with --port.");
    return 5;
}

Console.WriteLine(Greeting.Text(new Uri(app.Urls.First()).Port, Path.GetFullPath(options.DataFolder)));
var demo = options.Demo ? Demo.FillAsync(new Uri(app.Urls.First()), TimeProvider.System, Console.Out, app.Lifetime.ApplicationStopping) : Task.CompletedTask;
await app.WaitForShutdownAsync();
await demo;
Console.WriteLine("Stopped.");
return 0;
