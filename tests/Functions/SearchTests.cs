using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary>What <c>POST /Observation/_search</c> finds, page by page, and what it refuses.</summary>
public sealed class SearchTests(SearchTests.Measured shared) : IClassFixture<SearchTests.Measured>
{
    private TestService Service => shared.Service;

    /// <summary>A service with one person measured at every kind of time, and one with every kind of code.</summary>
    public sealed class Measured : SharedService
    {
        internal string Timed { get; } = NewPerson();

        internal string Coded { get; } = NewPerson();

        internal IReadOnlyDictionary<string, string> Ids { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await StoreAsync(
                HeartRate(Timed, "before-summer-time", "2026-03-29T01:30:00+01:00"),
                HeartRate(Timed, "after-summer-time", "2026-03-29T03:30:00+02:00"),
                HeartRate(Timed, "first-half-past-two", "2026-10-25T02:30:00+02:00"),
                HeartRate(Timed, "second-half-past-two", "2026-10-25T02:30:00+01:00"),
                HeartRate(Timed, "day", "2026-05-10"),
                HeartRate(Timed, "month", "2026-05"),
                HeartRate(Timed, "year", "2025"),
                Period(HeartRate(Timed, "period", null), "2026-05-09T22:00:00Z", "2026-05-10T10:00:00Z"),
                Period(HeartRate(Timed, "open", null), "2026-06-01", null),
                HeartRate(Timed, "untimed", null),
                HeartRate(Timed, "moment", "2026-05-10T12:00:00Z"));
            var both = HeartRate(Coded, "both", "2026-11-09");
            both["code"]!["coding"]!.AsArray().Add(new JsonObject { ["system"] = "http://snomed.info/sct", ["code"] = "364075005" });
            var bare = Observation(Coded, "", "local", "bare", "2026-11-06");
            bare["code"]!["coding"]![0]!.AsObject().Remove("system");
            var survey = Status(Observation(Coded, "http://snomed.info/sct", "763264000", "survey", "2026-11-07", 5), "registered");
            survey["category"] = new JsonArray(Concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey"));
            string[] names = ["pulse", "both", "weight", "survey", "bare", "odd"];
            var ids = await StoreAsync(
                HeartRate(Coded, "pulse", "2026-11-10"),
                both,
                Status(Weight(Coded, "weight", "2026-11-08"), "preliminary"),
                survey,
                bare,
                Observation(Coded, "https://example.org/codes", @"a,b|c$d\e", "odd", "2026-11-05"));
            Ids = names.Zip(ids).ToDictionary(p => p.First, p => p.Second);
        }

        private static JsonObject Period(JsonObject observation, string start, string? end)
        {
            observation["effectivePeriod"] = end is null ? new JsonObject { ["start"] = start } : new JsonObject { ["start"] = start, ["end"] = end };
            return observation;
        }

        private static JsonObject Status(JsonObject observation, string status)
        {
            observation["status"] = status;
            return observation;
        }
    }

