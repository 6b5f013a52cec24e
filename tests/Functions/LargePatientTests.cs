using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.Messages;
using static PasientensMaledata.Tests.Functions.SharedService;

namespace PasientensMaledata.Tests.Functions;

/// <summary>A patient with one Observation more than oldest first can order.</summary>
public sealed class LargePatientTests(LargePatientTests.Measured shared) : IClassFixture<LargePatientTests.Measured>
{
    private TestService Service => shared.Service;

    /// <summary>One reading every other minute.</summary>
    public sealed class Measured : SharedService
    {
        internal string Person { get; } = NewPerson();

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var first = new DateTime(2026, 10, 1, 0, 0, 0, DateTimeKind.Utc);
            var count = Limits.MaxSortedMatches + 1;
            for (var i = 0; i < count; i += Limits.MaxBundleEntries / 2)
            {
                await StoreAsync(Enumerable.Range(i, Math.Min(Limits.MaxBundleEntries / 2, count - i)).Select(n => new JsonObject
                {
                    ["resourceType"] = "Observation",
                    ["status"] = "final",
                    ["identifier"] = new JsonArray(new JsonObject { ["system"] = "https://example.org/m", ["value"] = $"{n}" }),
                    ["code"] = Concept("http://loinc.org", "8867-4"),
                    ["subject"] = new JsonObject { ["identifier"] = new JsonObject { ["value"] = Person } },
                    ["effectiveDateTime"] = $"{first.AddMinutes(n * 2):yyyy-MM-dd'T'HH:mm:ss'Z'}",
                    ["valueInteger"] = 70,
                }));
            }
        }
    }

    [Fact]
    public async Task Without_count_the_first_thousand_come_and_a_remark_that_there_are_more()
    {
        var answer = await Service.SearchAsync($"patient.identifier={shared.Person}");
        Assert.Equal(Limits.MaxPageSize, answer.Observations.Count);
        Assert.Equal("outcome", (string?)answer.Entries[^1]["search"]!["mode"]);
        Assert.Equal("incomplete", (string?)Assert.Single(answer.Issues)["code"]);
        Assert.Null(answer.Json["total"]);
        Assert.DoesNotContain(answer.Json["link"]!.AsArray(), l => (string?)l!["relation"] == "next");
        Parse(answer);
    }

    [Fact]
    public async Task Exactly_a_thousand_matches_come_without_a_remark()
    {
        // From the newest: 1,000 readings, the first at 2026-10-13T12:02Z.
        var answer = await Service.SearchAsync($"patient.identifier={shared.Person}&date=ge2026-10-13T12:02:00Z");
        Assert.Equal(Limits.MaxPageSize, answer.Observations.Count);
        Assert.Empty(answer.Issues);
        Assert.Equal(Limits.MaxPageSize, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task A_count_past_the_largest_gives_the_largest_and_a_link()
    {
        var answer = await Service.SearchAsync($"patient.identifier={shared.Person}&_count=5000");
        Assert.Equal(Limits.MaxPageSize, answer.Observations.Count);
        Assert.Contains(answer.Json["link"]!.AsArray(), l => (string?)l!["relation"] == "next");
        Assert.Empty(answer.Issues);
    }

    [Fact]
    public async Task Oldest_first_orders_ten_thousand_and_refuses_one_more()
    {
        var outcome = Refused(400, await Service.SearchAsync($"patient.identifier={shared.Person}&_sort=date&_count=1"), "Narrow");
        Assert.Equal(Hl7.Fhir.Model.OperationOutcome.IssueType.TooCostly, outcome.Issue[0].Code);
        var answer = await Service.SearchAsync($"patient.identifier={shared.Person}&_sort=date&_count=1&date=ge2026-10-01T00:02:00Z");
        Assert.Equal(["1"], Names(answer));
        Assert.Equal(Limits.MaxSortedMatches, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task All_are_counted() =>
        Assert.Equal(Limits.MaxSortedMatches + 1, (int)(await Service.SearchAsync($"patient.identifier={shared.Person}&_summary=count")).Json["total"]!);
}
