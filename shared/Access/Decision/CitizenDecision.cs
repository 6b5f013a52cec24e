using PasientensMaledata.Access.Callers;
using PasientensMaledata.Access.Registers;

namespace PasientensMaledata.Access.Decision;

/// <summary>Decides on citizens' requests (helseid.md 4.3 and 4.5). Pure: no storage, no HTTP, no clock.</summary>
public static class CitizenDecision
{
    /// <summary>From this age a child is not represented by its parents, and sees nothing itself until <see cref="OfAge"/>.</summary>
    public const int ParentsUntil = 12;

    /// <summary>From this age a person decides on their own health data.</summary>
    public const int OfAge = 16;

    /// <summary>Why a citizen's request is refused; null where it is permitted.</summary>
    /// <param name="caller">Who asks, and about whom.</param>
    /// <param name="changes">Whether it changes a setting.</param>
    /// <param name="subject">What Folkeregisteret says of whom it is about.</param>
    /// <param name="acting">What it says of who acts; not looked at where they are the same.</param>
    /// <param name="now">The moment.</param>
    public static Refusal? Decide(CitizenCaller caller, bool changes, Registered<RegisteredPerson> subject, Registered<RegisteredPerson> acting, DateTimeOffset now)
    {
        var isSelf = caller.Relation == Relation.Self;
        if (isSelf != (caller.Subject == caller.Acting))
        {
            return Refusal.For(RefusalReason.Representation);
        }

        if (subject.Answer == RegisterAnswer.Unreachable || (!isSelf && acting.Answer == RegisterAnswer.Unreachable))
        {
            return Refusal.For(RefusalReason.Unreachable);
        }

        int? age = subject.Value?.Born is { } born ? NorwegianDate.Age(born, NorwegianDate.Of(now)) : null;
        if (isSelf)
        {
            // Who is signed in as themselves needs nobody's confirmation; the age bars only where a register tells it.
            return age < OfAge ? Refusal.For(RefusalReason.Age) : null;
        }

        if (WhyNotRepresent(caller, age, subject.Value, acting.Value) is { } reason)
        {
            return Refusal.For(reason);
        }

        return changes && !caller.MayChange ? Refusal.For(RefusalReason.ReadOnly) : null;
    }

    private static RefusalReason? WhyNotRepresent(CitizenCaller caller, int? age, RegisteredPerson? subject, RegisteredPerson? acting)
    {
        // Address code 6 and 7: no representation either way.
        if (subject is { HasProtectedAddress: true } || acting is { HasProtectedAddress: true })
        {
            return RefusalReason.Representation;
        }

        // Unknown is not assumed to be old or young enough.
        if (age is not { } years)
        {
            return RefusalReason.Age;
        }

        return caller.Relation switch
        {
            Relation.Parent when years >= ParentsUntil => RefusalReason.Age,
            Relation.Parent when subject!.Parents is { } parents && !parents.Contains(caller.Acting) => RefusalReason.Representation,
            Relation.Parent => null,
            Relation.Attorney => years < OfAge ? RefusalReason.Age : null,
            Relation.Guardian => years is >= ParentsUntil and < OfAge ? RefusalReason.Age : null,
            _ => RefusalReason.Representation,
        };
    }
}
