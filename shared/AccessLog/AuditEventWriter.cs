using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace PasientensMaledata.AccessLog;

/// <summary>
/// Writes events as FHIR R4 AuditEvent: the attest as HL7 Norway's <c>no-domain-Trustframework-Auditevent</c> maps it, types and roles as IHE's Basic Audit Log
/// Patterns use them. Staff appear by name and HPR number, patients by their handle: nobody by person number.
/// </summary>
public static class AuditEventWriter
{
    private const string Norway = "http://hl7.no/fhir/StructureDefinition/";
    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    private const string Terminology = "http://terminology.hl7.org/CodeSystem/";
    private const string Hpr = "urn:oid:2.16.578.1.12.4.1.4.4";
    private const string Organisations = "urn:oid:2.16.578.1.12.4.1.4.101";
    private const string Authorizations = "urn:oid:2.16.578.1.12.4.1.1.9060";

    /// <summary>An AuditEvent as a line.</summary>
    /// <param name="logged">The event.</param>
    /// <param name="id">Its id: <see cref="EventRow.Id"/>.</param>
    public static byte[] Line(AccessEvent logged, string id)
    {
        var line = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(line))
        {
            Write(json, logged, id);
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    /// <summary>
    /// What an organisation may have of an event: all of it where it is the one that looked or sent; of another's submission the entries that it answers for; null
    /// where it has no part in it.
    /// </summary>
    public static AccessEvent? PartOf(AccessEvent logged, string organisation)
    {
        if (logged.Attest?.LegalEntity.Code == organisation || (logged.Citizen is null && logged.Client?.Organisation == organisation))
        {
            return logged;
        }

        return logged.Submission is { } submission && submission.Entries.Where(e => e.Controller == organisation).ToList() is { Count: > 0 } own
            ? logged with { Submission = submission with { Entries = own } }
            : null;
    }

    /// <summary>Writes one.</summary>
    public static void Write(Utf8JsonWriter json, AccessEvent logged, string id)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", "AuditEvent");
        json.WriteString("id", id);
        if (logged.Attest is not null)
        {
            json.WriteStartObject("meta");
            json.WriteStartArray("profile");
            json.WriteStringValue(Norway + "no-domain-Trustframework-Auditevent");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        WriteContained(json, logged);
        WriteExtensions(json, logged);
        var (subtype, action) = Interaction(logged.Action);
        Coding(json, "type", Dicom, "110110", "Patient Record");
        json.WriteStartArray("subtype");
        Coding(json, null, subtype.StartsWith("pmd-", StringComparison.Ordinal) ? "urn:pmd:action" : "http://hl7.org/fhir/restful-interaction", subtype.StartsWith("pmd-", StringComparison.Ordinal) ? subtype[4..] : subtype, null);
        json.WriteEndArray();
        json.WriteString("action", action);
        json.WriteString("recorded", logged.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("outcome", logged.Outcome == AccessOutcome.Permitted ? "0" : "4");
        if (logged.Reason.Length > 0)
        {
            json.WriteString("outcomeDesc", logged.Reason);
        }

        WritePurpose(json, logged.Attest);
        WriteAgents(json, logged);
        json.WriteStartObject("source");
        json.WriteStartObject("observer");
        json.WriteString("display", "Pasientens måledata");
        json.WriteEndObject();
        json.WriteStartArray("type");
        Coding(json, null, Terminology + "security-source-type", "4", "Application Server");
        json.WriteEndArray();
        json.WriteEndObject();
        WriteEntities(json, logged);
        json.WriteEndObject();
    }

    // FHIR's interaction, as BALP has it in subtype, and the CRUDE action that goes with it.
    private static (string Subtype, string Action) Interaction(AccessAction action) => action switch
    {
        AccessAction.Search or AccessAction.Page => ("search-type", "E"),
        AccessAction.Last => ("operation", "E"),
        AccessAction.Read => ("read", "R"),
        AccessAction.History => ("history-instance", "R"),
        AccessAction.Submit => ("create", "C"),
        AccessAction.CitizenView => ("search-type", "R"),
        AccessAction.SettingChange or AccessAction.ParticipantsChange => ($"pmd-{EventWords.Of(action)}", "U"),
        AccessAction.Operation => ("pmd-operation", "E"),
        _ => ($"pmd-{EventWords.Of(action)}", "R"),
    };

    private static void WriteContained(Utf8JsonWriter json, AccessEvent logged)
    {
        if (logged.Attest is not { } attest || logged.Practitioner is not { } practitioner)
        {
            return;
        }

        json.WriteStartArray("contained");
        Resource(json, "Practitioner", "practitioner");
        if (practitioner.Hpr.Length > 0)
        {
            Identifier(json, Hpr, practitioner.Hpr);
        }

        json.WriteStartArray("name");
        json.WriteStartObject();
        Text(json, "text", practitioner.Name);
        json.WriteEndObject();
        json.WriteEndArray();
        if (practitioner.Authorization.Length > 0)
        {
            json.WriteStartArray("qualification");
            json.WriteStartObject();
            json.WriteStartObject("code");
            json.WriteStartArray("coding");
            Coding(json, null, Authorizations, practitioner.Authorization, null);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
        Organisation(json, "legal-entity", attest.LegalEntity, null);
        if (attest.Department is { } department)
        {
            Organisation(json, "department", department, "legal-entity");
        }

        var unit = attest.PointOfCare ?? attest.LegalEntity;
        Resource(json, "Location", "point-of-care");
        Identifier(json, System(unit, Organisations), unit.Code);
        Text(json, "name", unit.Text);
        json.WriteEndObject();
        Resource(json, "PractitionerRole", "role");
        Reference(json, "practitioner", "practitioner");
        Reference(json, "organization", attest.Department is null ? "legal-entity" : "department");
        json.WriteStartArray("location");
        Reference(json, null, "point-of-care");
        json.WriteEndArray();
        json.WriteEndObject();
        if (attest.HealthcareService is { } service)
        {
            // FHIR demands status and class of an encounter; the attest says neither.
            Resource(json, "Encounter", "encounter");
            json.WriteString("status", "unknown");
            json.WriteStartObject("class");
            json.WriteStartArray("extension");
            Unknown(json);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartObject("serviceType");
            json.WriteStartArray("coding");
            Coding(json, null, System(service, "urn:oid:2.16.578.1.12.4.1.1.8655"), service.Code, service.Text);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteExtensions(Utf8JsonWriter json, AccessEvent logged)
    {
        var metadata = logged.Attest is { } a && (a.DecisionId.Length > 0 || a.UserSelected is not null);
        var encounter = logged is { Attest.HealthcareService: not null, Practitioner: not null };
        if (logged.Patient is null && !metadata && !encounter)
        {
            return;
        }

        json.WriteStartArray("extension");
        if (logged.Patient is { } patient)
        {
            json.WriteStartObject();
            json.WriteString("url", Norway + "auditevent-patient-extension");
            Patient(json, "valueReference", EventLine.Hex(patient));
            json.WriteEndObject();
        }

        if (encounter)
        {
            json.WriteStartObject();
            json.WriteString("url", Norway + "auditevent-encounter-extension");
            Reference(json, "valueReference", "encounter");
            json.WriteEndObject();
        }

        if (metadata)
        {
            json.WriteStartObject();
            json.WriteStartArray("extension");
            if (logged.Attest!.DecisionId.Length > 0)
            {
                json.WriteStartObject();
                json.WriteString("url", "decision-ref-id");
                json.WriteString("valueString", logged.Attest.DecisionId);
                json.WriteEndObject();
            }

            if (logged.Attest.UserSelected is { } selected)
            {
                json.WriteStartObject();
                json.WriteString("url", "decision-ref-user-selected");
                json.WriteBoolean("valueBoolean", selected);
                json.WriteEndObject();
            }

            // The profile demands it, and HelseID's attest has none.
            json.WriteStartObject();
            json.WriteString("url", "toa");
            json.WriteStartObject("_valueUnsignedInt");
            json.WriteStartArray("extension");
            Unknown(json);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("url", Norway + "auditevent-carerelation-metadata-extension");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePurpose(Utf8JsonWriter json, LoggedAttest? attest)
    {
        if (attest is null || (attest.PurposeOfUse is null && attest.PurposeDetails is null && attest.Basis.Length == 0))
        {
            return;
        }

        json.WriteStartArray("purposeOfEvent");
        json.WriteStartObject();
        json.WriteStartArray("coding");
        if (attest.PurposeOfUse is { } purpose)
        {
            Coding(json, null, purpose.Code is "TREAT" or "ETREAT" or "COC" or "BTG" ? Terminology + "v3-ActReason" : System(purpose, "urn:oid:2.16.840.1.113883.1.11.20448"), purpose.Code, purpose.Text);
        }

        if (attest.PurposeDetails is { } details)
        {
            Coding(json, null, System(details, "urn:AuditEventHL7Norway/CodeSystem/carerelation"), details.Code, details.Text);
        }

        if (attest.Basis.Length > 0)
        {
            Coding(json, null, "urn:pmd:access-basis", attest.Basis, null);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteAgents(Utf8JsonWriter json, AccessEvent logged)
    {
        json.WriteStartArray("agent");
        if (logged.Practitioner is { } practitioner)
        {
            Agent(json, Terminology + "v3-ParticipationType", "IRCP", isRequestor: true, () =>
            {
                json.WriteStartObject("who");
                json.WriteString("reference", "#role");
                Text(json, "display", practitioner.Name);
                json.WriteEndObject();
                Text(json, "name", practitioner.Name);
            });
        }
        else if (logged.Citizen is { } citizen)
        {
            Agent(json, Terminology + "v3-ParticipationType", "IRCP", isRequestor: true, () =>
            {
                json.WriteStartObject("who");
                json.WriteString("type", citizen.Relation == "self" ? "Patient" : "RelatedPerson");
                json.WriteString("display", citizen.Relation);
                json.WriteEndObject();
            });
        }
        else if (logged.Client is null)
        {
            Agent(json, Dicom, "110150", isRequestor: true, () =>
            {
                json.WriteStartObject("who");
                json.WriteString("display", "The operator of the service");
                json.WriteEndObject();
            });
        }

        if (logged.Client is { } client)
        {
            Agent(json, Dicom, "110153", isRequestor: logged.Practitioner is null && logged.Citizen is null, () =>
            {
                json.WriteStartObject("who");
                if (client.Id.Length > 0)
                {
                    json.WriteStartObject("identifier");
                    json.WriteString("system", "urn:pmd:client");
                    json.WriteString("value", client.Id);
                    json.WriteEndObject();
                }

                json.WriteString("display", client.Name.Length > 0 ? client.Name : client.Organisation.Length > 0 ? client.Organisation : "A system");
                json.WriteEndObject();
                Text(json, "name", client.SourceSystem);
            });
        }

        json.WriteEndArray();
    }

    private static void WriteEntities(Utf8JsonWriter json, AccessEvent logged)
    {
        if (logged.Patient is null && logged.LookUp is null && logged.Submission is null && logged.Operation is null)
        {
            return;
        }

        json.WriteStartArray("entity");
        if (logged.Patient is { } patient)
        {
            json.WriteStartObject();
            Patient(json, "what", EventLine.Hex(patient));
            Coding(json, "type", Terminology + "audit-entity-type", "1", "Person");
            Coding(json, "role", Terminology + "object-role", "1", "Patient");
            json.WriteEndObject();
        }

        if (logged.LookUp is { } lookUp)
        {
            Entity(json, "24", "Query", lookUp.Concepts.Count == 0 ? "all" : string.Join(' ', lookUp.Concepts),
            [
                ("from", lookUp.From?.ToString("O", CultureInfo.InvariantCulture) ?? ""), ("to", lookUp.To?.ToString("O", CultureInfo.InvariantCulture) ?? ""),
                ("returned", Text(lookUp.Returned.Count)), ("returned-concepts", string.Join(' ', lookUp.ReturnedConcepts)), ("withheld", Text(lookUp.Withheld)), ("opened", lookUp.Opened ? "true" : "false"),
            ]);
        }

        if (logged.Submission is { } submission)
        {
            Entity(json, "4", "Domain Resource", submission.Id,
            [
                ("sender", submission.Sender.ToString()), ("origin", submission.Origin), ("entries", Text(submission.Entries.Count)),
                .. submission.Entries.GroupBy(e => e.Outcome).Select(g => (g.Key, Text(g.Count()))),
                ("concepts", string.Join(' ', submission.Entries.Select(e => e.Concept).Where(c => c.Length > 0).Distinct().Order(StringComparer.Ordinal))),
            ]);
        }

        if (logged.Operation is { } operation)
        {
            Entity(json, "20", "Job", operation.Command, [("reason", operation.Reason), ("count", Text(operation.Count))]);
        }

        json.WriteEndArray();
    }

    private static void Entity(Utf8JsonWriter json, string role, string display, string name, IEnumerable<(string Type, string Value)> details)
    {
        json.WriteStartObject();
        Coding(json, "type", Terminology + "audit-entity-type", "2", "System Object");
        Coding(json, "role", Terminology + "object-role", role, display);
        Text(json, "name", name);
        json.WriteStartArray("detail");
        foreach (var (type, value) in details.Where(d => d.Value.Length > 0))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteString("valueString", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Agent(Utf8JsonWriter json, string system, string code, bool isRequestor, Action who)
    {
        json.WriteStartObject();
        json.WriteStartObject("type");
        json.WriteStartArray("coding");
        Coding(json, null, system, code, null);
        json.WriteEndArray();
        json.WriteEndObject();
        who();
        json.WriteBoolean("requestor", isRequestor);
        json.WriteEndObject();
    }

    private static void Organisation(Utf8JsonWriter json, string id, LoggedCode organisation, string? partOf)
    {
        Resource(json, "Organization", id);
        Identifier(json, System(organisation, Organisations), organisation.Code);
        Text(json, "name", organisation.Text);
        if (partOf is not null)
        {
            Reference(json, "partOf", partOf);
        }

        json.WriteEndObject();
    }

    private static void Resource(Utf8JsonWriter json, string type, string id)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", type);
        json.WriteString("id", id);
    }

    private static void Identifier(Utf8JsonWriter json, string system, string value)
    {
        if (value.Length == 0)
        {
            return;
        }

        json.WriteStartArray("identifier");
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("value", value);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Patient(Utf8JsonWriter json, string name, string handle)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "Patient");
        json.WriteStartObject("identifier");
        json.WriteString("system", "urn:pmd:patient");
        json.WriteString("value", handle);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Reference(Utf8JsonWriter json, string? name, string id)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("reference", $"#{id}");
        json.WriteEndObject();
    }

    private static void Coding(Utf8JsonWriter json, string? name, string system, string code, string? display)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("system", system);
        Code(json, code);
        Text(json, "display", display ?? "");
        json.WriteEndObject();
    }

    // FHIR's code has no white space at its ends and single spaces within; what callers say may.
    private static void Code(Utf8JsonWriter json, string code) =>
        Text(json, "code", string.Join(' ', code.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    private static void Unknown(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
        json.WriteString("valueCode", "unknown");
        json.WriteEndObject();
    }

    // A system is a URI; what else was stated is not repeated as one.
    private static string System(LoggedCode code, string otherwise) =>
        code.System.StartsWith("urn:", StringComparison.Ordinal) && !code.System.Any(char.IsWhiteSpace) ? code.System : otherwise;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Text(Utf8JsonWriter json, string name, string value)
    {
        if (!string.IsNullOrWhiteSpace(value))
        {
            json.WriteString(name, value);
        }
    }
}
