namespace PasientensMaledata;

/// <summary>Every limit a caller can meet. <c>docs/limits.md</c> and <c>/metadata</c> tell the same figures.</summary>
public static class Limits
{
    /// <summary>Bytes of a request body, after decompression.</summary>
    public const int MaxBodyBytes = 33_554_432;

    /// <summary>Entries in a Bundle.</summary>
    public const int MaxBundleEntries = 10_000;

    /// <summary>Bytes of one Observation.</summary>
    public const int MaxObservationBytes = 262_144;

    /// <summary>Depth of nested JSON objects and arrays, counted from the Bundle.</summary>
    public const int MaxJsonDepth = 32;

    /// <summary>Characters of one JSON string in an Observation, <c>text.div</c> and attachments' <c>data</c> aside.</summary>
    public const int MaxStringLength = 16_384;

    /// <summary>Codings in <c>Observation.code</c>.</summary>
    public const int MaxCodings = 20;

    /// <summary>Items of any other list in an Observation.</summary>
    public const int MaxListItems = 200;

    /// <summary>Issues told of one Observation; the first ones, errors before warnings.</summary>
    public const int MaxIssues = 50;

    /// <summary>How far ahead of the server's clock a measurement may lie.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromHours(24);

    /// <summary>Bytes of a search form.</summary>
    public const int MaxSearchFormBytes = 16_384;

    /// <summary>Parameters in a search.</summary>
    public const int MaxSearchParameters = 100;

    /// <summary>Observations in one answer, and the largest <c>_count</c>.</summary>
    public const int MaxPageSize = 1_000;

    /// <summary>Matches that <c>_sort=date</c> (oldest first) can order.</summary>
    public const int MaxSortedMatches = 10_000;

    /// <summary>Largest <c>max</c> of <c>$lastn</c>.</summary>
    public const int MaxLastN = 100;

    /// <summary>How long a page link lives.</summary>
    public static readonly TimeSpan PageLinkLifetime = TimeSpan.FromMinutes(15);

    /// <summary>A write commits at most so long after the moment it is stamped with, else it is stamped anew.</summary>
    public static readonly TimeSpan CommitWindow = TimeSpan.FromSeconds(10);
}
