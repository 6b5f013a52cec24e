using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Simulator;

/// <summary>A reading on its way into a message.</summary>
/// <param name="Person">Whose.</param>
/// <param name="Reading">What was measured.</param>
/// <param name="Id">By which its gateway knows it.</param>
/// <param name="Status">Observation.status.</param>
/// <param name="Issued">When this version was made; null where the gateway does not say.</param>
/// <param name="Fault">What is wrong with it.</param>
/// <param name="FaultyTime">What its wrong clock said; null where the clock is right.</param>
internal sealed record Outgoing(Person Person, Reading Reading, Guid Id, string Status, DateTimeOffset? Issued, Fault Fault, DateTimeOffset? FaultyTime);

/// <summary>Writes messages as each kind of gateway sends them.</summary>
internal static class MessageWriter
{
    private const string PersonNumbers = "urn:oid:2.16.578.1.12.4.1.4.1";
    private const string HealthPersonnelNumbers = "urn:oid:2.16.578.1.12.4.1.4.4";
    private const string PlatformSystem = "https://platform.example.no/measurement";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(GatewayKind gateway, Municipality municipality, Guid bundleId, DateTimeOffset sentAt, IReadOnlyList<Outgoing> observations)
    {
        var output = new ArrayBufferWriter<byte>(512 + (observations.Count * 1600));
        using (var json = new Utf8JsonWriter(output, Json))
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "Bundle");
            json.WriteStartObject("meta");
            json.WriteStartArray("tag");
            json.WriteStartObject();
            json.WriteString("system", "https://register.geonorge.no/sosi-kodelister/inndelinger/inndelingsbase/kommunenummer");
            json.WriteString("code", municipality.Number);
            json.WriteString("display", municipality.Name);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartObject("identifier");
            json.WriteString("system", gateway == GatewayKind.KomLink ? "https://www.nhn.no/komlink/bundle-identifier" : "https://gateway.example.no/bundle");
            json.WriteString("value", bundleId);
            json.WriteEndObject();
            json.WriteString("type", gateway == GatewayKind.Batch ? "batch" : "collection");
            json.WriteString("timestamp", Instant(sentAt));
            json.WriteStartArray("entry");
            foreach (var observation in observations)
            {
                WriteEntry(json, gateway, observation);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static void WriteEntry(Utf8JsonWriter json, GatewayKind gateway, Outgoing observation)
    {
        json.WriteStartObject();
        if (gateway != GatewayKind.Hub)
        {
            json.WriteString("fullUrl", gateway == GatewayKind.KomLink ? $"http://nhn.no/{observation.Id}" : $"urn:uuid:{observation.Id}");
        }

        json.WriteStartObject("resource");
        WriteObservation(json, gateway, observation);
        json.WriteEndObject();
        if (gateway == GatewayKind.Batch)
        {
            json.WriteStartObject("request");
            json.WriteString("method", "PUT");
            json.WriteString("url", $"Observation/{observation.Id}");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteObservation(Utf8JsonWriter json, GatewayKind gateway, Outgoing observation)
    {
        var (person, reading) = (observation.Person, observation.Reading);
        var concept = reading.Concept;
        json.WriteString("resourceType", "Observation");
        if (gateway is GatewayKind.KomLink or GatewayKind.Batch)
        {
            json.WriteString("id", observation.Id);
        }

        if (gateway == GatewayKind.Platform)
        {
            json.WriteStartObject("meta");
            json.WriteString("source", "https://platform.example.no");
            if (!concept.Profiles.IsEmpty)
            {
                json.WriteStartArray("profile");
                json.WriteStringValue(concept.Profiles[0].Url);
                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteStartArray("identifier");
            WriteIdentifier(json, PlatformSystem, $"m-{observation.Id:N}"[..20]);
            json.WriteEndArray();
        }

        json.WriteString("status", observation.Status);
        json.WriteStartArray("category");
        json.WriteStartObject();
        json.WriteStartArray("coding");
        WriteCoding(json, ConceptCatalog.CategorySystem, concept.Category ?? (concept.Slug == "glucose" ? "laboratory" : "survey"), null);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteCode(json, concept, gateway);
        WriteParty(json, "subject", null, PersonNumbers, person.Number, person.Name);
        json.WriteString("effectiveDateTime", Instant(observation.FaultyTime ?? reading.At));
        if (observation.Issued is { } issued)
        {
            json.WriteString("issued", Instant(issued));
        }

        WritePerformers(json, observation);
        WriteValue(json, observation);
        if (reading.Device is { } serial)
        {
            WriteParty(json, "device", null, "http://komlink.nhn.no/devices/serial", serial, gateway == GatewayKind.KomLink ? "KOMLINK DEVICE" : null);
        }

        if (gateway == GatewayKind.Platform)
        {
            WriteRanges(json, concept);
        }

        if (reading.Parts.Count > 0)
        {
            json.WriteStartArray("component");
            foreach (var part in reading.Parts)
            {
                json.WriteStartObject();
                json.WriteStartObject("code");
                json.WriteStartArray("coding");
                WriteCoding(json, part.Part.Codings[0].System, part.Part.Codings[0].Code, part.Part.English);
                json.WriteEndArray();
                json.WriteEndObject();
                WriteQuantity(json, part.Value, part.Part.Units.IsEmpty ? null : part.Part.Units[0], observation.Fault == Fault.WrongUnit);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private static void WriteCode(Utf8JsonWriter json, Concept concept, GatewayKind gateway)
    {
        json.WriteStartObject("code");
        json.WriteStartArray("coding");

        // The first coding is the one that the profiles demand. Some gateways send a second one beside it.
        WriteCoding(json, concept.Codings[0].System, concept.Codings[0].Code, concept.English);
        var second = concept.Codings.FirstOrDefault(c => c.System != concept.Codings[0].System);
        if (second != default && gateway is GatewayKind.KomLink or GatewayKind.Platform && second.Code is not null)
        {
            WriteCoding(json, second.System, second.Code, concept.English);
        }

        json.WriteEndArray();
        json.WriteString("text", concept.Norwegian);
        json.WriteEndObject();
    }

    private static void WritePerformers(Utf8JsonWriter json, Outgoing observation)
    {
        json.WriteStartArray("performer");
        json.WriteStartObject();
        WritePartyMembers(json, "Organization", OrganisationNumber.Oid, observation.Person.FollowedBy.Number, observation.Person.FollowedBy.Name);
        json.WriteEndObject();
        if (observation.Reading.Device is null && observation.Reading.Concept.Slug != "questionnaire")
        {
            json.WriteStartObject();
            WritePartyMembers(json, "Practitioner", HealthPersonnelNumbers, observation.Person.HealthPersonnel, null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, Outgoing observation)
    {
        var reading = observation.Reading;
        if (reading.Code is { } code)
        {
            json.WriteStartObject("valueCodeableConcept");
            json.WriteStartArray("coding");
            WriteCoding(json, code.System, code.Code, null);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        else if (reading.Value is { } value)
        {
            WriteQuantity(json, value, reading.Concept.Units.IsEmpty ? null : reading.Concept.Units[0], observation.Fault == Fault.WrongUnit);
        }
    }

    private static void WriteQuantity(Utf8JsonWriter json, decimal value, string? unit, bool isWrong)
    {
        json.WriteStartObject("valueQuantity");
        if (isWrong && unit is not null)
        {
            (value, unit) = Wrong(value, unit);
        }

        json.WriteNumber("value", value);
        if (unit is not null)
        {
            json.WriteString("unit", unit);
            json.WriteString("system", ConceptCatalog.Ucum);
            json.WriteString("code", unit);
        }

        json.WriteEndObject();
    }

    // What devices set up for another country, or gateways with tables of their own, send.
    private static (decimal Value, string Unit) Wrong(decimal value, string unit) => unit switch
    {
        "mm[Hg]" => (Math.Round(value / 7.50062m, 1), "kPa"),
        "%" => (value / 100, "1"),
        "Cel" => (value + 273.15m, "K"),
        "kg" => (Math.Round(value / 6.35029m, 2), "[stone_av]"),
        "mmol/L" => (Math.Round(value * 18.016m, 0), "mg/dL"),
        _ => (value, "bpm"),
    };

    private static void WriteRanges(Utf8JsonWriter json, Concept concept)
    {
        if (concept.Slug != "spo2")
        {
            return;
        }

        json.WriteStartArray("referenceRange");
        json.WriteStartObject();
        json.WriteStartObject("low");
        json.WriteNumber("value", 88);
        json.WriteString("unit", "%");
        json.WriteString("system", ConceptCatalog.Ucum);
        json.WriteString("code", "%");
        json.WriteEndObject();
        json.WriteStartObject("type");
        json.WriteStartArray("coding");
        WriteCoding(json, "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "N", "Normal");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteParty(Utf8JsonWriter json, string name, string? type, string system, string value, string? display)
    {
        json.WriteStartObject(name);
        WritePartyMembers(json, type, system, value, display);
        json.WriteEndObject();
    }

    private static void WritePartyMembers(Utf8JsonWriter json, string? type, string system, string value, string? display)
    {
        if (type is not null)
        {
            json.WriteString("type", type);
        }

        json.WritePropertyName("identifier");
        WriteIdentifier(json, system, value);
        if (display is not null)
        {
            json.WriteString("display", display);
        }
    }

    private static void WriteIdentifier(Utf8JsonWriter json, string system, string value)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static void WriteCoding(Utf8JsonWriter json, string system, string code, string? display)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("code", code);
        if (display is not null)
        {
            json.WriteString("display", display);
        }

        json.WriteEndObject();
    }

    private static string Instant(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
