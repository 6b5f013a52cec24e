using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Observations.Concepts;

/// <summary>
/// The one table of what the service knows of measurements. A new kind of measurement is a new entry here, not code.
/// Sources: FHIR R4's vital signs profiles, and VkpObservation 0.5.2 with its older guide.
/// </summary>
public static class ConceptCatalog
{
    /// <summary>LOINC.</summary>
    public const string Loinc = "http://loinc.org";

    /// <summary>SNOMED CT.</summary>
    public const string Snomed = "http://snomed.info/sct";

    /// <summary>The Norwegian laboratory code book (NPU, NLK).</summary>
    public const string Npu = "urn:oid:2.16.578.1.12.4.1.1.7280";

    /// <summary>The units of measure that every unit rule speaks of.</summary>
    public const string Ucum = "http://unitsofmeasure.org";

    /// <summary>FHIR's observation-category.</summary>
    public const string CategorySystem = "http://terminology.hl7.org/CodeSystem/observation-category";

    /// <summary>The category of vital signs.</summary>
    public const string VitalSigns = "vital-signs";

    private const string Hl7 = "http://hl7.org/fhir/StructureDefinition/";
    private const string Vkp = "http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation";

    /// <summary>Every Concept.</summary>
    public static ImmutableArray<Concept> All { get; } =
    [
        new()
        {
            Slug = "heartrate",
            English = "Heart rate",
            Norwegian = "Puls",
            Codings = [Lnc("8867-4"), Sct("364075005"), Sct("78564009")],
            Shape = ValueShape.Quantity,
            Units = ["/min"],
            Category = VitalSigns,
            Profiles = VitalSign("8867-4", "-Heartrate", "heartrate"),
        },
        new()
        {
            Slug = "bloodpressure",
            English = "Blood pressure",
            Norwegian = "Blodtrykk",
            Codings = [Lnc("85354-9"), Sct("75367002")],
            Shape = ValueShape.Components,
            Category = VitalSigns,
            Parts =
            [
                new("Systolic", "Systolisk", [Lnc("8480-6"), Sct("271649006")], ["mm[Hg]"], IsRequired: true),
                new("Diastolic", "Diastolisk", [Lnc("8462-4"), Sct("271650006")], ["mm[Hg]"], IsRequired: true),
            ],
            Profiles = VitalSign("85354-9", "-Bloodpressure", "bp"),
        },
        new()
        {
            Slug = "spo2",
            English = "Oxygen saturation",
            Norwegian = "Oksygenmetning",
            Codings = [Lnc("2708-6"), Lnc("59408-5"), Sct("431314004")],
            Shape = ValueShape.Quantity,
            Units = ["%"],
            Category = VitalSigns,
            Profiles = VitalSign("2708-6", "-Oxygensat", "oxygensat"),
        },
        new()
        {
            Slug = "bodytemp",
            English = "Body temperature",
            Norwegian = "Kroppstemperatur",
            Codings = [Lnc("8310-5"), Sct("276885007")],
            Shape = ValueShape.Quantity,
            Units = ["Cel", "[degF]"],
            Category = VitalSigns,
            Profiles = VitalSign("8310-5", "-Bodytemp", "bodytemp"),
        },
        new()
        {
            Slug = "bodyweight",
            English = "Body weight",
            Norwegian = "Kroppsvekt",
            Codings = [Lnc("29463-7"), Sct("27113001")],
            Shape = ValueShape.Quantity,
            Units = ["kg", "g", "[lb_av]"],
            Category = VitalSigns,
            Profiles = VitalSign("29463-7", "-Bodyweight", "bodyweight"),
        },
        new()
        {
            Slug = "resprate",
            English = "Respiration rate",
            Norwegian = "Respirasjonsfrekvens",
            Codings = [Lnc("9279-1"), Sct("86290005"), Sct("271625008")],
            Shape = ValueShape.Quantity,
            Units = ["/min"],
            Category = VitalSigns,
            Profiles = VitalSign("9279-1", "-Resprate", "resprate"),
        },
        new()
        {
            Slug = "consciousness",
            English = "Level of consciousness",
            Norwegian = "Bevissthetsnivå",
            Codings = [Sct("1104441000000107"), Sct("404996007")],
            Profiles = [new(Vkp + "-Consciousness", Coding: null, ProfileDemands.None)],
        },
        new()
        {
            Slug = "news2",
            English = "NEWS2 score",
            Norwegian = "NEWS2-skår",
            Codings = [Sct("1104051000000101")],
            Parts =
            [
                new("Respiration rate score", "Skår for respirasjonsfrekvens", [Sct("1104301000000104")], [], IsRequired: false),
                new("Oxygen saturation scale 2 score", "Skår for oksygenmetning, skala 2", [Sct("1104321000000108")], [], IsRequired: false),
                new("Air or oxygen score", "Skår for luft eller oksygen", [Sct("1104331000000105")], [], IsRequired: false),
                new("Systolic blood pressure score", "Skår for systolisk blodtrykk", [Sct("1104341000000101")], [], IsRequired: false),
                new("Pulse score", "Skår for puls", [Sct("1104351000000103")], [], IsRequired: false),
                new("Consciousness score", "Skår for bevissthet", [Sct("1104361000000100")], [], IsRequired: false),
                new("Temperature score", "Skår for temperatur", [Sct("1104371000000107")], [], IsRequired: false),
            ],
            Profiles = [new(Vkp + "-NEWS2score", Sct("1104051000000101"), ProfileDemands.Coding)],
        },
        new()
        {
            Slug = "cfs",
            English = "Clinical Frailty Scale",
            Norwegian = "Klinisk skrøpelighetsskala (CFS)",
            Codings = [Sct("763264000")],
            Profiles = [new(Vkp + "-CFSscore", Sct("763264000"), ProfileDemands.Coding)],
        },
        new()
        {
            Slug = "glucose",
            English = "Blood glucose",
            Norwegian = "Blodsukker",
            Codings = [Lnc("15074-8"), Sct("434912009"), new(Npu, "NPU02187")],
            Shape = ValueShape.Quantity,
            Units = ["mmol/L", "mmol/l"],
        },
        new()
        {
            Slug = "questionnaire",
            English = "Questionnaire score",
            Norwegian = "Skår fra spørreskjema",
            Codings = [Lnc("74465-6")],
        },
    ];

