using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.Privacy;

/// <summary>
/// A setting as a row in the head of the patient's partition, which every request reads in one range. All of it is sealed under the patient's data
/// key and bound to patient and setting.
/// </summary>
public static class SettingRow
{
    /// <summary>What the key of every setting's row begins with.</summary>
    public const string Prefix = "a.set.";

    private const byte Format = 1;

    /// <summary>Key of a setting's row.</summary>
    public static RowKey Key(PatientKey patient, SettingId id)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        patient.Write(bytes);
        return new($"{Prefix}{id}.{Convert.ToHexStringLower(bytes)}");
    }

    /// <summary>The row's value.</summary>
    /// <param name="patient">Whose.</param>
    /// <param name="stored">What is stored.</param>
    /// <param name="seal">The patient's.</param>
    public static byte[] Write(PatientKey patient, StoredSetting stored, Seal seal)
    {
        var fields = new Fields(SettingText.Write(stored.Setting), stored.Version, stored.AwaitsPrivacyComponent, stored.Number);
        return [Format, .. seal.Close(JsonSerializer.SerializeToUtf8Bytes(fields), BelongsTo(patient, stored.Setting.Id))];
    }

    /// <summary>Reads a row.</summary>
    /// <exception cref="CryptographicException">It was changed or moved, or is not of a known format: then nothing may be shown.</exception>
    public static StoredSetting Read(PatientKey patient, Row row, Seal seal)
    {
        var key = row.Key.ToString();
        if (!key.StartsWith(Prefix, StringComparison.Ordinal) || key.LastIndexOf('.') is var end && end < Prefix.Length || !SettingId.TryParse(key[Prefix.Length..end], out var id)
            || row.Value.Span is not [Format, .. var closed] || seal.TryOpen(closed, BelongsTo(patient, id)) is not { } text)
        {
            throw new CryptographicException("A privacy setting cannot be opened.");
        }

        return JsonSerializer.Deserialize<Fields>(text) is { Setting: { } written } fields && SettingText.Read(Encoding.UTF8.GetBytes(written)) is { } setting && setting.Id == id
            ? new(setting, fields.Version, fields.Awaits, fields.Number)
            : throw new CryptographicException("A privacy setting does not read.");
    }

    /// <summary>Reads all settings among the rows of a patient's head; other rows are passed over.</summary>
    /// <exception cref="CryptographicException">One cannot be opened: then nothing may be shown.</exception>
    public static PatientSettings ReadAll(Person person, IEnumerable<Row> rows)
    {
        Seal? seal = null;
        try
        {
            var settings = PatientSettings.None;
            foreach (var row in rows.Where(r => r.Key.ToString().StartsWith(Prefix, StringComparison.Ordinal)))
            {
                // Stryker disable once Assignment : a seal for each row, and the last alone wiped
                settings = settings.With(Read(person.Key, row, seal ??= person.OpenSeal()).Setting);
            }

            return settings;
        }
        finally
        // Stryker disable once Block : leaves a key in memory for longer, which no test can see
        {
            // Stryker disable once Statement : as above
            seal?.Dispose();
        }
    }

    private static byte[] BelongsTo(PatientKey patient, SettingId id)
    {
        var text = Encoding.ASCII.GetBytes($"setting {id}");
        var bytes = new byte[PatientKey.Size + text.Length];
        patient.Write(bytes);
        text.CopyTo(bytes, PatientKey.Size);
        return bytes;
    }

    private sealed record Fields(string Setting, int Version, bool Awaits, string Number);
}

/// <summary>A setting with what is stored beside it.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Version">How many times it has been said, from 1.</param>
/// <param name="AwaitsPrivacyComponent">Whether it was made here and Helsenorge's privacy component, where that is the master, has yet to be told.</param>
/// <param name="Number">The person number it was set by: the privacy component knows no other name. Only ever sealed.</param>
public sealed record StoredSetting(PrivacySetting Setting, int Version, bool AwaitsPrivacyComponent, string Number)
{
    /// <summary>The setting's id and version, never the number.</summary>
    public override string ToString() => $"{Setting.Id} version {Version}";
}
