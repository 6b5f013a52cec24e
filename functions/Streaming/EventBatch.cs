using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.Functions.Streaming;

/// <summary>An event, as the hub gave it.</summary>
/// <param name="Body">Its body.</param>
/// <param name="Publisher">The publisher, as Event Hubs itself attests it; null where it was not sent to a publisher endpoint.</param>
/// <param name="IsGzip">Whether a property <c>content-encoding</c> says gzip.</param>
/// <param name="SequenceNumber">Its number within the partition.</param>
/// <param name="Enqueued">When the hub took it, UTC.</param>
public sealed record StreamEvent(ReadOnlyMemory<byte> Body, string? Publisher, bool IsGzip, long SequenceNumber, DateTime Enqueued);

/// <summary>A batch of events of one partition, as the Functions host posts it to a custom handler.</summary>
/// <param name="Hub">The event hub's name.</param>
/// <param name="Partition">The partition's id.</param>
/// <param name="Retry">How many times the host has tried this batch before; 0 the first time.</param>
/// <param name="Events">The events, in order.</param>
public sealed record EventBatch(string Hub, string Partition, int Retry, IReadOnlyList<StreamEvent> Events)
{
    /// <summary>
    /// The annotation by which Event Hubs names the publisher endpoint that an event was sent to. The hub sets it, from what the token was for; a
    /// partition key or a property is whatever the sender likes.
    /// </summary>
    public const string PublisherProperty = "x-opt-publisher";

