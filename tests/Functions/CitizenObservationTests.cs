using System.Text.Json.Nodes;
using static PasientensMaledata.Tests.Functions.Messages;

namespace PasientensMaledata.Tests.Functions;

/// <summary>A citizen sees their own measurements, and nobody else's; and that they looked is logged.</summary>
public sealed class CitizenObservationTests(SharedService shared) : IClassFixture<SharedService>
{
    private TestService Service => shared.Service;

    private static (string, string) As(string person) => ("X-Pmd-Patient", person);

    [Fact]
    public async Task The_caller_is_the_patient_and_sees_their_own_alone()
    {
        var (one, other) = (SharedService.NewPerson(), SharedService.NewPerson());
        await shared.StoreAsync(HeartRate(one, "a"), Weight(one, "b", "2026-11-20T09:00:00+01:00"), HeartRate(other, "c"));
        Assert.Equal(["b", "a"], SharedService.Names(await Service.GetAsync("/citizen/Observation", As(one))));
        Assert.Equal(["a"], SharedService.Names(await Service.GetAsync("/citizen/Observation?code=8867-4", As(one))));
        Assert.Equal(["c"], SharedService.Names(await Service.GetAsync("/citizen/Observation/$lastn", As(other))));
        Assert.Empty(SharedService.Names(await Service.GetAsync("/citizen/Observation", As(SharedService.NewPerson()))));
    }

    [Fact]
    public async Task Pages_follow_each_other_and_are_of_use_to_nobody_else()
    {
        var person = SharedService.NewPerson();
        await shared.StoreAsync(Enumerable.Range(0, 5).Select(i => HeartRate(person, $"{i}", $"2026-11-20T0{i}:00:00+01:00")));
        var names = new List<string>();
        for (var page = await Service.GetAsync("/citizen/Observation?_count=2", As(person)); ;)
        {
            names.AddRange(SharedService.Names(page));
            if (Next(page) is not { } next)
            {
                break;
            }

            Assert.StartsWith("/citizen/Observation?_page=", next, StringComparison.Ordinal);
            SharedService.Refused(400, await Service.GetAsync(next, As(SharedService.NewPerson())), "someone else");
            SharedService.Refused(400, await Service.GetAsync(next.Replace("/citizen", "", StringComparison.Ordinal)), "someone else");
            page = await Service.GetAsync(next, As(person));
        }

        Assert.Equal(["4", "3", "2", "1", "0"], names);
    }

    [Fact]
    public async Task Staff_are_named_without_their_person_numbers()
    {
        var (person, nurse) = (SharedService.NewPerson(), SharedService.NewPerson());
        var sent = HeartRate(person, "a");
        sent["performer"] = new JsonArray(new JsonObject
        {
            ["identifier"] = new JsonObject { ["system"] = FnrSystem, ["value"] = nurse },
            ["display"] = $"Kari Sykepleier ({nurse})",
        });
        await shared.StoreAsync(sent);
        var answer = await Service.GetAsync("/citizen/Observation", As(person));
        SharedService.Parse(answer);
        Assert.DoesNotContain(nurse, answer.Text, StringComparison.Ordinal);
        Assert.Contains("Kari Sykepleier", answer.Text, StringComparison.Ordinal);
        Assert.Contains(person, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/citizen/Observation?patient.identifier=1", 400)]
    [InlineData("/citizen/Observation?date=yesterday", 400)]
    [InlineData("/citizen/Observation?_page=x", 400)]
    [InlineData("/citizen/Observation?_page=x&code=y", 400)]
    [InlineData("/citizen/Observation/$lastn?max=0", 400)]
    public async Task What_is_wrong_in_the_address_is_told(string path, int status) =>
        SharedService.Refused(status, await Service.GetAsync(path, As(SharedService.NewPerson())));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("abc")]
    public async Task Without_a_citizen_nothing_is_shown(string? header) =>
        SharedService.Refused(401, header is null ? await Service.GetAsync("/citizen/Observation") : await Service.GetAsync("/citizen/Observation", As(header)));

    [Fact]
    public async Task What_was_looked_at_is_logged_before_it_is_shown()
    {
        var person = SharedService.NewPerson();
        await shared.StoreAsync(HeartRate(person, "a"));
        var before = Service.Service.Journal.Written.Events;
        await Service.GetAsync("/citizen/Observation", As(person), ("nhn-event-id", "seen-by-me"));
        await Service.SearchAsync($"patient.identifier={person}");
        Assert.Equal(before + 2, Service.Service.Journal.Written.Events);
    }

    private static string? Next(Answer page) =>
        page.Json["link"]!.AsArray().SingleOrDefault(l => (string?)l!["relation"] == "next") is { } link ? new Uri((string)link["url"]!).PathAndQuery : null;
}
