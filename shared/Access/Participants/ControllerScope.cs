using System.Buffers.Text;
using System.Collections.Frozen;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Participants;

/// <summary>The Controllers whose Observations a consumer may see. What is outside is as if absent: a filter before paging, counting and links.</summary>
public sealed class ControllerScope
{
    private readonly FrozenSet<uint>? numbers;

    private ControllerScope(FrozenSet<uint>? numbers) => this.numbers = numbers;

    /// <summary>Every Controller, and Observations of none: open mode's, and the citizen's own.</summary>
    public static ControllerScope All { get; } = new(null);

    /// <summary>None.</summary>
    public static ControllerScope None { get; } = new(FrozenSet<uint>.Empty);

    /// <summary>These alone; an Observation without Controller is outside.</summary>
    public static ControllerScope Of(IEnumerable<OrganisationNumber> controllers) =>
        new(controllers.Select(c => uint.Parse(c.Digits, System.Globalization.CultureInfo.InvariantCulture)).ToFrozenSet());

    /// <summary>Whether it is every Controller.</summary>
    public bool IsAll => numbers is null;

    /// <summary>Whether nothing at all can be seen.</summary>
    public bool IsEmpty => numbers is { Count: 0 };

    /// <summary>Whether a Controller is inside.</summary>
    public bool Includes(OrganisationNumber controller) => numbers is null || (uint.TryParse(controller.Digits, out var number) && numbers.Contains(number));

    /// <summary>Whether a Controller is inside, by its digits in ASCII as a row has them; no digits are a Controller unknown.</summary>
    public bool Includes(ReadOnlySpan<byte> digits) =>
        numbers is null || (Utf8Parser.TryParse(digits, out uint number, out var read) && read == digits.Length && numbers.Contains(number));
}
