using System.Text.Json;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Functions.Access;
using PasientensMaledata.Functions.Fhir;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations;
using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Functions;

/// <summary>The calls by which a citizen sees and changes who may see.</summary>
public static class PrivacyFunctions
{
    /// <summary><c>GET /citizen/privacy</c></summary>
    public static async Task ReadAsync(HttpContext context, Service service)
    {
        if (await CitizenCall.OpenAsync(context, service, AccessAction.CitizenLogView, changes: false) is not { } call)
        {
            return;
        }

        var settings = await service.Privacy.ReadAsync(call.Caller.Subject, context.RequestAborted);
        await call.LogAsync(null, context.RequestAborted);
        await AnswerAsync(context, settings);
    }

    /// <summary><c>PUT /citizen/privacy/blocks/{hpr}</c>: a name by which the citizen knows them may stand in the body.</summary>
    public static async Task BlockAsync(HttpContext context, Service service)
    {
        if (await ReadHprAsync(context) is not { } hpr || await ReadBodyAsync(context, mayBeEmpty: true) is not { } body)
        {
            return;
        }

        using (body)
        {
            if (!TryText(body.Element, "name", Limits.MaxBlockName, out var name))
            {
                await RefuseBodyAsync(context, "name", $"name is to be a text of at most {Limits.MaxBlockName} characters.");
                return;
            }

            await ChangeAsync(context, service, (citizen, actor) => service.Privacy.BlockAsync(citizen, actor, new(hpr, null, PersonNumbers.Hide(name)), context.RequestAborted));
        }
    }

    /// <summary><c>DELETE /citizen/privacy/blocks/{hpr}</c></summary>
    public static async Task UnblockAsync(HttpContext context, Service service)
    {
        if (await ReadHprAsync(context) is { } hpr)
        {
            await ChangeAsync(context, service, (citizen, actor) => service.Privacy.UnblockAsync(citizen, actor, hpr, context.RequestAborted));
        }
    }

    /// <summary><c>DELETE /citizen/privacy/blocks/id/{block}</c></summary>
    public static async Task UnblockByIdAsync(HttpContext context, Service service)
    {
        if (!SettingId.TryParse((string?)context.Request.RouteValues["block"], out var id) || !id.IsBlock)
        {
            await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is no such block. GET /citizen/privacy lists them."));
            return;
        }

        await ChangeAsync(context, service, (citizen, actor) => service.Privacy.UnblockAsync(citizen, actor, id, context.RequestAborted));
    }

    /// <summary><c>PUT /citizen/privacy/restriction</c>: <c>{"restricted":true}</c>, or <c>{"restricted":true,"concepts":["bodyweight"]}</c>.</summary>
    public static async Task RestrictAsync(HttpContext context, Service service)
    {
        if (await ReadBodyAsync(context, mayBeEmpty: false) is not { } body)
        {
            return;
        }

        using (body)
        {
            if (ReadFlag(body.Element, "restricted") is not { } restricted)
            {
                await RefuseBodyAsync(context, "restricted", "restricted is to be true or false.");
                return;
            }

            if (ReadConcepts(body.Element) is not { } concepts || (!restricted && concepts.Count > 0))
            {
                await RefuseBodyAsync(context, "concepts", $"concepts is to be a list of kinds of measurement, with restricted true: {string.Join(", ", ConceptCatalog.All.Select(c => c.Slug))}. Leave it out to restrict everything.");
                return;
            }

            var restriction = !restricted ? Restriction.Nothing : concepts.Count == 0 ? Restriction.Everything : Restriction.Of(concepts);
            await ChangeAsync(context, service, (citizen, actor) => service.Privacy.RestrictAsync(citizen, actor, restriction, context.RequestAborted));
        }
    }

    /// <summary><c>PUT /citizen/privacy/reservation</c>: <c>{"reserved":true}</c>.</summary>
    public static async Task ReserveAsync(HttpContext context, Service service)
    {
        if (await ReadBodyAsync(context, mayBeEmpty: false) is not { } body)
        {
            return;
        }

        using (body)
        {
            if (ReadFlag(body.Element, "reserved") is not { } reserved)
            {
                await RefuseBodyAsync(context, "reserved", "reserved is to be true or false.");
                return;
            }

            await ChangeAsync(context, service, (citizen, actor) => service.Privacy.ReserveAsync(citizen, actor, reserved, context.RequestAborted));
        }
    }

