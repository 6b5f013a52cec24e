using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>What the verifier reads of an event's line: whose it is, and when.</summary>
internal readonly record struct EventHead(string? Patient, DateTime Time)
{
    /// <summary>Reads a line; null where it is no event.</summary>
    public static EventHead? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            string? patient = null;
            string? time = null;
            var version = 0;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.ValueSpan.Length == 1 ? (char)json.ValueSpan[0] : ' ';
                json.Read();
                switch (name)
                {
                    case 'v' when json.TokenType == JsonTokenType.Number:
                        version = json.GetInt32();
                        break;
                    case 't' when json.TokenType == JsonTokenType.String:
                        time = json.GetString();
                        break;
                    case 'p' when json.TokenType == JsonTokenType.String:
                        patient = json.GetString();
                        break;
                    default:
                        json.Skip();
                        break;
                }
            }

            var isWhole = json.TokenType == JsonTokenType.EndObject && json.BytesConsumed == line.Length && version == 1
                && (patient is null || (patient.Length == 32 && patient.All(char.IsAsciiHexDigitLower)));
            return isWhole && DateTime.TryParseExact(time, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
                ? new(patient, at)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            return null;
        }
    }
}
