using System.Buffers.Binary;
using System.Security.Cryptography;
using PasientensMaledata.Storage;
using PasientensMaledata.Storage.Sealing;

namespace PasientensMaledata.Identity;

/// <summary>
/// The patient's own row: the random data key that seals everything of theirs, wrapped by the master key, and how it is joined with other keys of
/// the same human being: one of them takes new writes, and the others lead to it.
/// Deleting the row makes every copy of what it sealed unreadable.
/// </summary>
public sealed class Person
{
    private const byte Format = 1;

    // Format, length, whether it leads to another, time: all but the wrapped key between them.
    private const int OthersAt = 2 + 1 + 8;
    private readonly byte[] dataKey;

    private Person(PatientKey key, byte[] dataKey, PatientKey? leadsTo, IReadOnlyList<PatientKey> joined, DateTime joinedAt = default) =>
        (Key, this.dataKey, LeadsTo, Joined, JoinedAt) = (key, dataKey, leadsTo, joined, joinedAt);

    /// <summary>Whose row it is.</summary>
    public PatientKey Key { get; }

    /// <summary>The key that takes new writes instead of this one; null where this one does.</summary>
    public PatientKey? LeadsTo { get; }

    /// <summary>Other keys, which lead to this one. What they hold is searched too; nothing new is written to them.</summary>
    public IReadOnlyList<PatientKey> Joined { get; }

    /// <summary>When the last of them was joined, UTC: to whoever polls, everything of this patient is new since then.</summary>
    public DateTime JoinedAt { get; }

    /// <summary>Someone new, with a random data key.</summary>
    public static Person NewRandom(PatientKey key) => new(key, RandomNumberGenerator.GetBytes(32), null, []);

    /// <summary>The same person, taking new writes for these keys too.</summary>
    public Person WithJoined(IReadOnlyList<PatientKey> joined, DateTime at) => new(Key, dataKey, null, joined, at);

    /// <summary>The same person, leading to another key.</summary>
    public Person WithLeadTo(PatientKey other) => new(Key, dataKey, other, []);

    /// <summary>Opens the data key for use.</summary>
    public Seal OpenSeal() => new(dataKey);

    /// <summary>Key of the row in the patient's partition.</summary>
    public static RowKey RowKey(PatientKey key)
    {
        Span<byte> bytes = stackalloc byte[PatientKey.Size];
        key.Write(bytes);
        return new($"a.person.{Convert.ToHexStringLower(bytes)}");
    }

    /// <summary>The row's value: format, wrapped data key with its length, whether it leads to another, time of joining, that key or those joined.</summary>
    public byte[] ToRow(MasterKeys master)
    {
        var wrapped = master.Wrap(dataKey, BelongsTo(Key));
        var others = LeadsTo is { } primary ? [primary] : Joined;
        var row = new byte[OthersAt + wrapped.Length + (others.Count * PatientKey.Size)];
        (row[0], row[1]) = (Format, (byte)wrapped.Length);
        wrapped.CopyTo(row, 2);
        row[2 + wrapped.Length] = LeadsTo is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt64BigEndian(row.AsSpan(3 + wrapped.Length), JoinedAt.Ticks);
        for (var i = 0; i < others.Count; i++)
        {
            others[i].Write(row.AsSpan(OthersAt + wrapped.Length + (i * PatientKey.Size)));
        }

        return row;
    }

    /// <summary>Reads the row.</summary>
    /// <exception cref="CryptographicException">The master key is not the one the row was wrapped with, or the row was changed.</exception>
    public static Person FromRow(PatientKey key, ReadOnlySpan<byte> row, MasterKeys master)
    {
        var wrapped = WrappedKey(row);
        var dataKey = master.Unwrap(wrapped, BelongsTo(key)) ?? throw new CryptographicException("A patient's data key cannot be opened with these master keys.");
        var leads = row[2 + wrapped.Length] == 1;
        var joinedAt = new DateTime(BinaryPrimitives.ReadInt64BigEndian(row[(3 + wrapped.Length)..]), DateTimeKind.Utc);
        var rest = row[(OthersAt + wrapped.Length)..];
        var others = new PatientKey[rest.Length / PatientKey.Size];
        for (var i = 0; i < others.Length; i++)
        {
            others[i] = PatientKey.Read(rest[(i * PatientKey.Size)..]);
        }

        return leads ? new(key, dataKey, others[0], []) : new(key, dataKey, null, others, joinedAt);
    }

    /// <summary>Number of the master key that wraps the row's data key.</summary>
    public static int MasterNumber(ReadOnlySpan<byte> row) => MasterKeys.NumberOf(WrappedKey(row));

    private static ReadOnlySpan<byte> WrappedKey(ReadOnlySpan<byte> row) =>
        row.Length > 2 && row[0] == Format && row.Length >= OthersAt + row[1] ? row.Slice(2, row[1]) : throw new CryptographicException("A patient's row is not of a known format.");

    private static byte[] BelongsTo(PatientKey key)
    {
        var bytes = new byte[PatientKey.Size + 8];
        key.Write(bytes);
        "data key"u8.CopyTo(bytes.AsSpan(PatientKey.Size));
        return bytes;
    }
}