    [Theory]
    [InlineData("date=2026-05-10", "day period moment")]
    [InlineData("date=eq2026-05-10", "day period moment")]
    [InlineData("date=2026-05", "month day period moment")]
    [InlineData("date=2026", "month day period moment before-summer-time after-summer-time first-half-past-two second-half-past-two")]
    [InlineData("date=2025", "year")]
    [InlineData("date=ne2026-05-10", "month year open before-summer-time after-summer-time first-half-past-two second-half-past-two")]
    [InlineData("date=gt2026-05-10", "month open first-half-past-two second-half-past-two")]
    [InlineData("date=lt2026-05-10", "month year before-summer-time after-summer-time")]
    [InlineData("date=ge2026-05-10", "month open first-half-past-two second-half-past-two day period moment")]
    [InlineData("date=le2026-05-10", "month year before-summer-time after-summer-time day period moment")]
    [InlineData("date=sa2026-05-10", "open first-half-past-two second-half-past-two")]
    [InlineData("date=eb2026-05-10", "year before-summer-time after-summer-time")]
    [InlineData("date=sa2025", "month open first-half-past-two second-half-past-two day period moment before-summer-time after-summer-time")]
    [InlineData("date=eb2026", "year")]
    [InlineData("date=2026-03-29", "before-summer-time after-summer-time")]
    [InlineData("date=2026-10-25", "first-half-past-two second-half-past-two")]
    [InlineData("date=2026-10-25T02:30:00%2B02:00", "first-half-past-two")]
    [InlineData("date=2026-10-25T00:30:00Z", "first-half-past-two")]
    [InlineData("date=2026-10-24T20:30:00-04:00", "first-half-past-two")]
    [InlineData("date=2026-10-25T01:30Z", "second-half-past-two")]
    [InlineData("date=2026-05-10T14:00", "moment")]
    [InlineData("date=2026-05-10T14:00%2B02:00", "moment")]
    [InlineData("date=ge2026-05-10&date=lt2026-10-25", "month day period moment open")]
    [InlineData("date=2025,2026-03-29", "year before-summer-time after-summer-time")]
    [InlineData("date=ge2027", "open")]
    [InlineData("date=lt1900", "")]
    [InlineData("date=", "month year open before-summer-time after-summer-time first-half-past-two second-half-past-two day period moment untimed")]
    public async Task A_date_finds_what_FHIR_says_and_never_what_has_no_time(string form, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), (await shared.NamesAsync(shared.Timed, form)).Order());

    [Theory]
    [InlineData("_sort=-date")]
    [InlineData("_sort=date")]
    [InlineData("_id=")]
    public async Task The_newest_come_first_unless_asked_otherwise_and_those_without_time_last(string form)
    {
        List<string> newestFirst = ["second-half-past-two", "first-half-past-two", "open", "moment", "month", "after-summer-time", "before-summer-time", "year"];
        if (form == "_sort=date")
        {
            newestFirst.Reverse();
        }

        // Two that start at the same moment have no order between them.
        Assert.Equal([.. newestFirst, "untimed"], (await shared.NamesAsync(shared.Timed, form)).Where(n => n is not ("day" or "period")));
    }

