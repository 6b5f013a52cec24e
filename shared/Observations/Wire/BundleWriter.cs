using System.Buffers;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Submissions;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Wire;

/// <summary>Writes the Bundles that answer submissions and look-ups. Observations are copied from their rows; nothing is parsed.</summary>
public static class BundleWriter
{
    /// <summary>The HTTP status of an entry's outcome, as the bare text of <c>response.status</c>.</summary>
    public static string StatusOf(EntryOutcome outcome) => outcome switch
    {
        EntryOutcome.Refused => "422",
        EntryOutcome.Conflict => "409",
        EntryOutcome.PreconditionFailed => "412",
        EntryOutcome.NotFound => "404",
        EntryOutcome.Deleted => "410",
        EntryOutcome.Unavailable => "503",
        _ => "200",
    };

    /// <summary>The word for an entry's outcome, as in the first issue's details.</summary>
    public static string WordFor(EntryOutcome outcome) => outcome switch
    {
        EntryOutcome.Created => "created",
        EntryOutcome.Corrected => "corrected",
        EntryOutcome.StoredInHistory => "history",
        EntryOutcome.Known => "known",
        EntryOutcome.Ignored => "ignored",
        EntryOutcome.Refused => "refused",
        EntryOutcome.Conflict => "conflict",
        EntryOutcome.PreconditionFailed => "precondition-failed",
        EntryOutcome.NotFound => "not-found",
        EntryOutcome.Deleted => "deleted",
        _ => "unavailable",
    };

    /// <summary>An entry's issues, with what is said of a new one where there is nothing else.</summary>
    public static IReadOnlyList<Issue> IssuesOf(EntryResult result, IReadOnlyList<Issue> remarks)
    {
        IEnumerable<Issue> issues = result.Outcome == EntryOutcome.Created ? [Issue.Information("informational", null, "Stored."), .. result.Issues] : result.Issues;
        return [.. issues, .. remarks];
    }

