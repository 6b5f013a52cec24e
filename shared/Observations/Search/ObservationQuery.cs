using PasientensMaledata.Observations.Rows;

namespace PasientensMaledata.Observations.Search;

/// <summary>What is asked for of one patient. Lists in lists: all of the outer, any of the inner.</summary>
public sealed record ObservationQuery
{
    /// <summary><c>code</c></summary>
    public IReadOnlyList<TokenFilter[]> Codes { get; init; } = [];

    /// <summary><c>category</c></summary>
    public IReadOnlyList<TokenFilter[]> Categories { get; init; } = [];

    /// <summary><c>status</c></summary>
    public IReadOnlyList<ObservationStatus[]> Statuses { get; init; } = [];

    /// <summary><c>date</c></summary>
    public IReadOnlyList<DateComparison[]> Dates { get; init; } = [];

    /// <summary><c>_lastUpdated</c></summary>
    public IReadOnlyList<DateComparison[]> LastUpdated { get; init; } = [];

    /// <summary><c>_id</c>, as sent.</summary>
    public IReadOnlyList<HashSet<string>> Ids { get; init; } = [];

    /// <summary><c>_count</c>; null where not given.</summary>
    public int? Count { get; init; }

    /// <summary>Whether the oldest come first (<c>_sort=date</c>).</summary>
    public bool OldestFirst { get; init; }

    /// <summary>Whether only the number of matches is wanted (<c>_summary=count</c>).</summary>
    public bool CountOnly { get; init; }

    /// <summary><c>max</c> of <c>$lastn</c>.</summary>
    public int Max { get; init; } = 1;

    /// <summary>Whether a row matches, <c>_id</c> aside.</summary>
    public bool Matches(ObservationRow row)
    {
        foreach (var statuses in Statuses)
        {
            if (!statuses.AsSpan().Contains(row.Status))
            {
                return false;
            }
        }

        foreach (var dates in Dates)
        {
            if (!row.HasTime || !Any(dates, EffectiveTime.Span(row.StartTicks, row.EndTicks)))
            {
                return false;
            }
        }

        foreach (var dates in LastUpdated)
        {
            // An instant in whole milliseconds (FHIR R4 search#date: its precision is its range).
            var stamp = row.LastUpdated.Ticks;
            if (!Any(dates, EffectiveTime.Span(stamp, stamp + TimeSpan.TicksPerMillisecond)))
            {
                return false;
            }
        }

        foreach (var codes in Codes)
        {
            if (!TokenFilter.AnyMatches(codes, row.Codings))
            {
                return false;
            }
        }

        foreach (var categories in Categories)
        {
            if (!TokenFilter.AnyMatches(categories, row.Categories))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The effective starts that a span of at most 26 h can have and match every <c>date</c>, both included.</summary>
    public (long Oldest, long Newest) StartBounds()
    {
        var (oldest, newest) = (long.MinValue, long.MaxValue);
        foreach (var dates in Dates)
        {
            oldest = Math.Max(oldest, dates.Min(d => d.ShortStarts.MinStart));
            newest = Math.Min(newest, dates.Max(d => d.ShortStarts.MaxStart));
        }

        return (oldest, newest);
    }

    /// <summary>The stamps, in ticks, that can match every <c>_lastUpdated</c>; the end is not part of it.</summary>
    public (long Oldest, long End) StampBounds()
    {
        var (oldest, end) = (long.MinValue, long.MaxValue);
        foreach (var dates in LastUpdated)
        {
            oldest = Math.Max(oldest, dates.Min(d => IsLowerBound(d) ? d.Time.StartTicks : long.MinValue));
            end = Math.Min(end, dates.Max(d => d.Prefix is DatePrefix.Eq or DatePrefix.Lt or DatePrefix.Le or DatePrefix.Eb ? d.Time.EndTicks : long.MaxValue));
        }

        return (oldest, end);
    }

    /// <summary>The query for a patient with whom others were joined: what that brought is new to whoever asks for changes since before it.</summary>
    public ObservationQuery SinceJoining(DateTime joinedAt) =>
        joinedAt == default || StampBounds().Oldest > joinedAt.Ticks ? this : this with { LastUpdated = [.. LastUpdated.Where(d => !Array.Exists(d, IsLowerBound))] };

    private static bool IsLowerBound(DateComparison date) => date.Prefix is DatePrefix.Eq or DatePrefix.Gt or DatePrefix.Ge or DatePrefix.Sa;

    /// <summary>The Concepts of a patient in which something can match.</summary>
    public IReadOnlySet<string> Concepts(PatientHead head, IEnumerable<string> among)
    {
        var concepts = among.ToHashSet(StringComparer.Ordinal);
        foreach (var codes in Codes)
        {
            concepts.IntersectWith(head.Catalogue.Where(l => l.Kind == CatalogueKind.Coding && Array.Exists(codes, c => c.Matches(l))).Select(l => l.Concept));
        }

        return concepts;
    }

    private static bool Any(DateComparison[] dates, EffectiveTime time)
    {
        foreach (var date in dates)
        {
            if (date.Matches(time))
            {
                return true;
            }
        }

        return false;
    }
}
