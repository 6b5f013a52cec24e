using System.Text;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;

namespace PasientensMaledata.Statistics;

/// <summary>Reads the texts that events carry whole: participants and privacy settings.</summary>
public static class LoggedTexts
{
    /// <summary>Whether a privacy setting sets a Block of a practitioner.</summary>
    public static bool IsNewBlock(string setting) => SettingText.Read(Encoding.UTF8.GetBytes(setting)) is { IsActive: true, Id.IsBlock: true };

    /// <summary>Reads the text of a change of the participants; null where it is no file of participants.</summary>
    public static Affiliations? Participants(string text) => ParticipantFile.Read(Encoding.UTF8.GetBytes(text), 0).List is { } list ? Of(list) : null;

    /// <summary>What statistics tell of the participants.</summary>
    public static Affiliations Of(ParticipantList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var entities = new Dictionary<string, Affiliation>(StringComparer.Ordinal);
        var units = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var participant in list.Participants)
        {
            entities[participant.Organisation.Digits] = new(
                participant.Name, ParticipantFile.WordFor(participant.Role),
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
