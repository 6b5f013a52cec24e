using CsCheck;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Identity;

public class RegisterNumberTests
{
    [Theory]
    [InlineData("994598759")]
    [InlineData("213710192")]
    [InlineData("312232324")]
    [InlineData("313325016")]
    [InlineData("100100673")]
    public void Organisation_numbers_are_accepted(string text)
    {
        Assert.True(OrganisationNumber.TryParse(text, out var number));
        Assert.Equal(text, number.Digits);
        Assert.Equal(text, number.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("103")]
    [InlineData("994598750")]
    [InlineData("99459875")]
    [InlineData("9945987590")]
    [InlineData("994 598 759")]
    [InlineData("000000000")]
    [InlineData("99459875٩")]
    public void Other_texts_are_no_organisation_numbers(string? text) => Assert.False(OrganisationNumber.TryParse(text, out _));

    [Fact]
    public void A_changed_digit_of_an_organisation_number_is_refused() =>
        Gen.Select(Gen.Int[0, 8], Gen.Int[1, 9]).Sample((at, by) =>
        {
            const string text = "994598759";
            return !OrganisationNumber.TryParse(text[..at] + (char)('0' + (text[at] - '0' + by) % 10) + text[(at + 1)..], out _);
        });

    [Theory]
    [InlineData("0301", true)]
    [InlineData("5601", true)]
    [InlineData("301", false)]
    [InlineData("03010", false)]
    [InlineData("03a1", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Municipality_numbers_are_four_digits(string? text, bool accepted)
    {
        Assert.Equal(accepted, MunicipalityNumber.TryParse(text, out var number));
        Assert.Equal(accepted ? text : "", number.Digits);
    }
}
