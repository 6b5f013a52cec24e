using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.AccessLog.Checkpoints;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// That one event is in the log under a signed checkpoint, all in one file: its line as it was journalled, salt and all, its place among the patient's events, and
/// the path from its leaf to the root that is signed. <c>./pmd verify-proof</c> checks it without any connection.
/// </summary>
public sealed record LogProof
{
    /// <summary>What the file is.</summary>
    [JsonPropertyName("kind")]
    public string Kind { get; init; } = Form;

    /// <summary>The event's line, as it was journalled.</summary>
    [JsonPropertyName("event")]
    public required string Event { get; init; }

    /// <summary>The salt in that line, which keeps the leaf's hash from telling anything of it.</summary>
    [JsonPropertyName("salt")]
    public required string Salt { get; init; }

    /// <summary>The event's number among the patient's.</summary>
    [JsonPropertyName("serial")]
    public required long Serial { get; init; }

    /// <summary>Hash of the patient's leaf before it, in hexadecimal; null for the first.</summary>
    [JsonPropertyName("previous")]
    public required string? Previous { get; init; }

    /// <summary>When it was sequenced, UTC.</summary>
    [JsonPropertyName("sequencedAt")]
    public required string SequencedAt { get; init; }

    /// <summary>Hash of its leaf, in hexadecimal.</summary>
    [JsonPropertyName("leaf")]
    public required string Leaf { get; init; }

    /// <summary>Its index in the log.</summary>
    [JsonPropertyName("index")]
    public required long Index { get; init; }

    /// <summary>The audit path (RFC 6962 2.1.1), base64, from the leaf up.</summary>
    [JsonPropertyName("path")]
    public required IReadOnlyList<string> Path { get; init; }

    /// <summary>The signed checkpoint that covers it.</summary>
    [JsonPropertyName("checkpoint")]
    public required string Checkpoint { get; init; }

    /// <summary>The log's public keys, as it tells them: one who trusts nobody has them from elsewhere.</summary>
    [JsonPropertyName("keys")]
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>The value of <see cref="Kind"/>.</summary>
    public const string Form = "pmd-log-proof/1";

    /// <summary>Makes the proof of an event; null while no checkpoint covers it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="row">The event's row.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<LogProof?> OfAsync(LogParts log, EventRow row, CancellationToken cancellationToken)
    {
        if (await log.Checkpoints.NewestAsync(cancellationToken) is not { } note || !Checkpoints.Checkpoint.TryRead(note, out var checkpoint) || row.Index >= checkpoint.Size
            || await log.OpenTreeAsync(cancellationToken) is not { } tree)
        {
            return null;
        }

        var line = await row.LineAsync(log.Blobs, cancellationToken);
        var path = await tree.InclusionAsync(row.Index, checkpoint.Size, cancellationToken);
        var keys = await LogKeys.ReadVerifiersAsync(log.Blobs, cancellationToken);
        return new()
        {
            Event = Encoding.UTF8.GetString(line.Span),
            Salt = EventLine.SaltOf(line),
            Serial = row.Entry.Serial,
            Previous = row.Entry.Previous is { } previous ? Convert.ToHexStringLower(previous) : null,
            SequencedAt = row.Entry.SequencedText,
            Leaf = Convert.ToHexStringLower(row.Entry.Hash(line.Span)),
            Index = row.Index,
            Path = [.. path.Select(Convert.ToBase64String)],
            Checkpoint = note,
            Keys = [.. keys.Select(k => k.ToString())],
        };
    }

    /// <summary>Writes the file.</summary>
    public void Write(Utf8JsonWriter json) => JsonSerializer.Serialize(json, this);
}
