using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Access;

/// <summary>Each rule of the trust framework, in tables: what is broken, and what it is refused for.</summary>
public sealed class AttestRuleTests
{
    private const string D = "urn:oid:2.16.578.1.12.4.1.4.2";
    private const string Fh = "urn:oid:2.16.578.1.12.4.1.4.3";

    // The rule, the attest that breaks it (or keeps it), the reason; null where it is permitted.
    private static readonly IReadOnlyList<(string Case, Func<Attest, Attest> Change, RefusalReason? Reason)> Cases =
    [
        ("as it should be", a => a, null),
        ("ATT-10 a D-number's system", a => a with { Practitioner = a.Practitioner! with { System = D } }, null),
        ("ATT-10 an FH-number's system", a => a with { Practitioner = a.Practitioner! with { System = Fh } }, RefusalReason.AttestPerson),
        ("ATT-10 the HPR system", a => a with { Practitioner = a.Practitioner! with { System = HprNumber.Oid } }, RefusalReason.AttestPerson),
        ("ATT-10 no system", a => a with { Practitioner = a.Practitioner! with { System = "" } }, RefusalReason.AttestPerson),
        ("ATT-11 another person", a => a with { Practitioner = a.Practitioner! with { Id = World.Child.Digits } }, RefusalReason.AttestPerson),
        ("ATT-11 nobody", a => a with { Practitioner = null }, RefusalReason.AttestIncomplete),
        ("ATT-11 no number", a => a with { Practitioner = a.Practitioner! with { Id = "" } }, RefusalReason.AttestIncomplete),
        ("ATT-15 another legal entity", a => a with { LegalEntity = a.LegalEntity! with { Id = World.Bergen.Digits } }, RefusalReason.AttestLegalEntity),
        ("ATT-15 a unit as legal entity", a => a with { LegalEntity = a.LegalEntity! with { Id = World.Ward.Digits } }, RefusalReason.AttestLegalEntity),
        ("ATT-15 a HER-id", a => a with { LegalEntity = a.LegalEntity! with { System = "urn:oid:2.16.578.1.12.4.1.2" } }, RefusalReason.AttestLegalEntity),
        ("ATT-15 no number at all", a => a with { LegalEntity = a.LegalEntity! with { Id = "Sykehuset" } }, RefusalReason.AttestLegalEntity),
        ("ATT-15 no legal entity", a => a with { LegalEntity = null }, RefusalReason.AttestIncomplete),
        ("ATT-15 an empty legal entity", a => a with { LegalEntity = a.LegalEntity! with { Id = "" } }, RefusalReason.AttestIncomplete),
        ("ATT-18 no point of care", a => a with { PointOfCare = null }, RefusalReason.AttestIncomplete),
        ("ATT-18 an empty point of care", a => a with { PointOfCare = a.PointOfCare! with { Id = "" } }, RefusalReason.AttestIncomplete),
        ("ATT-18 another's unit", a => a with { PointOfCare = a.PointOfCare! with { Id = World.Bergen.Digits } }, RefusalReason.AttestPointOfCare),
        ("ATT-18 the legal entity though the token has a unit", a => a with { PointOfCare = a.PointOfCare! with { Id = World.Hospital.Digits } }, RefusalReason.AttestPointOfCare),
        ("ATT-18 a RESH-id", a => a with { PointOfCare = a.PointOfCare! with { System = "urn:oid:2.16.578.1.12.4.1.4.102" } }, RefusalReason.AttestPointOfCare),
        ("ATT-29 another HPR number", a => a with { Hpr = a.Hpr! with { Id = "1234567" } }, RefusalReason.AttestHpr),
        ("ATT-29 the token's HPR number left out", a => a with { Hpr = null }, RefusalReason.AttestHpr),
        ("ATT-29 a number that is none", a => a with { Hpr = a.Hpr! with { Id = "A1" } }, RefusalReason.AttestHpr),
        ("ATT-29 another system", a => a with { Hpr = a.Hpr! with { System = D } }, RefusalReason.AttestHpr),
        ("ATT-38 ETREAT", a => a with { PurposeOfUse = a.PurposeOfUse! with { Code = "ETREAT" } }, null),
        ("ATT-40 COC", a => a with { PurposeOfUse = a.PurposeOfUse! with { Code = "COC" } }, null),
        ("ATT-41 BTG", a => a with { PurposeOfUse = a.PurposeOfUse! with { Code = "BTG" } }, null),
        ("ATT-38 a citizen's purpose", a => a with { PurposeOfUse = a.PurposeOfUse! with { Code = "PATRQT" } }, RefusalReason.AttestIncomplete),
        ("ATT-38 no purpose", a => a with { PurposeOfUse = null }, RefusalReason.AttestIncomplete),
        ("ATT-38 a purpose of another system", a => a with { PurposeOfUse = a.PurposeOfUse! with { System = "" } }, RefusalReason.AttestIncomplete),
        ("ATT-43 details in place of the service", a => a with { HealthcareService = null, PurposeDetails = new("BEHANDLER", "", "") }, null),
        ("ATT-43 neither service nor details", a => a with { HealthcareService = null }, RefusalReason.AttestIncomplete),
        ("ATT-43 empty ones", a => a with { HealthcareService = new("", "", ""), PurposeDetails = new("", "", "") }, RefusalReason.AttestIncomplete),
        ("ATT-46 no decision reference", a => a with { DecisionId = null }, RefusalReason.AttestIncomplete),
        ("ATT-46 an empty decision reference", a => a with { DecisionId = "" }, RefusalReason.AttestIncomplete),
        ("ATT-48 not said who decided", a => a with { UserSelected = null }, RefusalReason.AttestIncomplete),
        ("ATT-48 decided by the record", a => a with { UserSelected = false }, null),
        ("ATT-7 the patient asked for among those named", a => a with { Patients = [new(World.Child.Digits, "", ""), new(World.Patient.Digits, "", "")] }, null),
        ("ATT-7 other patients named", a => a with { Patients = [new(World.Child.Digits, "", "")] }, RefusalReason.AttestPatient),
        ("ATT-58 an hour old", a => a with { IssuedAt = World.Now - Limits.MaxAttestAge - AttestRules.Skew }, null),
        ("ATT-58 older than an hour", a => a with { IssuedAt = World.Now - Limits.MaxAttestAge - AttestRules.Skew - TimeSpan.FromTicks(1) }, RefusalReason.AttestExpired),
        ("ATT-58 as far ahead as clocks may be apart", a => a with { IssuedAt = World.Now + AttestRules.Skew }, null),
        ("ATT-58 of a time to come", a => a with { IssuedAt = World.Now + AttestRules.Skew + TimeSpan.FromTicks(1) }, RefusalReason.AttestExpired),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(c => c.Case)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_rule_holds(string name)
    {
        var (_, change, reason) = Cases.Single(c => c.Case == name);
        var request = World.Request with { Caller = World.Caller with { Attest = change(World.Attest) } };
        var got = LookUpDecision.Decide(request) is LookUpVerdict.Refuse refused ? refused.Refusal.Reason : (RefusalReason?)null;
        Assert.Equal(reason, got);
    }

    [Fact]
    public void Without_a_time_of_its_own_an_attest_is_as_old_as_the_token()
    {
        var old = World.Caller with { IssuedAt = World.Now - Limits.MaxAttestAge - AttestRules.Skew };
        LookUpDecisionTests.Permit(World.Request with { Caller = old });
        LookUpDecisionTests.AssertRefused(RefusalReason.AttestExpired, World.Request with { Caller = old with { IssuedAt = old.IssuedAt.AddTicks(-1) } });

        // Its own time goes before the token's.
        LookUpDecisionTests.Permit(World.Request with { Caller = old with { IssuedAt = old.IssuedAt.AddTicks(-1), Attest = World.Attest with { IssuedAt = World.Now } } });
    }

    [Fact]
    public void An_attest_that_names_patients_does_not_do_for_a_request_that_names_none() =>
        LookUpDecisionTests.AssertRefused(
            RefusalReason.AttestPatient,
            World.Request with { Number = null, Caller = World.Caller with { Attest = World.Attest with { Patients = [new(World.Patient.Digits, "", "")] } } });

    [Fact]
    public void Where_the_token_has_no_unit_the_point_of_care_is_the_legal_entity_or_a_unit_of_it()
    {
        var caller = World.Caller with { Client = World.Caller.Client with { Unit = null } };
        LookUpDecisionTests.Permit(World.Request with { Caller = caller });
        var whole = World.Attest with { PointOfCare = World.Attest.PointOfCare! with { Id = World.Hospital.Digits } };
        LookUpDecisionTests.Permit(World.Request with { Caller = caller with { Attest = whole } });
        var other = World.Attest with { PointOfCare = World.Attest.PointOfCare! with { Id = World.Stranger.Digits } };
        LookUpDecisionTests.AssertRefused(RefusalReason.AttestPointOfCare, World.Request with { Caller = caller with { Attest = other } });
    }

    [Fact]
    public void One_who_is_not_in_HPR_may_look_up_with_an_attest_that_leaves_the_number_out()
    {
        var caller = World.Caller with { Hpr = null, Attest = World.Attest with { Hpr = null } };
        Assert.Null(LookUpDecisionTests.Permit(World.Request with { Caller = caller }).Hpr);

        // The token's owner decides which claims it has; the attest's number, which HelseID fills in, does as well.
        Assert.Equal(World.DoctorHpr, LookUpDecisionTests.Permit(World.Request with { Caller = World.Caller with { Hpr = null } }).Hpr);
    }

    // ATT-32: what HPR answers, the code in the attest, and what comes of it.
    public static TheoryData<RegisterAnswer, string[], string?, RefusalReason?> Authorizations => new()
    {
        { RegisterAnswer.NoSource, [], "LE", null },
        { RegisterAnswer.NotFound, [], "LE", RefusalReason.AttestHpr },
        { RegisterAnswer.Unreachable, [], "LE", RefusalReason.Unreachable },
        { RegisterAnswer.Found, ["LE"], "LE", null },
        { RegisterAnswer.Found, ["SP", "LE"], "LE", null },
        { RegisterAnswer.Found, ["SP"], "LE", RefusalReason.AttestAuthorization },
        { RegisterAnswer.Found, [], "LE", RefusalReason.AttestAuthorization },
        { RegisterAnswer.Found, ["SP"], null, null },
        { RegisterAnswer.Found, [], null, RefusalReason.AttestAuthorization },
    };

    [Theory]
    [MemberData(nameof(Authorizations))]
    public void The_authorisation_is_one_that_HPR_knows_of(RegisterAnswer answer, string[] inHpr, string? stated, RefusalReason? reason)
    {
        var attest = World.Attest with { Authorization = stated is null ? null : new(stated, AttestRules.AuthorizationSystem, "") };
        var person = answer == RegisterAnswer.Found ? Registered.Found(new HealthPerson("GRØNN VITS", inHpr)) : new(answer, null);
        var request = World.Request with { Caller = World.Caller with { Attest = attest }, HealthPerson = person };
        Assert.Equal(reason, LookUpDecision.Decide(request) is LookUpVerdict.Refuse refused ? refused.Refusal.Reason : null);
    }

    [Fact]
    public void An_authorisation_of_another_system_is_none() => LookUpDecisionTests.AssertRefused(
        RefusalReason.AttestAuthorization,
        World.Request with
        {
            Caller = World.Caller with { Attest = World.Attest with { Authorization = new("LE", "urn:oid:1", "") } },
            HealthPerson = Registered.Found(new HealthPerson("GRØNN VITS", ["LE"])),
        });
}
