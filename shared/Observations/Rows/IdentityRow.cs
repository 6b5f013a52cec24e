using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PasientensMaledata.Access;
using PasientensMaledata.Storage;

namespace PasientensMaledata.Observations.Rows;

/// <summary>One accepted version of an Observation.</summary>
/// <param name="Number">meta.versionId, in order of arrival from 1.</param>
/// <param name="Content">Keyed hash of its content.</param>
/// <param name="IsCorrection">Whether it came as a correction: by PUT or by status. What did not lies before all that did.</param>
/// <param name="Order">By what corrections are ordered, UTC ticks: issued, else Bundle.timestamp, else arrival.</param>
/// <param name="Stamp">meta.lastUpdated.</param>
public readonly record struct VersionEntry(int Number, UInt128 Content, bool IsCorrection, long Order, DateTime Stamp)
{
    /// <summary>Whether this version lies after another. Equal times are decided by content, so that every order of arrival ends alike.</summary>
    public bool LiesAfter(VersionEntry other) =>
        (IsCorrection, Order, Content).CompareTo((other.IsCorrection, other.Order, other.Content)) > 0;
}

/// <summary>The row <c>i.</c> of an identity: where the current version lies, who sent it, and all its versions.</summary>
/// <param name="Sender">Who sent it: only they may correct it.</param>
/// <param name="Received">When the first version was received, UTC.</param>
/// <param name="Location">Row of the current version.</param>
/// <param name="CurrentNumber">Number of the current version.</param>
/// <param name="Versions">All versions, in order of arrival; numbers from 1.</param>
public sealed record IdentityRow(SenderId Sender, DateTime Received, RowKey Location, int CurrentNumber, IReadOnlyList<VersionEntry> Versions)
{
    private const byte Format = 1;
    private const int VersionSize = 16 + 1 + 8 + 8;

    /// <summary>The current version.</summary>
    public VersionEntry Current => Versions[CurrentNumber - 1];

    /// <summary>The version with this content; null where there is none.</summary>
    public VersionEntry? Find(UInt128 content)
    {
        foreach (var version in Versions)
        {
            if (version.Content == content)
            {
                return version;
            }
        }

        return null;
    }

    /// <summary>The row's value.</summary>
    public byte[] ToRow()
    {
        var sender = Encoding.ASCII.GetBytes(Sender.ToString());
        var location = Encoding.ASCII.GetBytes(Location.ToString());
        var row = new byte[1 + 8 + 4 + 1 + sender.Length + 2 + location.Length + (Versions.Count * VersionSize)];
        var rest = row.AsSpan();
        rest[0] = Format;
        BinaryPrimitives.WriteInt64BigEndian(rest[1..], Received.Ticks);
        BinaryPrimitives.WriteInt32BigEndian(rest[9..], CurrentNumber);
        rest[13] = (byte)sender.Length;
        sender.CopyTo(rest[14..]);
        rest = rest[(14 + sender.Length)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)location.Length);
        location.CopyTo(rest[2..]);
        rest = rest[(2 + location.Length)..];
        foreach (var version in Versions)
        {
            BinaryPrimitives.WriteUInt128BigEndian(rest, version.Content);
            rest[16] = version.IsCorrection ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteInt64BigEndian(rest[17..], version.Order);
            BinaryPrimitives.WriteInt64BigEndian(rest[25..], version.Stamp.Ticks);
            rest = rest[VersionSize..];
        }

        return row;
    }

    /// <summary>Reads a row's value.</summary>
    /// <exception cref="CryptographicException">The row is not of a known format.</exception>
    public static IdentityRow FromRow(ReadOnlySpan<byte> row)
    {
        if (row.Length < 14 || row[0] != Format)
        {
            throw new CryptographicException("An identity's row is not of a known format.");
        }

        var received = new DateTime(BinaryPrimitives.ReadInt64BigEndian(row[1..]), DateTimeKind.Utc);
        var current = BinaryPrimitives.ReadInt32BigEndian(row[9..]);
        var sender = new SenderId(Encoding.ASCII.GetString(row.Slice(14, row[13])));
        var rest = row[(14 + row[13])..];
        int length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        var location = new RowKey(Encoding.ASCII.GetString(rest.Slice(2, length)));
        rest = rest[(2 + length)..];
        var versions = new VersionEntry[rest.Length / VersionSize];
        for (var i = 0; i < versions.Length; i++)
        {
            versions[i] = new(
                i + 1,
                BinaryPrimitives.ReadUInt128BigEndian(rest),
                rest[16] == 1,
                BinaryPrimitives.ReadInt64BigEndian(rest[17..]),
                new DateTime(BinaryPrimitives.ReadInt64BigEndian(rest[25..]), DateTimeKind.Utc));
            rest = rest[VersionSize..];
        }

        return new(sender, received, location, current, versions);
    }
}
