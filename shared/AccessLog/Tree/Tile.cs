using System.Globalization;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Tree;

/// <summary>A tile of C2SP tlog-tiles: 256 consecutive hashes of one height, or fewer at the tree's right edge.</summary>
/// <param name="Level">0 for hashes of leaves; each level above is the hashes of 256.</param>
/// <param name="Index">Which of its level.</param>
public readonly record struct Tile(int Level, long Index)
{
    /// <summary>Hashes of a full tile.</summary>
    public const int Width = 256;

    /// <summary>The binary height of a tile: a full one has 8 levels of nodes over its hashes.</summary>
    public const int Height = 8;

    /// <summary>Bytes of a full tile.</summary>
    public const int Bytes = Width * TreeHash.Size;

    /// <summary>The blob of the full tile.</summary>
    public BlobName Blob => new(string.Create(CultureInfo.InvariantCulture, $"tile/{Level}/{Path(Index)}"));

    /// <summary>An index in groups of three digits, all but the last with an <c>x</c>: 1234067 is <c>x001/x234/067</c>.</summary>
    public static string Path(long index)
    {
        var path = (index % 1000).ToString("d3", CultureInfo.InvariantCulture);
        for (index /= 1000; index > 0; index /= 1000)
        {
            path = string.Create(CultureInfo.InvariantCulture, $"x{index % 1000:d3}/{path}");
        }

        return path;
    }

    /// <summary>Reads the address of a tile, as after <c>tile/</c>: level, index, and for a partial one <c>.p/</c> and its width.</summary>
    /// <param name="address">Such as <c>0/x001/234.p/17</c>.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="width">Hashes asked for; 256 for a full one.</param>
    public static bool TryParse(string address, out Tile tile, out int width)
    {
        (tile, width) = (default, Width);
        var slash = address.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1 || !TryNumber(address[..slash], 63, out var level))
        {
            return false;
        }

        var path = address[(slash + 1)..];
        if (path.IndexOf(".p/", StringComparison.Ordinal) is var partial and >= 0)
        {
            if (!TryNumber(path[(partial + 3)..], Width - 1, out width) || width == 0)
            {
                return false;
            }

            path = path[..partial];
        }

        var groups = path.Split('/');
        if (groups.Length > 6)
        {
            return false;
        }

        long index = 0;
        for (var i = 0; i < groups.Length; i++)
        {
            var digits = i < groups.Length - 1 ? groups[i] is ['x', ..] ? groups[i][1..] : "" : groups[i];
            if (digits.Length != 3 || !digits.All(char.IsAsciiDigit))
            {
                return false;
            }

            index = (index * 1000) + int.Parse(digits, CultureInfo.InvariantCulture);
        }

        tile = new(level, index);
        return Path(index) == path;
    }

    private static bool TryNumber(string text, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most && (text.Length == 1 || text[0] != '0');
}
