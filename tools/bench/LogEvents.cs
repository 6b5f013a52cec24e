using PasientensMaledata.Access;
using PasientensMaledata.AccessLog;
using PasientensMaledata.Identity;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Bench;

/// <summary>Events as a service would log them, of people who are nobody. The same seed gives the same events.</summary>
/// <param name="seed">The seed.</param>
/// <param name="patients">How many patients they are about.</param>
public sealed class LogEvents(long seed, int patients)
{
    private static readonly string[] Names = ["Kari Nordmann", "Ola Bråten", "Åse Øverland", "Nils <b>Lie</b>", "Ingrid \"Inga\" Dahl"];
    private static readonly string[] Concepts = ["heartrate", "bloodpressure", "oxygensat", "bodyweight", "bodytemp"];

    private readonly SeededRandom random = new(seed);

    /// <summary>One of the patients.</summary>
    public PatientKey Patient(int number)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, seed);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes[8..], number + 1);
        return PatientKey.Read(bytes);
    }

    /// <summary>The next event.</summary>
    /// <param name="time">When, UTC.</param>
    public AccessEvent Next(DateTime time)
    {
        time = new(time.Ticks - (time.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
        return random.Below(10) switch
        {
            < 6 => LookUp(time),
            < 9 => Submission(time),
            _ => Change(time),
        };
    }

    private AccessEvent Common(DateTime time, AccessAction action) => new()
    {
        Id = random.Uuid(),
        CorrelationId = random.Uuid().ToString(),
        Time = time,
        Action = action,
        Outcome = AccessOutcome.Permitted,
        Patient = random.Chance(0.95) ? Patient(random.Below(patients)) : null,
    };

    private AccessEvent LookUp(DateTime time)
    {
        var refused = random.Chance(0.1);
        var key = PractitionerKey.TryParse(random.Uuid().ToString("n"), out var parsed) ? parsed : default;
        return Common(time, random.Pick([AccessAction.Search, AccessAction.Last, AccessAction.Read, AccessAction.Page])) with
        {
            Outcome = refused ? AccessOutcome.Refused : AccessOutcome.Permitted,
            Reason = refused ? "blocked" : "",
            Client = new("7d0e5ab2-6f0f-4b6b-b6a5-8e8b8f0f2f11", "Sykehusjournal", "983974724", "", "Journal 12.4"),
            Practitioner = new(random.Pick(Names), random.Chance(0.8) ? $"{random.Between(1_000_000, 9_999_999)}" : "", key, random.Pick(["LE", "SP", "FT"])),
            Attest = new(
                new("983974724", "urn:oid:2.16.578.1.12.4.1.4.101", "Sykehuset Innlandet HF"),
                new("974705788", "urn:oid:2.16.578.1.12.4.1.4.101", "Sengepost 3"),
                random.Chance(0.5) ? new("4209521", "urn:oid:2.16.578.1.12.4.1.4.102", "Hjertepoliklinikk") : null,
                new("S03", "urn:oid:2.16.578.1.12.4.1.1.8655", "Hjertesykdommer"),
                new(random.Pick(["TREAT", "ETREAT", "COC", "BTG"]), "urn:oid:2.16.840.1.113883.1.11.20448", ""),
                random.Chance(0.5) ? new("POLBESOK", "urn:AuditEventHL7Norway/CodeSystem/carerelation", "Poliklinisk besøk") : null,
                random.Uuid().ToString(),
                random.Chance(0.3),
                random.Chance(0.1) ? "AKUTT" : ""),
            LookUp = refused
                ? null
                : new([random.Pick(Concepts)], time.AddDays(-random.Between(1, 30)), null, [.. Enumerable.Range(0, random.Below(20)).Select(_ => $"{random.Next():x16}")], [random.Pick(Concepts)], random.Below(3), random.Chance(0.05)),
        };
    }

    private AccessEvent Submission(DateTime time) => Common(time, AccessAction.Submit) with
    {
        Client = new("komlink", "KomLink", "958935420", "", ""),
        Submission = new(
            random.Uuid().ToString("n"),
            SenderId.Development,
            "http",
            [.. Enumerable.Range(0, random.Between(1, 6)).Select(_ => new LoggedEntry($"{random.Next():x16}", "created", "", random.Pick(Concepts), "958935420", "0301", "15m"))]),
    };

    private AccessEvent Change(DateTime time) => Common(time, AccessAction.SettingChange) with
    {
        Citizen = new("self", default),
        Setting = $$"""{"kind":"reservation","active":{{(random.Chance(0.5) ? "true" : "false")}}}""",
    };
}
