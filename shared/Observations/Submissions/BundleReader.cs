using System.Runtime.InteropServices;
using System.Text.Json;
using PasientensMaledata.Access;
using PasientensMaledata.Access.FollowUps;
using PasientensMaledata.Identity;
using PasientensMaledata.Observations.Documents;

namespace PasientensMaledata.Observations.Submissions;

/// <summary>One entry of a Bundle: an Observation to be stored, or what became of it already.</summary>
/// <param name="FullUrl">entry.fullUrl as sent; null where absent.</param>
/// <param name="Observation">What is to be stored; null where <paramref name="Result"/> tells the outcome.</param>
/// <param name="Result">The outcome; null where it is to be stored.</param>
/// <param name="Remarks">What to tell besides.</param>
public sealed record BundleEntry(string? FullUrl, SubmittedObservation? Observation, EntryResult? Result, IReadOnlyList<Issue> Remarks);

/// <summary>A Bundle as read; or why it is refused whole.</summary>
/// <param name="Source">What is the same for all entries.</param>
/// <param name="Entries">The entries, in order.</param>
/// <param name="Refusal">Why it is refused; null where it is not.</param>
public sealed record ReadBundle(SubmissionSource? Source, IReadOnlyList<BundleEntry> Entries, Issue? Refusal);

/// <summary>Reads a Bundle of type <c>collection</c> or <c>batch</c>. What is wrong with an entry is that entry's own outcome.</summary>
public static class BundleReader
{
    /// <summary>How a body is parsed: so deep that one entry that is too deep does not refuse its neighbours.</summary>
    public static JsonDocumentOptions JsonOptions { get; } = new() { MaxDepth = 100_000 };

    private const string MunicipalitySystem = "https://register.geonorge.no/sosi-kodelister/inndelinger/inndelingsbase/kommunenummer";

    // FHIR R4 bundle. What is misspelt would else be lost in silence.
    private static readonly byte[][] BundleMembers = Names("entry resourceType id meta identifier type timestamp implicitRules _implicitRules language _language _type _timestamp total _total link signature issues");

    private static readonly byte[][] EntryMembers = Names("resource fullUrl request id extension modifierExtension link _fullUrl search response");

    /// <summary>Reads a Bundle.</summary>
    /// <param name="root">The body's root.</param>
    /// <param name="body">The bytes it was parsed from.</param>
    /// <param name="sender">Who sent it.</param>
    public static ReadBundle Read(JsonElement root, ReadOnlyMemory<byte> body, SenderId sender)
    {
        if (root.ValueKind == JsonValueKind.Object && !IsOwnText(root))
        {
            return new(null, [], Unreadable("Bundle"));
        }

        if (Text(root, "resourceType") is not "Bundle")
        {
            return Refuse("structure", "Bundle", "The body is to be a FHIR Bundle. A single Observation is sent to /Observation.");
        }

        if (WhyNotMembers(root, BundleMembers) is { } problem)
        {
            return Refuse("structure", "Bundle", problem);
        }

        var type = Text(root, "type");
        if (type == "transaction")
        {
            return Refuse("not-supported", "Bundle.type", "transaction is refused: measurements are stored one by one, so that one that is wrong never holds back the others. Send a batch or a collection.");
        }

        if (type is not ("batch" or "collection"))
        {
            return Refuse("value", "Bundle.type", "Bundle.type is to be collection or batch.");
        }

        var remarks = new List<Issue>();
        var source = new SubmissionSource(sender, ReadIdentifier(root), ReadTimestamp(root, remarks), ReadMunicipality(root, remarks), ClosesFollowUp(root));
        var entries = Member(root, "entry");
        if (entries.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Array))
        {
            return Refuse("structure", "Bundle.entry", "Bundle.entry is to be an array.");
        }

        if (entries.ValueKind == JsonValueKind.Array && entries.GetArrayLength() > Limits.MaxBundleEntries)
        {
            return Refuse("too-costly", "Bundle.entry", $"A Bundle has at most {Limits.MaxBundleEntries} entries. Send several.");
        }

        var read = new List<BundleEntry>();
        if (entries.ValueKind == JsonValueKind.Array)
        {
            foreach (var entry in entries.EnumerateArray())
            {
                read.Add(ReadEntry(entry, read.Count, type, body, remarks));
            }
        }

        return new(source, read, null);

