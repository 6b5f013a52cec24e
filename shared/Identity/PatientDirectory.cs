using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Identity;

/// <summary>
/// From person numbers to PatientKeys: a row named by a keyed hash of the digits, in one of 256 partitions. Several numbers may lead to one key.
/// The row holds the key, and the digits sealed under the patient's own data key, so that the directory key can be rotated.
/// </summary>
/// <param name="partitions">Where the rows lie.</param>
/// <param name="ring">The directory key, and the one before it while rows under it remain.</param>
public sealed class PatientDirectory(IPartitions partitions, KeyRing ring)
{
    private const byte Format = 1;
    private static readonly byte[] DigitsBelongTo = "directory digits"u8.ToArray();

    /// <summary>Names of all partitions of the directory.</summary>
    public static IEnumerable<PartitionKey> Partitions { get; } = [.. Enumerable.Range(0, 256).Select(i => new PartitionKey($"directory-{i:x2}"))];

    /// <summary>The key a number leads to; null for a number never seen. One storage request, two for an unknown number while keys are being rotated.</summary>
    public async ValueTask<PatientKey?> FindAsync(NationalId number, CancellationToken cancellationToken)
    {
        var keys = ring.Current;
        return await FindAsync(number, keys.Directory, cancellationToken)
            ?? (keys.PreviousDirectory is { } previous ? await FindAsync(number, previous, cancellationToken) : null);
    }

    /// <summary>The key a number leads to, made the first time. Of two that make it at once, one wins and both get its key.</summary>
    public async ValueTask<PatientKey> FindOrCreateAsync(NationalId number, CancellationToken cancellationToken)
    {
        if (await FindAsync(number, cancellationToken) is { } known)
        {
            return known;
        }

        // A rotation that began meanwhile must not give one number two keys.
        await ring.RefreshAsync(cancellationToken);
        if (await FindAsync(number, cancellationToken) is { } late)
        {
            return late;
        }

        // The person's row first: a number never leads to a key without one.
        var person = Person.NewRandom(PatientKey.NewRandom());
        await partitions.CommitAsync(person.Key.Partition, [RowOperation.Insert(Person.RowKey(person.Key), person.ToRow(ring.Master))], null, cancellationToken);
        return await AddAsync(number, person, cancellationToken);
    }

    /// <summary>Lets a number lead to a person, unless it leads to one already; returns the key it leads to.</summary>
    public async ValueTask<PatientKey> AddAsync(NationalId number, Person person, CancellationToken cancellationToken)
    {
        var keys = ring.Current;
        var value = ToRow(number, person);

        // While two keys are in force the older decides, since a process that has not heard of the newer writes under it.
        var winner = keys.PreviousDirectory is { } previous ? await InsertAsync(number, previous, value, cancellationToken) : person.Key;
        return winner == person.Key ? await InsertAsync(number, keys.Directory, value, cancellationToken) : winner;
    }

    /// <summary>The value of a row.</summary>
    public static byte[] ToRow(NationalId number, Person person)
    {
        using var seal = person.OpenSeal();
        var digits = seal.Close(Encoding.ASCII.GetBytes(number.Digits), DigitsBelongTo);
        var row = new byte[1 + PatientKey.Size + digits.Length];
        row[0] = Format;
        person.Key.Write(row.AsSpan(1));
        digits.CopyTo(row, 1 + PatientKey.Size);
        return row;
    }

    /// <summary>The key in a row's value.</summary>
    public static PatientKey KeyOf(ReadOnlySpan<byte> row) =>
        row.Length > 1 + PatientKey.Size && row[0] == Format
            ? PatientKey.Read(row[1..])
            : throw new CryptographicException("A row of the directory is not of a known format.");

    /// <summary>The digits in a row's value, opened with the data key of the person it leads to.</summary>
    /// <exception cref="CryptographicException">The row was changed, or belongs to another person.</exception>
    public static string DigitsOf(ReadOnlySpan<byte> row, Seal seal) =>
        Encoding.ASCII.GetString(seal.TryOpen(row[(1 + PatientKey.Size)..], DigitsBelongTo) ?? throw new CryptographicException("A row of the directory cannot be opened."));

    /// <summary>Where the row of some digits lies under a directory key.</summary>
    public static (PartitionKey Partition, RowKey Row) Place(string digits, byte[] directoryKey)
    {
        Span<byte> ascii = stackalloc byte[32];
        var length = Encoding.ASCII.GetBytes(digits, ascii);
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(directoryKey, ascii[..length], hash);
        return (new($"directory-{hash[0]:x2}"), new($"d.{Convert.ToHexStringLower(hash)}"));
    }

    private async ValueTask<PatientKey?> FindAsync(NationalId number, byte[] directoryKey, CancellationToken cancellationToken)
    {
        var (partition, row) = Place(number.Digits, directoryKey);
        return await partitions.ReadAsync(partition, row, cancellationToken) is { } found ? KeyOf(found.Value.Span) : null;
    }

    private async ValueTask<PatientKey> InsertAsync(NationalId number, byte[] directoryKey, byte[] value, CancellationToken cancellationToken)
    {
        var (partition, row) = Place(number.Digits, directoryKey);
        var result = await partitions.CommitAsync(partition, [RowOperation.Insert(row, value)], null, cancellationToken);
        if (result.Outcome == CommitOutcome.Committed)
        {
            return KeyOf(value);
        }

        return await FindAsync(number, directoryKey, cancellationToken) ?? throw new StorageUnavailableException("A row of the directory exists, yet cannot be read.");
    }
}
