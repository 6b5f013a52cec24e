using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Concepts;
using PasientensMaledata.Observations.Rows;
using PasientensMaledata.Observations.Search;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Functions;

/// <summary>All that is held about a citizen, given to them: one zip file, written as it is read.</summary>
public static class CitizenExportFunctions
{
    private const int PageSize = 500;

    /// <summary><c>GET /citizen/export</c></summary>
    public static async Task ExportAsync(HttpContext context, Service service)
    {
        if (await CitizenCall.OpenAsync(context, service, AccessAction.CitizenExport, changes: false) is not { } call)
        {
            return;
        }

        var stop = context.RequestAborted;
        var citizen = call.Caller.Subject;
        var opened = await service.Reader.OpenAsync(await service.Directory.FindAsync(citizen, stop), stop);
        var settings = await service.Privacy.ReadAsync(citizen, stop);

        // Before the first byte is sent.
        await call.LogAsync(opened.Key, stop);
        context.Response.ContentType = "application/zip";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"mine-maledata.zip\"";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();

        // The zip's own heads and ends are written synchronously, some bytes at a time.
        context.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
        await using var zip = await ZipArchive.CreateAsync(context.Response.Body, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8, stop);
        var measured = await WriteMeasurementsAsync(zip, service, opened, citizen, stop);
        var logged = await WriteLogAsync(zip, service, [.. opened.Heads.Select(h => h.Person.Key)], stop);
        await WriteEntryAsync(zip, "settings.json", json => PrivacyFunctions.Write(json, settings), stop);
        await WritePageAsync(zip, measured, logged, service.Time.GetUtcNow(), stop);
    }

    // Every version that is stored, the newest measurement first.
    private static async Task<SortedDictionary<string, int>> WriteMeasurementsAsync(ZipArchive zip, Service service, OpenedPatient opened, NationalId citizen, CancellationToken stop)
    {
        SortedDictionary<string, int> counted = new(StringComparer.Ordinal);
        var own = new HashSet<string>(StringComparer.Ordinal) { citizen.Digits };
        await using var stream = await zip.CreateEntry("measurements.ndjson", CompressionLevel.Fastest).OpenAsync(stop);
        if (opened.Key is null)
        {
            return counted;
        }

        var query = QueryReader.ReadRest(QueryKind.Search, [new("_count", PageSize.ToString(CultureInfo.InvariantCulture))], [], []);
        string? after = null;
        DateTime? asOf = null;
        do
        {
            var found = await service.Reader.SearchAsync(opened, query, Visibility.Everything, after, asOf, stop);
            foreach (var one in found.Observations)
            {
                counted[new ObservationRow(one.Row.Span).Concept] = counted.GetValueOrDefault(new ObservationRow(one.Row.Span).Concept) + 1;
                foreach (var version in await service.Reader.ReadHistoryAsync(opened, one.Id, Visibility.Everything, stop))
                {
                    await stream.WriteAsync(Observation(version, own), stop);
                }
            }

            (after, asOf) = (found.After, found.AsOf);
        }
        while (after is not null);
        return counted;
    }

    private static byte[] Observation(FoundObservation found, HashSet<string> own)
    {
        var body = new ArrayBufferWriter<byte>(found.Row.Length * 2);
        using (var seal = found.Head.Person.OpenSeal())
        {
            new ObservationRow(found.Row.Span).WriteAnswer(body, seal, found.Id, withR5: false);
        }

        // Staff by name, never by person number. Written anew, so that it stands on one line.
        var node = JsonNode.Parse(body.WrittenSpan)!;
        StaffNumbers.Remove(node, own);
        return [.. JsonSerializer.SerializeToUtf8Bytes(node), (byte)'\n'];
    }

    private static async Task<List<(DateTime Time, string Who, Wording What, Wording? Why, bool Refused)>> WriteLogAsync(ZipArchive zip, Service service, IReadOnlyList<PatientKey> keys, CancellationToken stop)
    {
        List<(DateTime, string, Wording, Wording?, bool)> shown = [];
        await using (var stream = await zip.CreateEntry("access-log.ndjson", CompressionLevel.Fastest).OpenAsync(stop))
        {
            await foreach (var one in EventsAsync(service, keys, stop))
            {
                var line = new ArrayBufferWriter<byte>(1024);
                using (var json = new Utf8JsonWriter(line, OperationOutcomeWriter.Options))
                {
                    CitizenLogFunctions.Write(json, one);
                }

                line.Write("\n"u8);
                await stream.WriteAsync(line.WrittenMemory, stop);
                if (shown.Count < Limits.MaxExportedOnPage)
                {
                    shown.Add((one.Event.Time, Who(one.Event), CitizenWords.Action(one.Event), CitizenWords.Why(one.Event), one.Event.Outcome == AccessOutcome.Refused));
                }
            }
        }

        await using (var stream = await zip.CreateEntry("AuditEvent.ndjson", CompressionLevel.Fastest).OpenAsync(stop))
        {
            await foreach (var one in EventsAsync(service, keys, stop))
            {
                await stream.WriteAsync(AuditEventWriter.Line(one.Event, one.Row.Id), stop);
            }
        }

        return shown;
    }

