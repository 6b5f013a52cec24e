using System.Buffers;
using System.Text;
using PasientensMaledata.Access;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>
/// From what a sender said to an identity. The first of these that the Observation has: an identifier that is globally unique (UUID or OID), whoever
/// sends it; sender and an identifier with system and value; sender and id, where it is a UUID or came by PUT; the Personal Health Device key (device,
/// time to the second, code, value); else sender, content, id, Bundle.identifier, and how many of the same stand before it in the Bundle.
/// </summary>
internal static class IdentityRule
{
    private enum Rule : byte
    {
        Global = 1,
        Identifier = 2,
        Id = 3,
        Device = 4,
        Content = 5,
    }

    /// <summary>The identity of an Observation.</summary>
    /// <param name="key">The identity key.</param>
    /// <param name="patient">Under which PatientKey.</param>
    /// <param name="observation">The Observation.</param>
    public static ObservationIdentity Derive(byte[] key, PatientKey patient, PreparedObservation observation)
    {
        var document = observation.Document;
        foreach (var identifier in document.Identifiers)
        {
            if (GloballyUnique(identifier) is { } unique)
            {
                return Hash(key, patient, Rule.Global, unique);
            }
        }

        var sender = observation.Source.Sender.ToString();
        foreach (var identifier in document.Identifiers)
        {
            if (identifier is { System: { } system, Value: { } value })
            {
                return Hash(key, patient, Rule.Identifier, sender, system, value);
            }
        }

        if (document.SentId is { } id && (observation.IsPut || Guid.TryParseExact(id, "D", out _)))
        {
            return Hash(key, patient, Rule.Id, sender, id);
        }

        if (document.Device is { System: { } deviceSystem, Value: { } serial } && observation.Effective.IsPrecise)
        {
            var code = observation.Group == 0 ? observation.Concept : $"{observation.Group:x16}";
            return Hash(key, patient, Rule.Device, deviceSystem, serial, $"{observation.Effective.StartTicks / TimeSpan.TicksPerSecond}", code, $"{document.HashValue(key):x32}");
        }

        return Hash(key, patient, Rule.Content, sender, $"{observation.Content:x32}", document.SentId ?? "", observation.Source.BundleIdentifier, $"{observation.Ordinal}");
    }

    /// <summary>The identity that an identifier alone gives; null where it gives none.</summary>
    public static ObservationIdentity? Derive(byte[] key, PatientKey patient, Token identifier, SenderId sender) =>
        GloballyUnique(identifier) is { } unique ? Hash(key, patient, Rule.Global, unique)
        : identifier is { System: { } system, Value: { } value } ? Hash(key, patient, Rule.Identifier, sender.ToString(), system, value)
        : null;

    // A UUID is the same whatever its letters' case and whatever system it is said to be of (RFC 9562); the nil UUID names nothing.
    private static string? GloballyUnique(Token identifier)
    {
        if (identifier.Value is not { } value)
        {
            return null;
        }

        var text = value.AsSpan();
        if (text.StartsWith("urn:oid:", StringComparison.OrdinalIgnoreCase))
        {
            return text.Length > 8 ? $"urn:oid:{text[8..]}" : null;
        }

        text = text.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) ? text[9..] : text;
        return Guid.TryParseExact(text, "D", out var uuid) && uuid != Guid.Empty ? $"urn:uuid:{uuid:d}" : null;
    }

    private static ObservationIdentity Hash(byte[] key, PatientKey patient, Rule rule, params ReadOnlySpan<string> parts)
    {
        var length = PatientKey.Size + 1;
        foreach (var part in parts)
        {
            length += 4 + Encoding.UTF8.GetMaxByteCount(part.Length);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        patient.Write(buffer);
        buffer[PatientKey.Size] = (byte)rule;
        var at = PatientKey.Size + 1;
        foreach (var part in parts)
        {
            var written = Encoding.UTF8.GetBytes(part, buffer.AsSpan(at + 4));
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(at), written);
            at += 4 + written;
        }

        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(key, buffer.AsSpan(0, at), hash);
        ArrayPool<byte>.Shared.Return(buffer);
        return ObservationIdentity.Read(hash);
    }
}
