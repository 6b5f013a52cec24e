using System.Collections.Immutable;

namespace PasientensMaledata.Observations;

/// <summary>How a search value relates to a measured time (FHIR R4 search#prefix).</summary>
public enum DatePrefix
{
    /// <summary>The value's span holds all of the measured span.</summary>
    Eq,

    /// <summary>It does not.</summary>
    Ne,

    /// <summary>Something of the measured span is later than the value's.</summary>
    Gt,

    /// <summary>Something of the measured span is earlier than the value's.</summary>
    Lt,

    /// <summary>Gt or eq.</summary>
    Ge,

    /// <summary>Lt or eq.</summary>
    Le,

    /// <summary>The measured span starts after the value's.</summary>
    Sa,

    /// <summary>The measured span ends before the value's.</summary>
    Eb,
}

/// <summary>One value of a date search parameter.</summary>
/// <param name="Prefix">The relation.</param>
/// <param name="Time">The span compared with.</param>
public readonly record struct DateComparison(DatePrefix Prefix, FhirTime Time)
{
    /// <summary>
    /// Where a matching span of at most <see cref="EffectiveTime.LongestShort"/> can start, both ends included. Some spans inside do not match.
    /// </summary>
    public (long MinStart, long MaxStart) ShortStarts
    {
        get
        {
            // A span that ends past the value's end starts no earlier than this.
            var reaching = Time.EndTicks - EffectiveTime.LongestShort.Ticks;
            return Prefix switch
            {
                DatePrefix.Eq => (Time.StartTicks, Time.EndTicks - 1),
                DatePrefix.Gt => (reaching, long.MaxValue),
                DatePrefix.Ge => (Math.Min(Time.StartTicks, reaching), long.MaxValue),
                DatePrefix.Lt => (long.MinValue, Time.StartTicks - 1),
                DatePrefix.Le => (long.MinValue, Time.EndTicks - 1),
                DatePrefix.Sa => (Time.EndTicks, long.MaxValue),
                DatePrefix.Eb => (long.MinValue, Time.StartTicks - 1),
                _ => (long.MinValue, long.MaxValue),
            };
        }
    }

    /// <summary>Reads one value, such as <c>ge2026-05-01</c>; without a prefix it is eq.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateComparison comparison, out Issue? issue)
    {
        comparison = default;
        issue = null;
        DatePrefix? prefix = DatePrefix.Eq;
        var time = text;
        if (text.Length >= 2 && char.IsAsciiLetter(text[0]) && char.IsAsciiLetter(text[1]))
        {
            prefix = text[..2] switch
            {
                "eq" => DatePrefix.Eq,
                "ne" => DatePrefix.Ne,
                "gt" => DatePrefix.Gt,
                "lt" => DatePrefix.Lt,
                "ge" => DatePrefix.Ge,
                "le" => DatePrefix.Le,
                "sa" => DatePrefix.Sa,
                "eb" => DatePrefix.Eb,
                _ => null,
            };
            time = text[2..];
        }

        if (prefix is not { } known)
        {
            issue = Issue.Error("not-supported", null, "The date's prefix is not supported; use eq, ne, gt, lt, ge, le, sa or eb.");
            return false;
        }

        if (!FhirTime.TryParse(time, TimeUse.Search, out var span))
        {
            issue = Issue.Error("value", null, "The date is no FHIR date; use YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z or an offset such as +01:00].");
            return false;
        }

        comparison = new DateComparison(known, span);
        return true;
    }

    /// <summary>Reads the values of one parameter, parted by commas: any of them may match.</summary>
    public static bool TryParseList(string text, out ImmutableArray<DateComparison> any, out Issue? issue)
    {
        ArgumentNullException.ThrowIfNull(text);
        var comparisons = ImmutableArray.CreateBuilder<DateComparison>();
        any = [];
        issue = null;
        foreach (var range in text.AsSpan().Split(','))
        {
            if (!TryParse(text.AsSpan()[range], out var comparison, out issue))
            {
                return false;
            }

            comparisons.Add(comparison);
        }

        any = comparisons.ToImmutable();
        return true;
    }

    /// <summary>Whether a measured time matches. One that is not told matches nothing, not even ne.</summary>
    public bool Matches(EffectiveTime measured) => measured.HasTime && Prefix switch
    {
        DatePrefix.Eq => Holds(measured),
        DatePrefix.Ne => !Holds(measured),
        DatePrefix.Gt => measured.EndTicks > Time.EndTicks,
        DatePrefix.Lt => measured.StartTicks < Time.StartTicks,
        DatePrefix.Ge => measured.EndTicks > Time.EndTicks || Holds(measured),
        DatePrefix.Le => measured.StartTicks < Time.StartTicks || Holds(measured),
        DatePrefix.Sa => measured.StartTicks >= Time.EndTicks,
        DatePrefix.Eb => measured.EndTicks <= Time.StartTicks,
        _ => false,
    };

    private bool Holds(EffectiveTime measured) => Time.StartTicks <= measured.StartTicks && measured.EndTicks <= Time.EndTicks;
}
