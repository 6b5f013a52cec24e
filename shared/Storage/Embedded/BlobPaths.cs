namespace PasientensMaledata.Storage.Embedded;

/// <summary>
/// Where a blob's file lies. It lies at the blob's name as path, so that it can be found by hand, save where that path is taken: a folder whose
/// name a file has gets <c>~</c> at its end (<c>a/b~/c</c> beside <c>a/b</c>), and a file whose name a folder or an older content of the same
/// blob has gets <c>~</c> and a number (<c>a/b~7</c>). No blob's name has a <c>~</c>, so no two blobs share a path.
/// Where a blob lies is written down with it, and is not worked out again. What is exported for others lies beside the blobs, in a folder that they
/// can be given.
/// </summary>
internal sealed class BlobPaths(string root)
{
    private static readonly Dictionary<string, string> Exported = new(StringComparer.Ordinal)
    {
        ["statistics-raw"] = "../statistics/raw",
        ["statistics-open"] = "../statistics/open",
    };

    /// <summary>The whole path of a blob's path.</summary>
    public string Full(string path) => Path.Combine(root, path);

    /// <summary>A path for new content. A file that lies there already is one that no blob has.</summary>
    /// <param name="name">The blob.</param>
    /// <param name="version">A number never used before for this name.</param>
    /// <param name="isDiscarded">Whether older content lies at a path that is yet to be removed.</param>
    public string Free(BlobName name, long version, Func<string, bool> isDiscarded)
    {
        var segments = name.ToString().Split('/');
        segments[0] = Exported.GetValueOrDefault(segments[0], segments[0]);
        var path = "";
        foreach (var folder in segments.AsSpan(0, segments.Length - 1))
        {
            path += folder;
            while (File.Exists(Full(path)))
            {
                path += "~";
            }

            path += "/";
        }

        path += segments[^1];
        return isDiscarded(path) || Directory.Exists(Full(path)) ? FormattableString.Invariant($"{path}~{version}") : path;
    }
}