        static ReadBundle Refuse(string code, string expression, string diagnostics) => new(null, [], Issue.Error(code, expression, diagnostics));
    }

    // Whether the Bundle's own members can be read; each entry is looked at by itself.
    private static bool IsOwnText(JsonElement root)
    {
        if (IsText(root))
        {
            return true;
        }

        foreach (var member in root.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            if (!JsonShape.IsText([(byte)'"', .. name, (byte)'"']) || (!name.SequenceEqual("entry"u8) && !IsText(member.Value)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether all text in a resource can be read: UTF-8, and no half of a surrogate pair.</summary>
    public static bool IsText(JsonElement resource) => JsonShape.IsText(JsonMarshal.GetRawUtf8Value(resource));

    /// <summary>What to tell of a resource that is not <see cref="IsText"/>.</summary>
    public static Issue Unreadable(string expression) =>
        Issue.Error("structure", expression, "The message holds text that is not valid UTF-8 or half of a surrogate pair; send well-formed text.");

    /// <summary>Whether a resource is nested deeper than is accepted.</summary>
    public static bool IsTooDeep(JsonElement resource)
    {
        var json = JsonMarshal.GetRawUtf8Value(resource);

        // No deeper than it has openings, which are mostly few.
        if (json.Count((byte)'{') + json.Count((byte)'[') <= Limits.MaxJsonDepth)
        {
            return false;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonOptions.MaxDepth });
        while (reader.Read())
        {
            if (reader.CurrentDepth > Limits.MaxJsonDepth)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads <c>If-Match</c>: <c>W/"3"</c>, also without <c>W/</c>. Null where it is no version of ours.</summary>
    public static int? ReadIfMatch(string text)
    {
        var tag = text.AsSpan().Trim();
        tag = tag.StartsWith("W/") ? tag[2..] : tag;
        return tag.Length > 2 && tag[0] == '"' && tag[^1] == '"' && int.TryParse(tag[1..^1], System.Globalization.NumberStyles.None, null, out var version) && version > 0
            ? version
            : null;
    }

    /// <summary>Reads <c>If-None-Exist</c>: <c>identifier=system|value</c> as in a query. Null where it is anything else.</summary>
    public static Token? ReadIfNoneExist(string text)
    {
        var query = text.Trim().TrimStart('?');
        if (!query.StartsWith("identifier=", StringComparison.Ordinal) || query.Contains('&', StringComparison.Ordinal))
        {
            return null;
        }

        var value = Uri.UnescapeDataString(query["identifier=".Length..].Replace('+', ' '));
        if (Search.TokenFilter.SplitUnescaped(value, ',').Count > 1)
        {
            return null;
        }

        return Search.TokenFilter.SplitUnescaped(value, '|') switch
        {
            [{ Length: > 0 } bare] => new(null, Search.TokenFilter.Unescape(bare)),
            [var system, { Length: > 0 } of] => new(Search.TokenFilter.Unescape(system), Search.TokenFilter.Unescape(of)),
            _ => null,
        };
    }

    private static BundleEntry ReadEntry(JsonElement entry, int index, string type, ReadOnlyMemory<byte> body, List<Issue> bundleRemarks)
    {
        var remarks = new List<Issue>(bundleRemarks);
        if (!IsText(entry))
        {
            return new(null, null, new(EntryOutcome.Refused, null, 0, default, [Unreadable($"Bundle.entry[{index}]")]), remarks);
        }

        var fullUrl = Text(entry, "fullUrl");
        if (entry.ValueKind == JsonValueKind.Object && WhyNotMembers(entry, EntryMembers) is { } problem)
        {
            return Refuse("structure", $"Bundle.entry[{index}]", problem);
        }

        var resource = Member(entry, "resource");
        if (resource.ValueKind != JsonValueKind.Object)
        {
            return Refuse("required", $"Bundle.entry[{index}].resource", "The entry has no resource.");
        }

        if (Text(resource, "resourceType") is not "Observation")
        {
            return Text(resource, "resourceType") is null
                ? Refuse("required", $"Bundle.entry[{index}].resource", "The resource has no resourceType.")
                : new(fullUrl, null, new(EntryOutcome.Ignored, null, 0, default, [Issue.Information("informational", $"Bundle.entry[{index}].resource", "Ignored: only Observations are stored.")]), remarks);
        }

        if (IsTooDeep(resource))
        {
            return Refuse("too-long", "Observation", $"The Observation is nested deeper than {Limits.MaxJsonDepth} levels.");
        }

        var request = Member(entry, "request");
        if (type == "collection" || request.ValueKind != JsonValueKind.Object)
        {
            if (type == "batch")
            {
                remarks.Add(Issue.Warning("required", $"Bundle.entry[{index}].request", "An entry of a batch has a request; this one was taken as POST."));
            }
            else if (request.ValueKind != JsonValueKind.Undefined)
            {
                remarks.Add(Issue.Warning("structure", $"Bundle.entry[{index}].request", "An entry of a collection has no request; it was not used, and this one was taken as POST."));
            }

            return new(fullUrl, new(resource, body), null, remarks);
        }

        return ReadRequest();

        BundleEntry ReadRequest()
        {
            var method = Text(request, "method");
            if (method is not ("POST" or "PUT"))
            {
                return Refuse("not-supported", $"Bundle.entry[{index}].request.method", "The method is to be POST or PUT.");
            }

            int? ifMatch = null;
            if (Text(request, "ifMatch") is { } match && (ifMatch = method == "PUT" ? ReadIfMatch(match) : null) is null)
            {
                return Refuse("value", $"Bundle.entry[{index}].request.ifMatch", "ifMatch goes with PUT and is to be W/\"n\", n being a version.");
            }

            Token? ifNoneExist = null;
            if (Text(request, "ifNoneExist") is { } criterion && (ifNoneExist = method == "POST" ? ReadIfNoneExist(criterion) : null) is null)
            {
                return Refuse("value", $"Bundle.entry[{index}].request.ifNoneExist", "ifNoneExist goes with POST and is to be identifier=system|value.");
            }

            if ((method == "PUT" ? ReadPutUrl(request, resource, index) : ReadPostUrl(request, index)) is { } remark)
            {
                if (remark.Severity == IssueSeverity.Error)
                {
                    return Refuse(remark.Code, remark.Expression!, remark.Diagnostics);
                }

                remarks.Add(remark);
            }

            return new(fullUrl, new(resource, body, method == "PUT", ifMatch, ifNoneExist), null, remarks);
        }

        BundleEntry Refuse(string code, string expression, string diagnostics) =>
            new(fullUrl, null, new(EntryOutcome.Refused, null, 0, default, [Issue.Error(code, expression, diagnostics)]), remarks);
    }

    // FHIR R4 http#update: the id in the resource is the one in the URL.
    private static Issue? ReadPutUrl(JsonElement request, JsonElement resource, int index)
    {
        var url = Text(request, "url") ?? "";
        if (url.Contains('?', StringComparison.Ordinal))
        {
            return Issue.Error("not-supported", $"Bundle.entry[{index}].request.url", "Updates by condition are not supported; address the Observation by its id.");
        }

        if (Text(resource, "id") is not { } id)
        {
            return Issue.Error("required", "Observation.id", "An Observation sent by PUT has an id.");
        }

        var segments = url.Split('/');
        return segments is not [.., "Observation", var addressed]
            ? Issue.Warning("value", $"Bundle.entry[{index}].request.url", "request.url is to be Observation/{id}; the resource's own id was used.")
            : addressed == id ? null : Issue.Error("invariant", "Observation.id", "The id in the resource is another than the one in request.url.");
    }

    private static Issue? ReadPostUrl(JsonElement request, int index) =>
        Text(request, "url") is { } url && url.TrimEnd('/').EndsWith("Observation", StringComparison.Ordinal)
            ? null
            : Issue.Warning("value", $"Bundle.entry[{index}].request.url", "request.url is to be Observation; the entry was stored as one.");

    private static string? WhyNotMembers(JsonElement element, byte[][] known)
    {
        var seen = 0u;
        foreach (var member in element.EnumerateObject())
        {
            var place = PlaceOf(member, known);
            if (place < 0)
            {
                return "It has a member that FHIR does not know; check its spelling, so that nothing is lost.";
            }

            if ((seen & (1u << place)) != 0)
            {
                return "A member stands twice, and which is meant cannot be told; send it once.";
            }

            seen |= 1u << place;
        }

        return null;
    }

    private static int PlaceOf(JsonProperty member, byte[][] known)
    {
        for (var i = 0; i < known.Length; i++)
        {
            if (member.NameEquals(known[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static byte[][] Names(string names) => [.. names.Split(' ').Select(System.Text.Encoding.ASCII.GetBytes)];

    private static string ReadIdentifier(JsonElement root)
    {
        var identifier = Member(root, "identifier");
        return Text(identifier, "value") is { } value ? $"{Text(identifier, "system")}|{value}" : "";
    }

    private static DateTime? ReadTimestamp(JsonElement root, List<Issue> remarks)
    {
        if (Text(root, "timestamp") is not { } text)
        {
            return null;
        }

        if (FhirTime.TryParse(text, TimeUse.Instant, out var time))
        {
            return new DateTime(time.StartTicks, DateTimeKind.Utc);
        }

        remarks.Add(Issue.Warning("value", "Bundle.timestamp", "Bundle.timestamp is no instant (date, time with seconds, and offset) and was not used."));
        return null;
    }

    private static string ReadMunicipality(JsonElement root, List<Issue> remarks)
    {
        var tags = Member(Member(root, "meta"), "tag");
        if (tags.ValueKind != JsonValueKind.Array)
        {
            return "";
        }

        foreach (var tag in tags.EnumerateArray())
        {
            if (Text(tag, "system") != MunicipalitySystem)
            {
                continue;
            }

            if (MunicipalityNumber.TryParse(Text(tag, "code"), out var number))
            {
                return number.ToString();
            }

            remarks.Add(Issue.Warning("value", "Bundle.meta.tag", "The municipality number is to be four digits; it was not used."));
        }

        return "";
    }

    private static bool ClosesFollowUp(JsonElement root) =>
        Member(Member(root, "meta"), "tag") is { ValueKind: JsonValueKind.Array } tags
        && tags.EnumerateArray().Any(t => Text(t, "system") == FollowUpTag.System && Text(t, "code") == FollowUpTag.Closed);

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;
}
