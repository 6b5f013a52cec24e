using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.ResponseCompression;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>The HTTP pipeline over a <see cref="Service"/>.</summary>
public static class WebHost
{
    /// <summary>Builds it, listening on loopback alone: nothing in the environment can bind it elsewhere.</summary>
    /// <param name="service">The parts.</param>
    /// <param name="port">TCP port; 0 lets the system choose.</param>
    public static WebApplication Build(Service service, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Limits.MaxBodyBytes;
            kestrel.Limits.MaxRequestLineSize = Limits.MaxRequestLineBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = Limits.MaxHeaderBytes;
        });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.Services.AddRequestDecompression();
        builder.Services.AddResponseCompression(compression =>
        {
            compression.MimeTypes = [FhirFormat.Json, "application/json"];
            compression.Providers.Add<GzipCompressionProvider>();
        });
        builder.Services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));

        builder.Services.AddHostedService(_ => new KeyRefresh(service));

        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("PasientensMaledata");
        app.Use(next => context => CorrelationIds.EchoAsync(context, next));
        app.UseResponseCompression();
        app.Use(next => context => Faults.AnswerAsync(context, next, logger));
        app.Use(next => context => OpenMode.GuardAsync(context, next));
        app.Use(next => context => AcceptableAsync(context, next));
        app.UseRequestDecompression();
        app.UseRouting();
        foreach (var route in Routes.All)
        {
            app.MapMethods(route.Path, [route.Method], context => route.Handle(context, service));
        }

        return app;
    }

    private static Task AcceptableAsync(HttpContext context, RequestDelegate next) =>
        FhirFormat.TryChoose(context.Request, out _)
            ? next(context)
            : FhirAnswer.OutcomeAsync(context, StatusCodes.Status406NotAcceptable, Issue.Error("not-supported", null, $"Answers are {FhirFormat.Json}, FHIR 4.0 or 5.0; the Accept header or _format asks for something else."));
}
