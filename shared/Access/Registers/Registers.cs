using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Registers;

/// <summary>How a register answered.</summary>
public enum RegisterAnswer
{
    /// <summary>There is no such register here: what only it could confirm is left unused.</summary>
    NoSource,

    /// <summary>The register does not know of it.</summary>
    NotFound,

    /// <summary>It does.</summary>
    Found,

    /// <summary>It did not answer: then nothing is permitted that would rest on it.</summary>
    Unreachable,
}

/// <summary>What a register said; <see cref="Value"/> only where it was found.</summary>
/// <typeparam name="T">Of what.</typeparam>
/// <param name="Answer">How it answered.</param>
/// <param name="Value">What it said.</param>
public readonly record struct Registered<T>(RegisterAnswer Answer, T? Value)
    where T : class;

/// <summary>Makes answers.</summary>
public static class Registered
{
    /// <summary>There is no such register.</summary>
    public static Registered<T> NoSource<T>()
        where T : class => default;

    /// <summary>The register does not know of it.</summary>
    public static Registered<T> NotFound<T>()
        where T : class => new(RegisterAnswer.NotFound, null);

    /// <summary>The register did not answer.</summary>
    public static Registered<T> Unreachable<T>()
        where T : class => new(RegisterAnswer.Unreachable, null);

    /// <summary>It was found.</summary>
    public static Registered<T> Found<T>(T value)
        where T : class => new(RegisterAnswer.Found, value);
}

/// <summary>A health person by HPR.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Authorizations">Codes (9060) of the authorisations and licences in force, such as <c>LE</c>.</param>
public sealed record HealthPerson(string Name, IReadOnlyList<string> Authorizations);

/// <summary>An organisation by Enhetsregisteret.</summary>
/// <param name="Parent">The legal entity it is a unit of; null where it is none.</param>
public sealed record RegisteredOrganisation(OrganisationNumber? Parent);

/// <summary>A person by Folkeregisteret.</summary>
/// <param name="Born">Date of birth; null where it is not known. Never derived from the number.</param>
/// <param name="HasProtectedAddress">Whether the address is confidential (code 6 or 7): then nobody represents anybody.</param>
/// <param name="Parents">Those with parental responsibility; null where the register does not say.</param>
public sealed record RegisteredPerson(DateOnly? Born, bool HasProtectedAddress, IReadOnlyList<NationalId>? Parents);

/// <summary>The national registers, each of which may be absent.</summary>
public interface IRegisters
{
    /// <summary>Asks HPR.</summary>
    ValueTask<Registered<HealthPerson>> FindAsync(HprNumber number, CancellationToken cancellationToken);

    /// <summary>Asks Enhetsregisteret.</summary>
    ValueTask<Registered<RegisteredOrganisation>> FindAsync(OrganisationNumber number, CancellationToken cancellationToken);

    /// <summary>Asks Folkeregisteret.</summary>
    ValueTask<Registered<RegisteredPerson>> FindAsync(NationalId number, CancellationToken cancellationToken);
}

/// <summary>No register at all.</summary>
public sealed class NoRegisters : IRegisters
{
    /// <inheritdoc/>
    public ValueTask<Registered<HealthPerson>> FindAsync(HprNumber number, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public ValueTask<Registered<RegisteredOrganisation>> FindAsync(OrganisationNumber number, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public ValueTask<Registered<RegisteredPerson>> FindAsync(NationalId number, CancellationToken cancellationToken) => default;
}
