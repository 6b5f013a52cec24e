using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Wire;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Functions;

/// <summary>The calls by which a Sender sees what was refused of its own Submissions: why, and never what was in them.</summary>
public static partial class RefusedFunctions
{
    private const int DefaultCount = 100;
    private const int DefaultDays = 7;

    // Blobs read for one page, though fewer Submissions than asked for are found in them.
    private const int MaxBlobsOfPage = 200;

    private static Issue NotFound { get; } = Issue.Error("not-found", null, "Nothing is kept of a Submission of yours with this id: nothing of it was refused, or the time for which it is kept is over.");

    /// <summary><c>GET /submissions/refused</c></summary>
    public static async Task ListAsync(HttpContext context, Service service)
    {
        if (await SubmitCall.OpenAsync(context, service, AccessAction.Refused) is not { } call)
        {
            return;
        }

        var query = context.Request.Query;
        var today = DateOnly.FromDateTime(service.Time.GetUtcNow().UtcDateTime);
        if (!TryDay(query["from"], today.AddDays(1 - DefaultDays), out var from) || !TryDay(query["to"], today, out var to) || to < from || to.DayNumber - from.DayNumber >= Limits.MaxRefusedDays
            || !TryCount(query["_count"], out var count) || !TryAfter(query["after"], from, to, out var at, out var name))
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null,
                $"from and to are days (2026-01-31), at most {Limits.MaxRefusedDays} of them; _count is 1 to {Limits.MaxPageSize}; after comes from the link next; reason is a word."));
            return;
        }

        var reason = query["reason"].ToString();
        var found = new List<RefusedSubmission>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? next = null;
        var blobs = 0;
        for (var day = at; day <= to && next is null; day = day.AddDays(1), name = null)
        {
            await foreach (var blob in service.Refused.ReadAsync(day, call.Sender, name, context.RequestAborted))
            {
                // An event that was delivered again in other company is in several blobs.
                found.AddRange(blob.Submissions.Where(s => (reason.Length == 0 || s.Entries.Any(e => e.Reason == reason)) && seen.Add(s.Id)));
                if (found.Count >= count || ++blobs == MaxBlobsOfPage)
                {
                    next = string.Create(CultureInfo.InvariantCulture, $"{day:yyyyMMdd}.{blob.Name.ToString().Split('/')[^1]}");
                    break;
                }
            }
        }

        var link = next is null ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Addresses.Base(context.Request)}/submissions/refused?from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}&_count={count}{(reason.Length == 0 ? "" : $"&reason={Uri.EscapeDataString(reason)}")}&after={next}");
        await AnswerAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("refused"u8);
            found.ForEach(s => Write(json, s, withOutcomes: false));
            json.WriteEndArray();
            if (link is not null)
            {
                json.WriteString("next"u8, link);
            }

            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /submissions/{id}</c></summary>
    public static async Task ReadAsync(HttpContext context, Service service)
    {
        if (await SubmitCall.OpenAsync(context, service, AccessAction.Refused) is not { } call)
        {
            return;
        }

        // Whose it is stands in where it is looked for: another's is as if it were not.
        if (!SubmissionId.TryParse((string)context.Request.RouteValues["id"]!, out var id) || await service.Refused.FindAsync(id, call.Sender, context.RequestAborted) is not { } found)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, NotFound);
            return;
        }

        await AnswerAsync(context, json => Write(json, found, withOutcomes: true));
    }

    private static void Write(Utf8JsonWriter json, RefusedSubmission refused, bool withOutcomes)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, refused.Id);
        json.WriteString("received"u8, BundleWriter.Instant(refused.Received));
        json.WriteStartObject("origin"u8);
        if (refused.Origin is StreamOrigin stream)
        {
            json.WriteString("hub"u8, stream.Hub);
            json.WriteString("partition"u8, stream.Partition);
            json.WriteNumber("sequenceNumber"u8, stream.SequenceNumber);
            json.WriteString("enqueued"u8, BundleWriter.Instant(stream.Enqueued));
        }
        else
        {
            json.WriteString("correlationId"u8, ((HttpOrigin)refused.Origin).CorrelationId);
        }

        json.WriteEndObject();
        json.WriteStartArray("entries"u8);
        foreach (var entry in refused.Entries)
        {
            json.WriteStartObject();
            if (entry.Index is { } index)
            {
                json.WriteNumber("index"u8, index);
            }

            json.WriteString("result"u8, entry.Outcome);
            json.WriteString("reason"u8, entry.Reason);
            json.WriteBoolean("kept"u8, entry.IsKept);
            if (withOutcomes)
            {
                json.WritePropertyName("outcome"u8);
                OperationOutcomeWriter.Write(json, entry.Issues, entry.Outcome);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("others"u8);
        foreach (var (word, number) in refused.Others)
        {
            json.WriteNumber(word, number);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static async Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, OperationOutcomeWriter.Options))
        {
            write(json);
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    private static bool TryDay(string? text, DateOnly otherwise, out DateOnly day)
    {
        day = otherwise;
        return string.IsNullOrEmpty(text) || DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
    }

    private static bool TryCount(string? text, out int count)
    {
        count = DefaultCount;
        return string.IsNullOrEmpty(text) || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is > 0 and <= Limits.MaxPageSize);
    }

    private static bool TryAfter(string? text, DateOnly from, DateOnly to, out DateOnly day, out string? name)
    {
        (day, name) = (from, null);
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        name = AfterForm().IsMatch(text) ? text[9..] : null;
        return name is not null && DateOnly.TryParseExact(text.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day >= from && day <= to;
    }

    [GeneratedRegex("^[0-9]{8}\\.[a-z0-9-]{1,120}\\z")]
    private static partial Regex AfterForm();
}
