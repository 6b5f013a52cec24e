using System.Text.Json.Nodes;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Observations.Wire;

/// <summary>
/// Takes the person numbers of others out of what a citizen is shown (ATT-8: name yes, number no): from performers, contained resources, extensions
/// and texts alike. The citizen's own number, names, HPR numbers and organisations stay.
/// </summary>
public static class StaffNumbers
{
    private const string PersonOids = "2.16.578.1.12.4.1.4.";

    /// <summary>Takes them out of a resource or a Bundle of them, in place.</summary>
    /// <param name="resource">What is to be shown.</param>
    /// <param name="own">The citizen's own numbers, which stay.</param>
    public static void Remove(JsonNode resource, IReadOnlySet<string> own) => Clean(resource, own);

    // False where nothing is left, and the element is to go: FHIR R4 json has no empty objects or arrays.
    private static bool Clean(JsonNode node, IReadOnlySet<string> own)
    {
        switch (node)
        {
            case JsonObject item:
                if (IsPerson(item) && item["value"] is { } value && !own.Contains(TextOf(value) ?? ""))
                {
                    return false;
                }

                foreach (var (name, member) in item.ToList())
                {
                    // Whose it is: the citizen, by whichever of their numbers.
                    if (name == "subject" && TextOf(item["resourceType"]) == "Observation")
                    {
                        continue;
                    }

                    if (Replaced(member, own) is { } text)
                    {
                        item[name] = text;
                    }
                    else if (member is JsonObject or JsonArray && !Clean(member, own))
                    {
                        item.Remove(name);
                    }
                }

                return item.Count > 0;
            case JsonArray list:
                for (var i = list.Count - 1; i >= 0; i--)
                {
                    if (Replaced(list[i], own) is { } text)
                    {
                        list[i] = text;
                    }
                    else if (list[i] is { } element && element is JsonObject or JsonArray && !Clean(list[i]!, own))
                    {
                        list.RemoveAt(i);
                    }
                }

                return list.Count > 0;
            default:
                return true;
        }
    }

    // The OIDs of fødselsnummer, D-number and FH-number; HPR and organisations have others.
    private static bool IsPerson(JsonObject item) =>
        TextOf(item["system"]) is { } system && system.IndexOf(PersonOids, StringComparison.Ordinal) is >= 0 and var at && system[(at + PersonOids.Length)..] is "1" or "2" or "3";

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string? Replaced(JsonNode? node, IReadOnlySet<string> own) =>
        TextOf(node) is { } text && PersonNumbers.Hide(text, own) is var hidden && hidden != text ? hidden : null;
}
