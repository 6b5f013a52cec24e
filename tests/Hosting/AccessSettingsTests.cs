using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Identity;
using PasientensMaledata.Tests.Access.Tokens;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>What the environment says of access: what is misspelt there keeps the service from starting, so that nothing is demanded less than was meant.</summary>
public sealed class AccessSettingsTests
{
    [Theory]
    [InlineData("Access__FollowupRequired")]
    [InlineData("Access:FollowUpRequire")]
    [InlineData("access__FollowUpRequired")]
    [InlineData("Auth__HelseId__Isuer")]
    [InlineData("Auth__IdPorten__Client")]
    [InlineData("AUTH__ATTEST")]
    [InlineData("Auth__")]
    public void A_name_that_is_no_setting_is_told(string name)
    {
        Assert.Null(Read(out var errors, name));
        Assert.StartsWith(name.Replace("__", ":", StringComparison.Ordinal) + " is no setting.", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_a_setting_or_another_program_s_is_passed()
    {
        Assert.NotNull(Read(out var errors, "Access__FollowUpRequired", "Access:Registers", "Auth__Mode", "Auth:Pvk:ClientKey", "AUTHOR", "PATH", "WEBSITE_AUTH_ENABLED"));
        Assert.Empty(errors);
    }

    private static AccessSettings? Read(out IReadOnlyList<string> errors, params string[] names) => AccessSettings.Read(TokenWorld.Setting, names, null, NationalIdPolicy.Synthetic, out errors);
}
