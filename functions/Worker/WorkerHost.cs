using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using PasientensMaledata.Functions.Hosting;

namespace PasientensMaledata.Functions.Worker;

/// <summary>Runs the service as a .NET isolated worker of the Functions host, which calls its functions by gRPC and hands on requests by HTTP.</summary>
public static class WorkerHost
{
    /// <summary>Runs until the host ends it.</summary>
    /// <param name="service">The parts.</param>
    /// <param name="telemetry">Where telemetry goes; null where it is off.</param>
    /// <param name="args">What the host says of itself.</param>
    public static Task RunAsync(Service service, Telemetry? telemetry, string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        telemetry?.AddTo(builder);
        builder.Services.AddSingleton(service);
        builder.Services.AddSingleton<WorkerPipeline>();
        builder.Services.Configure<KestrelServerOptions>(WebHost.SetLimits);
        WebHost.AddServices(builder.Services, service);
        return builder.Build().RunAsync();
    }
}
