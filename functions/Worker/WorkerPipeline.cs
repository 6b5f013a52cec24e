using System.Runtime.CompilerServices;

namespace PasientensMaledata.Functions.Worker;

/// <summary>What a call goes through in an isolated worker: the same as in a custom handler, but that the host has found its function.</summary>
public sealed class WorkerPipeline
{
    private readonly RequestDelegate pipeline;
    private readonly Dictionary<string, Endpoint> endpoints;

    /// <param name="service">The parts.</param>
    /// <param name="provider">What <see cref="Hosting.WebHost.AddServices"/> has added.</param>
    public WorkerPipeline(Service service, IServiceProvider provider)
    {
        var app = new ApplicationBuilder(provider);
        Hosting.WebHost.Use(app, service, provider.GetRequiredService<ILoggerFactory>(), find: _ => { });
        app.Run(context => context.GetEndpoint()!.RequestDelegate!(context));
        pipeline = app.Build();
        endpoints = Routes.All.ToDictionary(r => r.Name, r => new Endpoint(context => r.Handle(context, service), new(r), r.Name));
    }

    /// <summary>Answers a call.</summary>
    /// <param name="request">The call.</param>
    /// <param name="function">The function's name, as <see cref="Routes"/> has it: that of the method which asks.</param>
    /// <returns>Nothing more to write.</returns>
    public async Task<IResult> AnswerAsync(HttpRequest request, [CallerMemberName] string function = "")
    {
        request.HttpContext.SetEndpoint(endpoints[function]);
        await pipeline(request.HttpContext);
        return Results.Empty;
    }
}
