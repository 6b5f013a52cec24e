using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Channels;

namespace PasientensMaledata.Simulator;

/// <summary>Sends messages to a service as gateways do: several at once, one person's in order, again where the answer is missing.</summary>
/// <param name="client">With the service's base as its address.</param>
/// <param name="tally">Counts the answers.</param>
/// <param name="time">The clock.</param>
public sealed class Delivery(HttpClient client, Tally tally, TimeProvider time)
{
    private const int MaxTries = 6;
    private const int WaitingPerClient = 64;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    /// <summary>Sends all of them.</summary>
    /// <param name="messages">In the order of sending.</param>
    /// <param name="clients">How many are under way at once.</param>
    /// <param name="rate">Observations per second at most; null for no bound.</param>
    /// <param name="cancellationToken">Ends it; what is under way is finished or dropped.</param>
    public async Task RunAsync(IEnumerable<SimulatedMessage> messages, int clients, double? rate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queues = Enumerable.Range(0, clients).Select(_ => Channel.CreateBounded<SimulatedMessage>(WaitingPerClient)).ToList();
        var senders = queues.Select(q => Task.Run(() => SendAllAsync(q.Reader, stop), CancellationToken.None)).ToList();
        try
        {
            var started = time.GetTimestamp();
            var sent = 0L;
            foreach (var message in messages)
            {
                if (rate is { } most && (sent / most) - time.GetElapsedTime(started).TotalSeconds is > 0.001 and var early)
                {
                    await Task.Delay(TimeSpan.FromSeconds(early), time, stop.Token);
                }

                sent += message.Entries.Count;
                await queues[message.Person.Index % clients].Writer.WriteAsync(message, stop.Token);
            }
        }
        finally
        {
            queues.ForEach(q => q.Writer.Complete());
            await Task.WhenAll(senders);
        }
    }

    private async Task SendAllAsync(ChannelReader<SimulatedMessage> queue, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var message in queue.ReadAllAsync(stop.Token))
            {
                await SendAsync(message, stop.Token);
            }
        }
        catch
        {
            // A full queue that nobody empties would hold the others for ever.
            await stop.CancelAsync();
            throw;
        }
    }

    private async Task SendAsync(SimulatedMessage message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (words, problem, again) = await TryAsync(message, cancellationToken);
            if (!again || attempt == MaxTries)
            {
                if (words is not null)
                {
                    tally.Delivered(message, words);
                }
                else
                {
                    tally.GivenUp(problem!);
                }

                return;
            }

            tally.Retry();
            await Task.Delay(FirstPause * Math.Pow(2, attempt - 1), time, cancellationToken);
        }
    }

    private async Task<(IReadOnlyList<string>? Words, string? Problem, bool Again)> TryAsync(SimulatedMessage message, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new ReadOnlyMemoryContent(message.Body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
            using var response = await client.SendAsync(request, patience.Token);
            var body = await response.Content.ReadAsByteArrayAsync(patience.Token);
            if (response.StatusCode == HttpStatusCode.OK && Words(body) is { } words)
            {
                var found = words.Count == message.Entries.Count ? null : $"answers for {words.Count} of {message.Entries.Count} entries";
                return found is null ? (words, null, words.Contains("unavailable")) : (null, found, false);
            }

            var again = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError;
            return (null, $"HTTP {(int)response.StatusCode}{Diagnostics(body)}", again);
        }
        catch (HttpRequestException e)
        {
            return (null, $"no answer ({e.HttpRequestError})", true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, "no answer in time", true);
        }
    }

    /// <summary>What a batch-response says of each entry: the outcome's own word, else the status; null where it is no such response.</summary>
    internal static IReadOnlyList<string>? Words(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (!json.RootElement.TryGetProperty("entry", out var entries) || entries.ValueKind != JsonValueKind.Array)
            {
                return null;
            }

            return [.. entries.EnumerateArray().Select(Word)];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Word(JsonElement entry)
    {
        if (!entry.TryGetProperty("response", out var response))
        {
            return "without response";
        }

        return response.TryGetProperty("outcome", out var outcome)
            && outcome.TryGetProperty("issue", out var issues) && issues.ValueKind == JsonValueKind.Array && issues.GetArrayLength() > 0
            && issues[0].TryGetProperty("details", out var details)
            && details.TryGetProperty("coding", out var codings) && codings.ValueKind == JsonValueKind.Array && codings.GetArrayLength() > 0
            && codings[0].TryGetProperty("code", out var code) && code.GetString() is { } word
            ? word
            : $"status {(response.TryGetProperty("status", out var status) ? status.GetString() : "none")}";
    }

    private static string Diagnostics(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("issue", out var issues) && issues.GetArrayLength() > 0 && issues[0].TryGetProperty("diagnostics", out var text)
                ? $": {text.GetString()}"
                : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
