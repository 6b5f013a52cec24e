namespace PasientensMaledata.Simulator;

/// <summary>What was done to an Observation so that it is wrong.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Dated a year too early.</summary>
    WrongYear,

    /// <summary>Dated at the start of 1970, by a clock that was never set.</summary>
    NeverSet,

    /// <summary>Dated decades ahead.</summary>
    Future,

    /// <summary>Sent in another unit than the profile's.</summary>
    WrongUnit,
}

/// <summary>One Observation of a message.</summary>
/// <param name="Key">What makes it the same Observation when it is sent again; unique in the simulation.</param>
/// <param name="Concept">Slug of what was measured.</param>
/// <param name="IsCorrection">Whether it corrects one sent before.</param>
/// <param name="Fault">What is wrong with it.</param>
public sealed record SimulatedEntry(string Key, string Concept, bool IsCorrection, Fault Fault);

/// <summary>One message as a gateway sends it.</summary>
/// <param name="Person">Whose measurements are in it.</param>
/// <param name="SentAt">When it is sent, on the simulation's time axis.</param>
/// <param name="Body">The Bundle, UTF-8.</param>
/// <param name="Entries">Its Observations, in order.</param>
/// <param name="IsLate">Whether it was held back.</param>
/// <param name="IsRepeat">Whether everything in it was sent before.</param>
public sealed record SimulatedMessage(Person Person, DateTimeOffset SentAt, ReadOnlyMemory<byte> Body, IReadOnlyList<SimulatedEntry> Entries, bool IsLate, bool IsRepeat);
