using System.Text.Json;
using System.Text.Json.Nodes;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;

namespace PasientensMaledata.Tests.Observations;

/// <summary>Observations to change and check. The person is synthetic (NHN's series, month raised by 65).</summary>
internal static class Message
{
    public const string Person = "13717404089";

    public const string HeartRate = """
        {
          "resourceType": "Observation",
          "meta": { "profile": ["http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation-Heartrate"] },
          "status": "final",
          "category": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs" }] }],
          "code": { "coding": [{ "system": "http://loinc.org", "code": "8867-4" }, { "system": "http://snomed.info/sct", "code": "364075005" }], "text": "Puls" },
          "subject": { "identifier": { "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "13717404089" }, "display": "Roland Gundersen" },
          "effectiveDateTime": "2026-05-20T10:00:00+02:00",
          "issued": "2026-05-20T10:00:05.123+02:00",
          "performer": [{ "identifier": { "system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "213710192" } }],
          "valueQuantity": { "value": 62.0, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min" },
          "referenceRange": [{ "low": { "value": 50 }, "high": { "value": 100 } }],
          "note": [{ "text": "Etter hvile" }]
        }
        """;

    public const string BloodPressure = """
        {
          "resourceType": "Observation",
          "meta": { "profile": ["http://hl7.org/fhir/StructureDefinition/bp"] },
          "status": "final",
          "category": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs" }] }],
          "code": { "coding": [{ "system": "http://loinc.org", "code": "85354-9" }] },
          "subject": { "identifier": { "value": "13717404089" } },
          "effectivePeriod": { "start": "2026-05-20T10:00:00+02:00", "end": "2026-05-20T10:01:00+02:00" },
          "component": [
            { "code": { "coding": [{ "system": "http://loinc.org", "code": "8480-6" }] },
              "valueQuantity": { "value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]" } },
            { "code": { "coding": [{ "system": "http://loinc.org", "code": "8462-4" }] },
              "valueQuantity": { "value": 80, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]" } }
          ]
        }
        """;

    public static readonly DateTimeOffset Now = new(2026, 5, 20, 12, 0, 0, TimeSpan.Zero);

    public static CheckedObservation Check(string json, NationalIdPolicy policy = NationalIdPolicy.Synthetic)
    {
        using var document = JsonDocument.Parse(json);
        return ObservationChecks.Check(document.RootElement, policy, Now);
    }

    /// <summary>The message without the element at the path, such as <c>component/1/code</c>.</summary>
    public static string Without(string message, string path) => With(message, path, null);

    /// <summary>The message with the element at the path set to the JSON.</summary>
    public static string With(string message, string path, string? json)
    {
        var root = JsonNode.Parse(message)!;
        var names = path.Split('/');
        var parent = root;
        foreach (var name in names[..^1])
        {
            parent = parent is JsonArray list ? list[int.Parse(name, null)]! : parent[name]!;
        }

        switch (parent)
        {
            case JsonArray list when json is null:
                list.RemoveAt(int.Parse(names[^1], null));
                break;
            case JsonArray list when int.Parse(names[^1], null) is var index:
                if (index == list.Count)
                {
                    list.Add(JsonNode.Parse(json));
                }
                else
                {
                    list[index] = JsonNode.Parse(json);
                }

                break;
            case JsonObject members when json is null:
                Assert.True(members.Remove(names[^1]));
                break;
            case JsonObject members:
                members[names[^1]] = JsonNode.Parse(json);
                break;
            default:
                throw new ArgumentException(path, nameof(path));
        }

        return root.ToJsonString();
    }

    /// <summary>The message with more members after its own, which may double them.</summary>
    public static string Plus(string message, string members) => message.TrimEnd()[..^1] + "," + members + "}";
}