    /// <summary><c>GET /citizen/who-may-see</c></summary>
    public static async Task WhoMaySeeAsync(HttpContext context, Service service)
    {
        if (await CitizenCall.OpenAsync(context, service, AccessAction.CitizenLogView, changes: false) is not { } call)
        {
            return;
        }

        if (service.Access.Participants is not { } participants)
        {
            await LookUpCall.RefuseAsync(context, service, call.Event, Refusal.For(RefusalReason.Unreachable));
            return;
        }

        var opened = await service.Reader.OpenAsync(await service.Directory.FindAsync(call.Caller.Subject, context.RequestAborted), context.RequestAborted);
        var viewers = WhoMaySee.List(opened.Settings, opened.FollowUps, participants, service.Access.Rules, service.Time.GetUtcNow());
        await call.LogAsync(null, context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("organisations");
            foreach (var ofConsumer in viewers.GroupBy(v => v.Consumer.Organisation))
            {
                json.WriteStartObject();
                json.WriteString("organisation", ofConsumer.Key.Digits);
                json.WriteString("name", ofConsumer.First().Consumer.Name);
                json.WriteStartArray("because");
                foreach (var viewer in ofConsumer)
                {
                    json.WriteStartObject();
                    json.WriteString("controller", viewer.Controller.Digits);
                    json.WriteString("controllerName", viewer.ControllerName);
                    json.WriteString("agreement", viewer.Scope switch { AgreementScope.Organisation => "organisation", AgreementScope.HealthCommunity => "health-community", _ => "national" });
                    json.WriteString("textNb", WhyNorwegian(viewer));
                    json.WriteString("textEn", WhyEnglish(viewer));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteBlocks(json, opened.Settings);
            json.WriteBoolean("restricted", !opened.Settings.Restriction.IsNothing);
            json.WriteBoolean("reserved", opened.Settings.IsReserved);
            json.WriteEndObject();
        });
    }

    private static string WhyNorwegian(PossibleViewer viewer) => $"{viewer.ControllerName} {(viewer.Follows ? "følger" : "har fulgt")} deg opp" + viewer.Scope switch
    {
        AgreementScope.Organisation when viewer.Controller == viewer.Consumer.Organisation => ".",
        AgreementScope.Organisation => $", og har avtale om å dele med {viewer.Consumer.Name}.",
        AgreementScope.HealthCommunity => ", og deler med dem som er med i samme helsefellesskap.",
        _ => ", og deler med alle som er med i tjenesten.",
    };

    private static string WhyEnglish(PossibleViewer viewer) => $"{viewer.ControllerName} {(viewer.Follows ? "follows" : "has followed")} you up" + viewer.Scope switch
    {
        AgreementScope.Organisation when viewer.Controller == viewer.Consumer.Organisation => ".",
        AgreementScope.Organisation => $", and has an agreement to share with {viewer.Consumer.Name}.",
        AgreementScope.HealthCommunity => ", and shares with those in the same health community.",
        _ => ", and shares with all who take part in the service.",
    };

    /// <summary>Changes a setting: decided, stored, logged, and answered with all settings as they are then.</summary>
    internal static async Task ChangeAsync(HttpContext context, Service service, Func<NationalId, SettingActor, ValueTask<SettingChange>> change)
    {
        if (await CitizenCall.OpenAsync(context, service, AccessAction.SettingChange, changes: true) is not { } call)
        {
            return;
        }

        var made = await change(call.Caller.Subject, call.Actor);

        // Whatever came of it, since every answer tells something of the settings. A change also where it was so already: it may have been stored, and
        // the process have died before it was logged.
        if (made is { Outcome: SettingOutcome.Stored or SettingOutcome.Known, Setting: not null })
        {
            await call.LogChangeAsync(made, context.RequestAborted);
        }
        else
        {
            await call.LogViewAsync(context.RequestAborted);
        }

        switch (made.Outcome)
        {
            case SettingOutcome.NotFound:
                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status404NotFound, Issue.Error("not-found", null, "There is no such block, or no health personnel in that event. GET /citizen/privacy lists the blocks, GET /citizen/access-log the events."));
                return;
            case SettingOutcome.TooMany:
                await FhirAnswer.OutcomeAsync(context, StatusCodes.Status422UnprocessableEntity, Issue.Error("too-costly", null, $"You have {Limits.MaxBlocks} blocks, and there may be no more. Lift one first."));
                return;
            case SettingOutcome.Stored when made.Patient is { } patient:
                service.PrivacyMaster?.Tell(patient);
                break;
        }

        await AnswerAsync(context, await service.Privacy.ReadAsync(call.Caller.Subject, context.RequestAborted));
    }

