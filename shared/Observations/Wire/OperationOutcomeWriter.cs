using System.Text.Encodings.Web;
using System.Text.Json;

namespace PasientensMaledata.Observations.Wire;

/// <summary>Writes OperationOutcomes.</summary>
public static class OperationOutcomeWriter
{
    /// <summary>System of the code that says in one word what became of an entry.</summary>
    public const string OutcomeSystem = "urn:pmd:entry-outcome";

    /// <summary>For Utf8JsonWriter: readable Norwegian, since nothing here is put into HTML.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes an OperationOutcome as a value.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="issues">What to tell, at least one.</param>
    /// <param name="outcome">The word for the first issue's details; null for none.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<Issue> issues, string? outcome = null)
    {
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "OperationOutcome"u8);
        json.WriteStartArray("issue"u8);
        for (var i = 0; i < issues.Count; i++)
        {
            var issue = issues[i];
            json.WriteStartObject();
            json.WriteString("severity"u8, issue.Severity switch { IssueSeverity.Error => "error"u8, IssueSeverity.Warning => "warning"u8, _ => "information"u8 });
            json.WriteString("code"u8, issue.Code);
            if (i == 0 && outcome is not null)
            {
                json.WriteStartObject("details"u8);
                json.WriteStartArray("coding"u8);
                json.WriteStartObject();
                json.WriteString("system"u8, OutcomeSystem);
                json.WriteString("code"u8, outcome);
                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteString("diagnostics"u8, issue.Diagnostics);
            if (issue.Expression is not null)
            {
                json.WriteStartArray("expression"u8);
                json.WriteStringValue(issue.Expression);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
