using System.Text;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Packaging;

/// <summary>What a template makes, in a line for each kind of resource. For <c>./deploy --dry-run</c>, which asks Azure nothing.</summary>
public static class Plan
{
    /// <summary>The lines. A resource that stands in a loop counts once.</summary>
    public static string Of(JsonNode template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var text = new StringBuilder();
        foreach (var kind in Types(template).GroupBy(t => t).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"  {kind.Count(),3}  {kind.Key}\n");
        }

        return text.ToString();
    }

    private static IEnumerable<string> Types(JsonNode template)
    {
        var resources = template["resources"] switch
        {
            JsonArray list => list.Select(r => r!),
            JsonObject named => named.Select(r => r.Value!),
            _ => [],
        };
        return resources.Where(r => (bool?)r["existing"] != true).SelectMany(r =>
            r["properties"] is JsonObject properties && properties["template"] is { } inner ? Types(inner) : [(string)r["type"]!]);
    }
}
