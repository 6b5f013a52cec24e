using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.AccessLog.Checkpoints;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>What an auditor keeps away from the log: a checkpoint, and the keys that were believed when it was read.</summary>
/// <param name="Keys">The public keys.</param>
/// <param name="Checkpoint">The signed note.</param>
public sealed record RememberedCheckpoint(
    [property: JsonPropertyName("keys")] IReadOnlyList<string> Keys,
    [property: JsonPropertyName("checkpoint")] string Checkpoint)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The keys, read.</summary>
    /// <exception cref="FormatException">One is none.</exception>
    public IReadOnlyList<LogVerifierKey> Verifiers() => [.. Keys.Select(k => LogVerifierKey.TryParse(k, out var key) ? key : throw new FormatException("This is no public key of a log."))];

    /// <summary>The text of the file.</summary>
    public string Format() => JsonSerializer.Serialize(this, Indented);

    /// <summary>Reads the text of the file.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static RememberedCheckpoint Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<RememberedCheckpoint>(text) is { Keys.Count: > 0, Checkpoint.Length: > 0 } read ? read : throw new FormatException("This is no remembered checkpoint.");
        }
        catch (JsonException e)
        {
            throw new FormatException("This is no remembered checkpoint.", e);
        }
    }
}
