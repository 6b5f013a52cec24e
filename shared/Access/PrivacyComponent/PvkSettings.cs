using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.PrivacyComponent;

/// <summary>How our settings are known in Helsenorge's privacy component (PVK): assigned when the service is registered there.</summary>
/// <param name="Part"><c>partKode</c>.</param>
/// <param name="Block"><c>definisjonGuid</c> of Blocks.</param>
/// <param name="Restriction"><c>definisjonGuid</c> of the Restriction.</param>
/// <param name="Reservation"><c>definisjonGuid</c> of the Reservation.</param>
public sealed record PvkDefinitions(string Part, Guid Block, Guid Restriction, Guid Reservation)
{
    // Stryker disable all : made once, before a mutant is switched on

    /// <summary>Those of a developer's machine.</summary>
    public static PvkDefinitions Development { get; } = new(
        "PMD", new("11111111-1111-4111-8111-111111111111"), new("22222222-2222-4222-8222-222222222222"), new("33333333-3333-4333-8333-333333333333"));

    // Stryker restore all

    /// <summary>All three.</summary>
    public IReadOnlyList<Guid> All => [Block, Restriction, Reservation];

    /// <summary>The definition of a setting.</summary>
    public Guid Of(SettingId id) => id.IsBlock ? Block : id == SettingId.Restriction ? Restriction : Reservation;
}

/// <summary>A setting as it was read.</summary>
/// <param name="Citizen">Whose; the default value where there are problems.</param>
/// <param name="Setting">The setting; null where there are problems.</param>
/// <param name="Problems">What in it is not understood: then it gets no receipt, and the operator is warned.</param>
public sealed record PvkSetting(NationalId Citizen, PrivacySetting? Setting, IReadOnlyList<FileProblem> Problems);

/// <summary>
/// Reads and writes settings in PVK's form: <c>innbyggerFnr, definisjonGuid, definisjonNavn, partKode, typePi, aktiv, tidspunkt,
/// innbyggerMetadata</c> (helseid.md 4.4). What the metadata of ours hold is our own choice: of a Block <c>{"hpr", "navn"}</c>, of a Restriction
/// <c>{"concepts": []}</c>, or none for everything.
/// </summary>
/// <param name="definitions">How our settings are known there.</param>
/// <param name="policy">Which person numbers are accepted.</param>
/// <param name="isConcept">Whether a Concept is known here: a Restriction of what nobody knows would close nothing.</param>
public sealed class PvkSettings(PvkDefinitions definitions, NationalIdPolicy policy, Predicate<string> isConcept)
{
    private const string Limitation = "tilgangsbegrensning";
    private const string OptOut = "reservasjon";
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly DateTimeZone Norway = DateTimeZoneProviders.Tzdb["Europe/Oslo"];

    /// <summary>Reads one.</summary>
    /// <param name="json">An object; members that are not ours are passed over.</param>
    /// <param name="practitionerKey">The ring's practitioner key, for the ids of Blocks.</param>
    /// <param name="now">The moment: a setting of a time to come is a problem.</param>
    public PvkSetting Read(JsonElement json, byte[] practitionerKey, DateTimeOffset now)
    {
        var problems = new List<FileProblem>();
        if (StrictJson.Of(json, problems, []) is not { } root)
        {
            return new(default, null, problems);
        }

        var citizen = root.Value<NationalId>("innbyggerFnr", required: true, ParseNumber, "a person number");
        var definition = root.Value<Guid>("definisjonGuid", required: true, Guid.TryParse, "a GUID");
        var part = root.Text("partKode", required: true);
        var type = root.Text("typePi", required: true);
        var time = root.Value<DateTime>("tidspunkt", required: true, TryParseTime, "a time, as 2026-11-20T12:00:00+01:00");
        var isActive = root.Flag("aktiv");
        if (!root.Has("aktiv"))
        {
            root.Problem("aktiv", "is missing.");
        }

        if (part.Length > 0 && part != definitions.Part)
        {
            root.Problem("partKode", "is not ours.");
        }

        if (time > now.UtcDateTime + AttestRules.Skew)
        {
            root.Problem("tidspunkt", "lies ahead of the clock here.");
        }

        if (definition is { } known && !definitions.All.Contains(known))
        {
            root.Problem("definisjonGuid", "is none that is known here.");
        }
        else if (definition is not null && !string.Equals(type, definition == definitions.Reservation ? OptOut : Limitation, StringComparison.OrdinalIgnoreCase))
        {
            root.Problem("typePi", $"is to be {(definition == definitions.Reservation ? OptOut : Limitation)} for this definition.");
        }

        if (problems.Count > 0)
        {
            return new(default, null, problems);
        }

        var setting = new PrivacySetting(SettingId.Reservation, isActive, null, default, time!.Value, PrivacyStore.Milliseconds(now.UtcDateTime), SettingSource.PrivacyComponent, null);
        if (definition != definitions.Reservation && ReadMetadata(root, problems) is var metadata)
        {
            setting = definition == definitions.Block ? ReadBlock(setting, metadata, root, practitionerKey) : ReadRestriction(setting, metadata, root);
        }

        return problems.Count == 0 ? new(citizen!.Value, setting, problems) : new(default, null, problems);
    }

