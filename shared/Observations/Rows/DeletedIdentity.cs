using System.Security.Cryptography;
using System.Text;

namespace PasientensMaledata.Observations.Rows;

/// <summary>
/// What the row <c>i.</c> of an identity says in place of <see cref="IdentityRow"/> where the Observation is deleted: so that the same, sent again,
/// stays deleted; or, for a moment, so that a deletion of many rows is gone on with. Says nothing of what was measured.
/// </summary>
/// <param name="IsForGood">Whether what is sent again is refused: the Observation was of the wrong patient.</param>
/// <param name="IsUnfinished">Whether rows of it remain to be deleted.</param>
/// <param name="Controller">Whose it was: who sees theirs may be told that it is gone.</param>
public sealed record DeletedIdentity(bool IsForGood, bool IsUnfinished, string Controller)
{
    // IdentityRow's is 1.
    private const byte Format = 2;

    /// <summary>The row's value.</summary>
    public byte[] ToRow() => [Format, (byte)((IsForGood ? 1 : 0) | (IsUnfinished ? 2 : 0)), .. Encoding.ASCII.GetBytes(Controller)];

    /// <summary>Reads a row's value; null where it is that of an Observation that is there.</summary>
    /// <exception cref="CryptographicException">The row is not of a known format.</exception>
    public static DeletedIdentity? FromRow(ReadOnlySpan<byte> row) => row is not [Format, ..] ? null
        : row.Length >= 2 ? new((row[1] & 1) != 0, (row[1] & 2) != 0, Encoding.ASCII.GetString(row[2..]))
        : throw new CryptographicException("An identity's row is not of a known format.");
}
