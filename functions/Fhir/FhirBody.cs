using System.Buffers;
using System.Text.Json;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Submissions;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>A request's body as JSON, kept until it is disposed; or why it is none.</summary>
public sealed class FhirBody : IDisposable
{
    private readonly byte[]? rented;
    private readonly JsonDocument? document;

    private FhirBody(byte[]? rented, ReadOnlyMemory<byte> bytes, JsonDocument? document, int status, Issue? problem) =>
        (this.rented, Bytes, this.document, Status, Problem) = (rented, bytes, document, status, problem);

    /// <summary>The bytes, without a byte order mark.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The root.</summary>
    public JsonElement Root => document!.RootElement;

    /// <summary>The status with which <see cref="Problem"/> is answered.</summary>
    public int Status { get; }

    /// <summary>Why it is none; null where it is.</summary>
    public Issue? Problem { get; }

    /// <summary>Reads and parses the body.</summary>
    public static async Task<FhirBody> ReadAsync(HttpContext context)
    {
        if (FhirFormat.WhyNotRead(context.Request) is { } reason)
        {
            return new(null, default, null, StatusCodes.Status415UnsupportedMediaType, Issue.Error("not-supported", null, reason));
        }

        var (rented, length) = await ReadBytesAsync(context.Request, Limits.MaxBodyBytes, context.RequestAborted);
        ReadOnlyMemory<byte> bytes = rented.AsMemory(0, length);

        // RFC 8259 8.1: a parser may ignore a byte order mark.
        bytes = bytes.Span.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? bytes[3..] : bytes;
        try
        {
            return new(rented, bytes, JsonDocument.Parse(bytes, BundleReader.JsonOptions), 0, null);
        }
        catch (JsonException e)
        {
            ArrayPool<byte>.Shared.Return(rented);
            return new(null, default, null, StatusCodes.Status400BadRequest, Issue.Error("structure", null, length == 0
                ? "The body is empty."
                : $"The body is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})."));
        }
    }

    /// <summary>Reads a whole body into a rented array.</summary>
    public static async Task<(byte[] Rented, int Length)> ReadBytesAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength + 1 ?? 0, 16_384, maxBytes + 1));
        var length = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return (buffer, length);
            }

            length += read;
            if (length > maxBytes)
            {
                // Counted after decompression, so that a small body cannot become a large one.
                throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
            }

            if (length == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        document?.Dispose();
        if (rented is not null)
        {
            // It held what is said of patients.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }
}