    private static Task AnswerAsync(HttpContext context, PatientSettings settings) => JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, settings));

    /// <summary>Writes the settings as they are shown to the citizen.</summary>
    internal static void Write(Utf8JsonWriter json, PatientSettings settings)
    {
        json.WriteStartObject();
        WriteBlocks(json, settings);
        json.WriteStartObject("restriction");
        json.WriteBoolean("restricted", !settings.Restriction.IsNothing);
        json.WriteStartArray("concepts");
        foreach (var concept in settings.Restriction.Concepts)
        {
            json.WriteStringValue(concept);
        }

        json.WriteEndArray();
        WriteMaker(json, settings.Find(SettingId.Restriction));
        json.WriteEndObject();
        json.WriteStartObject("reservation");
        json.WriteBoolean("reserved", settings.IsReserved);
        WriteMaker(json, settings.Find(SettingId.Reservation));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteBlocks(Utf8JsonWriter json, PatientSettings settings)
    {
        json.WriteStartArray("blocks");
        foreach (var setting in settings.Blocks)
        {
            json.WriteStartObject();
            json.WriteString("id", setting.Id.ToString());
            if (setting.Block!.Hpr is { } hpr)
            {
                json.WriteString("hpr", hpr.Digits);
            }

            if (setting.Block.Name.Length > 0)
            {
                json.WriteString("name", setting.Block.Name);
            }

            WriteMaker(json, setting);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMaker(Utf8JsonWriter json, PrivacySetting? setting)
    {
        if (setting is not null)
        {
            json.WriteString("since", setting.Time);
            json.WriteString("by", setting.Source switch
            {
                SettingSource.Citizen => "citizen",
                SettingSource.Representative => "representative",
                SettingSource.PrivacyComponent => "helsenorge",
                _ => "operator",
            });
        }
    }

    private static async Task<HprNumber?> ReadHprAsync(HttpContext context)
    {
        if (HprNumber.TryParse((string?)context.Request.RouteValues["hpr"], out var hpr))
        {
            return hpr;
        }

        await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", null, "The address is to end in an HPR number: one to nine digits."));
        return null;
    }

    private static async Task<JsonBody?> ReadBodyAsync(HttpContext context, bool mayBeEmpty)
    {
        var body = await JsonBody.ReadAsync(context, mayBeEmpty);
        if (body.Problem is not { } problem)
        {
            return body;
        }

        await FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, problem);
        return null;
    }

    private static Task RefuseBodyAsync(HttpContext context, string member, string advice) =>
        FhirAnswer.OutcomeAsync(context, StatusCodes.Status400BadRequest, Issue.Error("value", member, advice));

    private static bool? ReadFlag(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    private static bool TryText(JsonElement body, string name, int longest, out string text)
    {
        text = "";
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(name, out var value))
        {
            return true;
        }

        text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return value.ValueKind == JsonValueKind.String && text.Length <= longest && !text.Any(char.IsControl);
    }

    private static List<string>? ReadConcepts(JsonElement body)
    {
        if (!body.TryGetProperty("concepts", out var list))
        {
            return [];
        }

        var known = ConceptCatalog.All.Select(c => c.Slug).ToHashSet(StringComparer.Ordinal);
        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() is > 0 and <= 100 && list.EnumerateArray().All(c => c.ValueKind == JsonValueKind.String && known.Contains(c.GetString()!))
            ? [.. list.EnumerateArray().Select(c => c.GetString()!)]
            : null;
    }
}
