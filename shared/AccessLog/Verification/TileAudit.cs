using System.Globalization;
using PasientensMaledata.Storage;

namespace PasientensMaledata.AccessLog.Verification;

/// <summary>Holds the tiles against the tree that the journals make: each full tile as it fills, and afterwards that there is no other.</summary>
internal sealed class TileAudit(IBlobs blobs)
{
    private const int Hashes = 256;
    private const int HashBytes = 32;
    private const int HeightOfTile = 8;

    private readonly List<List<byte[]>> filling = [];
    private readonly Queue<(string Name, List<byte[]> Hashes, long FirstIndex)> full = [];
    private readonly List<long> filled = [];

    /// <summary>Takes a perfect subtree, as the tree completes it.</summary>
    public void Take(int height, byte[] hash)
    {
        if (height % HeightOfTile != 0)
        {
            return;
        }

        var level = height / HeightOfTile;
        if (level == filling.Count)
        {
            filling.Add([]);
            filled.Add(0);
        }

        filling[level].Add(hash);
        if (filling[level].Count == Hashes)
        {
            full.Enqueue(($"tile/{level}/{Address(filled[level])}", filling[level], level == 0 ? filled[level] * Hashes : -1));
            filling[level] = [];
            filled[level]++;
        }
    }

    /// <summary>Reads the tiles that have become full.</summary>
    /// <param name="where">Tells where an event of an index lies, for the fault.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask VerifyFullAsync(Func<long, string> where, CancellationToken cancellationToken)
    {
        while (full.TryDequeue(out var tile))
        {
            var read = await blobs.ReadAsync(new(tile.Name), 0, (Hashes * HashBytes) + 1, cancellationToken)
                ?? throw new FaultFoundException(new(tile.Name, 0, tile.FirstIndex, "The tile is gone."));
            if (read.Length != Hashes * HashBytes)
            {
                throw new FaultFoundException(new(tile.Name, 0, tile.FirstIndex, "A full tile has 8192 bytes.", "8192", read.Length.ToString(CultureInfo.InvariantCulture)));
            }

            for (var i = 0; i < Hashes; i++)
            {
                var found = read.Content.Slice(i * HashBytes, HashBytes);
                if (!found.Span.SequenceEqual(tile.Hashes[i]))
                {
                    var index = tile.FirstIndex < 0 ? -1 : tile.FirstIndex + i;
                    throw new FaultFoundException(new(
                        tile.Name, i + 1, index, $"The hash is not that of the journals{(index < 0 ? "" : $", {where(index)}")}.", Convert.ToHexStringLower(tile.Hashes[i]), Convert.ToHexStringLower(found.Span)));
                }
            }
        }
    }

    /// <summary>Where the newest hashes, not yet a full tile here, are others than in their tile: the first event of which it is so, or null.</summary>
    public async ValueTask<(long Index, string Tile, string Expected, string Found)?> FirstOtherAsync(CancellationToken cancellationToken)
    {
        if (filling.Count == 0)
        {
            return null;
        }

        var name = $"tile/0/{Address(filled[0])}";
        var there = (await blobs.ReadAsync(new(name), 0, Hashes * HashBytes, cancellationToken))?.Content ?? default;
        for (var i = 0; i < filling[0].Count && (i + 1) * HashBytes <= there.Length; i++)
        {
            var found = there.Slice(i * HashBytes, HashBytes);
            if (!found.Span.SequenceEqual(filling[0][i]))
            {
                return ((filled[0] * Hashes) + i, name, Convert.ToHexStringLower(filling[0][i]), Convert.ToHexStringLower(found.Span));
            }
        }

        return null;
    }

    /// <summary>After all: there are no other tiles.</summary>
    /// <param name="isEnd">Whether the log has not gone on meanwhile: else a tile may be of later events.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task VerifyNoOtherAsync(Func<Task<bool>> isEnd, CancellationToken cancellationToken)
    {
        await foreach (var item in blobs.ListAsync("tile/", cancellationToken))
        {
            var name = item.Name.ToString();
            var slash = name.IndexOf('/', 5);
            if (slash < 0 || !int.TryParse(name.AsSpan(5, slash - 5), NumberStyles.None, CultureInfo.InvariantCulture, out var level)
                || !long.TryParse(name[(slash + 1)..].Replace("x", "", StringComparison.Ordinal).Replace("/", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                || name != $"tile/{level}/{Address(index)}")
            {
                throw new FaultFoundException(new(name, 0, -1, "This is no tile."));
            }

            if ((level >= filled.Count || index >= filled[level]) && await isEnd())
            {
                throw new FaultFoundException(new(name, 0, -1, "The log has too few events for this tile."));
            }
        }
    }

    private static string Address(long index)
    {
        var digits = index.ToString(CultureInfo.InvariantCulture);
        digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
        var last = digits.Length - 3;
        return string.Concat(Enumerable.Range(0, last / 3).Select(i => $"x{digits.Substring(i * 3, 3)}/")) + digits[last..];
    }
}
