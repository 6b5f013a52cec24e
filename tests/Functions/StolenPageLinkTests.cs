using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tests.Functions;

/// <summary>A page link in the hands of another: each of these may look up the patient by a search of their own, and is given nothing by the link.</summary>
public sealed class StolenPageLinkTests(SecuredService service) : IClassFixture<SecuredService>
{
    public static TheoryData<string> Thieves => ["another person", "another client", "a citizen's link", "the citizen"];

    [Theory]
    [MemberData(nameof(Thieves))]
    public async Task A_page_link_is_worth_nothing_to_another(string thief)
    {
        var person = SecuredService.NewPerson();
        var stored = await service.SubmitAsync(Messages.Collection(SecuredService.Of(person, "secret-1"), SecuredService.Of(person, "secret-2")));
        Assert.True(stored.StatusCode == 200, stored.Text);
        var links = thief == "a citizen's link" ? await service.AsCitizenAsync(person, "GET", "/citizen/Observation?_count=1") : await service.SearchAsync(person, "&_count=1");
        var link = new Uri((string)links.Json["link"]!.AsArray().Single(l => (string?)l!["relation"] == "next")!["url"]!).PathAndQuery;

        Task<Answer> Follow(Func<TokenDraft, TokenDraft>? change) => service.AsClinicianAsync("GET", link.Replace("/citizen/", "/", StringComparison.Ordinal), null, change);
        var stolen = thief switch
        {
            "another person" => await Follow(Another),
            "another client" => await Follow(t => t.With("client_id", "another-health-record")),
            "a citizen's link" => await Follow(null),
            _ => await service.AsCitizenAsync(person, "GET", "/citizen" + link),
        };
        Assert.True(stolen.StatusCode is 400 or 403 or 404, $"{stolen.StatusCode} {stolen.Text}");
        Assert.DoesNotContain("secret-", stolen.Text, StringComparison.Ordinal);

        // Whose it is follows it.
        var own = thief == "a citizen's link" ? await service.AsCitizenAsync(person, "GET", link) : await Follow(null);
        Assert.True(own.StatusCode == 200, own.Text);
        Assert.Contains("secret-", own.Text, StringComparison.Ordinal);
        if (thief == "another person")
        {
            Assert.Contains("secret-", (await service.SearchAsync(person, "", Another)).Text, StringComparison.Ordinal);
        }
    }

    // Of the same organisation, and as good as the first.
    private static TokenDraft Another(TokenDraft token) => token
        .With(ClaimNames.Pid, SyntheticNumbers.Number(9)).With(ClaimNames.Hpr, "222200063")
        .With(ClaimNames.Attest, new AttestDraft(Practitioner: SyntheticNumbers.Number(9), Hpr: "222200063").ToJson());
}
