using PasientensMaledata.Access.Decision;

namespace PasientensMaledata.Tests.Access;

/// <summary>The header that says on what ground a health person looks up.</summary>
public sealed class AccessBasisTests
{
    [Theory]
    [InlineData("UNNTAK", "UNNTAK", false)]
    [InlineData("unntak", "UNNTAK", false)]
    [InlineData(" Samtykke ", "SAMTYKKE", false)]
    [InlineData("forhoyet_samtykke", "FORHOYET_SAMTYKKE", true)]
    [InlineData("akutt", "AKUTT", false)]
    [InlineData("FORHOYET_AKUTT", "FORHOYET_AKUTT", true)]
    public void Each_code_is_read_in_upper_and_lower_case(string text, string code, bool opens)
    {
        Assert.True(AccessBasis.TryRead([text], out var basis));
        Assert.Equal((code, opens), (basis.Code, basis.Opens));
        Assert.Equal(code, basis.ToString());
        Assert.True(AccessBasis.TryRead([text, code], out var twice));
        Assert.Equal(basis, twice);
    }

    [Fact]
    public void No_header_is_no_basis() => Assert.True(AccessBasis.TryRead([], out var basis) && basis == AccessBasis.None && basis.Code.Length == 0 && !basis.Opens);

    [Theory]
    [InlineData("")]
    [InlineData("SAMTYKKE,AKUTT")]
    [InlineData("FORHØYET_SAMTYKKE")]
    [InlineData("0")]
    [InlineData(null)]
    public void What_is_unknown_is_not_assumed_to_be_anything(string? text)
    {
        Assert.False(AccessBasis.TryRead([text], out var basis));
        Assert.Equal(AccessBasis.None, basis);
        Assert.False(AccessBasis.TryRead(["SAMTYKKE", text], out basis));
        Assert.Equal(AccessBasis.None, basis);
    }

    [Fact]
    public void Two_that_differ_are_none()
    {
        Assert.False(AccessBasis.TryRead(["SAMTYKKE", "AKUTT"], out var basis));
        Assert.Equal(AccessBasis.None, basis);
    }

    [Theory]
    [InlineData(null, true, "")]
    [InlineData("0", true, "")]
    [InlineData("1", true, "SAMTYKKE")]
    [InlineData("2", true, "AKUTT")]
    [InlineData("3", false, "")]
    [InlineData("", false, "")]
    public void The_reason_of_the_older_service_is_read_where_it_is_switched_on(string? text, bool read, string code)
    {
        Assert.Equal(read, AccessBasis.TryReadReason(text, out var basis));
        Assert.Equal(code, basis.Code);
    }
}
