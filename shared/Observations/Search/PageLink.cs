using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Observations.Search;

/// <summary>Where a next page begins, and of what.</summary>
/// <param name="Patient">The patient's key.</param>
/// <param name="Parameters">The search's other parameters, as sent.</param>
/// <param name="After">Position of the last Observation given.</param>
/// <param name="AsOf">Bundle.meta.lastUpdated of the first page: the cursor stays that of the first.</param>
public sealed record PageLink(PatientKey Patient, IReadOnlyList<KeyValuePair<string, string>> Parameters, string After, DateTime AsOf)
{
    private sealed record Content(byte[] Patient, string[] Names, string[] Values, string After, long AsOf, long Expires);

    /// <summary>The opaque text of a link: sealed, bound to the client and person, and living <see cref="Limits.PageLinkLifetime"/>.</summary>
    /// <param name="key">The page key.</param>
    /// <param name="boundTo">Who may use it.</param>
    /// <param name="now">The time.</param>
    public string Format(byte[] key, string boundTo, DateTimeOffset now)
    {
        var patient = new byte[PatientKey.Size];
        Patient.Write(patient);
        var content = new Content(patient, [.. Parameters.Select(p => p.Key)], [.. Parameters.Select(p => p.Value)], After, AsOf.Ticks, (now + Limits.PageLinkLifetime).UtcTicks);
        using var seal = new Seal(key);
        return Base64Url.EncodeToString(seal.Close(JsonSerializer.SerializeToUtf8Bytes(content), Encoding.UTF8.GetBytes(boundTo)));
    }

    /// <summary>Reads a link. Null where it is none of ours, was changed, or is bound to someone else.</summary>
    /// <param name="text">The opaque text.</param>
    /// <param name="key">The page key.</param>
    /// <param name="boundTo">Who uses it.</param>
    /// <param name="now">The time.</param>
    /// <param name="expired">Whether it has lived its time.</param>
    public static PageLink? Read(string text, byte[] key, string boundTo, DateTimeOffset now, out bool expired)
    {
        expired = false;
        if (!Base64Url.IsValid(text))
        {
            return null;
        }

        using var seal = new Seal(key);
        if (seal.TryOpen(Base64Url.DecodeFromChars(text), Encoding.UTF8.GetBytes(boundTo)) is not { } opened
            || JsonSerializer.Deserialize<Content>(opened) is not { } content)
        {
            return null;
        }

        expired = now.UtcTicks > content.Expires;
        return new(
            PatientKey.Read(content.Patient),
            [.. content.Names.Zip(content.Values, KeyValuePair.Create)],
            content.After,
            new DateTime(content.AsOf, DateTimeKind.Utc));
    }
}
