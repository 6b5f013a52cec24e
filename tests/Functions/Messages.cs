using System.Text.Json.Nodes;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Messages of the shapes that gateways send, about people who are nobody.</summary>
internal static class Messages
{
    public const string FnrSystem = "urn:oid:2.16.578.1.12.4.1.4.1";

    public static JsonObject HeartRate(string number, string? identifier = null, string? effective = "2026-11-20T08:00:00+01:00", decimal value = 71) =>
        Observation(number, "http://loinc.org", "8867-4", identifier, effective, value, "/min");

    public static JsonObject Weight(string number, string? identifier = null, string? effective = "2026-11-20T08:00:00+01:00", decimal value = 80.5m) =>
        Observation(number, "http://loinc.org", "29463-7", identifier, effective, value, "kg");

    public static JsonObject Observation(string number, string system, string code, string? identifier = null, string? effective = "2026-11-20T08:00:00+01:00", decimal value = 1, string unit = "1")
    {
        var observation = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["status"] = "final",
            ["category"] = new JsonArray(Concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")),
            ["code"] = Concept(system, code),
            ["subject"] = new JsonObject { ["identifier"] = new JsonObject { ["system"] = FnrSystem, ["value"] = number } },
            ["valueQuantity"] = new JsonObject { ["value"] = value, ["unit"] = unit, ["system"] = "http://unitsofmeasure.org", ["code"] = unit },
        };
        if (identifier is not null)
        {
            observation["identifier"] = new JsonArray(new JsonObject { ["system"] = "https://example.org/measurement", ["value"] = identifier });
        }

        if (effective is not null)
        {
            observation["effectiveDateTime"] = effective;
        }

        return observation;
    }

    public static JsonObject Concept(string system, string code) =>
        new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = system, ["code"] = code }) };

    /// <summary>As the national service's own gateways send it.</summary>
    public static JsonObject Collection(params IEnumerable<JsonObject> observations) => new()
    {
        ["resourceType"] = "Bundle",
        ["meta"] = new JsonObject
        {
            ["tag"] = new JsonArray(new JsonObject
            {
                ["system"] = "https://register.geonorge.no/sosi-kodelister/inndelinger/inndelingsbase/kommunenummer",
                ["code"] = "4601",
                ["display"] = "Bergen",
            }),
        },
        ["type"] = "collection",
        ["entry"] = new JsonArray([.. observations.Select(o => new JsonObject { ["resource"] = o })]),
    };

    public static JsonObject Batch(params IEnumerable<(string Method, JsonObject Resource)> entries) => new()
    {
        ["resourceType"] = "Bundle",
        ["type"] = "batch",
        ["entry"] = new JsonArray([.. entries.Select((e, i) => new JsonObject
        {
            ["fullUrl"] = $"urn:uuid:00000000-0000-4000-8000-{i:000000000000}",
            ["resource"] = e.Resource,
            ["request"] = new JsonObject { ["method"] = e.Method, ["url"] = e.Method == "PUT" ? $"Observation/{e.Resource["id"]}" : "Observation" },
        })]),
    };
}