    /// <summary>Writes the <c>batch-response</c>: an entry for each, in order.</summary>
    public static void WriteResponses(IBufferWriter<byte> output, IReadOnlyList<(BundleEntry Entry, EntryResult Result)> entries)
    {
        using var json = new Utf8JsonWriter(output, OperationOutcomeWriter.Options);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Bundle"u8);
        json.WriteString("type"u8, "batch-response"u8);
        if (entries.Count > 0)
        {
            json.WriteStartArray("entry"u8);
            foreach (var (entry, result) in entries)
            {
                WriteResponse(json, entry, result);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the <c>searchset</c>.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="found">What was found.</param>
    /// <param name="baseUrl">The FHIR base, without a slash at its end.</param>
    /// <param name="self">The search as understood, without the patient; null to leave the link out.</param>
    /// <param name="next">The link to the next page; null for none.</param>
    /// <param name="remarks">What to tell besides.</param>
    /// <param name="withR5">Whether R5's additional elements are sent.</param>
    public static void WriteSearchSet(IBufferWriter<byte> output, LookUp found, string baseUrl, string? self, string? next, IReadOnlyList<Issue> remarks, bool withR5)
    {
        using (var json = new Utf8JsonWriter(output, OperationOutcomeWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteStartObject("meta"u8);
            json.WriteString("lastUpdated"u8, Instant(found.AsOf));
            json.WriteEndObject();
            json.WriteString("type"u8, "searchset"u8);
            if (found.Total is { } total)
            {
                json.WriteNumber("total"u8, total);
            }

            json.WriteStartArray("link"u8);
            WriteLink(json, "self", self);
            WriteLink(json, "next", next);
            json.WriteEndArray();
            json.Flush();
        }

        if (found.Observations.Count > 0 || remarks.Count > 0)
        {
            output.Write(",\"entry\":["u8);
            WriteObservations(output, found.Observations, Encoding.UTF8.GetBytes($"{{\"fullUrl\":\"{baseUrl}/Observation/"), withR5);
            if (remarks.Count > 0)
            {
                output.Write(found.Observations.Count > 0 ? ",{\"resource\":"u8 : "{\"resource\":"u8);
                using (var json = new Utf8JsonWriter(output, OperationOutcomeWriter.Options))
                {
                    OperationOutcomeWriter.Write(json, remarks);
                }

                output.Write(",\"search\":{\"mode\":\"outcome\"}}"u8);
            }

            output.Write("]"u8);
        }

        output.Write("}"u8);
    }

    /// <summary>Writes the <c>history</c> of one Observation.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="versions">Its versions, the latest stored first.</param>
    /// <param name="baseUrl">The FHIR base, without a slash at its end.</param>
    /// <param name="withR5">Whether R5's additional elements are sent.</param>
    public static void WriteHistory(IBufferWriter<byte> output, IReadOnlyList<FoundObservation> versions, string baseUrl, bool withR5)
    {
        output.Write(Encoding.UTF8.GetBytes($$"""{"resourceType":"Bundle","type":"history","total":{{versions.Count}},"entry":["""));
        using var seal = versions[0].Head.Person.OpenSeal();
        for (var i = 0; i < versions.Count; i++)
        {
            var row = new ObservationRow(versions[i].Row.Span);
            var id = versions[i].Id;
            output.Write(Encoding.UTF8.GetBytes($$"""{{(i > 0 ? "," : "")}}{"fullUrl":"{{baseUrl}}/Observation/{{id}}","resource":"""));
            row.WriteAnswer(output, seal, id, withR5);
            var first = row.Version == 1;
            output.Write(Encoding.UTF8.GetBytes(
                $",\"request\":{{\"method\":\"{(first ? "POST" : "PUT")}\",\"url\":\"Observation{(first ? "" : $"/{id}")}\"}},"
                + $"\"response\":{{\"status\":\"{(first ? "201" : "200")}\",\"etag\":\"W/\\\"{row.Version}\\\"\",\"lastModified\":\"{Instant(row.LastUpdated)}\"}}}}"));
        }

        output.Write("]}"u8);
    }

    /// <summary>meta.lastUpdated and the like: UTC in whole milliseconds.</summary>
    public static string Instant(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static void WriteObservations(IBufferWriter<byte> output, IReadOnlyList<FoundObservation> observations, byte[] fullUrl, bool withR5)
    {
        Seal? seal = null;
        PatientHead? of = null;
        for (var i = 0; i < observations.Count; i++)
        {
            var found = observations[i];
            if (!ReferenceEquals(of, found.Head))
            {
                seal?.Dispose();
                (of, seal) = (found.Head, found.Head.Person.OpenSeal());
            }

            if (i > 0)
            {
                output.Write(","u8);
            }

            output.Write(fullUrl);
            var span = output.GetSpan(ObservationId.Length);
            Encoding.ASCII.GetBytes(found.Id, span);
            output.Advance(ObservationId.Length);
            output.Write("\",\"resource\":"u8);
            new ObservationRow(found.Row.Span).WriteAnswer(output, seal!, found.Id, withR5);
            output.Write(",\"search\":{\"mode\":\"match\"}}"u8);
        }

        seal?.Dispose();
    }

    private static void WriteLink(Utf8JsonWriter json, string relation, string? url)
    {
        if (url is not null)
        {
            json.WriteStartObject();
            json.WriteString("relation"u8, relation);
            json.WriteString("url"u8, url);
            json.WriteEndObject();
        }
    }

    private static void WriteResponse(Utf8JsonWriter json, BundleEntry entry, EntryResult result)
    {
        json.WriteStartObject();
        if (entry.FullUrl is not null)
        {
            json.WriteString("fullUrl"u8, entry.FullUrl);
        }

        json.WriteStartObject("response"u8);
        json.WriteString("status"u8, StatusOf(result.Outcome));
        if (result.Id is not null)
        {
            json.WriteString("location"u8, $"Observation/{result.Id}/_history/{result.Version}");
            json.WriteString("etag"u8, $"W/\"{result.Version}\"");
            json.WriteString("lastModified"u8, Instant(result.LastUpdated));
        }

        json.WritePropertyName("outcome"u8);
        OperationOutcomeWriter.Write(json, IssuesOf(result, entry.Remarks), WordFor(result.Outcome));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
