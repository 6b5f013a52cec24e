using System.Buffers.Binary;
using System.Runtime.CompilerServices;
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
    private const int HeaderSize = 1 + 4 + PatientKey.Size;
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
    public ValueTask<PatientKey> FindOrCreateAsync(NationalId number, CancellationToken cancellationToken) => FindOrCreateAsync(number, null, cancellationToken);

    /// <summary>The same, with the key that it had before, where tables were restored that do not know it.</summary>
    public async ValueTask<PatientKey> FindOrCreateAsync(NationalId number, PatientKey? before, CancellationToken cancellationToken)
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
        var person = Person.NewRandom(before ?? PatientKey.NewRandom());
        var made = await partitions.CommitAsync(person.Key.Partition, [RowOperation.Insert(Person.RowKey(person.Key), person.ToRow(ring.Master))], null, cancellationToken);
        if (made.Outcome != CommitOutcome.Committed)
        {
            // It is there, of a number that led to it then, or as our own first try made it.
            var row = await partitions.ReadAsync(person.Key.Partition, Person.RowKey(person.Key), cancellationToken) ?? throw new StorageUnavailableException("A patient's row exists, yet cannot be read.");
            person = Person.FromRow(person.Key, row.Value.Span, ring.Master);
        }

        return await AddAsync(number, person, cancellationToken);
    }

    /// <summary>Every key that a number leads to, and those joined with it, each once. One read for each number, beside those of the rows.</summary>
    /// <param name="first">The partition to begin with, 0 to 255: so that work that never comes to the end does not leave out the same each time.</param>
    /// <param name="progress">Told how many of the 256 partitions are done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<PatientKey> ListAsync(int first, IProgress<int>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<PatientKey>();
        for (var i = 0; i < 256; i++)
        {
            var partition = new PartitionKey($"directory-{(first + i) % 256:x2}");
            string? continuation = null;
            do
            {
                var page = await partitions.ReadRangeAsync(partition, new("d."), new("d~"), StorageLimits.MaxPageRows, continuation, cancellationToken);
                foreach (var row in page.Rows)
                {
                    var key = KeyOf(row.Value.Span);
                    if (!seen.Add(key))
                    {
                        continue;
                    }

                    yield return key;
                    if (await partitions.ReadAsync(key.Partition, Person.RowKey(key), cancellationToken) is not { } of)
                    {
                        continue;
                    }

                    var person = Person.FromRow(key, of.Value.Span, ring.Master);
                    foreach (var other in person.Joined.Concat(person.LeadsTo is { } primary ? [primary] : []).Where(seen.Add))
                    {
                        yield return other;
                    }
                }

                continuation = page.Continuation;
            }
            while (continuation is not null);
            progress?.Report(i + 1);
        }
    }

    /// <summary>Lets a number lead to a person, unless it leads to one already; returns the key it leads to.</summary>
    public async ValueTask<PatientKey> AddAsync(NationalId number, Person person, CancellationToken cancellationToken)
    {
        var keys = ring.Current;

        // While two keys are in force the older decides, since a process that has not heard of the newer writes under it.
        var winner = keys.PreviousDirectory is { } previous ? await InsertAsync(number, previous, ToRow(number.Digits, person, keys.DirectoryNumber - 1), cancellationToken) : person.Key;
        return winner == person.Key ? await InsertAsync(number, keys.Directory, ToRow(number.Digits, person, keys.DirectoryNumber), cancellationToken) : winner;
    }

    /// <summary>Lets a known number lead to another person, under every key in force.</summary>
    public async ValueTask RepointAsync(NationalId number, Person person, CancellationToken cancellationToken)
    {
        var keys = ring.Current;
        foreach (var (key, keyNumber) in new[] { (keys.PreviousDirectory, keys.DirectoryNumber - 1), (keys.Directory, keys.DirectoryNumber) })
        {
            if (key is null)
            {
                continue;
            }

            var (partition, place) = Place(number.Digits, key);
            if (await partitions.ReadAsync(partition, place, cancellationToken) is { } row)
            {
                await partitions.CommitAsync(partition, [RowOperation.Replace(place, row.Version, ToRow(number.Digits, person, keyNumber))], null, cancellationToken);
            }
        }
    }

    /// <summary>The value of a row: format, number of the directory key, PatientKey, sealed digits.</summary>
    public static byte[] ToRow(string digits, Person person, int keyNumber)
    {
        using var seal = person.OpenSeal();
        var closed = seal.Close(Encoding.ASCII.GetBytes(digits), DigitsBelongTo);
        var row = new byte[HeaderSize + closed.Length];
        row[0] = Format;
        BinaryPrimitives.WriteInt32BigEndian(row.AsSpan(1), keyNumber);
        person.Key.Write(row.AsSpan(5));
        closed.CopyTo(row, HeaderSize);
        return row;
    }

    /// <summary>The key in a row's value.</summary>
    public static PatientKey KeyOf(ReadOnlySpan<byte> row) => PatientKey.Read(Checked(row)[5..]);

    /// <summary>Number of the directory key that a row lies under.</summary>
    public static int KeyNumberOf(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32BigEndian(Checked(row)[1..]);

    private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> row) =>
        row.Length > HeaderSize && row[0] == Format ? row : throw new CryptographicException("A row of the directory is not of a known format.");

    /// <summary>The digits in a row's value, opened with the data key of the person it leads to.</summary>
    /// <exception cref="CryptographicException">The row was changed, or belongs to another person.</exception>
    public static string DigitsOf(ReadOnlySpan<byte> row, Seal seal) =>
        Encoding.ASCII.GetString(seal.TryOpen(Checked(row)[HeaderSize..], DigitsBelongTo) ?? throw new CryptographicException("A row of the directory cannot be opened."));

    /// <summary>Where the row of some digits lies under a directory key.</summary>
    public static (PartitionKey Partition, RowKey Row) Place(string digits, byte[] directoryKey)
    {
        Span<byte> ascii = stackalloc byte[32];
        var length = Encoding.ASCII.GetBytes(digits, ascii);
        Span<byte> hash = stackalloc byte[32];
        KeyedHash.Compute(directoryKey, ascii[..length], hash);
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
