using System.Text.Json;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;

namespace PasientensMaledata.Statistics;

/// <summary>Reads the texts that events carry whole: participants and privacy settings.</summary>
public static class LoggedTexts
{
    /// <summary>Whether a privacy setting sets a Block of a practitioner.</summary>
    public static bool IsNewBlock(string setting)
    {
        try
        {
            using var json = JsonDocument.Parse(setting);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.True
                && root.TryGetProperty("id", out var id) && SettingId.TryParse(id.GetString(), out var known) && known.IsBlock;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>What statistics tell of the participants.</summary>
    public static Affiliations Of(ParticipantList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var entities = new Dictionary<string, Affiliation>(StringComparer.Ordinal);
        var units = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var participant in list.Participants)
        {
            entities[participant.Organisation.Digits] = new(
                participant.Role switch { ParticipantRole.Specialist => "specialist", ParticipantRole.Municipal => "municipal", ParticipantRole.Gp => "gp", _ => "gateway" },
                Codes.Place(participant.Region), Codes.Place(participant.HealthCommunity), participant.Municipalities is [var only] ? only.Digits : "",
                participant.Enrolled.From, participant.Enrolled.To);
            foreach (var unit in participant.Units)
            {
                units[unit.Digits] = participant.Organisation.Digits;
            }
        }

        return new(entities, units);
    }
}