    private static async IAsyncEnumerable<PatientEvent> EventsAsync(Service service, IReadOnlyList<PatientKey> keys, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        string? after = null;
        IReadOnlyList<PatientEvent> page;
        do
        {
            page = await service.CitizenLog.ReadAsync(keys, null, null, after, PageSize, stop);
            foreach (var one in page)
            {
                yield return one;
                after = one.Row.Id;
            }
        }
        while (page.Count == PageSize);
    }

    private static string Who(AccessEvent logged)
    {
        var organisation = logged.Attest?.LegalEntity.Text ?? logged.Client?.Name ?? "";
        var person = logged.Practitioner?.Name ?? (logged.Citizen is { Relation: "self" } ? "Du selv / yourself" : logged.Citizen?.Relation ?? "");
        return string.Join(", ", new[] { person, organisation }.Where(t => t.Length > 0));
    }

    private static async Task WriteEntryAsync(ZipArchive zip, string name, Action<Utf8JsonWriter> write, CancellationToken stop)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, OperationOutcomeWriter.Options))
        {
            write(json);
        }

        await using var stream = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(stop);
        await stream.WriteAsync(body.WrittenMemory, stop);
    }

    private static async Task WritePageAsync(
        ZipArchive zip, SortedDictionary<string, int> measured, List<(DateTime Time, string Who, Wording What, Wording? Why, bool Refused)> logged, DateTimeOffset now, CancellationToken stop)
    {
        var page = new StringBuilder();
        page.Append("""
            <!doctype html>
            <html lang="nb"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mine måledata</title>
            <style>body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}</style>
            </head><body>
            <h1>Mine måledata</h1>
            """);
        page.Append(CultureInfo.InvariantCulture, $"\n<p>Alt som Pasientens måledata har lagret om deg, hentet {now:yyyy-MM-dd HH:mm} UTC. <span lang=\"en\">All that is held about you, taken out at that time.</span></p>\n");
        page.Append("""
            <table><tr><th>Fil / <span lang="en">file</span></th><th>Innhold / <span lang="en">content</span></th></tr>
            <tr><td><a href="measurements.ndjson">measurements.ndjson</a></td><td>Målingene dine, med tidligere versjoner: en FHIR Observation per linje. <span lang="en">Your measurements with earlier versions, a FHIR Observation a line.</span></td></tr>
            <tr><td><a href="access-log.ndjson">access-log.ndjson</a></td><td>Hvem som har sett eller endret noe, i klartekst. <span lang="en">Who has looked or changed anything, in words.</span></td></tr>
            <tr><td><a href="AuditEvent.ndjson">AuditEvent.ndjson</a></td><td>Det samme som FHIR AuditEvent. <span lang="en">The same as FHIR AuditEvents.</span></td></tr>
            <tr><td><a href="settings.json">settings.json</a></td><td>Personverninnstillingene dine. <span lang="en">Your privacy settings.</span></td></tr></table>
            <h2>Målinger <span lang="en">/ Measurements</span></h2>
            <table><tr><th>Hva / <span lang="en">what</span></th><th>Antall / <span lang="en">number</span></th></tr>
            """);
        foreach (var (slug, count) in measured)
        {
            var concept = ConceptCatalog.Find(slug);
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Html(concept?.Norwegian ?? "Annen måling")} <span lang=\"en\">/ {Html(concept?.English ?? "Another measurement")}</span></td><td>{count}</td></tr>\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"</table>\n<h2>Logg <span lang=\"en\">/ Log</span></h2>\n<p>De siste {logged.Count}; resten står i filen. <span lang=\"en\">The newest {logged.Count}; the rest are in the file.</span></p>\n");
        page.Append("<table><tr><th>Når (UTC) / <span lang=\"en\">when</span></th><th>Hvem / <span lang=\"en\">who</span></th><th>Hva / <span lang=\"en\">what</span></th><th>Hvorfor / <span lang=\"en\">why</span></th></tr>\n");
        foreach (var (time, who, what, why, refused) in logged)
        {
            var denied = refused ? "<strong>Avvist / <span lang=\"en\">refused</span></strong>: " : "";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{time:yyyy-MM-dd HH:mm:ss}</td><td>{Html(who)}</td><td>{denied}{Html(what.Norwegian)} <span lang=\"en\">/ {Html(what.English)}</span></td><td>{(why is { } w ? $"{Html(w.Norwegian)} <span lang=\"en\">/ {Html(w.English)}</span>" : "")}</td></tr>\n");
        }

        page.Append("</table></body></html>\n");
        await using var stream = await zip.CreateEntry("index.html", CompressionLevel.Fastest).OpenAsync(stop);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(page.ToString()), stop);
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
