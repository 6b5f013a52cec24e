using System.Collections.Immutable;

namespace PasientensMaledata.Observations;

/// <summary>Collects issues: each place is told once per code, and no more than <see cref="Limits.MaxIssues"/> in all. Errors come first.</summary>
internal sealed class IssueList
{
    private readonly List<Issue> errors = [];
    private readonly List<Issue> warnings = [];

    public bool HasErrors => errors.Count > 0;

    public void Error(string code, string? expression, string diagnostics) => Add(errors, Issue.Error(code, expression, diagnostics));

    public void Warning(string code, string? expression, string diagnostics) => Add(warnings, Issue.Warning(code, expression, diagnostics));

    /// <summary>An error where <paramref name="refuses"/>, else a warning.</summary>
    public void Add(bool refuses, string code, string? expression, string diagnostics)
    {
        if (refuses)
        {
            Error(code, expression, diagnostics);
        }
        else
        {
            Warning(code, expression, diagnostics);
        }
    }

    /// <summary>Whether an error was told of this very place.</summary>
    public bool HasErrorAt(string? expression) => errors.Exists(issue => issue.Expression == expression);

    public ImmutableArray<Issue> ToImmutable() =>
        errors.Count + warnings.Count == 0 ? [] : [.. errors, .. warnings.Take(Limits.MaxIssues - errors.Count)];

    private static void Add(List<Issue> list, Issue issue)
    {
        if (list.Count < Limits.MaxIssues && !list.Exists(other => other.Code == issue.Code && other.Expression == issue.Expression))
        {
            list.Add(issue);
        }
    }
}