    /// <summary>Writes one, as <c>SettInnbyggersPersonvernInnstilling</c> takes it; null for a Block of one without HPR number, whom PVK has no name for.</summary>
    public JsonObject? Write(string number, PrivacySetting setting)
    {
        if (setting.Id.IsBlock && setting.Block?.Hpr is null)
        {
            return null;
        }

        JsonObject? metadata = setting.Block is { Hpr: { } hpr, Name: var name } ? name.Length > 0 ? new() { ["hpr"] = hpr.Digits, ["navn"] = name } : new() { ["hpr"] = hpr.Digits }
            : setting.Restriction.Concepts is { Count: > 0 } concepts ? new() { ["concepts"] = new JsonArray([.. concepts.Select(c => JsonValue.Create(c))]) }
            : null;
        return new()
        {
            ["innbyggerFnr"] = number,
            ["definisjonGuid"] = definitions.Of(setting.Id).ToString(),
            ["definisjonNavn"] = setting.Id.IsBlock ? "Blokkering" : setting.Id == SettingId.Restriction ? "Sperring" : "Reservasjon",
            ["partKode"] = definitions.Part,
            ["typePi"] = setting.Id == SettingId.Reservation ? OptOut : Limitation,
            ["aktiv"] = setting.IsActive,
            ["tidspunkt"] = setting.Time.ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["innbyggerMetadata"] = metadata?.ToJsonString(),
        };
    }

    private static PrivacySetting ReadBlock(PrivacySetting setting, StrictJson? metadata, StrictJson root, byte[] practitionerKey)
    {
        if (metadata?.Value<HprNumber>("hpr", required: true, HprNumber.TryParse, "an HPR number") is not { } hpr)
        {
            root.Problem("innbyggerMetadata", "is to say who is blocked: {\"hpr\": \"…\", \"navn\": \"…\"}.");
            return setting;
        }

        return setting with { Id = SettingId.Block(hpr, practitionerKey), Block = new(hpr, null, metadata.Text("navn", required: false)) };
    }

    private PrivacySetting ReadRestriction(PrivacySetting setting, StrictJson? metadata, StrictJson root)
    {
        setting = setting with { Id = SettingId.Restriction };
        if (metadata is null || !metadata.Has("concepts"))
        {
            return setting with { Restriction = setting.IsActive ? Restriction.Everything : default };
        }

        var concepts = metadata.Values<ConceptName>("concepts", TryParseConcept, "a kind of measurement that is known here");
        if (concepts.IsEmpty && setting.IsActive)
        {
            root.Problem("innbyggerMetadata", "closes nothing; leave concepts out for everything.");
        }

        return setting with { Restriction = setting.IsActive ? Restriction.Of(concepts.Select(c => c.Slug)) : default };
    }

    // A text that holds JSON, or JSON itself; null where there is none.
    private static StrictJson? ReadMetadata(StrictJson root, List<FileProblem> problems)
    {
        if (root.IsObject("innbyggerMetadata"))
        {
            // Stryker disable once Boolean : it is there
            return root.Object("innbyggerMetadata", required: false, []);
        }

        var text = root.Text("innbyggerMetadata", required: false, 4_000);
        return text.Length == 0 ? null : StrictJson.Parse(System.Text.Encoding.UTF8.GetBytes(text), problems, []);
    }

    private bool ParseNumber(string? text, out NationalId number) => NationalId.TryParse(text, null, policy, out number, out _);

    private bool TryParseConcept(string? text, out ConceptName name)
    {
        name = new(text!);
        return isConcept(name.Slug);
    }

    // With offset, or without as Norwegian time. Whole milliseconds, as ours are. The first and last year are left out: an offset may lead past the calendar.
    private static bool TryParseTime(string? text, out DateTime time)
    {
        time = default;
        if (OffsetDateTimePattern.ExtendedIso.Parse(text!) is { Success: true, Value: { Year: > 1 and < 9999 } stated })
        {
            time = stated.ToInstant().ToDateTimeUtc();
        }
        else if (LocalDateTimePattern.ExtendedIso.Parse(text!) is { Success: true, Value: { Year: > 1 and < 9999 } local })
        {
            time = Norway.AtLeniently(local).ToInstant().ToDateTimeUtc();
        }
        else
        {
            return false;
        }

        time = PrivacyStore.Milliseconds(time);
        return true;
    }

    private readonly record struct ConceptName(string Slug);
}
