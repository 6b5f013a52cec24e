using System.Globalization;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Tests.Functions;

/// <summary>Dates of agreements are days in Norway, both ends included, also where summer time begins and ends: over the whole pipeline.</summary>
public sealed class MidnightTests
{
    [Theory]
    [InlineData("2026-11-20", "2026-11-20T23:00:00Z")]
    [InlineData("2027-06-30", "2027-06-30T22:00:00Z")]
    [InlineData("2027-03-27", "2027-03-27T23:00:00Z")]
    [InlineData("2027-03-28", "2027-03-28T22:00:00Z")]
    [InlineData("2027-10-30", "2027-10-30T22:00:00Z")]
    [InlineData("2027-10-31", "2027-10-31T23:00:00Z")]
    public async Task An_agreement_ends_with_its_last_day_and_so_does_a_page_link_that_was_taken_before(string lastDay, string midnight)
    {
        await using var service = await AtAsync(midnight, ("to", lastDay));
        var person = SecuredService.NewPerson();
        Assert.Equal(200, (await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "secret-1"), SecuredService.Of(person, "secret-2")))).StatusCode);
        var page = await service.SearchAsync(person, "&_count=1");
        Assert.Contains("secret-", page.Text, StringComparison.Ordinal);
        Assert.Contains(SecuredService.Municipality, (await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see")).Text, StringComparison.Ordinal);

        service.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, (int)(await service.SearchAsync(person)).Json["total"]!);
        var link = new Uri((string)page.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;
        Assert.DoesNotContain("secret-", (await service.AsClinicianAsync("GET", link)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SecuredService.Municipality, (await service.AsCitizenAsync(person, "GET", "/citizen/who-may-see")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-21", "2026-11-20T23:00:00Z")]
    [InlineData("2027-03-29", "2027-03-28T22:00:00Z")]
    [InlineData("2027-10-31", "2027-10-30T22:00:00Z")]
    public async Task And_begins_with_its_first(string firstDay, string midnight)
    {
        await using var service = await AtAsync(midnight, ("from", firstDay));
        var (person, _) = await service.StoreAsync();
        Assert.Equal(0, (int)(await service.SearchAsync(person)).Json["total"]!);
        service.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (int)(await service.SearchAsync(person)).Json["total"]!);
    }

    // A second before midnight, with an Agreement of the municipality that begins or ends with a day.
    private static async Task<SecuredService> AtAsync(string midnight, (string Member, string Day) agreed)
    {
        var service = new SecuredService { Clock = new(DateTimeOffset.Parse(midnight, CultureInfo.InvariantCulture) - TimeSpan.FromSeconds(1)) };
        await service.InitializeAsync();
        var file = (JsonObject)service.File.DeepClone();
        file["agreements"]!.AsArray().Single(a => (string?)a!["controller"] == SecuredService.Municipality)![agreed.Member] = agreed.Day;
        await service.EnrolAsync(file);
        return service;
    }
}
