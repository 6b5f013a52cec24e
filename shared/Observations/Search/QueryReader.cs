using System.Globalization;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Observations.Search;

/// <summary>A search as read: the query and the patient, or why not; and what there is to remark on it.</summary>
/// <param name="Query">The query; null where <paramref name="Errors"/> is not empty.</param>
/// <param name="Patient">Whom it is about; unset where there are errors.</param>
/// <param name="Errors">Why it is refused.</param>
/// <param name="Remarks">What was not used, and why.</param>
public sealed record ReadQuery(ObservationQuery? Query, NationalId Patient, IReadOnlyList<Issue> Errors, IReadOnlyList<Issue> Remarks);

/// <summary>Which call the parameters are of.</summary>
public enum QueryKind
{
    /// <summary><c>_search</c></summary>
    Search,

    /// <summary><c>$lastn</c></summary>
    LastN,
}

/// <summary>Reads search parameters (FHIR R4 search). What is unknown is remarked on; what is known and wrong is refused.</summary>
public static class QueryReader
{
    private static readonly string[] PatientNames = ["patient.identifier", "subject.identifier", "patient:identifier", "subject:identifier", "patient:Patient.identifier", "subject:Patient.identifier"];

    /// <summary>The parameters of <c>_search</c>, as <c>/metadata</c> tells them: name, type, meaning.</summary>
    public static IReadOnlyList<(string Name, string Type, string Meaning)> SearchParameters { get; } =
    [
        ("patient", "reference", "The patient, always as patient.identifier (or subject.identifier): a person number, bare or system|value. Exactly one."),
        ("code", "token", "Codings of Observation.code: code, system|code; comma for or, repeated for and."),
        ("date", "date", "Effective time, with eq ne gt ge lt le sa eb; repeated for and."),
        ("category", "token", "Codings of Observation.category."),
        ("status", "token", "Observation.status."),
        ("_id", "token", "Ids; comma for or."),
        ("_lastUpdated", "date", "When the current version was stored. Bundle.meta.lastUpdated of the answer is a cursor for the next poll with ge."),
    ];

    /// <summary>Reads them.</summary>
    /// <param name="kind">Of which call.</param>
    /// <param name="parameters">Names and values, in order.</param>
    /// <param name="patientHeader">The header X-Pmd-Patient; null where it was not sent.</param>
    /// <param name="policy">Which person numbers are accepted.</param>
    public static ReadQuery Read(QueryKind kind, IEnumerable<KeyValuePair<string, string>> parameters, string? patientHeader, NationalIdPolicy policy)
    {
        var errors = new List<Issue>();
        var remarks = new List<Issue>();
        var patients = new List<(string Name, string Value)>();
        var rest = new List<KeyValuePair<string, string>>();
        if (!string.IsNullOrEmpty(patientHeader))
        {
            patients.Add(("header X-Pmd-Patient", patientHeader));
        }

        foreach (var parameter in parameters)
        {
            if (Array.IndexOf(PatientNames, parameter.Key) >= 0)
            {
                patients.Add((parameter.Key, parameter.Value));
            }
            else
            {
                rest.Add(parameter);
            }
        }

        var patient = ReadPatient(patients, policy, errors, remarks);
        var query = ReadRest(kind, rest, errors, remarks);
        return errors.Count > 0 ? new(null, default, errors, remarks) : new(query, patient, errors, remarks);
    }

    /// <summary>Reads all but the patient.</summary>
    public static ObservationQuery ReadRest(QueryKind kind, IEnumerable<KeyValuePair<string, string>> parameters, List<Issue> errors, List<Issue> remarks)
    {
        var query = new ObservationQuery();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            var parameter = colon < 0 ? name : name[..colon];
            if (!IsKnown(kind, parameter))
            {
                if (parameter is "patient" or "subject" || parameter.StartsWith("patient.", StringComparison.Ordinal) || parameter.StartsWith("subject.", StringComparison.Ordinal))
                {
                    errors.Add(Issue.Error("not-supported", null, "Patients are found by person number only: use patient.identifier."));
                }
                else if (!parameter.Equals("_format", StringComparison.Ordinal) && !parameter.Equals("_pretty", StringComparison.Ordinal))
                {
                    remarks.Add(Issue.Warning("not-supported", null, $"The parameter {Quote(name)} is not supported and was not used."));
                }

                continue;
            }

            if (colon >= 0)
            {
                errors.Add(Issue.Error("not-supported", null, $"The modifier of {parameter} is not supported."));
                continue;
            }

            if (parameter is "_count" or "_sort" or "_summary" or "max" && !seen.Add(parameter))
            {
                errors.Add(Issue.Error("invalid", null, $"{parameter} stands more than once."));
                continue;
            }

            // An empty parameter is no parameter (FHIR R4 search#errors).
            if (value.Length > 0)
            {
                query = Read(query, parameter, value, errors);
            }
        }