    /// <summary>Profiles that say nothing of what was measured.</summary>
    public static ImmutableArray<ConceptProfile> General { get; } =
    [
        new(Hl7 + "Observation", Coding: null, ProfileDemands.None),
        new(Hl7 + "vitalsigns", Coding: null, ProfileDemands.Category | ProfileDemands.Time),
        new(Vkp, Coding: null, ProfileDemands.None),
    ];

    private static FrozenDictionary<CodingKey, Concept> ByCoding { get; } =
        All.SelectMany(concept => concept.Codings.Select(coding => (coding, concept))).ToFrozenDictionary(pair => pair.coding, pair => pair.concept);

    private static FrozenDictionary<string, Concept> BySlug { get; } = All.ToFrozenDictionary(concept => concept.Slug, StringComparer.Ordinal);

    private static FrozenDictionary<string, (ConceptProfile Profile, Concept? Concept)> ByProfile { get; } =
        General.Select(profile => (profile, concept: (Concept?)null))
            .Concat(All.SelectMany(concept => concept.Profiles.Select(profile => (profile, concept: (Concept?)concept))))
            .ToFrozenDictionary(pair => pair.profile.Url, pair => (pair.profile, pair.concept), StringComparer.Ordinal);

    /// <summary>The Concept that a coding means, or null.</summary>
    public static Concept? Find(string? system, string? code) =>
        system is not null && code is not null ? ByCoding.GetValueOrDefault(new CodingKey(system, code)) : null;

    /// <summary>The Concept of a slug, or null.</summary>
    public static Concept? Find(string slug) => BySlug.GetValueOrDefault(slug);

    /// <summary>The profile of a canonical URL, with or without <c>|version</c>.</summary>
    /// <param name="canonical">An entry of <c>meta.profile</c>.</param>
    /// <param name="profile">The profile, where known.</param>
    /// <param name="concept">What it is a profile of; null for a general one.</param>
    public static bool TryFindProfile(string canonical, [NotNullWhen(true)] out ConceptProfile? profile, out Concept? concept)
    {
        ArgumentNullException.ThrowIfNull(canonical);
        var version = canonical.IndexOf('|', StringComparison.Ordinal);
        var found = ByProfile.TryGetValue(version < 0 ? canonical : canonical[..version], out var pair);
        (profile, concept) = pair;
        return found;
    }

    private static CodingKey Lnc(string code) => new(Loinc, code);

    private static CodingKey Sct(string code) => new(Snomed, code);

    private static ImmutableArray<ConceptProfile> VitalSign(string loinc, string vkp, string hl7) =>
        [new(Vkp + vkp, Lnc(loinc), ProfileDemands.VitalSign), new(Hl7 + hl7, Lnc(loinc), ProfileDemands.VitalSign)];
}
