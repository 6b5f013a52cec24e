using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Functions;

/// <summary>The calls by which a citizen sees who looked, and shuts one of them out.</summary>
public static class CitizenLogFunctions
{
    private const int UsualCount = 50;
    private static readonly string[] Bounds = ["from", "to"];

    /// <summary><c>GET /citizen/access-log</c></summary>
    public static async Task ReadAsync(HttpContext context, Service service)
    {
        var query = context.Request.Query;
        if (query.Keys.FirstOrDefault(k => k is not ("from" or "to" or "_count" or "after")) is { } unknown)
        {
            await RefuseAsync(context, "not-supported", $"There is no parameter {(unknown.Length <= 40 ? unknown : "of that name")}; there are from, to, _count and after.");
            return;
        }

        if (!TryTime(query["from"], isEnd: false, out var from) || !TryTime(query["to"], isEnd: true, out var to))
        {
            await RefuseAsync(context, "value", "from and to are dates (2026-11-20) or times with offset (2026-11-20T08:00:00+01:00), once each.");
            return;
        }

        var count = UsualCount;
        if (query["_count"] is { Count: > 0 } counts && (counts is not [{ } stated] || !int.TryParse(stated, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > Limits.MaxLogPage))
        {
            await RefuseAsync(context, "value", $"_count is to be 1 to {Limits.MaxLogPage}.");
            return;
        }

        var after = query["after"] is { Count: > 0 } names ? names.ToString() : null;
        if (after is not null && !EventRow.IsId(after))
        {
            await RefuseAsync(context, "value", "after is to be the id of an event of this log.");
            return;
        }

        if (await CitizenCall.OpenAsync(context, service, AccessAction.CitizenLogView, changes: false) is not { } call)
        {
            return;
        }

        var events = await service.CitizenLog.ReadAsync(await KeysAsync(service, call.Caller.Subject, context.RequestAborted), from, to, after, count + 1, context.RequestAborted);
        await call.LogAsync(null, context.RequestAborted);
        var shown = events.Take(count).ToList();
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            foreach (var one in shown)
            {
                Write(json, one);
            }

            json.WriteEndArray();
            if (events.Count > count)
            {
                var next = new Dictionary<string, string?> { ["after"] = shown[^1].Row.Id, ["_count"] = count.ToString(CultureInfo.InvariantCulture) };
                foreach (var bound in Bounds)
                {
                    if (query[bound] is { Count: > 0 } value)
                    {
                        next[bound] = value.ToString();
                    }
                }

                json.WriteString("next", QueryHelpers.AddQueryString($"{Addresses.Base(context.Request)}/citizen/access-log", next));
            }

            json.WriteEndObject();
        });
    }

    /// <summary><c>POST /citizen/privacy/blocks</c>: <c>{"event":"…"}</c> shuts out who stands in that event of the log, also one without HPR number.</summary>
    public static async Task BlockAsync(HttpContext context, Service service)
    {
        using var body = await JsonBody.ReadAsync(context, mayBeEmpty: false);
        if (body.Problem is { } problem)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, problem);
            return;
        }

        if (!body.Element.TryGetProperty("event", out var named) || named.ValueKind != JsonValueKind.String || !EventRow.IsId(named.GetString()))
        {
            await RefuseAsync(context, "value", "event is to be the id of an event of your log (GET /citizen/access-log). To block by HPR number: PUT /citizen/privacy/blocks/{hpr}.");
            return;
        }

        var id = named.GetString();
        await PrivacyFunctions.ChangeAsync(context, service, async (citizen, actor) =>
            await service.CitizenLog.FindAsync(await KeysAsync(service, citizen, context.RequestAborted), id, context.RequestAborted) is { Event.Practitioner: { } practitioner }
                ? await service.Privacy.BlockAsync(citizen, actor, new(HprNumber.TryParse(practitioner.Hpr, out var hpr) ? hpr : null, practitioner.Key, practitioner.Name), context.RequestAborted)
                : new SettingChange(SettingOutcome.NotFound, null, null));
    }

    private static async Task<IReadOnlyList<PatientKey>> KeysAsync(Service service, NationalId citizen, CancellationToken cancellationToken)
    {
        var opened = await service.Reader.OpenAsync(await service.Directory.FindAsync(citizen, cancellationToken), cancellationToken);
        return [.. opened.Heads.Select(h => h.Person.Key)];
    }

    private static void Write(Utf8JsonWriter json, PatientEvent one)
    {
        var logged = one.Event;
        json.WriteStartObject();
        json.WriteString("id", one.Row.Id);
        json.WriteString("time", logged.Time);
        json.WriteString("action", EventWords.Of(logged.Action));
        WriteWording(json, "what", CitizenWords.Action(logged));
        json.WriteBoolean("refused", logged.Outcome == AccessOutcome.Refused);
        json.WriteBoolean("openedRestriction", logged.LookUp is { Opened: true });
        if (logged.Practitioner is { } practitioner)
        {
            json.WriteStartObject("who");
            json.WriteString("name", practitioner.Name);
            if (practitioner.Hpr.Length > 0)
            {
                json.WriteString("hpr", practitioner.Hpr);
            }

            json.WriteEndObject();
        }

        if (logged.Citizen is { } citizen)
        {
            json.WriteString("relation", citizen.Relation);
        }

        WriteWording(json, "role", CitizenWords.Role(logged));
        WriteOrganisation(json, logged);
        json.WriteStartArray("kinds");
        foreach (var slug in Kinds(logged))
        {
            var concept = ConceptCatalog.Find(slug);
            json.WriteStartObject();
            json.WriteString("concept", slug);
            json.WriteString("nb", concept?.Norwegian ?? "Annen måling");
            json.WriteString("en", concept?.English ?? "Another measurement");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteWording(json, "why", CitizenWords.Why(logged));
        WriteWording(json, "refusal", CitizenWords.Refusal(logged));
        json.WriteEndObject();
    }

    private static IEnumerable<string> Kinds(AccessEvent logged) =>
        logged.LookUp?.ReturnedConcepts ?? logged.Submission?.Entries.Select(e => e.Concept).Where(c => c.Length > 0).Distinct().Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>();

    private static void WriteOrganisation(Utf8JsonWriter json, AccessEvent logged)
    {
        if (logged.Attest is { } attest)
        {
            json.WriteStartObject("organisation");
            json.WriteString("number", attest.LegalEntity.Code);
            json.WriteString("name", attest.LegalEntity.Text);
            if (attest.PointOfCare is { } unit)
            {
                json.WriteString("unitNumber", unit.Code);
                json.WriteString("unitName", unit.Text);
            }

            if (attest.Department is { Text.Length: > 0 } department)
            {
                json.WriteString("department", department.Text);
            }

            json.WriteEndObject();
        }
        else if (logged.Submission is { } submission)
        {
            json.WriteStartObject("organisation");
            json.WriteString("number", logged.Client?.Organisation ?? "");
            json.WriteString("name", logged.Client is { Name.Length: > 0 } client ? client.Name : submission.Sender.ToString());
            json.WriteEndObject();
        }
    }

    private static void WriteWording(Utf8JsonWriter json, string name, Wording? wording)
    {
        if (wording is { } said)
        {
            json.WriteStartObject(name);
            json.WriteString("nb", said.Norwegian);
            json.WriteString("en", said.English);
            json.WriteEndObject();
        }
    }

    // A date is the whole day in Norway, as everywhere else here: from its beginning, to its end.
    private static bool TryTime(StringValues values, bool isEnd, out DateTime? time)
    {
        time = null;
        if (values.Count == 0)
        {
            return true;
        }

        if (values is not [{ } text] || !FhirTime.TryParse(text, TimeUse.Search, out var read))
        {
            return false;
        }

        time = new DateTime(Math.Clamp(isEnd ? read.EndTicks : read.StartTicks, 1, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
        return true;
    }

    private static Task RefuseAsync(HttpContext context, string code, string advice) =>
        FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error(code, null, advice));
}
