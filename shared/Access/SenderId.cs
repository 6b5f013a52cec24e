using System.Diagnostics.CodeAnalysis;

namespace PasientensMaledata.Access;

/// <summary>
/// Permanent id of a Participant as sender: 1 to 36 characters of <c>a-z 0-9 -</c>. Part of the identity of what it sends, so it never changes,
/// whatever becomes of the organisation's name or number.
/// </summary>
public readonly record struct SenderId
{
    private readonly string? value;

    /// <param name="value">The id.</param>
    /// <exception cref="ArgumentException">The id is empty, too long or has another character.</exception>
    public SenderId(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        this.value = IsAllowed(value) ? value : throw new ArgumentException("A sender's id is 1 to 36 characters of a-z, 0-9 and '-'.", nameof(value));
    }

    /// <summary>Whom every caller is in open mode.</summary>
    // Stryker disable once all : made once, before a mutant is switched on
    public static SenderId Development { get; } = new("development");

    /// <summary>Reads an id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SenderId id)
    {
        var accepted = text is { Length: > 0 } && IsAllowed(text);
        id = accepted ? new(text!) : default;
        return accepted;
    }

    /// <summary>The id as text.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default SenderId has no text.");

    private static bool IsAllowed(string value) => value.Length <= 36 && value.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
