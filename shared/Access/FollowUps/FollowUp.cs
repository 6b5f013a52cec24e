using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PasientensMaledata.Identity;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Access.FollowUps;

/// <summary>
/// That a Controller follows a patient up at home: from the first measurement until it is closed, or until nothing has been measured for so long
/// that it counts as over.
/// </summary>
/// <param name="Controller">The Controller.</param>
/// <param name="From">When the first measurement came, UTC.</param>
/// <param name="Last">When one last came, UTC, not older than a day.</param>
/// <param name="ClosedAt">When it was closed, UTC; null while it is open.</param>
public sealed record FollowUp(OrganisationNumber Controller, DateTime From, DateTime Last, DateTime? ClosedAt)
{
    /// <summary>What the key of every row begins with: it lies in the head of the patient's partition.</summary>
    public const string Prefix = "a.follow.";

    private const byte Format = 1;

    /// <summary>Whether it goes on at a moment.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="silence">After how long without a measurement it counts as over; null for never.</param>
    public bool IsOpen(DateTimeOffset now, TimeSpan? silence) =>
        ClosedAt is null && (silence is not { } longest || now.UtcDateTime - Last <= longest);

    /// <summary>Key of its row. The Controller stands there as its number, which is no secret; that this patient has one is, so it is hashed.</summary>
    public static RowKey Key(PatientKey patient, OrganisationNumber controller)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        patient.Write(bytes);
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes($"{Convert.ToHexStringLower(bytes)} {controller}"));
        return new($"{Prefix}{Convert.ToHexStringLower(hash.AsSpan(0, 8))}.{Convert.ToHexStringLower(bytes)}");
    }

    /// <summary>The row's value.</summary>
    public byte[] ToRow(PatientKey patient, Seal seal) =>
        [Format, .. seal.Close(JsonSerializer.SerializeToUtf8Bytes(new Fields(Controller.Digits, From, Last, ClosedAt)), BelongsTo(patient))];

    /// <summary>Reads a row.</summary>
    /// <exception cref="CryptographicException">It was changed or moved, or is not of a known format.</exception>
    public static FollowUp Read(PatientKey patient, Row row, Seal seal)
    {
        if (row.Value.Span is not [Format, .. var closed] || seal.TryOpen(closed, BelongsTo(patient)) is not { } text
            || JsonSerializer.Deserialize<Fields>(text) is not { } fields || !OrganisationNumber.TryParse(fields.Controller, out var controller))
        {
            throw new CryptographicException("A follow-up cannot be opened.");
        }

        return new(controller, fields.From, fields.Last, fields.ClosedAt);
    }

    /// <summary>Reads all among the rows of a patient's head; other rows are passed over.</summary>
    /// <exception cref="CryptographicException">One cannot be opened.</exception>
    public static IReadOnlyList<FollowUp> ReadAll(Person person, IEnumerable<Row> rows)
    {
        var mine = rows.Where(r => r.Key.ToString().StartsWith(Prefix, StringComparison.Ordinal)).ToList();
        // Stryker disable once Block : saves opening a seal for nothing
        if (mine.Count == 0)
        {
            return [];
        }

        using var seal = person.OpenSeal();
        return [.. mine.Select(r => Read(person.Key, r, seal))];
    }

    private static byte[] BelongsTo(PatientKey patient)
    {
        var bytes = new byte[PatientKey.Size + 9];
        patient.Write(bytes);
        "follow-up"u8.CopyTo(bytes.AsSpan(PatientKey.Size));
        return bytes;
    }

    private sealed record Fields(string Controller, DateTime From, DateTime Last, DateTime? ClosedAt);
}
