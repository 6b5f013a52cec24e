namespace PasientensMaledata.Statistics;

/// <summary>A code and what it means.</summary>
/// <param name="Value">The code.</param>
/// <param name="English">Its meaning in English.</param>
/// <param name="Norwegian">Its meaning in Norwegian.</param>
internal sealed record ListedCode(string Value, string English, string Norwegian);

/// <summary>A column of a file: what the file holds and what <c>datapackage.json</c> tells of it come from here.</summary>
/// <param name="Name">Its name.</param>
/// <param name="English">What stands in it, in English.</param>
/// <param name="Norwegian">The same in Norwegian.</param>
internal abstract record Column<TRow>(string Name, string English, string Norwegian)
{
    /// <summary>The codes that may stand in it; empty where they are not ours to list.</summary>
    public IReadOnlyList<ListedCode> Codes { get; init; } = [];

    /// <summary>Its Frictionless type.</summary>
    public abstract string Type { get; }
}

/// <summary>Text; empty where it does not apply or is not known.</summary>
internal sealed record TextColumn<TRow>(string Name, string English, string Norwegian, Func<TRow, string> Of) : Column<TRow>(Name, English, Norwegian)
{
    /// <summary>What stands there for a code that the list does not have.</summary>
    public static readonly ListedCode Other = new("other", "Something else.", "Noe annet.");

    /// <summary>What stands in a row.</summary>
    public string In(TRow row)
    {
        var text = Of(row);
        return text.Length == 0 || Codes.Count == 0 || Codes.Any(c => c.Value == text) ? text : Other.Value;
    }

    public override string Type => "string";
}

/// <summary>A whole number; null where it does not apply, or is suppressed.</summary>
internal sealed record NumberColumn<TRow>(string Name, string English, string Norwegian, Func<TRow, int?> Of) : Column<TRow>(Name, English, Norwegian)
{
    public override string Type => "integer";

    /// <summary>Whether it may be empty.</summary>
    public bool IsOptional { get; init; }
}

/// <summary>A date.</summary>
internal sealed record DateColumn<TRow>(string Name, string English, string Norwegian, Func<TRow, DateOnly> Of) : Column<TRow>(Name, English, Norwegian)
{
    public override string Type => "date";
}

/// <summary>A kind of file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="English">What a row is, in English.</param>
/// <param name="Norwegian">The same in Norwegian.</param>
/// <param name="Columns">Its columns, in order.</param>
internal sealed record TableShape<TRow>(string Name, string English, string Norwegian, IReadOnlyList<Column<TRow>> Columns);
