using System.Buffers;
using System.Reflection;
using System.Text.Json;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Functions;

/// <summary>The calls about the service itself.</summary>
public static class MetadataFunctions
{
    private static readonly PartitionKey ProbePartition = new("health");
    private static readonly RowKey ProbeRow = new("health.probe");

    /// <summary><c>GET /metadata</c>: made from the tables of routes, parameters and limits that the code uses.</summary>
    public static async Task MetadataAsync(HttpContext context, Service service)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body, OperationOutcomeWriter.Options))
        {
            Write(json, Addresses.Base(context.Request));
        }

        await FhirAnswer.BodyAsync(context, StatusCodes.Status200OK, body.WrittenMemory);
    }

    /// <summary><c>GET /health</c>: 200 where storage answers now, 503 where it does not.</summary>
    public static async Task HealthAsync(HttpContext context, Service service)
    {
        var started = service.Time.GetTimestamp();
        var answers = true;
        LogStatus? log = null;
        try
        {
            await service.Partitions.ReadAsync(ProbePartition, ProbeRow, context.RequestAborted);
            log = await LogStatus.ReadAsync(service.Partitions, context.RequestAborted);
        }
        catch (StorageUnavailableException)
        {
            answers = false;
        }

        context.Response.StatusCode = answers ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        if (!answers)
        {
            context.Response.Headers.RetryAfter = FhirAnswer.RetryAfterSeconds;
        }

        await context.Response.WriteAsJsonAsync(
            new
            {
                status = answers ? "ok" : "unavailable",
                storage = new { kind = service.StorageName, answers, milliseconds = Math.Round(service.Time.GetElapsedTime(started).TotalMilliseconds, 2) },
                accessLog = log is null ? null : new { events = log.Size, lagSeconds = Math.Round(log.Lag(service.Time.GetUtcNow()).TotalSeconds, 1) },
                version = Version,
            },
            context.RequestAborted);
    }

    private static string Version => typeof(MetadataFunctions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static void Write(Utf8JsonWriter json, string baseUrl)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", "CapabilityStatement");
        json.WriteString("status", "active");
        json.WriteString("date", "2026-11-23");
        json.WriteString("kind", "instance");
        json.WriteStartObject("software");
        json.WriteString("name", "Pasientens måledata");
        json.WriteString("version", Version);
        json.WriteEndObject();
        json.WriteStartObject("implementation");
        json.WriteString("description", $"Measurements taken at home. {string.Join(" ", Limits.All.Select(l => $"{l.Meaning}: {l.Figure}."))}");
        json.WriteString("url", baseUrl);
        json.WriteEndObject();
        json.WriteString("fhirVersion", "4.0.1");
        json.WriteStartArray("format");
        json.WriteStringValue("json");
        json.WriteStringValue(FhirFormat.Json);
        json.WriteEndArray();
        json.WriteStartArray("rest");
        json.WriteStartObject();
        json.WriteString("mode", "server");
        json.WriteString("documentation", string.Join("\n", Routes.All.Select(r => $"{r.Method} {r.Path}: {r.Meaning}")));
        json.WriteStartArray("resource");
        json.WriteStartObject();
        json.WriteString("type", "Observation");
        json.WriteStartArray("interaction");
        foreach (var route in Routes.All.Where(r => r.Interaction is { } name && name[0] != '$' && name != "batch"))
        {
            json.WriteStartObject();
            json.WriteString("code", route.Interaction);
            json.WriteString("documentation", route.Meaning);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("versioning", "versioned");
        json.WriteBoolean("readHistory", Routes.All.Any(r => r.Interaction == "vread"));
        json.WriteBoolean("updateCreate", true);
        json.WriteBoolean("conditionalCreate", true);
        json.WriteStartArray("searchParam");
        foreach (var (name, type, meaning) in QueryReader.SearchParameters)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("type", type);
            json.WriteString("documentation", meaning);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("operation");
        foreach (var route in Routes.All.Where(r => r.Interaction?[0] == '$'))
        {
            json.WriteStartObject();
            json.WriteString("name", route.Interaction![1..]);
            json.WriteString("definition", $"http://hl7.org/fhir/OperationDefinition/Observation-{route.Interaction[1..]}");
            json.WriteString("documentation", route.Meaning);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("interaction");
        foreach (var route in Routes.All.Where(r => r.Interaction == "batch"))
        {
            json.WriteStartObject();
            json.WriteString("code", route.Interaction);
            json.WriteString("documentation", route.Meaning);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
