using System.Text.Json.Nodes;

namespace PasientensMaledata.Issuer;

/// <summary>An attest of the trust framework as it stands in HelseID's tokens. A part that is null is left out.</summary>
/// <param name="Practitioner">Person number.</param>
/// <param name="Name">Name.</param>
/// <param name="Hpr">HPR number.</param>
/// <param name="Authorization">Code of 9060.</param>
/// <param name="LegalEntity">Organisation number.</param>
/// <param name="PointOfCare">Organisation number.</param>
/// <param name="Department">RESH number.</param>
/// <param name="HealthcareService">Code of 8666.</param>
/// <param name="Purpose">TREAT, ETREAT, COC or BTG.</param>
/// <param name="PurposeDetails">Code of the decision template.</param>
/// <param name="Decision">Reference to the local decision.</param>
/// <param name="UserSelected">Whether the person gave themselves access.</param>
public sealed record AttestDraft(
    string? Practitioner = DevelopmentPeople.Clinician,
    string? Name = DevelopmentPeople.ClinicianName,
    string? Hpr = DevelopmentPeople.ClinicianHpr,
    string? Authorization = "LE",
    string? LegalEntity = DevelopmentPeople.Hospital,
    string? PointOfCare = DevelopmentPeople.HospitalUnit,
    string? Department = "121313",
    string? HealthcareService = "01",
    string? Purpose = "TREAT",
    string? PurposeDetails = "BEHANDLER",
    string? Decision = "development-decision",
    bool? UserSelected = false)
{
    private const string Oid = "urn:oid:2.16.578.1.12.4.1.";

    /// <summary>The claim's value.</summary>
    public JsonObject ToJson()
    {
        var practitioner = new JsonObject();
        Add(practitioner, "identifier", Identifier(Practitioner, PersonSystem(Practitioner), Name));
        Add(practitioner, "hpr_nr", Identifier(Hpr, Oid + "4.4", null));
        Add(practitioner, "authorization", Code(Authorization, Oid + "1.9060"));
        Add(practitioner, "legal_entity", Identifier(LegalEntity, Oid + "4.101", null));
        Add(practitioner, "point_of_care", Identifier(PointOfCare, Oid + "4.101", null));
        Add(practitioner, "department", Identifier(Department, Oid + "4.102", null));
        var decision = new JsonObject();
        Add(decision, "id", Decision);
        Add(decision, "user_selected", UserSelected is { } selected ? JsonValue.Create(selected) : null);
        var care = new JsonObject();
        Add(care, "healthcare_service", Code(HealthcareService, Oid + "1.8666"));
        Add(care, "purpose_of_use", Code(Purpose, "urn:oid:2.16.840.1.113883.1.11.20448"));
        Add(care, "purpose_of_use_details", Code(PurposeDetails, "urn:AuditEventHL7Norway/CodeSystem/carerelation"));
        care["decision_ref"] = decision;
        return new() { ["practitioner"] = practitioner, ["care_relationship"] = care, ["patients"] = new JsonArray(new JsonObject()) };
    }

    private static string PersonSystem(string? number) => Oid + (number is { Length: > 0 } digits && digits[0] is >= '4' and <= '7' ? "4.2" : "4.1");

    private static JsonObject? Identifier(string? id, string system, string? name)
    {
        if (id is null)
        {
            return null;
        }

        var made = new JsonObject { ["id"] = id, ["system"] = system };
        Add(made, "name", name);
        return made;
    }

    private static JsonObject? Code(string? code, string system) => code is null ? null : new() { ["code"] = code, ["system"] = system };

    private static void Add(JsonObject to, string name, JsonNode? value)
    {
        if (value is not null)
        {
            to[name] = value;
        }
    }
}
