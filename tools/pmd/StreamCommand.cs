using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd stream send</c>: posts events as the Functions host would, to try the stream out without an event hub.</summary>
internal static class StreamCommand
{
    // maxEventBatchSize of host.json.
    private const int DefaultBatch = Limits.MaxBatchEvents;

    private static readonly Argument<string[]> Files = new("FILE") { Description = "Files of events, one a line: a Bundle or an Observation each. - reads standard input.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<Uri> Url = new("--url") { Description = "A service in open mode on this machine.", DefaultValueFactory = _ => new Uri("http://127.0.0.1:7071"), CustomParser = SimulateCommand.ReadUrl };
    private static readonly Option<string?> Publisher = new("--publisher") { Description = "The publisher that Event Hubs would attest; without it the events are the development sender's.", HelpName = "P" };
    private static readonly Option<bool> Gzip = new("--gzip") { Description = "Compress each event, with the property content-encoding." };
    private static readonly Option<int> Batch = CheckedOptions.Whole("--batch", "Events in a batch at most.", DefaultBatch, 1, DefaultBatch);
    private static readonly Option<string> Partition = new("--partition") { Description = "The partition that they would be read from.", DefaultValueFactory = _ => "0" };
    private static readonly Option<long?> First = new("--first-number") { Description = "Sequence number of the first event, to deliver the same events again; from the clock where nothing is said.", HelpName = "N", Validators = { NotLessThanNothing } };

    public static Command Create()
    {
        var send = new Command("send", "Posts events in batches as the Functions host does. Ends with 0 when every batch was answered with success, also where events in it were refused.")
        {
            Files, Url, Publisher, Gzip, Batch, Partition, First,
        };
        send.SetAction(SendAsync);
        return new Command("stream", "Events, as an event hub delivers them.") { send };
    }

    private static async Task<int> SendAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = parsed.GetValue(Url), Timeout = TimeSpan.FromMinutes(10) };
        var number = parsed.GetValue(First) ?? (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000);
        var first = number;
        var failed = 0;
        try
        {
            foreach (var batch in Events(parsed).Chunk(parsed.GetValue(Batch)))
            {
                stop.ThrowIfCancellationRequested();
                failed += await PostAsync(client, HostBatch.Write(batch, parsed.GetValue(Partition)!, number, TimeProvider.System.GetUtcNow()), stop) ? 0 : 1;
                number += batch.Length;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Stopped after {number - first} events. With --first-number {first} the same are sent again, which is harmless.");
            return ExitCodes.Interrupted;
        }
        catch (HttpRequestException e)
        {
            await Console.Error.WriteLineAsync($"There is no service at {client.BaseAddress}: {e.Message} Start one with ./run.");
            return ExitCodes.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }

        Console.WriteLine(number == first ? "No events: there is nothing but empty lines." : $"{number - first} events sent, numbers {first} to {number - 1}.");
        if (failed > 0)
        {
            await Console.Error.WriteLineAsync($"{failed} batches were not answered with success; a Functions host would send them again until they are. Send with --first-number {first} to do so.");
        }

        return failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<bool> PostAsync(HttpClient client, byte[] body, CancellationToken stop)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        using var response = await client.PostAsync("IngestStream", content, stop);
        var text = await response.Content.ReadAsStringAsync(stop);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            await Console.Error.WriteLineAsync($"The service at {client.BaseAddress} takes no events: only one in open mode does, or one under the Functions host.");
            return false;
        }

        Console.WriteLine($"{(int)response.StatusCode} {LogOf(text)}");
        return response.IsSuccessStatusCode;
    }

    private static string LogOf(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return string.Join(' ', json.RootElement.GetProperty("Logs").EnumerateArray().Select(l => l.GetString()));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return answer;
        }
    }

    // Line by line as bytes: what is not UTF-8 is sent as it is.
    private static IEnumerable<HostEvent> Events(ParseResult parsed)
    {
        foreach (var file in parsed.GetValue(Files)!)
        {
            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            foreach (var line in Lines(stream))
            {
                yield return new(parsed.GetValue(Gzip) ? Compressed(line) : line, parsed.GetValue(Publisher), parsed.GetValue(Gzip));
            }
        }
    }

    private static IEnumerable<byte[]> Lines(Stream stream)
    {
        using var buffered = new BufferedStream(stream, 65_536);
        var line = new List<byte>();
        for (int next; (next = buffered.ReadByte()) >= 0;)
        {
            if (next != '\n')
            {
                line.Add((byte)next);
            }
            else if (Taken(line) is { } taken)
            {
                yield return taken;
            }
        }

        if (Taken(line) is { } last)
        {
            yield return last;
        }
    }

    // A line without its end; null for an empty one.
    private static byte[]? Taken(List<byte> line)
    {
        var bytes = line.ToArray().AsSpan().TrimEnd("\r"u8);
        line.Clear();
        return bytes.Length == 0 ? null : bytes.ToArray();
    }

    private static byte[] Compressed(byte[] body)
    {
        var into = new MemoryStream();
        using (var gzip = new GZipStream(into, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return into.ToArray();
    }

    private static void NotLessThanNothing(OptionResult result)
    {
        if (result.Tokens.Count > 0 && long.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var number) && number < 0)
        {
            result.AddError("--first-number is to be 0 or more.");
        }
    }
}
