#pragma warning disable CS1591 // What each does stands in Triggers.
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker;
using PasientensMaledata.Functions.Streaming;

namespace PasientensMaledata.Functions.Worker;

/// <summary>The functions of <see cref="Triggers"/>, each as the isolated worker's library finds it. A test holds the attributes to that table.</summary>
/// <param name="service">The parts.</param>
/// <param name="logging">Where faults go.</param>
public sealed class HostTriggers(Service service, ILoggerFactory logging)
{
    [Function(nameof(IngestStream))]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:01:00")]
    public async Task IngestStream(
        [EventHubTrigger("%EventHubName%", ConsumerGroup = "%EventHubConsumerGroup%", Connection = "EventHubConnection", IsBatched = true)] byte[][] events, FunctionContext context)
    {
        var answer = await StreamFunctions.ReceiveAsync(
            () => Task.FromResult(EventBatch.Of(events, context.BindingContext.BindingData, context.RetryContext?.RetryCount ?? 0)), service, context.InvocationId, logging, context.CancellationToken);
        if (answer.Status >= StatusCodes.Status300MultipleChoices)
        {
            // What makes the host try the batch again.
            throw new InvalidOperationException(answer.Log);
        }
    }

    [Function(nameof(SequenceLog))]
    public Task SequenceLog([TimerTrigger("*/5 * * * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    [Function(nameof(SequenceWholeLog))]
    public Task SequenceWholeLog([TimerTrigger("0 15 2 * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    [Function(nameof(DeleteRefused))]
    public Task DeleteRefused([TimerTrigger("0 30 2 * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    [Function(nameof(DeleteExpired))]
    public Task DeleteExpired([TimerTrigger("0 45 2 * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    [Function(nameof(ExportStatistics))]
    public Task ExportStatistics([TimerTrigger("0 30 3 * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    [Function(nameof(VerifyLog))]
    public Task VerifyLog([TimerTrigger("0 0 4 * * *")] TimerInfo timer, FunctionContext context) => RunAsync(context);

    private async Task RunAsync(FunctionContext context, [CallerMemberName] string function = "")
    {
        try
        {
            await Triggers.All.OfType<TimerTrigger>().Single(t => t.Name == function).Run(service, context.CancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The host logs what is thrown: the type, not a message that may hold what is stored.
            throw new InvalidOperationException($"{function} failed: {e.GetType().Name}");
        }
    }
}