    [Theory]
    [InlineData("code=8867-4", "pulse both")]
    [InlineData("code=http://loinc.org|8867-4", "pulse both")]
    [InlineData("code=http%3A%2F%2Floinc.org%7C8867-4", "pulse both")]
    [InlineData("code=http://snomed.info/sct|364075005", "both")]
    [InlineData("code=http://snomed.info/sct|8867-4", "")]
    [InlineData("code=|8867-4", "")]
    [InlineData("code=http://loinc.org|", "pulse both weight")]
    [InlineData("code=|local", "bare")]
    [InlineData("code=local", "bare")]
    [InlineData("code=LOCAL", "")]
    [InlineData("code=8867-4,29463-7", "pulse both weight")]
    [InlineData("code=8867-4&code=364075005", "both")]
    [InlineData("code=8867-4&code=29463-7", "")]
    [InlineData(@"code=a\,b\|c\$d\\e", "odd")]
    [InlineData(@"code=29463-7,https://example.org/codes|a\,b\|c\$d\\e", "weight odd")]
    [InlineData("code=none-such", "")]
    [InlineData("category=survey", "survey")]
    [InlineData("category=http://terminology.hl7.org/CodeSystem/observation-category|survey", "survey")]
    [InlineData("category=survey,vital-signs&code=http://loinc.org|", "pulse both weight")]
    [InlineData("category=laboratory", "")]
    [InlineData("status=registered", "survey")]
    [InlineData("status=registered,preliminary", "weight survey")]
    [InlineData("status=http://hl7.org/fhir/observation-status|preliminary", "weight")]
    [InlineData("status=final&status=registered", "")]
    [InlineData("status=entered-in-error", "")]
    [InlineData("code=8867-4&date=2026-11-10", "pulse")]
    [InlineData("code=&category=&status=registered", "survey")]
    [InlineData("_summary=false&status=registered", "survey")]
    public async Task Codes_categories_and_statuses_find_what_FHIR_says(string form, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), await shared.NamesAsync(shared.Coded, form));

    [Fact]
    public async Task Ids_find_those_of_the_patient_alone()
    {
        Assert.Equal(["pulse"], await shared.NamesAsync(shared.Coded, $"_id={shared.Ids["pulse"]}"));
        Assert.Equal(["pulse", "odd"], await shared.NamesAsync(shared.Coded, $"_id={shared.Ids["odd"]},{shared.Ids["pulse"]},none-such"));
        Assert.Empty(await shared.NamesAsync(shared.Coded, $"_id={shared.Ids["odd"]}&_id={shared.Ids["pulse"]}"));
        Assert.Empty(await shared.NamesAsync(shared.Timed, $"_id={shared.Ids["odd"]}"));
    }

    [Theory]
    [InlineData("patient.identifier=NUMBER", null)]
    [InlineData("subject.identifier=NUMBER", null)]
    [InlineData("patient:identifier=NUMBER", null)]
    [InlineData("subject:identifier=NUMBER", null)]
    [InlineData("subject:Patient.identifier=NUMBER", null)]
    [InlineData("patient.identifier=urn:oid:2.16.578.1.12.4.1.4.1|NUMBER", null)]
    [InlineData("patient.identifier=urn%3Aoid%3A2.16.578.1.12.4.1.4.1%7CNUMBER", null)]
    [InlineData("patient.identifier=|NUMBER", null)]
    [InlineData("", "NUMBER")]
    [InlineData("", "urn:oid:2.16.578.1.12.4.1.4.1|NUMBER")]
    [InlineData("patient.identifier=NUMBER&patient.identifier=NUMBER&subject.identifier=NUMBER", "NUMBER")]
    public async Task A_patient_is_named_in_any_of_these_ways(string form, string? header)
    {
        form = form.Replace("NUMBER", shared.Coded, StringComparison.Ordinal);
        var answer = header is null
            ? await Service.SearchAsync(form)
            : await Service.SearchAsync(form, ("X-Pmd-Patient", header.Replace("NUMBER", shared.Coded, StringComparison.Ordinal)));
        Assert.Equal(6, answer.Observations.Count);
        Assert.Empty(answer.Issues);
    }

    [Fact]
    public async Task A_header_alone_is_enough_without_a_body()
    {
        var answer = await Service.SendAsync(HttpMethod.Post, "Observation/_search", headers: ("X-Pmd-Patient", shared.Coded));
        Assert.Equal(6, answer.Observations.Count);
        var raw = await RawHttp.SendAsync(Service, $"POST /Observation/_search HTTP/1.1\r\nHost: localhost\r\nX-Pmd-Patient: {shared.Coded}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", raw, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, "patient.identifier")]
    [InlineData("patient.identifier=", null, "patient.identifier")]
    [InlineData("code=8867-4", null, "patient.identifier")]
    [InlineData("patient.identifier=ONE,OTHER", null, "more than one")]
    [InlineData("patient.identifier=ONE,ONE", null, "more than one")]
    [InlineData("patient.identifier=ONE&patient.identifier=OTHER", null, "two different")]
    [InlineData("patient.identifier=ONE&subject.identifier=OTHER", null, "two different")]
    [InlineData("patient.identifier=ONE", "OTHER", "two different")]
    [InlineData("", "ONE,OTHER", "more than one")]
    [InlineData("patient.identifier=a|b|ONE", null, "one f")]
    [InlineData("patient.identifier=Ola Nordmann", null, "one f")]
    [InlineData("patient=Patient/17", null, "patient.identifier")]
    [InlineData("patient=ONE", null, "patient.identifier")]
    [InlineData("subject=ONE", null, "patient.identifier")]
    [InlineData("patient.name=Ola&patient.identifier=ONE", null, "patient.identifier")]
    public async Task A_search_that_does_not_name_exactly_one_patient_is_refused(string form, string? header, string saying)
    {
        string Put(string text) => text.Replace("ONE", shared.Coded, StringComparison.Ordinal).Replace("OTHER", shared.Timed, StringComparison.Ordinal);
        var answer = header is null ? await Service.SearchAsync(Put(form)) : await Service.SearchAsync(Put(form), ("X-Pmd-Patient", Put(header)));
        Refused(400, answer, saying);
        Assert.DoesNotContain(shared.Coded, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000000000")]
    [InlineData("1000239")]
    [InlineData("05898597469")]
    [InlineData("058985974681")]
    public async Task A_number_with_wrong_control_digits_is_refused_where_numbers_are_checked(string number)
    {
        await using var strict = await TestService.StartAsync(PasientensMaledata.Identity.NationalIdPolicy.Synthetic);
        Refused(400, await strict.SearchAsync($"patient.identifier={number}"), "control digits");
        Assert.Equal(200, (await strict.SearchAsync($"patient.identifier={shared.Coded}")).StatusCode);
        await using var production = await TestService.StartAsync(PasientensMaledata.Identity.NationalIdPolicy.Strict);
        Refused(400, await production.SearchAsync($"patient.identifier={shared.Coded}"));
    }

    [Theory]
    [InlineData("date=2026-13")]
    [InlineData("date=2026-02-30")]
    [InlineData("date=yesterday")]
    [InlineData("date=ap2026-05-10")]
    [InlineData("date=xx2026")]
    [InlineData("date=ge")]
    [InlineData("date=2026-05-10T25:00")]
    [InlineData("date=2025,")]
    [InlineData("_lastUpdated=soon")]
    [InlineData("code=,")]
    [InlineData("code=a|b|c")]
    [InlineData("code=|")]
    [InlineData("status=done")]
    [InlineData("status=final,")]
    [InlineData("status=http://example.org|final")]
    [InlineData("_count=-1")]
    [InlineData("_count=many")]
    [InlineData("_count=99999999999")]
    [InlineData("_count=5&_count=5")]
    [InlineData("_sort=status")]
    [InlineData("_sort=-date,code")]
    [InlineData("_sort=date&_sort=-date")]
    [InlineData("_summary=true")]
    [InlineData("_summary=count&_summary=count")]
    [InlineData("code:text=pulse")]
    [InlineData("code:in=http://example.org/vs")]
    [InlineData("date:missing=true")]
    [InlineData("status:not=final")]
    [InlineData("_id:above=x")]
    [InlineData("_count:exact=5")]
    public async Task A_known_parameter_with_a_value_or_modifier_that_is_none_is_refused(string form) =>
        Refused(400, await Service.SearchAsync($"patient.identifier={shared.Coded}&{form}"));

    [Theory]
    [InlineData("encounter=1")]
    [InlineData("_include=Observation:patient")]
    [InlineData("foo:bar=1")]
    [InlineData("Code=8867-4")]
    [InlineData("max=2")]
    [InlineData("12345=1")]
    public async Task An_unknown_parameter_is_reported_beside_the_answer_or_refused_where_handling_is_strict(string form)
    {
        var answer = await Service.SearchAsync($"patient.identifier={shared.Coded}&{form}");
        Assert.Equal(6, answer.Observations.Count);
        Assert.Equal(6, (int)answer.Json["total"]!);
        Assert.Equal("not-supported", (string?)Assert.Single(answer.Issues)["code"]);
        Assert.Equal("outcome", (string?)answer.Entries[^1]["search"]!["mode"]);
        Assert.DoesNotContain(form.Split('=')[0], (string)answer.Json["link"]![0]!["url"]!, StringComparison.Ordinal);
        Refused(400, await Service.SearchAsync($"patient.identifier={shared.Coded}&{form}", ("Prefer", "handling=strict")));
        Refused(400, await Service.SearchAsync($"patient.identifier={shared.Coded}&{form}", ("Prefer", "return=minimal; handling=Strict")));
        Assert.Equal(200, (await Service.SearchAsync($"patient.identifier={shared.Coded}&{form}", ("Prefer", "handling=lenient"))).StatusCode);
    }

    [Fact]
    public async Task A_system_of_another_kind_of_number_is_remarked_on_and_not_refused_even_where_handling_is_strict()
    {
        var answer = await Service.SearchAsync($"patient.identifier=urn:oid:2.16.578.1.12.4.1.4.2|{shared.Coded}", ("Prefer", "handling=strict"));
        Assert.Equal(6, answer.Observations.Count);
        Assert.Equal("warning", (string?)Assert.Single(answer.Issues)["severity"]);
    }

    [Theory]
    [InlineData("_summary=count")]
    [InlineData("_count=0")]
    [InlineData("_summary=count&_count=2&_sort=date")]
    public async Task A_count_is_a_total_without_entries(string form)
    {
        var answer = await Service.SearchAsync($"patient.identifier={shared.Timed}&{form}");
        Assert.Equal(11, (int)answer.Json["total"]!);
        Assert.Null(answer.Json["entry"]);
        Assert.IsType<Bundle>(Parse(answer));
    }

    [Fact]
    public async Task A_person_never_seen_has_an_empty_searchset()
    {
        var answer = await Service.SearchAsync($"patient.identifier={NewPerson()}");
        var bundle = Assert.IsType<Bundle>(Parse(answer));
        Assert.Equal((Bundle.BundleType.Searchset, 0, 0), (bundle.Type, bundle.Total, bundle.Entry.Count));
    }

    [Fact]
    public async Task A_searchset_says_what_was_asked_but_for_the_patient()
    {
        var answer = await Service.SearchAsync($"patient.identifier={shared.Coded}&code=http://loinc.org|8867-4&date=ge2026-01-01&_sort=-date");
        var bundle = Assert.IsType<Bundle>(Parse(answer));
        Assert.Equal(Bundle.BundleType.Searchset, bundle.Type);
        Assert.Equal(2, bundle.Total);
        Assert.EndsWith("/Observation/_search?code=http%3A%2F%2Floinc.org%7C8867-4&date=ge2026-01-01&_sort=-date", bundle.SelfLink!.OriginalString, StringComparison.Ordinal);
        Assert.Null(bundle.NextLink);
        Assert.All(bundle.Entry, e =>
        {
            Assert.EndsWith($"/Observation/{e.Resource!.Id}", e.FullUrl, StringComparison.Ordinal);
            Assert.Equal(Bundle.SearchEntryMode.Match, e.Search!.Mode);
        });
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Theory]
    [InlineData("patient.identifier")]
    [InlineData("patient")]
    [InlineData("subject:identifier")]
    [InlineData("Patient.Identifier")]
    [InlineData("%70atient.identifier")]
    public async Task A_patient_in_the_URL_is_refused(string name)
    {
        foreach (var path in new[] { "Observation/_search", "Observation/$lastn" })
        {
            var answer = await Service.SendAsync(HttpMethod.Post, $"{path}?{name}={shared.Coded}", $"patient.identifier={shared.Coded}", "application/x-www-form-urlencoded");
            Refused(400, answer, "form");
            Assert.DoesNotContain(shared.Coded, answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Other_parameters_may_stand_in_the_URL()
    {
        var answer = await Service.SendAsync(HttpMethod.Post, "Observation/_search?code=29463-7&_format=json", $"patient.identifier={shared.Coded}", "application/x-www-form-urlencoded");
        Assert.Equal(["weight"], Names(answer));
    }

    [Theory]
    [InlineData("Observation")]
    [InlineData("Observation?")]
    [InlineData("Observation?code=8867-4")]
    [InlineData("Observation?patient.identifier=NUMBER")]
    [InlineData("Observation/?patient.identifier=NUMBER")]
    [InlineData("Observation/_search?patient.identifier=NUMBER")]
    [InlineData("Observation/_search")]
    [InlineData("Observation/$lastn?patient.identifier=NUMBER")]
    public async Task Searching_by_GET_is_405_and_says_to_POST(string path)
    {
        var answer = await Service.GetAsync(path.Replace("NUMBER", shared.Coded, StringComparison.Ordinal));
        Refused(405, answer, "POST");
        Assert.Equal("POST", answer.Header("Allow"));
        Assert.DoesNotContain(shared.Coded, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/fhir+json", 415)]
    [InlineData("text/plain", 415)]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8", 200)]
    public async Task A_search_is_a_form(string contentType, int status) =>
        Assert.Equal(status, (await Service.SendAsync(HttpMethod.Post, "Observation/_search", $"patient.identifier={shared.Coded}", contentType)).StatusCode);

    [Fact]
    public async Task A_form_has_its_limits()
    {
        var form = $"patient.identifier={shared.Coded}&code=";
        Assert.Equal(200, (await Service.SearchAsync(form.PadRight(Limits.MaxSearchFormBytes, 'x'))).StatusCode);
        Refused(413, await Service.SearchAsync(form.PadRight(Limits.MaxSearchFormBytes + 1, 'x')));
        var many = $"patient.identifier={shared.Coded}" + string.Concat(Enumerable.Repeat("&code=8867-4", Limits.MaxSearchParameters - 1));
        Assert.Equal(200, (await Service.SearchAsync(many)).StatusCode);
        Refused(400, await Service.SearchAsync($"{many}&code=8867-4"), "100");
    }

    [Theory]
    [InlineData("_count=3")]
    [InlineData("_count=3&_sort=date")]
    [InlineData("_count=1&date=2026")]
    [InlineData("_count=11")]
    public async Task Pages_follow_one_another_by_links_that_name_nobody(string form)
    {
        var whole = await shared.NamesAsync(shared.Timed, form.Replace("_count=", "_id=&foo=", StringComparison.Ordinal));
        var paged = new List<string>();
        var size = int.Parse(form.Split('&')[0]["_count=".Length..], null);
        var answer = await Service.SearchAsync($"patient.identifier={shared.Timed}&{form}");
        for (var page = 1; ; page++)
        {
            var bundle = Assert.IsType<Bundle>(Parse(answer));
            paged.AddRange(Names(answer));
            Assert.Empty(answer.Issues);
            Assert.DoesNotContain(shared.Timed, string.Concat(bundle.Link.Select(l => l.Url)), StringComparison.Ordinal);
            if (bundle.NextLink is null)
            {
                Assert.Equal((whole.Count + size - 1) / size, page);
                break;
            }

            Assert.Equal(size, bundle.Entry.Count);
            Assert.Equal("?_page", bundle.NextLink.Query.Split('=')[0]);
            answer = await Service.GetAsync(bundle.NextLink.PathAndQuery);
        }

        Assert.Equal(whole, paged);
    }

    [Theory]
    [InlineData("&_format=json")]
    [InlineData("&_pretty=true")]
    [InlineData("&_format=application%2Ffhir%2Bjson&_pretty=false")]
    public async Task A_page_link_may_be_asked_for_in_a_format(string more)
    {
        var link = await NextLinkAsync("_count=3");
        Assert.Equal(3, (await Service.GetAsync(link + more)).Observations.Count);
        Refused(406, await Service.GetAsync(link + "&_format=xml"));
        Refused(405, await Service.GetAsync(link + "&code=8867-4"));
    }

    [Fact]
    public async Task A_page_link_lives_15_minutes()
    {
        var link = await NextLinkAsync("_count=3");
        Service.Clock.Advance(Limits.PageLinkLifetime);
        var second = await Service.GetAsync(link);
        Assert.Equal(200, second.StatusCode);
        Service.Clock.Advance(TimeSpan.FromSeconds(1));
        Refused(410, await Service.GetAsync(link), "Search again");

        // Each link lives from when it was given.
        Assert.Equal(200, (await Service.GetAsync(PathOf((string)second.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!))).StatusCode);
    }

    [Fact]
    public async Task A_page_link_that_was_changed_or_made_up_is_refused()
    {
        var link = await NextLinkAsync("_count=3");
        var token = link.Split('=')[1];
        for (var at = 0; at < token.Length - 1; at += 7)
        {
            var changed = token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
            Refused(400, await Service.GetAsync($"Observation?_page={changed}"));
        }

        foreach (var garbage in new[] { "", "x", "%00", "....", "AAAA", token[..20], token + "AAAA", token + token, new string('A', 500), "\u00e6" })
        {
            Refused(400, await Service.GetAsync($"Observation?_page={garbage}"));
        }

        Refused(405, await Service.GetAsync($"Observation?_page={token}&_page={token}"));
    }

    [Fact]
    public async Task A_page_link_of_another_service_is_refused()
    {
        await using var other = await TestService.StartAsync();
        Refused(400, await other.GetAsync(await NextLinkAsync("_count=3")));
    }

    [Fact]
    public async Task A_page_link_carries_its_own_search()
    {
        var link = await NextLinkAsync("_count=1&code=http://loinc.org|&_sort=date", shared.Coded);
        var page = await Service.GetAsync(link);
        Assert.Equal(["both"], Names(page));
        Assert.Contains("code=http%3A%2F%2Floinc.org%7C", (string)page.Json["link"]![0]!["url"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("_count=10")]
    [InlineData("_count=10&_sort=date")]
    public async Task Pages_neither_repeat_nor_leave_out_while_others_write(string form)
    {
        var person = NewPerson();
        JsonObject At(int hour, string name) => HeartRate(person, name, $"{new DateTime(2026, 9, 1).AddHours(hour):yyyy-MM-dd'T'HH':00:00+02:00'}");
        await shared.StoreAsync(Enumerable.Range(0, 60).Select(i => At(i * 2, $"{i}")));
        var seen = new List<string>();
        var answer = await Service.SearchAsync($"patient.identifier={person}&{form}");
        for (var round = 0; ; round++)
        {
            seen.AddRange(Names(answer));
            if (NextOf(answer) is not { } next)
            {
                break;
            }

            // Newer, older, and between; and one that was given is withdrawn.
            await shared.StoreAsync(At(round * 20, $"same-{round}"), At((round * 20) + 1, $"between-{round}"), At(500 + round, $"newer-{round}"), At(-500 - round, $"older-{round}"));
            var withdrawn = At(int.Parse(seen[0], null) * 2, seen[0]);
            withdrawn["status"] = "entered-in-error";
            await Service.PostAsync("/", Collection(withdrawn));
            answer = await Service.GetAsync(next);
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i}").Order(), seen.Where(s => !s.Contains('-', StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task A_code_found_by_another_coding_of_the_same_kind_of_measurement_is_not_found_by_one_it_does_not_carry()
    {
        var person = NewPerson();
        await shared.StoreAsync(HeartRate(person, "loinc"), Observation(person, "http://snomed.info/sct", "364075005", "snomed", unit: "/min"));
        Assert.Equal(["loinc"], await shared.NamesAsync(person, "code=8867-4"));
        Assert.Equal(["snomed"], await shared.NamesAsync(person, "code=364075005"));
    }

    private async Task<string> NextLinkAsync(string form, string? person = null) =>
        NextOf(await Service.SearchAsync($"patient.identifier={person ?? shared.Timed}&{form}"))!;

    private static string? NextOf(Answer answer) =>
        answer.Json["link"]!.AsArray().SingleOrDefault(l => (string?)l!["relation"] == "next") is { } link ? PathOf((string)link["url"]!) : null;

    private static string PathOf(string url) => new Uri(url).PathAndQuery;
}
