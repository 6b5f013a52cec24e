using System.Globalization;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The cap of different patients within the hour, over the whole pipeline: at the limit, one past it, and when it ends.</summary>
public sealed class LookUpCapTests
{
    [Fact]
    public async Task Past_the_cap_it_is_said_when_to_come_back_and_then_all_is_as_before()
    {
        await using var service = new SecuredService();
        await service.InitializeAsync();
        service.Clock.Advance(TimeSpan.FromMinutes(50));
        await service.EnrolAsync(service.File);
        var (known, _) = await service.StoreAsync();
        for (var i = 1; i < Limits.MaxPatientsPerPractitionerHour; i++)
        {
            Assert.Equal(200, (await service.SearchAsync(SecuredService.NewPerson())).StatusCode);
        }

        // The last that is within, and then again: a patient counts once.
        Assert.Equal(200, (await service.SearchAsync(known)).StatusCode);
        var another = SecuredService.NewPerson();
        var past = await service.SearchAsync(another);
        SharedService.Refused(429, past);
        Assert.Equal(200, (await service.SearchAsync(known)).StatusCode);

        var wait = TimeSpan.FromSeconds(int.Parse(past.Header("Retry-After")!, NumberStyles.None, CultureInfo.InvariantCulture));
        Assert.InRange(wait, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        service.Clock.Advance(wait);
        await service.EnrolAsync(service.File);
        Assert.Equal(200, (await service.SearchAsync(another)).StatusCode);
    }
}
