using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Bench;

/// <summary>A call to be made again and again, made ready before the clock runs.</summary>
/// <param name="Path">From the base.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="ContentType">Of what type.</param>
/// <param name="IsGzipWanted">Whether it asks for gzip.</param>
/// <param name="Credentials">Headers by which its caller is known; null for none.</param>
internal sealed record Call(string Path, ReadOnlyMemory<byte> Body, string ContentType, bool IsGzipWanted = false, RequestHeaders? Credentials = null);

/// <summary>What a round measured.</summary>
/// <param name="Seconds">How long it took.</param>
/// <param name="Milliseconds">Time of each call, ascending.</param>
internal sealed record Round(double Seconds, IReadOnlyList<double> Milliseconds)
{
    public double PerSecond => Milliseconds.Count / Seconds;
}

/// <summary>Several clients that call one after another, each with a connection of its own. Bytes are sent as they lie and read into a buffer: little else costs time here.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private readonly HttpClient client;

    public LoadGenerator(Uri address)
    {
        client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, UseCookies = false, UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(5),
        };
    }

    /// <summary>Makes one call and gives its answer.</summary>
    public async Task<byte[]> CallAsync(Call call, CancellationToken cancellationToken)
    {
        using var request = Request(call);
        using var response = await client.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode == HttpStatusCode.OK
            ? body
            : throw new WrongAnswerException($"{call.Path} was answered with {(int)response.StatusCode}: {System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)))}");
    }

    /// <summary>Makes each call once.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="clients">How many clients.</param>
    /// <param name="check">Throws where an answer is wrong.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<Round> AllAsync(IReadOnlyList<Call> calls, int clients, Action<Call, ReadOnlySpan<byte>> check, CancellationToken cancellationToken)
    {
        var next = -1;
        return RunAsync(() => Interlocked.Increment(ref next) is var i && i < calls.Count ? calls[i] : null, clients, check, cancellationToken);
    }

    /// <summary>Makes one call again and again for a while.</summary>
    /// <param name="call">The call.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="clients">How many clients.</param>
    /// <param name="check">Throws where an answer is wrong.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<Round> ForAsync(Call call, double seconds, int clients, Action<Call, ReadOnlySpan<byte>> check, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        return RunAsync(() => Stopwatch.GetElapsedTime(began).TotalSeconds < seconds ? call : null, clients, check, cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private async Task<Round> RunAsync(Func<Call?> next, int clients, Action<Call, ReadOnlySpan<byte>> check, CancellationToken cancellationToken)
    {
        var times = Enumerable.Range(0, clients).Select(_ => new List<double>(4096)).ToList();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(times.Select(mine => Task.Run(
            async () =>
            {
                var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
                while (next() is { } call)
                {
                    var before = Stopwatch.GetTimestamp();
                    using var request = Request(call);
                    using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                    using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                    var length = 0;
                    int read;
                    while ((read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
                    {
                        length += read;
                        if (length == buffer.Length)
                        {
                            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                            buffer.CopyTo(larger, 0);
                            ArrayPool<byte>.Shared.Return(buffer);
                            buffer = larger;
                        }
                    }

                    mine.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
                    if (response.StatusCode != HttpStatusCode.OK)
                    {
                        throw new WrongAnswerException($"{call.Path} was answered with {(int)response.StatusCode}: {System.Text.Encoding.UTF8.GetString(buffer.AsSpan(0, Math.Min(length, 300)))}");
                    }

                    check(call, buffer.AsSpan(0, length));
                }

                ArrayPool<byte>.Shared.Return(buffer);
            },
            cancellationToken)));
        return new(Stopwatch.GetElapsedTime(began).TotalSeconds, [.. times.SelectMany(t => t).Order()]);
    }

    private static HttpRequestMessage Request(Call call)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, call.Path) { Content = new ReadOnlyMemoryContent(call.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(call.ContentType);
        if (call.IsGzipWanted)
        {
            request.Headers.AcceptEncoding.Add(new("gzip"));
        }

        foreach (var (name, value) in call.Credentials?.Lines ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
