using System.Collections.Immutable;
using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Access.Participants;
using PasientensMaledata.Access.Privacy;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>A hospital that looks up, two municipalities that share with it, a gateway that sends, and a doctor and a patient: all in order.</summary>
internal static class World
{
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.FromHours(1));
    public static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static readonly OrganisationNumber Hospital = Organisation("981275721");
    public static readonly OrganisationNumber Ward = Organisation("873255102");
    public static readonly OrganisationNumber Gateway = Organisation("994598759");
    public static readonly OrganisationNumber Supplier = Organisation("213710192");
    public static readonly OrganisationNumber Bergen = Organisation("312232324");
    public static readonly OrganisationNumber Voss = Organisation("313325016");
    public static readonly OrganisationNumber Stranger = Organisation("100100673");

    public static readonly NationalId Doctor = Person(0);
    public static readonly NationalId Patient = Person(1);
    public static readonly NationalId Child = Person(2);
    public static readonly PractitionerKey DoctorKey = PractitionerKey.Of(Doctor, Secret);
    public static readonly HprNumber DoctorHpr = Hpr("565501872");
    public static readonly DatePeriod ThisYear = new(new(2026, 1, 1), new(2026, 12, 31));

    public static readonly ParticipantClient Sends = new("gateway-client", Supplier);

    public static ImmutableArray<Participant> Participants { get; } =
    [
        Enrolled("sykehus", Hospital, ParticipantRole.Specialist) with { Units = [Ward], HealthCommunity = "bergen" },
        Enrolled("bergen", Bergen, ParticipantRole.Municipal) with { IsController = true, HealthCommunity = "bergen", Municipalities = [Municipality("4601")] },
        Enrolled("voss", Voss, ParticipantRole.Municipal) with { IsController = true, Municipalities = [Municipality("4621")] },
        Enrolled("gateway", Gateway, ParticipantRole.Gateway) with { Clients = [Sends], Serves = [Bergen, Voss] },
    ];

    public static ImmutableArray<Agreement> Agreements { get; } =
    [
        new(Bergen, AgreementScope.Organisation, Hospital, "", ThisYear),
        new(Voss, AgreementScope.National, null, "", ThisYear),
    ];

    public static ParticipantList List { get; } = new(1, Participants, Agreements);

    public static Attest Attest { get; } = new(
        new(Doctor.Digits, Doctor.Oid!, "GRØNN VITS"), new(DoctorHpr.Digits, HprNumber.Oid, ""), new("LE", AttestRules.AuthorizationSystem, "Lege"),
        new(Hospital.Digits, OrganisationNumber.Oid, "Sykehuset"), new(Ward.Digits, OrganisationNumber.Oid, "Posten"), null,
        new("01", "urn:oid:2.16.578.1.12.4.1.1.8666", ""), new("TREAT", AttestRules.PurposeSystem, ""), null, "30F4AB40", true, [], null);

    public static PersonnelCaller Caller { get; } = new(
        new("record-client", "EPJ", Hospital, Ward, null), Doctor, DoctorKey, DoctorHpr, "GRØNN VITS", 4, Attest, Now.AddMinutes(-1), "token");

    public static SystemCaller GatewayCaller { get; } = new(new("gateway-client", "KomLink", Gateway, null, Supplier));

    public static IReadOnlyList<FollowUp> FollowUps { get; } =
    [
        new(Bergen, Now.UtcDateTime.AddDays(-30), Now.UtcDateTime.AddDays(-1), null),
        new(Voss, Now.UtcDateTime.AddDays(-30), Now.UtcDateTime.AddDays(-1), null),
    ];

    public static LookUpRequest Request { get; } = new() { Caller = Caller, Number = Patient, Participants = List, FollowUps = FollowUps, Now = Now };

    public static PrivacySetting BlockByHpr(HprNumber hpr, DateTime? time = null, bool active = true) =>
        Setting(SettingId.Block(hpr, Secret), time, active) with { Block = new(hpr, null, "") };

    public static PrivacySetting BlockByKey(PractitionerKey key, DateTime? time = null, bool active = true) =>
        Setting(SettingId.Block(key, Secret), time, active) with { Block = new(null, key, "") };

    public static PrivacySetting Restrict(Restriction restriction, DateTime? time = null, bool active = true) =>
        Setting(SettingId.Restriction, time, active) with { Restriction = restriction };

    public static PrivacySetting Reserve(DateTime? time = null, bool active = true) => Setting(SettingId.Reservation, time, active);

    public static PatientSettings Settings(params IEnumerable<PrivacySetting> settings) => settings.Aggregate(PatientSettings.None, (all, s) => all.With(s));

    public static OrganisationNumber Organisation(string digits) => OrganisationNumber.TryParse(digits, out var number) ? number : throw new ArgumentException(digits);

    public static MunicipalityNumber Municipality(string digits) => MunicipalityNumber.TryParse(digits, out var number) ? number : throw new ArgumentException(digits);

    public static HprNumber Hpr(string digits) => HprNumber.TryParse(digits, out var number) ? number : throw new ArgumentException(digits);

    public static NationalId Person(int n) =>
        NationalId.TryParse(SyntheticNumbers.Number(n), null, NationalIdPolicy.Synthetic, out var id, out _) ? id : throw new ArgumentException($"{n}");

    private static Participant Enrolled(string id, OrganisationNumber organisation, ParticipantRole role) => new()
    {
        Id = new(id),
        Name = id,
        Organisation = organisation,
        Role = role,
        Enrolled = ThisYear,
        DataProcessorAgreement = ThisYear,
    };

    private static PrivacySetting Setting(SettingId id, DateTime? time, bool active) =>
        new(id, active, null, default, time ?? Now.UtcDateTime.AddDays(-2), Now.UtcDateTime, SettingSource.Citizen, null);
}
