using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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
            SetLimits(kestrel);
        });

        // A port that is taken is told by the program itself, without a trace.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        telemetry?.AddTo(builder);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        AddServices(builder.Services, service);

        var app = builder.Build();
        Use(app, service, app.Services.GetRequiredService<ILoggerFactory>(), find =>
        {
            find.UseRouting();
            find.Use(next => context => TriggerCalls.AnswerAsync(context, next, service));
            if (service.IsOpen)
            {
                find.Use(next => context => OpenMode.GuardAsync(context, next));
            }
        });
        foreach (var route in Routes.All)
        {
            app.MapMethods(route.Path, [route.Method], context => route.Handle(context, service)).WithMetadata(route);
        }

        TriggerCalls.Map(app, triggers ?? []);
        return app;
    }

    /// <summary>What Kestrel turns away by itself.</summary>
    public static void SetLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Limits.MaxBodyBytes;

        // Twice what is accepted, so that what is past it is answered in FHIR's own words.
        kestrel.Limits.MaxRequestLineSize = Limits.MaxRequestLineBytes * 2;
        kestrel.Limits.MaxRequestHeadersTotalSize = Limits.MaxHeaderBytes * 2;
    }

    /// <summary>What the pipeline needs, and what runs beside it in every process, whoever hosts it.</summary>
    public static void AddServices(IServiceCollection services, Service service)
    {
        services.AddSingleton<DistributedContextPropagator>(new TraceParent());
        services.AddRequestDecompression(decompression =>
        {
            foreach (var other in decompression.DecompressionProviders.Keys.Where(k => k != "gzip").ToList())
            {
                decompression.DecompressionProviders.Remove(other);
            }
        });
        services.AddResponseCompression(compression =>
        {
            compression.MimeTypes = [FhirFormat.Json, "application/json"];
            compression.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);

        Timed keys = new("keys", KeyRing.RefreshInterval, service.Ring.RefreshAsync);
        Timed refused = new("refused", TimeSpan.FromHours(1), service.DeleteOldRefusedAsync);
        Timed expired = new("retention", TimeSpan.FromHours(6), service.DeleteExpiredAsync);

        // Before all else that is hosted: nothing is answered that is not open.
        services.AddHostedService(provider => new Opening(service, provider.GetRequiredService<ILogger<Opening>>()));
        services.AddSingleton(provider => new Sequencing(service, provider.GetRequiredService<ILogger<Sequencing>>()));
        services.AddHostedService(provider => new Timers(
            [keys, refused, expired, provider.GetRequiredService<Sequencing>().Timed, .. service.Timed], service.Time, provider.GetRequiredService<ILogger<Timers>>()));
    }

    /// <summary>What every call goes through before its function.</summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="service">The parts.</param>
    /// <param name="logging">Where faults go.</param>
    /// <param name="find">Finds the function, its endpoint, where that is not done yet.</param>
    internal static void Use(IApplicationBuilder app, Service service, ILoggerFactory logging, Action<IApplicationBuilder> find)
    {
        var logger = logging.CreateLogger("PasientensMaledata");
        app.Use(next => context => CorrelationIds.EchoAsync(context, next));
        app.UseResponseCompression();
        app.Use(next => context => Faults.AnswerAsync(context, next, logger));
        find(app);

        app.Use(next => context => Opening.GuardAsync(context, next, service));

        // Who calls comes before any judgement of what they send.
        app.Use(next => context => IdentifyAsync(context, next, service));
        app.Use(next => context => AcceptableAsync(context, next));
        app.UseRequestDecompression();
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
