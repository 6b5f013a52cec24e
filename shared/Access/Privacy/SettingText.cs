using System.Text.Json;
using System.Text.Json.Serialization;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Privacy;

/// <summary>
/// A setting as JSON text, as it stands in the AccessLog: whole, so that settings can be replayed from it. Without the citizen's number.
/// </summary>
public static class SettingText
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Writes it.</summary>
    public static string Write(PrivacySetting setting) => JsonSerializer.Serialize(
        new Fields(
            setting.Id.ToString(), setting.IsActive, setting.Block?.Hpr?.Digits, setting.Block?.Key?.ToString(), setting.Block?.Name is { Length: > 0 } name ? name : null,
            setting.Restriction.IsEverything ? true : null, setting.Restriction.Concepts is { Count: > 0 } concepts ? concepts : null,
            setting.Time, setting.ReceivedAt, setting.Source, setting.Acting?.ToString()),
        Options);

    /// <summary>Reads it back; null where it is no setting.</summary>
    public static PrivacySetting? Read(ReadOnlySpan<byte> text)
    {
        try
        {
            if (JsonSerializer.Deserialize<Fields>(text, Options) is not { } fields || !SettingId.TryParse(fields.Id, out var id))
            {
                return null;
            }

            var hpr = HprNumber.TryParse(fields.Hpr, out var number) ? number : (HprNumber?)null;
            var key = PractitionerKey.TryParse(fields.Key, out var practitioner) ? practitioner : (PractitionerKey?)null;
            var acting = PractitionerKey.TryParse(fields.Acting, out var representative) ? representative : (PractitionerKey?)null;
            return id.IsBlock && hpr is null && key is null
                ? null
                : new(
                    id, fields.Active, id.IsBlock ? new(hpr, key, fields.Name ?? "") : null, fields.Everything == true ? Restriction.Everything : Restriction.Of(fields.Concepts ?? []),
                    fields.Time, fields.ReceivedAt, fields.Source, acting);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Fields(
        string Id, bool Active, string? Hpr, string? Key, string? Name, bool? Everything, IReadOnlyList<string>? Concepts, DateTime Time, DateTime ReceivedAt, SettingSource Source,
        string? Acting);
}
