namespace PasientensMaledata.Tests.Functions;

/// <summary>A setting holds on the very next request, however many are under way.</summary>
public sealed class BlockWhileSearchingTests(SecuredService service) : IClassFixture<SecuredService>
{
    [Fact]
    public async Task No_search_that_began_after_the_answer_to_a_block_shows_anything()
    {
        await service.NextHourAsync();
        var (person, _) = await service.StoreAsync();
        var (blocked, leaks, shown, refused) = (false, 0, 0, 0);
        var searches = Parallel.ForEachAsync(Enumerable.Range(0, 1_000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            if (i == 300)
            {
                Assert.Equal(200, (await service.AsCitizenAsync(person, "PUT", $"/citizen/privacy/blocks/{PasientensMaledata.Issuer.DevelopmentPeople.ClinicianHpr}")).StatusCode);
                Volatile.Write(ref blocked, true);
            }

            var beganAfter = Volatile.Read(ref blocked);
            var answer = await service.SearchAsync(person);
            var shows = answer.Text.Contains("valueQuantity", StringComparison.Ordinal);
            Interlocked.Add(ref leaks, beganAfter && shows ? 1 : 0);
            Interlocked.Add(ref shown, shows ? 1 : 0);
            Interlocked.Add(ref refused, answer.StatusCode == 403 ? 1 : 0);
        });
        await searches;
        Assert.Equal(0, leaks);
        Assert.True(shown > 0 && refused > 0, $"{shown} shown, {refused} refused");
        Assert.Equal(1_000, shown + refused);
    }
}
