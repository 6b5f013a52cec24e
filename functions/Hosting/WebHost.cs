using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.ResponseCompression;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>The HTTP pipeline over a <see cref="Service"/>.</summary>
public static class WebHost
{
    /// <summary>Builds it, listening on loopback alone: nothing in the environment can bind it elsewhere.</summary>
    /// <param name="service">The parts.</param>
    /// <param name="port">TCP port; 0 lets the system choose.</param>
    /// <param name="triggers">The functions that a Functions host calls; none where there is no host.</param>
    /// <param name="telemetry">Where telemetry goes; null where it is off.</param>
    public static WebApplication Build(Service service, int port, IReadOnlyList<Trigger>? triggers = null, Telemetry? telemetry = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Limits.MaxBodyBytes;

            // Twice what is accepted, so that what is past it is answered in FHIR's own words.
            kestrel.Limits.MaxRequestLineSize = Limits.MaxRequestLineBytes * 2;
            kestrel.Limits.MaxRequestHeadersTotalSize = Limits.MaxHeaderBytes * 2;
        });

        // A port that is taken is told by the program itself, without a trace.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddSingleton<DistributedContextPropagator>(new TraceParent());
        telemetry?.AddTo(builder);
        builder.Services.AddRoutingCore();
        builder.Services.AddRequestDecompression(decompression =>
        {
            foreach (var other in decompression.DecompressionProviders.Keys.Where(k => k != "gzip").ToList())
            {
                decompression.DecompressionProviders.Remove(other);
            }
        });
        builder.Services.AddResponseCompression(compression =>
        {
            compression.MimeTypes = [FhirFormat.Json, "application/json"];
            compression.Providers.Add<GzipCompressionProvider>();
        });
        builder.Services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));

        Timed keys = new("keys", KeyRing.RefreshInterval, service.Ring.RefreshAsync);
        Timed refused = new("refused", TimeSpan.FromHours(1), service.DeleteOldRefusedAsync);
        builder.Services.AddSingleton(services => new Sequencing(service, services.GetRequiredService<ILogger<Sequencing>>()));
        builder.Services.AddHostedService(services => new Timers(
            [
                keys, refused, services.GetRequiredService<Sequencing>().Timed,
                .. service.PrivacyMaster is { } master ? [new PrivacyLoading(master, services.GetRequiredService<ILogger<PrivacyLoading>>()).Timed] : Array.Empty<Timed>(),
                .. service.Timed,
            ],
            service.Time,
            services.GetRequiredService<ILogger<Timers>>()));

        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("PasientensMaledata");
        app.Use(next => context => CorrelationIds.EchoAsync(context, next));
        app.UseResponseCompression();
        app.Use(next => context => Faults.AnswerAsync(context, next, logger));
        app.UseRouting();
        app.Use(next => context => TriggerCalls.AnswerAsync(context, next, service));
        if (service.IsOpen)
        {
            app.Use(next => context => OpenMode.GuardAsync(context, next));
        }

        // Who calls comes before any judgement of what they send.
        app.Use(next => context => IdentifyAsync(context, next, service));
        app.Use(next => context => AcceptableAsync(context, next));
        app.UseRequestDecompression();
        foreach (var route in Routes.All)
        {
            app.MapMethods(route.Path, [route.Method], context => route.Handle(context, service)).WithMetadata(route);
        }

        TriggerCalls.Map(app, triggers ?? []);
        return app;
    }

    private static async Task IdentifyAsync(HttpContext context, RequestDelegate next, Service service)
    {
        context.Features.Set(service.PublicBases);
        if (context.GetEndpoint()?.Metadata.GetMetadata<Route>() is { Audience: not Audience.Anyone and var audience })
        {
            if (await service.Authentication.IdentifyAsync(context, audience) is not { } caller)
            {
                return;
            }

            RequestCaller.Set(context, caller);
        }

        await next(context);
    }

    private static Task AcceptableAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (request.Path.Value!.Length + request.QueryString.Value!.Length > Limits.MaxRequestLineBytes)
        {
            return FhirAnswer.OutcomeAsync(context, StatusCodes.Status414UriTooLong, Issue.Error("too-long", null, $"The address has more than {Limits.MaxRequestLineBytes} bytes."));
        }

        if (request.Headers.Sum(h => h.Key.Length + h.Value.Sum(v => v?.Length ?? 0)) > Limits.MaxHeaderBytes)
        {
            return FhirAnswer.OutcomeAsync(context, StatusCodes.Status431RequestHeaderFieldsTooLarge, Issue.Error("too-long", null, $"The headers have more than {Limits.MaxHeaderBytes} bytes."));
        }

        // RFC 9110 8.4: what is coded in a way that is not read here is not read as if it were plain.
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.AcceptEncoding = "gzip";
            return FhirAnswer.OutcomeAsync(context, StatusCodes.Status415UnsupportedMediaType, Issue.Error("not-supported", null, "A body is read plain or as gzip; this one is coded otherwise."));
        }

        // The public log has forms of its own (C2SP tlog-tiles).
        return request.Path.StartsWithSegments("/log") || FhirFormat.TryChoose(request, out _)
            ? next(context)
            : FhirAnswer.OutcomeAsync(context, StatusCodes.Status406NotAcceptable, Issue.Error("not-supported", null, $"Answers are {FhirFormat.Json}, FHIR 4.0 or 5.0; the Accept header or _format asks for something else."));
    }
}
