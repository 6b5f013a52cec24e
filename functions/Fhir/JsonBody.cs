using System.Buffers;
using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Functions.Fhir;

/// <summary>A request's body as a plain JSON object, kept until it is disposed; or why it is none.</summary>
public sealed class JsonBody : IDisposable
{
    private const int MaxDepth = 8;

    private readonly JsonDocument? document;

    private JsonBody(JsonDocument? document, Issue? problem) => (this.document, Problem) = (document, problem);

    /// <summary>The object.</summary>
    public JsonElement Element => document!.RootElement;

    /// <summary>Why it is none; null where it is.</summary>
    public Issue? Problem { get; }

    /// <summary>Reads it: at most <see cref="Limits.MaxSettingBytes"/>, each member once.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mayBeEmpty">Whether no body stands for an empty object.</param>
    public static async Task<JsonBody> ReadAsync(HttpContext context, bool mayBeEmpty)
    {
        var (rented, length) = await FhirBody.ReadBytesAsync(context.Request, Limits.MaxBodyBytes, context.RequestAborted);
        try
        {
            if (length > Limits.MaxSettingBytes)
            {
                return new(null, Issue.Error("too-long", null, $"The body has more than {Limits.MaxSettingBytes} bytes."));
            }

            var text = length == 0 && mayBeEmpty ? "{}"u8.ToArray() : rented[..length];
            var parsed = StrictDocument.Parse(text, MaxDepth);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new(parsed, null);
            }

            parsed.Dispose();
        }
        catch (JsonException)
        {
            // Told below, without what was sent.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }

        return new(null, Issue.Error("structure", null, "The body is to be a JSON object of well-formed text, each member once."));
    }

    /// <inheritdoc/>
    public void Dispose() => document?.Dispose();
}
