namespace PasientensMaledata.Tests.Functions;

/// <summary>What knowing the caller costs a look-up in storage requests, beside one whose caller costs none.</summary>
public sealed class AccessCostTests(SecuredService service) : IClassFixture<SecuredService>
{
    // docs/performance.md: the directory's row, the patient's head, a range of the Concept.
    private const int OfTheLookUp = 3;

    [Fact]
    public async Task A_look_up_costs_one_request_more_for_the_proof_and_two_the_first_time_in_the_hour_for_the_caps()
    {
        // The clock stands all but still, so that no timer of the service's own is counted.
        var (before, _) = await service.StoreAsync();
        await service.SearchAsync(before);
        var (person, _) = await service.StoreAsync();
        Assert.Equal(OfTheLookUp + 1 + 2, await CostAsync(person));
        Assert.Equal(OfTheLookUp + 1, await CostAsync(person));
    }

    private async Task<int> CostAsync(string person)
    {
        service.Counting!.Reset();
        Assert.Equal(200, (await service.SearchAsync(person)).StatusCode);
        return service.Counting.Requests;
    }
}
