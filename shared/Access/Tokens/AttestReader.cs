using System.Text;
using System.Text.Json;
using PasientensMaledata.Access.Callers;

namespace PasientensMaledata.Access.Tokens;

/// <summary>
/// Reads the attest of the trust framework: the claim as HelseID sends it (<c>care_relationship</c>) and the specification's shape
/// (<c>care_relation</c>, <c>toa</c>, <c>patients[].identifier</c>), as a JSON object or as a text with one in it. A member that is absent or null is null. One
/// that is there and cannot be read, or is past the limits, is never taken for absent: it is an identifier or code that is empty, a time of toa
/// at the beginning of time, and so fits nothing.
/// </summary>
internal static class AttestReader
{
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly AttestIdentifier UnreadableIdentifier = new("", "", "");
    // Stryker disable once all : made once, before a mutant is switched on
    private static readonly AttestCode UnreadableCode = new("", "", "");
    // States nothing, so that no rule for what an attest must say holds.
    private static readonly Attest Unreadable = new(null, null, null, null, null, null, null, null, null, null, null, [], null);
    private const int MaxDepth = 16;

    /// <summary>
    /// Reads the claim; null where it is absent or null. One that is there and cannot be read is an attest that states nothing: where the operator has
    /// made the attest optional, it is refused as any other that is wrong.
    /// </summary>
    public static Attest? Read(JsonElement? claim)
    {
        if (claim is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            // One that is no object has no members, and so states nothing.
            return Read(value);
        }

        try
        {
            using var document = StrictDocument.Parse(Encoding.UTF8.GetBytes(value.GetString()!), MaxDepth);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return Unreadable;
        }
    }

    private static Attest Read(JsonElement attest)
    {
        var practitioner = Member(attest, "practitioner");
        var (wire, specified) = (Member(attest, "care_relationship"), Member(attest, "care_relation"));
        var patients = Member(attest, "patients");
        if ((wire is not null && specified is not null) || (patients is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > Limits.MaxAttestPatients))
        {
            return Unreadable;
        }

        // Stryker disable once NullCoalescing : never both
        var care = wire ?? specified;
        var decision = Member(care, "decision_ref");
        return new(
            Identifier(practitioner, "identifier"),
            Identifier(practitioner, "hpr_nr"),
            Code(practitioner, "authorization"),
            Identifier(practitioner, "legal_entity"),
            Identifier(practitioner, "point_of_care"),
            Identifier(practitioner, "department"),
            Code(care, "healthcare_service"),
            Code(care, "purpose_of_use"),
            Code(care, "purpose_of_use_details"),
            Text(decision, "id", Limits.MaxAttestReferenceLength) is { Length: > 0 } reference ? reference : null,
            Member(decision, "user_selected") is { ValueKind: JsonValueKind.True or JsonValueKind.False } selected ? selected.GetBoolean() : null,
            Patients(patients),
            Time(Member(attest, "toa")));
    }

    // HelseID's wire has patients without identifier; such a list names nobody.
    private static List<AttestIdentifier> Patients(JsonElement? patients) => patients switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.Object ? Identifier(p, "identifier") : UnreadableIdentifier).OfType<AttestIdentifier>()],
        _ => [UnreadableIdentifier],
    };

    private static AttestIdentifier? Identifier(JsonElement? parent, string name) =>
        Member(parent, name) is not { } member ? null
        : Text(member, "id", Limits.MaxAttestCodeLength) is { Length: > 0 } id && Text(member, "system", Limits.MaxAttestCodeLength) is { } system
            ? new(id, system, Words(member, "name"))
            : UnreadableIdentifier;

    private static AttestCode? Code(JsonElement? parent, string name) =>
        Member(parent, name) is not { } member ? null
        : Text(member, "code", Limits.MaxAttestCodeLength) is { Length: > 0 } code && Text(member, "system", Limits.MaxAttestCodeLength) is { } system
            ? new(code, system, Words(member, "text"))
            : UnreadableCode;

    private static DateTimeOffset? Time(JsonElement? toa) => toa switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var seconds) && seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() => DateTimeOffset.FromUnixTimeSeconds(seconds),
        _ => DateTimeOffset.MinValue,
    };

    private static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } node && node.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    // Empty where it is absent; null where it is no text, not clean, or past the limit: cleaned or shortened it would be another.
    private static string? Text(JsonElement? parent, string name, int limit) => Member(parent, name) switch
    {
        null => "",
        { ValueKind: JsonValueKind.String } text when text.GetString() is { } value && value.Length <= limit && HostileText.IsClean(value) => value,
        _ => null,
    };

    // Words are for people to read: what is too long is cut.
    private static string Words(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } text ? HostileText.Clean(text.GetString()!, Limits.MaxAttestWordsLength) : "";
}
