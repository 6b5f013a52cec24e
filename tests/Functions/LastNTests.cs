using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;
using Task = System.Threading.Tasks.Task;

namespace PasientensMaledata.Tests.Functions;

/// <summary><c>POST /Observation/$lastn</c>: the newest of each kind.</summary>
public sealed class LastNTests(LastNTests.Measured shared) : IClassFixture<LastNTests.Measured>
{
    private TestService Service => shared.Service;

    /// <summary>One person with several of each of several kinds.</summary>
    public sealed class Measured : SharedService
    {
        internal string Person { get; } = NewPerson();

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var wrong = HeartRate(Person, "pulse-wrong", "2026-11-05");
            wrong["status"] = "entered-in-error";
            var survey = Observation(Person, "http://snomed.info/sct", "763264000", "frailty", "2026-11-02", 5);
            survey["category"] = new JsonArray(Concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey"));
            await StoreAsync(
                HeartRate(Person, "pulse-1", "2026-11-01"),
                HeartRate(Person, "pulse-2", "2026-11-02T08:00:00+01:00"),
                Observation(Person, "http://snomed.info/sct", "364075005", "pulse-3", "2026-11-03", unit: "/min"),
                wrong,
                Weight(Person, "weight-1", "2026-10-01"),
                Weight(Person, "weight-month", "2026-09"),
                survey,
                Observation(Person, "https://example.org/codes", "unknown-a", "a-1", "2026-11-01"),
                Observation(Person, "https://example.org/codes", "unknown-a", "a-2", "2026-11-02"),
                Observation(Person, "https://example.org/codes", "unknown-b", "b-1", "2026-10-01"));
        }
    }

    [Theory]
    [InlineData("", "pulse-3 weight-1 frailty a-2 b-1")]
    [InlineData("max=1", "pulse-3 weight-1 frailty a-2 b-1")]
    [InlineData("max=2", "pulse-3 pulse-2 weight-1 weight-month frailty a-2 a-1 b-1")]
    [InlineData("max=100", "pulse-3 pulse-2 pulse-1 weight-1 weight-month frailty a-2 a-1 b-1")]
    [InlineData("code=8867-4", "pulse-2")]
    [InlineData("code=8867-4,364075005&max=2", "pulse-3 pulse-2")]
    [InlineData("code=http://loinc.org|29463-7", "weight-1")]
    [InlineData("code=unknown-b", "b-1")]
    [InlineData("category=survey", "frailty")]
    [InlineData("category=vital-signs&code=http://loinc.org|", "pulse-2 weight-1")]
    [InlineData("date=lt2026-11-02&max=9", "pulse-1 weight-1 weight-month a-1 b-1")]
    [InlineData("status=entered-in-error", "")]
    [InlineData("code=none-such", "")]
    public async Task The_newest_of_each_kind_come_without_those_entered_in_error(string form, string expected)
    {
        var answer = await Service.LastAsync($"patient.identifier={shared.Person}&{form}");
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), Names(answer).Order());
        var bundle = Assert.IsType<Bundle>(Parse(answer));
        Assert.Equal(Bundle.BundleType.Searchset, bundle.Type);
        foreach (var kind in Names(answer).GroupBy(n => n.Split('-')[0]).Where(g => g.Key != "weight"))
        {
            Assert.Equal(kind.OrderDescending(), kind);
        }
    }

    [Fact]
    public async Task What_has_no_time_is_placed_by_when_it_was_received()
    {
        var person = NewPerson();
        await shared.StoreAsync(Weight(person, "timed-before", "2026-11-20T11:00:00Z"), Weight(person, "untimed-first", null));
        Service.Clock.Advance(TimeSpan.FromMinutes(1));
        await shared.StoreAsync(Weight(person, "untimed-second", null));
        Service.Clock.Advance(TimeSpan.FromMinutes(1));
        await shared.StoreAsync(Weight(person, "timed-after", "2026-11-20T13:00:00Z"));
        Assert.Equal(
            ["timed-after", "untimed-second", "untimed-first", "timed-before"],
            Names(await Service.LastAsync($"patient.identifier={person}&max=4")));
    }

    [Theory]
    [InlineData("""{"name":"patient","valueIdentifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"NUMBER"}},{"name":"max","valuePositiveInt":2},{"name":"code","valueString":"8867-4"}""", "pulse-2 pulse-1")]
    [InlineData("""{"name":"patient","valueReference":{"identifier":{"value":"NUMBER"}}},{"name":"code","valueCoding":{"system":"http://loinc.org","code":"29463-7"}}""", "weight-1")]
    [InlineData("""{"name":"subject.identifier","valueString":"NUMBER"},{"name":"category","valueCode":"survey"}""", "frailty")]
    public async Task The_parameters_may_be_a_Parameters_resource(string parameters, string expected)
    {
        var body = $$"""{"resourceType":"Parameters","parameter":[{{parameters.Replace("NUMBER", shared.Person, StringComparison.Ordinal)}}]}""";
        var answer = await Service.SendAsync(HttpMethod.Post, "Observation/$lastn", body);
        Assert.True(answer.StatusCode == 200, answer.Text);
        Assert.Equal(expected.Split(' '), Names(answer));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Parameters"}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[7]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"patient"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"patient","valueIdentifier":{"value":"1"},"valueString":"1"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/1"}}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"\ud800","valueString":"1"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"code","valueString":"\udc00"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"code","value\ud800":"1"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"code","valueCoding":{"code":"\ud800"}}]}""")]
    public async Task A_body_that_is_no_Parameters_of_ours_is_refused(string body) =>
        Refused(400, await Service.SendAsync(HttpMethod.Post, "Observation/$lastn", body));

    [Theory]
    [InlineData("max=0")]
    [InlineData("max=101")]
    [InlineData("max=x")]
    [InlineData("max=1&max=1")]
    [InlineData("max:x=1")]
    [InlineData("patient=Patient/1")]
    public async Task A_value_that_is_none_is_refused(string form) =>
        Refused(400, await Service.LastAsync($"patient.identifier={shared.Person}&{form}"));

    [Fact]
    public async Task A_patient_must_be_named_and_what_is_not_used_is_told()
    {
        Refused(400, await Service.LastAsync("max=1"), "patient.identifier");
        var answer = await Service.LastAsync($"patient.identifier={shared.Person}&_count=1&_sort=date");
        Assert.Equal(2, answer.Issues.Count);
        Assert.Equal(0, (int)(await Service.LastAsync($"patient.identifier={NewPerson()}")).Json["total"]!);
    }
}
