namespace PasientensMaledata.Tests.Functions;

/// <summary>Links lead to where callers reach the service, not to where a host or proxy in front of it does.</summary>
public sealed class PublicAddressTests(SecuredService service) : IClassFixture<SecuredService>
{
    [Theory]
    [InlineData("127.0.0.1:7072")]
    [InlineData("evil.example")]
    public async Task What_the_Host_header_says_is_in_no_link(string host)
    {
        await service.NextHourAsync();
        var person = SecuredService.NewPerson();
        await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "1"), SecuredService.Of(person, "2")));
        var answer = await service.SearchAsync(person, "&_count=1", null, ("Host", host));
        Assert.True(answer.StatusCode == 200, answer.Text);
        Assert.DoesNotContain(host, answer.Text, StringComparison.Ordinal);
        Assert.All(answer.Json["link"]!.AsArray(), l => Assert.StartsWith("https://pmd.example/", (string)l!["url"]!, StringComparison.Ordinal));
        Assert.StartsWith("https://pmd.example/Observation/", (string)answer.Entries[0]["fullUrl"]!, StringComparison.Ordinal);
    }
}