    private const string EncodingProperty = "content-encoding";
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 100_000 };

    /// <summary>
    /// Reads what the host posts. The host writes everything but objects as JSON inside a JSON string; a body is base64 (dataType binary) or text
    /// (string). A text that holds FHIR begins with '{', which no base64 does.
    /// </summary>
    /// <param name="body">The host's body.</param>
    /// <exception cref="JsonException">It is not what a host posts: nothing of it can be told apart.</exception>
    public static EventBatch Read(ReadOnlySpan<byte> body)
    {
        byte[]? events = null;
        var metadata = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(body, Deep);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isData = reader.ValueTextEquals("Data"u8);
            if (!isData && !reader.ValueTextEquals("Metadata"u8))
            {
                reader.Skip();
                continue;
            }

            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "objects Data and Metadata");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (isData && reader.ValueTextEquals(EventHubTrigger.Binding))
                {
                    Expect(reader.Read() && reader.TokenType == JsonTokenType.String, "Data.events as a string");
                    events = Unescaped(ref reader);
                }
                else if (!isData && MetadataName(ref reader) is { } name)
                {
                    reader.Read();
                    metadata[name] = Opened(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        Expect(events is not null, "Data.events");
        var bodies = ReadBodies(events!, out var isMany);
        return Of(
            metadata,
            metadata.TryGetValue("RetryContext", out var retry) && retry.ValueKind == JsonValueKind.Object && retry.TryGetProperty("RetryCount", out var count) && count.TryGetInt32(out var tries) ? tries : 0,
            bodies.Select((b, i) => isMany ? One(metadata, b, i, bodies.Count) : Only(metadata, b)));
    }

    /// <summary>
    /// Makes it of what the host gives an isolated worker: the bodies as they are, and the same metadata, an array of text or numbers as such, anything
    /// else as JSON text.
    /// </summary>
    /// <param name="bodies">The bodies, in order.</param>
    /// <param name="bindingData">The metadata, by the same names.</param>
    /// <param name="retry">How many times the host has tried this batch before.</param>
    /// <exception cref="JsonException">It is not what a host gives.</exception>
    public static EventBatch Of(IReadOnlyList<byte[]> bodies, IReadOnlyDictionary<string, object?> bindingData, int retry)
    {
        var metadata = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var name in MetadataRead)
        {
            if (bindingData.TryGetValue(name, out var value) && value is not null)
            {
                metadata[name] = value is string text ? Opened(Encoding.UTF8.GetBytes(text)) : JsonSerializer.SerializeToElement(value, value.GetType());
            }
        }

        return Of(metadata, retry, bodies.Select((b, i) => One(metadata, b, i, bodies.Count)));
    }

    private static EventBatch Of(Dictionary<string, JsonElement> metadata, int retry, IEnumerable<StreamEvent> events)
    {
        var context = metadata.TryGetValue("PartitionContext", out var partition) ? partition : metadata.GetValueOrDefault("TriggerPartitionContext");
        return new(
            Text(context, "EventHubName") ?? throw NotAHosts("the name of the hub"),
            Text(context, "PartitionId") ?? throw NotAHosts("the partition"),
            retry,
            [.. events]);
    }

    private static readonly string[] MetadataRead =
    [
        "PartitionContext", "TriggerPartitionContext", "RetryContext", "SequenceNumberArray", "EnqueuedTimeUtcArray", "PropertiesArray", "SystemPropertiesArray",
        "SequenceNumber", "EnqueuedTimeUtc", "Properties",
    ];

    private static string? MetadataName(ref Utf8JsonReader reader)
    {
        foreach (var name in MetadataRead)
        {
            if (reader.ValueTextEquals(name))
            {
                return name;
            }
        }

        return null;
    }

    private static StreamEvent One(Dictionary<string, JsonElement> metadata, byte[] body, int index, int count)
    {
        var system = At("SystemPropertiesArray", isNeeded: false);
        return new(
            body,
            Text(system, PublisherProperty),
            IsGzip(At("PropertiesArray", isNeeded: false)) || IsGzip(system),
            Number(At("SequenceNumberArray", isNeeded: true)),
            Time(At("EnqueuedTimeUtcArray", isNeeded: true)));

        JsonElement At(string name, bool isNeeded)
        {
            // One that does not fit the events says nothing of any: taken for none, a publisher's events would be another's, or be refused without a copy.
            return metadata.TryGetValue(name, out var array)
                ? array.ValueKind == JsonValueKind.Array && array.GetArrayLength() == count ? array[index] : throw NotAHosts($"{name}, with one for each event,")
                : isNeeded ? throw NotAHosts(name) : default;
        }
    }

    // With cardinality one the host lets members of the body stand among the metadata: a body could name a publisher, so none is believed.
    private static StreamEvent Only(Dictionary<string, JsonElement> metadata, byte[] body) => new(
        body,
        null,
        IsGzip(metadata.GetValueOrDefault("Properties")),
        Number(metadata.GetValueOrDefault("SequenceNumber")),
        Time(metadata.GetValueOrDefault("EnqueuedTimeUtc")));

    private static List<byte[]> ReadBodies(byte[] events, out bool isMany)
    {
        isMany = events.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("["u8);
        if (!isMany && !events.AsSpan().StartsWith("\""u8))
        {
            // One, binary: base64 as it is.
            return [Decoded(events)];
        }

        var bodies = new List<byte[]>();
        var reader = new Utf8JsonReader(events, Deep);
        reader.Read();
        if (!isMany)
        {
            return [Body(ref reader)];
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Null)
            {
                bodies.Add(Body(ref reader));
            }
            else
            {
                reader.Skip();
                bodies.Add(events[start..(int)reader.BytesConsumed]);
            }
        }

        return bodies;

        static byte[] Body(ref Utf8JsonReader at) =>
            at.TokenType == JsonTokenType.Null ? [] : Decoded(Unescaped(ref at));
    }

    private static byte[] Decoded(byte[] text)
    {
        var bytes = new byte[System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return System.Buffers.Text.Base64.DecodeFromUtf8(text, bytes, out _, out var written) == OperationStatus.Done ? bytes[..written] : text;
    }

    private static byte[] Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.ToArray();
        }

        var bytes = new byte[reader.ValueSpan.Length];
        try
        {
            return bytes[..reader.CopyString(bytes)];
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text. It is refused as it stands, and its neighbours are read.
            return reader.ValueSpan.ToArray();
        }
    }

    // A string that holds JSON, opened; anything else as it is.
    private static JsonElement Opened(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return Opened(Unescaped(ref reader));
        }

        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.Clone();
    }

    private static JsonElement Opened(byte[] text)
    {
        try
        {
            using var inner = JsonDocument.Parse(text, new() { MaxDepth = Deep.MaxDepth });
            return inner.RootElement.Clone();
        }
        catch (JsonException)
        {
            // A plain string, such as a time.
            return JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(text));
        }
    }

    private static bool IsGzip(JsonElement properties) =>
        properties.ValueKind == JsonValueKind.Object
        && properties.EnumerateObject().Any(p => p.Name.Equals(EncodingProperty, StringComparison.OrdinalIgnoreCase) && p.Value.ValueKind == JsonValueKind.String
            && string.Equals(p.Value.GetString(), "gzip", StringComparison.OrdinalIgnoreCase));

    private static string? Text(JsonElement from, string member) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static long Number(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : throw NotAHosts("a sequence number");

    // Without a zone, and UTC.
    private static DateTime Time(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && DateTime.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw NotAHosts("the time of enqueueing");

    private static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw NotAHosts(what);
        }
    }

    private static JsonException NotAHosts(string what) => new($"The body is not what a Functions host posts for an Event Hub trigger: {what} is missing.");
}
