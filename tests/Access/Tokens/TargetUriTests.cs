using CsCheck;
using PasientensMaledata.Access.Tokens;

namespace PasientensMaledata.Tests.Access.Tokens;

/// <summary>Two ways of writing one address are one; two addresses are never one.</summary>
public sealed class TargetUriTests
{
    private const string Unreserved = "abcXYZ019-._~";
    private const string Literal = "!$&'()*+,;=:@";

    private static readonly Gen<string> Segment = Gen.Char[Unreserved + Literal].Array[1, 8].Select(c => new string(c)).Where(s => s is not ("." or ".."));
    private static readonly Gen<string> Path = Segment.Array[0, 5].Select(s => "/" + string.Join('/', s));
    private static readonly Gen<string> Host = Gen.OneOf(Gen.Const("pmd.example"), Gen.Const("pmd.nhn.no"), Gen.Const("127.0.0.1"), Gen.Const("[::1]"), Gen.Const("localhost"));

    [Theory]
    [InlineData("https://pmd.example", "https://pmd.example/")]
    [InlineData("HTTPS://PMD.Example:443/Observation", "https://pmd.example/Observation")]
    [InlineData("http://pmd.example:80/", "http://pmd.example/")]
    [InlineData("https://pmd.example:/a", "https://pmd.example/a")]
    [InlineData("https://pmd.example/a?b=c#d", "https://pmd.example/a")]
    [InlineData("https://pmd.example?b=c", "https://pmd.example/")]
    [InlineData("https://pmd.example#d", "https://pmd.example/")]
    [InlineData("https://pmd.example/%4fbservation/%24lastn", "https://pmd.example/Observation/$lastn")]
    [InlineData("https://pmd.example/a%2fb", "https://pmd.example/a%2Fb")]
    [InlineData("https://pmd.example/a/./b/../c", "https://pmd.example/a/c")]
    [InlineData("https://pmd.example/../../a", "https://pmd.example/a")]
    [InlineData("https://pmd.example/a/%2e%2e/b", "https://pmd.example/b")]
    [InlineData("https://pmd.example/a/..", "https://pmd.example/")]
    [InlineData("https://pmd.example/a/.", "https://pmd.example/a/")]
    [InlineData("https://pmd.example/a/b/..", "https://pmd.example/a/")]
    [InlineData("https://pmd.example/%C3%A6", "https://pmd.example/%C3%A6")]
    [InlineData("http://[::1]:7071/a", "http://[::1]:7071/a")]
    public void Ways_of_writing_one_address_are_one(string text, string same)
    {
        Assert.True(TargetUri.TryParse(text, out var target));
        Assert.True(TargetUri.TryParse(same, out var other));
        Assert.Equal(other, target);
        Assert.Equal(same, target.ToString());
    }

    [Theory]
    [InlineData("https://pmd.example/a", "https://pmd.example/A")]
    [InlineData("https://pmd.example/a", "https://pmd.example/a/")]
    [InlineData("https://pmd.example/a", "http://pmd.example/a")]
    [InlineData("https://pmd.example/a", "https://pmd.example:444/a")]
    [InlineData("https://pmd.example/a", "https://pmd.example./a")]
    [InlineData("https://pmd.example/a/b", "https://pmd.example/a%2Fb")]
    [InlineData("https://pmd.example/a//b", "https://pmd.example/a/b")]
    [InlineData("https://pmd.example/a%25", "https://pmd.example/a%2525")]
    [InlineData("https://pmd.example:80/a", "https://pmd.example/a")]
    public void Two_addresses_are_two(string one, string another)
    {
        Assert.True(TargetUri.TryParse(one, out var first));
        Assert.True(TargetUri.TryParse(another, out var second));
        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/Observation")]
    [InlineData("//pmd.example/a")]
    [InlineData("pmd.example/a")]
    [InlineData("ftp://pmd.example/a")]
    [InlineData("https://")]
    [InlineData("https:///a")]
    [InlineData("https://someone@pmd.example/a")]
    [InlineData("https://pmd.example:99999/a")]
    [InlineData("https://pmd.example:x/a")]
    [InlineData("https://pmd.example:+443/a")]
    [InlineData("https://pmd.example/a b")]
    [InlineData(" https://pmd.example/a")]
    [InlineData("https://pmd.example/a\\b")]
    [InlineData("https://pmd.example/æ")]
    [InlineData("https://pmd.example/%")]
    [InlineData("https://pmd.example/%4")]
    [InlineData("https://pmd.example/%4g")]
    [InlineData("https://pmd.example/% 4")]
    [InlineData("https://[::1/a")]
    [InlineData("https://a:b:443/a")]
    [InlineData("https://[a$b]/a")]
    [InlineData("https://pmd.example\n/a")]
    public void What_is_no_address_is_none(string? text) => Assert.False(TargetUri.TryParse(text, out _));

    [Fact]
    public void The_default_value_is_no_address() => Assert.Equal("", default(TargetUri).ToString());

    [Fact]
    public void Normalising_again_changes_nothing() =>
        Gen.Select(Host, Path, (h, p) => $"https://{h}{p}").Sample(text =>
        {
            Assert.True(TargetUri.TryParse(text, out var once));
            Assert.True(TargetUri.TryParse(once.ToString(), out var twice));
            Assert.Equal(once, twice);
        });

    [Fact]
    public void Percent_encoding_what_may_stand_literally_changes_nothing() =>
        Gen.Select(Host, Path, Gen.Bool.Array[64], Gen.Bool).Sample((host, path, encoded, upper) =>
        {
            var written = string.Concat(path.Select((c, i) => c != '/' && encoded[i % 64] ? $"%{((int)c).ToString(upper ? "X2" : "x2", System.Globalization.CultureInfo.InvariantCulture)}" : $"{c}"));
            Assert.True(TargetUri.TryParse($"https://{host}{path}", out var plain));
            Assert.True(TargetUri.TryParse($"HTTPS://{host.ToUpperInvariant()}:443{written}?q#f", out var other));
            Assert.Equal(plain, other);
        });

    [Fact]
    public void Addresses_with_different_paths_are_different() =>
        Gen.Select(Path, Path).Where((a, b) => a != b).Sample((a, b) =>
        {
            Assert.True(TargetUri.TryParse("https://pmd.example" + a, out var first));
            Assert.True(TargetUri.TryParse("https://pmd.example" + b, out var second));
            Assert.NotEqual(first, second);
        });

    [Fact]
    public void Nothing_that_can_be_sent_is_an_exception() =>
        Gen.String[0, 40].Sample(text =>
        {
            _ = TargetUri.TryParse(text, out _);
            _ = TargetUri.TryParse("https://pmd.example/" + text, out _);
            _ = TargetUri.TryParse("https://" + text, out _);
        });
}
