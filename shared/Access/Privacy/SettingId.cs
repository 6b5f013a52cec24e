using System.Buffers;
using System.Text;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.Privacy;

/// <summary>
/// Which setting of a patient: the Restriction, the Reservation, or one Block. The same setting has the same id under every PatientKey of a patient,
/// so that keys can be joined. The default value is none.
/// </summary>
public readonly record struct SettingId
{
    private const string BlockPrefix = "b-";
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");
    private readonly string? value;

    private SettingId(string value) => this.value = value;

    /// <summary>The Restriction.</summary>
    public static SettingId Restriction => new("restriction");

    /// <summary>The Reservation.</summary>
    public static SettingId Reservation => new("reservation");

    /// <summary>The Block of a practitioner by HPR number.</summary>
    /// <param name="hpr">Whom.</param>
    /// <param name="practitionerKey">The ring's practitioner key: without it nobody is guessed from the id.</param>
    public static SettingId Block(HprNumber hpr, byte[] practitionerKey) => OfBlock($"hpr {hpr}", practitionerKey);

    /// <summary>The Block of a practitioner by PractitionerKey.</summary>
    /// <param name="key">Whom.</param>
    /// <param name="practitionerKey">The ring's practitioner key.</param>
    public static SettingId Block(PractitionerKey key, byte[] practitionerKey) => OfBlock($"key {key}", practitionerKey);

    /// <summary>Whether it is a Block's.</summary>
    public bool IsBlock => value is not null && value.StartsWith(BlockPrefix, StringComparison.Ordinal);

    /// <summary>Reads an id as it is told to the citizen.</summary>
    public static bool TryParse(string? text, out SettingId id)
    {
        var accepted = text == Restriction.value || text == Reservation.value
            || (text is { Length: 26 } && text.StartsWith(BlockPrefix, StringComparison.Ordinal) && !text.AsSpan(2).ContainsAnyExcept(Hexadecimal));
        id = accepted ? new(text!) : default;
        return accepted;
    }

    /// <summary>The id as text, fit for a row key and for an address.</summary>
    public override string ToString() => value ?? throw new InvalidOperationException("A default SettingId has no text.");

    private static SettingId OfBlock(string whom, byte[] practitionerKey)
    {
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(practitionerKey, Encoding.ASCII.GetBytes($"block {whom}"), hash);
        return new($"{BlockPrefix}{Convert.ToHexStringLower(hash[..12])}");
    }
}