        return query;
    }

    private static bool IsKnown(QueryKind kind, string parameter) => parameter switch
    {
        "code" or "category" or "status" or "date" => true,
        "_id" or "_lastUpdated" or "_count" or "_sort" or "_summary" => kind == QueryKind.Search,
        "max" => kind == QueryKind.LastN,
        _ => false,
    };

    private static ObservationQuery Read(ObservationQuery query, string parameter, string value, List<Issue> errors)
    {
        switch (parameter)
        {
            case "code" or "category":
                if (TokenFilter.ParseList(value) is not { } tokens)
                {
                    errors.Add(Issue.Error("value", null, $"{parameter} is to be code or system|code, with commas between several."));
                    return query;
                }

                return parameter == "code" ? query with { Codes = [.. query.Codes, tokens] } : query with { Categories = [.. query.Categories, tokens] };
            case "status":
                var statuses = ReadStatuses(value);
                if (statuses is null)
                {
                    errors.Add(Issue.Error("code-invalid", null, $"status is to be one or more of {string.Join(", ", ObservationStatusCode.All)}."));
                    return query;
                }

                return query with { Statuses = [.. query.Statuses, statuses] };
            case "date" or "_lastUpdated":
                if (!DateComparison.TryParseList(value, out var dates, out var issue))
                {
                    errors.Add(issue! with { Expression = null, Diagnostics = $"{parameter}: {issue.Diagnostics}" });
                    return query;
                }

                return parameter == "date" ? query with { Dates = [.. query.Dates, [.. dates]] } : query with { LastUpdated = [.. query.LastUpdated, [.. dates]] };
            case "_id":
                return query with { Ids = [.. query.Ids, [.. value.Split(',')]] };
            case "_count":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                {
                    errors.Add(Issue.Error("value", null, $"_count is to be a whole number from 0 to {Limits.MaxPageSize}."));
                    return query;
                }

                // FHIR R4 search#count: 0 is the same as _summary=count; a server may return fewer than asked for.
                return count == 0 ? query with { CountOnly = true } : query with { Count = Math.Min(count, Limits.MaxPageSize) };
            case "max":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var max) || max is < 1 or > Limits.MaxLastN)
                {
                    errors.Add(Issue.Error("value", null, $"max is to be a whole number from 1 to {Limits.MaxLastN}."));
                    return query;
                }

                return query with { Max = max };
            case "_sort":
                if (value is not ("date" or "-date"))
                {
                    errors.Add(Issue.Error("not-supported", null, "_sort is to be -date (newest first, as without it) or date (oldest first)."));
                    return query;
                }

                return query with { OldestFirst = value == "date" };
            default:
                if (value is not ("count" or "false"))
                {
                    errors.Add(Issue.Error("not-supported", null, "_summary is to be count, or left out."));
                    return query;
                }

                return query with { CountOnly = query.CountOnly || value == "count" };
        }
    }

    private static ObservationStatus[]? ReadStatuses(string value)
    {
        if (TokenFilter.ParseList(value) is null)
        {
            return null;
        }

        var statuses = new List<ObservationStatus>();
        foreach (var part in TokenFilter.SplitUnescaped(value, ','))
        {
            var bar = part.LastIndexOf('|');
            var system = bar < 0 ? ObservationStatusCode.System : part[..bar];
            if (system != ObservationStatusCode.System || !ObservationStatusCode.TryParse(part[(bar + 1)..], out var status))
            {
                return null;
            }

            statuses.Add(status);
        }

        return [.. statuses];
    }

    private static NationalId ReadPatient(List<(string Name, string Value)> stated, NationalIdPolicy policy, List<Issue> errors, List<Issue> remarks)
    {
        if (stated.Count == 0)
        {
            errors.Add(Issue.Error("required", null, "Name the patient: patient.identifier=<person number>. A search is about exactly one."));
            return default;
        }

        NationalId patient = default;
        foreach (var (name, value) in stated)
        {
            if (TokenFilter.SplitUnescaped(value, ',').Count > 1)
            {
                errors.Add(Issue.Error("too-costly", null, $"{name} names more than one patient. A search is about exactly one."));
                return default;
            }

            var sides = TokenFilter.SplitUnescaped(value, '|');
            var system = sides.Count == 2 && sides[0].Length > 0 ? TokenFilter.Unescape(sides[0]) : null;
            if (sides.Count > 2 || !NationalId.TryParse(TokenFilter.Unescape(sides[^1]), system, policy, out var number, out var remark))
            {
                errors.Add(Issue.Error("value", null, $"{name} is to be one fødselsnummer, D-number or FH-number, bare or system|value, with valid control digits."));
                return default;
            }

            if (patient != default && patient != number)
            {
                errors.Add(Issue.Error("invalid", null, "Two different patients are named. A search is about exactly one."));
                return default;
            }

            if (remark == NationalIdRemark.SystemOfOtherKind)
            {
                remarks.Add(Issue.Warning("value", null, $"The system in {name} is another than the number's kind has; the number decided."));
            }

            patient = number;
        }

        return patient;
    }

    // A name can hold anything, a person number too: it is repeated only where it has the form of a parameter's name.
    private static string Quote(string name) =>
        name.Length <= 64 && name.All(c => char.IsAsciiLetter(c) || c is '_' or '-' or '.' or ':' or '$') ? $"'{name}'" : "with another name";
}
