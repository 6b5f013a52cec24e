using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;

namespace PasientensMaledata.Tests.Access;

/// <summary>Citizens, and those who act for them (helseid.md 4.3, 4.5).</summary>
public sealed class CitizenDecisionTests
{
    // Relation, age (null: not known), what comes of reading.
    public static TheoryData<Relation, int?, RefusalReason?> Ages => new()
    {
        { Relation.Self, null, null }, { Relation.Self, 16, null }, { Relation.Self, 80, null },
        { Relation.Self, 15, RefusalReason.Age }, { Relation.Self, 12, RefusalReason.Age }, { Relation.Self, 11, RefusalReason.Age },
        { Relation.Parent, null, RefusalReason.Age }, { Relation.Parent, 0, null }, { Relation.Parent, 11, null }, { Relation.Parent, 12, RefusalReason.Age }, { Relation.Parent, 40, RefusalReason.Age },
        { Relation.Attorney, null, RefusalReason.Age }, { Relation.Attorney, 11, RefusalReason.Age }, { Relation.Attorney, 15, RefusalReason.Age }, { Relation.Attorney, 16, null },
        { Relation.Guardian, null, RefusalReason.Age }, { Relation.Guardian, 11, null }, { Relation.Guardian, 12, RefusalReason.Age }, { Relation.Guardian, 15, RefusalReason.Age }, { Relation.Guardian, 16, null },
        { (Relation)9, 40, RefusalReason.Representation },
    };

    [Theory]
    [MemberData(nameof(Ages))]
    public void Age_decides_who_may_see(Relation relation, int? age, RefusalReason? reason)
    {
        // Born so that the birthday was today: the first day of that age. And the last day of it.
        Assert.Equal(reason, Decide(relation, age is { } years ? new DateOnly(2026, 11, 20).AddYears(-years) : null));
        Assert.Equal(reason, Decide(relation, age is { } more ? new DateOnly(2026, 11, 21).AddYears(-more - 1) : null));
    }

    [Fact]
    public void One_who_acts_for_another_reads_only_unless_the_token_grants_more()
    {
        var parent = Caller(Relation.Parent);
        var child = Person(new(2020, 1, 1));
        Assert.Null(CitizenDecision.Decide(parent, false, child, default, World.Now));
        Assert.Equal(RefusalReason.ReadOnly, CitizenDecision.Decide(parent, true, child, default, World.Now)?.Reason);
        Assert.Null(CitizenDecision.Decide(parent with { MayChange = true }, true, child, default, World.Now));
        Assert.Null(CitizenDecision.Decide(Caller(Relation.Self) with { MayChange = false }, true, default, default, World.Now));
    }

    [Fact]
    public void A_relation_fits_the_two_persons()
    {
        Assert.Equal(RefusalReason.Representation, CitizenDecision.Decide(Caller(Relation.Self) with { Acting = World.Doctor }, false, default, default, World.Now)?.Reason);
        Assert.Equal(RefusalReason.Representation, CitizenDecision.Decide(Caller(Relation.Parent) with { Acting = World.Child }, false, Person(new(2020, 1, 1)), default, World.Now)?.Reason);
    }

    [Fact]
    public void Nobody_represents_anybody_where_an_address_is_protected()
    {
        var (open, closed) = (Person(new(2020, 1, 1)), Person(new(2020, 1, 1), isProtected: true));
        Assert.Equal(RefusalReason.Representation, CitizenDecision.Decide(Caller(Relation.Parent), false, closed, open, World.Now)?.Reason);
        Assert.Equal(RefusalReason.Representation, CitizenDecision.Decide(Caller(Relation.Parent), false, open, closed, World.Now)?.Reason);
        Assert.Null(CitizenDecision.Decide(Caller(Relation.Self), false, Person(new(1980, 1, 1), isProtected: true), default, World.Now));
    }

    [Fact]
    public void A_parent_is_one_by_the_register_where_it_says_who_they_are()
    {
        Assert.Null(CitizenDecision.Decide(Caller(Relation.Parent), false, Registered.Found(new RegisteredPerson(new(2020, 1, 1), false, [World.Patient])), default, World.Now));
        Assert.Equal(
            RefusalReason.Representation,
            CitizenDecision.Decide(Caller(Relation.Parent), false, Registered.Found(new RegisteredPerson(new(2020, 1, 1), false, [World.Doctor])), default, World.Now)?.Reason);
    }

    [Fact]
    public void A_register_that_does_not_answer_refuses()
    {
        var away = Registered.Unreachable<RegisteredPerson>();
        Assert.Equal(RefusalReason.Unreachable, CitizenDecision.Decide(Caller(Relation.Self), false, away, default, World.Now)?.Reason);
        Assert.Equal(RefusalReason.Unreachable, CitizenDecision.Decide(Caller(Relation.Parent), false, Person(new(2020, 1, 1)), away, World.Now)?.Reason);
        Assert.Null(CitizenDecision.Decide(Caller(Relation.Self), false, Person(new(1980, 1, 1)), away, World.Now));
        Assert.Null(CitizenDecision.Decide(Caller(Relation.Self), false, Registered.NotFound<RegisteredPerson>(), away, World.Now));
    }

    private static RefusalReason? Decide(Relation relation, DateOnly? born) => CitizenDecision.Decide(Caller(relation), false, Person(born), default, World.Now)?.Reason;

    private static CitizenCaller Caller(Relation relation) => new(
        World.Caller.Client, World.Child, relation == Relation.Self ? World.Child : World.Patient, relation, MayChange: relation == Relation.Self);

    private static Registered<RegisteredPerson> Person(DateOnly? born, bool isProtected = false) => Registered.Found(new RegisteredPerson(born, isProtected, null));
}
