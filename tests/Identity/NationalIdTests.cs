using CsCheck;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Tests.Identity;

public class NationalIdTests
{
    private const string FnrOid = "urn:oid:2.16.578.1.12.4.1.4.1";

    // Numbers are made while the test runs; none that could be a person's is written here.
    private static readonly Gen<string> RealFnr = Numbers(0, 0);
    private static readonly Gen<string> RealDNumber = Numbers(40, 0);
    private static readonly Gen<string> SyntheticFnr = Gen.OneOf(Gen.Const(80), Gen.Const(65), Gen.Const(40)).SelectMany(month => Numbers(0, month));
    private static readonly Gen<string> SyntheticDNumber = Gen.OneOf(Gen.Const(80), Gen.Const(65), Gen.Const(40)).SelectMany(month => Numbers(40, month));
    private static readonly Gen<string> FhNumber =
        from head in Gen.Int[800_000_000, 999_999_999]
        from relaxed in Gen.Int[0, 3]
        let number = Complete(head.ToString("D9", null), relaxed)
        where number is not null
        select number;

    [Fact]
    public void Real_kinds_are_accepted_under_strict()
    {
        Accepts(RealFnr, NationalIdPolicy.Strict, NationalIdKind.Fnr, synthetic: false);
        Accepts(RealDNumber, NationalIdPolicy.Strict, NationalIdKind.DNumber, synthetic: false);
        Accepts(FhNumber, NationalIdPolicy.Strict, NationalIdKind.FhNumber, synthetic: false);
    }

    [Fact]
    public void Synthetic_kinds_are_accepted_under_synthetic()
    {
        Accepts(SyntheticFnr, NationalIdPolicy.Synthetic, NationalIdKind.Fnr, synthetic: true);
        Accepts(SyntheticDNumber, NationalIdPolicy.Synthetic, NationalIdKind.DNumber, synthetic: true);
        Accepts(FhNumber, NationalIdPolicy.Synthetic, NationalIdKind.FhNumber, synthetic: false);
    }

    [Fact]
    public void Every_kind_is_accepted_under_lenient()
    {
        Accepts(RealFnr, NationalIdPolicy.Lenient, NationalIdKind.Fnr, synthetic: false);
        Accepts(RealDNumber, NationalIdPolicy.Lenient, NationalIdKind.DNumber, synthetic: false);
        Accepts(SyntheticFnr, NationalIdPolicy.Lenient, NationalIdKind.Fnr, synthetic: true);
        Accepts(SyntheticDNumber, NationalIdPolicy.Lenient, NationalIdKind.DNumber, synthetic: true);
        Accepts(FhNumber, NationalIdPolicy.Lenient, NationalIdKind.FhNumber, synthetic: false);
    }

    [Fact]
    public void Synthetic_numbers_are_refused_in_production() =>
        Gen.OneOf(SyntheticFnr, SyntheticDNumber).Sample(text => Refused(text, NationalIdPolicy.Strict) == NationalIdRemark.SyntheticRefused);

    [Fact]
    public void Real_numbers_are_refused_in_test_environments() =>
        Gen.OneOf(RealFnr, RealDNumber).Sample(text => Refused(text, NationalIdPolicy.Synthetic) == NationalIdRemark.RealRefused);

    [Fact]
    public void A_changed_digit_is_refused() =>
        (from text in Gen.OneOf(RealFnr, RealDNumber, FhNumber)
         from at in Gen.Int[0, 10]
         from step in Gen.Int[1, 9]
         select text[..at] + (char)('0' + (text[at] - '0' + step) % 10) + text[(at + 1)..])
        .Sample(text => Refused(text, NationalIdPolicy.Strict) is not NationalIdRemark.None);

    [Fact]
    public void Two_digits_that_changed_place_are_refused() =>
        (from text in Gen.OneOf(RealFnr, RealDNumber, FhNumber)
         from at in Gen.Int[0, 9]
         where text[at] != text[at + 1]
         select text[..at] + text[at + 1] + text[at] + text[(at + 2)..])
        .Sample(text => Refused(text, NationalIdPolicy.Strict) is not NationalIdRemark.None);

    [Fact]
    public void Control_digits_follow_the_rule_of_2032_with_the_old_one_inside_it()
    {
        for (var remainder = 0; remainder < 11; remainder++)
        {
            var text = Completed("018299", remainder);
            var accepted = NationalId.TryParse(text, null, NationalIdPolicy.Synthetic, out _, out var remark);
            Assert.Equal(remainder <= 3, accepted);
            Assert.Equal(remainder <= 3 ? NationalIdRemark.None : NationalIdRemark.ControlDigits, remark);
        }
    }

    [Theory]
    [InlineData(null, NationalIdRemark.Missing)]
    [InlineData("", NationalIdRemark.Missing)]
    [InlineData("1371740408", NationalIdRemark.NotElevenDigits)]
    [InlineData("137174040890", NationalIdRemark.NotElevenDigits)]
    [InlineData("137174 04089", NationalIdRemark.NotElevenDigits)]
    [InlineData(" 13717404089", NationalIdRemark.NotElevenDigits)]
    [InlineData("1371740408a", NationalIdRemark.NotElevenDigits)]
    [InlineData("1371740408٩", NationalIdRemark.NotElevenDigits)]
    [InlineData("13717404088", NationalIdRemark.ControlDigits)]
    public void Refusals(string? text, NationalIdRemark expected)
    {
        Assert.Equal(expected, Refused(text, NationalIdPolicy.Strict));
        Assert.Equal(expected, Refused(text, NationalIdPolicy.Synthetic));
    }

    [Theory]
    [InlineData("0081")]
    [InlineData("3281")]
    [InlineData("3082")]
    [InlineData("3184")]
    [InlineData("4081")]
    [InlineData("7282")]
    [InlineData("0180")]
    [InlineData("0193")]
    [InlineData("0165")]
    [InlineData("0178")]
    [InlineData("0140")]
    [InlineData("0153")]
    [InlineData("0113")]
    [InlineData("0100")]
    public void Days_of_no_calendar_are_refused(string dayAndMonth) =>
        Assert.Equal(NationalIdRemark.NoSuchDate, Refused(Completed(dayAndMonth + "99", 0), NationalIdPolicy.Synthetic));

    [Theory]
    [InlineData("2982")]
    [InlineData("2967")]
    [InlineData("6982")]
    [InlineData("3192")]
    [InlineData("3177")]
    public void Last_days_of_months_are_accepted(string dayAndMonth) =>
        Assert.True(NationalId.TryParse(Completed(dayAndMonth + "99", 0), null, NationalIdPolicy.Synthetic, out _, out _));

    [Theory]
    [InlineData(null, NationalIdRemark.None)]
    [InlineData("", NationalIdRemark.None)]
    [InlineData(FnrOid, NationalIdRemark.None)]
    [InlineData("2.16.578.1.12.4.1.4.1", NationalIdRemark.None)]
    [InlineData("URN:OID:2.16.578.1.12.4.1.4.1", NationalIdRemark.None)]
    [InlineData("urn:oid:2.16.578.1.12.4.1.4.2", NationalIdRemark.SystemOfOtherKind)]
    [InlineData("urn:oid:2.16.578.1.12.4.1.4.4", NationalIdRemark.SystemOfOtherKind)]
    [InlineData("urn:oid:2.16.578.1.12.4.1.4.101", NationalIdRemark.SystemOfOtherKind)]
    [InlineData("http://example.org", NationalIdRemark.SystemOfOtherKind)]
    public void A_wrong_system_is_remarked_upon_and_the_digits_followed(string? system, NationalIdRemark expected)
    {
        Assert.True(NationalId.TryParse("13717404089", system, NationalIdPolicy.Synthetic, out var id, out var remark));
        Assert.Equal(expected, remark);
        Assert.Equal(NationalIdKind.Fnr, id.Kind);
        Assert.Equal(FnrOid, id.Oid);
    }

    [Theory]
    [InlineData("1000807", FnrOid, NationalIdKind.Fnr)]
    [InlineData("1000807", "2.16.578.1.12.4.1.4.2", NationalIdKind.DNumber)]
    [InlineData("1", "urn:oid:2.16.578.1.12.4.1.4.3", NationalIdKind.FhNumber)]
    [InlineData("12345678901234567890", null, NationalIdKind.Other)]
    [InlineData("13717404088", null, NationalIdKind.Other)]
    public void Any_digits_are_accepted_in_development(string text, string? system, NationalIdKind kind)
    {
        Assert.True(NationalId.TryParse(text, system, NationalIdPolicy.Lenient, out var id, out var remark));
        Assert.Equal((kind, text, NationalIdRemark.NotChecked), (id.Kind, id.Digits, remark));
        Assert.False(NationalId.TryParse(text, system, NationalIdPolicy.Strict, out _, out _));
        Assert.False(NationalId.TryParse(text, system, NationalIdPolicy.Synthetic, out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("123456789012345678901")]
    [InlineData("abc")]
    [InlineData("1000 807")]
    public void Development_has_limits_too(string text) => Assert.NotEqual(NationalIdRemark.None, Refused(text, NationalIdPolicy.Lenient));

    [Fact]
    public void Equality_is_by_digits_alone()
    {
        NationalId.TryParse("1000807", FnrOid, NationalIdPolicy.Lenient, out var one, out _);
        NationalId.TryParse("1000807", null, NationalIdPolicy.Lenient, out var other, out _);
        NationalId.TryParse("1000808", null, NationalIdPolicy.Lenient, out var third, out _);
        Assert.NotEqual(one.Kind, other.Kind);
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, third);
        Assert.Equal(default, default(NationalId));
        Assert.Equal("", default(NationalId).Digits);
    }

    [Fact]
    public void The_number_does_not_show_in_texts() =>
        Gen.OneOf(SyntheticFnr, SyntheticDNumber, FhNumber).Sample(text =>
        {
            Assert.True(NationalId.TryParse(text, null, NationalIdPolicy.Lenient, out var id, out _));
            return !id.ToString().Any(char.IsDigit) && !$"{id}".Contains(text, StringComparison.Ordinal);
        });

    [Fact]
    public void Every_remark_has_advice_without_digits_of_a_person()
    {
        foreach (var remark in Enum.GetValues<NationalIdRemark>())
        {
            Assert.Equal(remark == NationalIdRemark.None, remark.Advice().Length == 0);
        }
    }

    private static void Accepts(Gen<string> numbers, NationalIdPolicy policy, NationalIdKind kind, bool synthetic) => numbers.Sample(text =>
        NationalId.TryParse(text, null, policy, out var id, out var remark)
        && remark == NationalIdRemark.None && id.Kind == kind && id.IsSynthetic == synthetic && id.Digits == text);

    private static NationalIdRemark Refused(string? text, NationalIdPolicy policy)
    {
        Assert.False(NationalId.TryParse(text, null, policy, out var id, out var remark));
        Assert.Equal(default, id);
        return remark;
    }

    private static Gen<string> Numbers(int dayRaised, int monthRaised) =>
        from month in Gen.Int[1, 12]
        from day in Gen.Int[1, DateTime.DaysInMonth(2024, month)]
        from year in Gen.Int[0, 99]
        from individual in Gen.Int[0, 999]
        from relaxed in Gen.Int[0, 3]
        let number = Complete($"{day + dayRaised:D2}{month + monthRaised:D2}{year:D2}{individual:D3}", relaxed)
        where number is not null
        select number;

    // The first individual number whose control digits exist.
    private static string Completed(string datePart, int remainder)
    {
        for (var individual = 0; ; individual++)
        {
            if (Complete($"{datePart}{individual:D3}", remainder) is { } number)
            {
                return number;
            }
        }
    }

    // Written apart from the code under test: k1 gives the wanted remainder, k2 the remainder 0.
    private static string? Complete(string nine, int remainder)
    {
        int[] first = [3, 7, 6, 1, 8, 9, 4, 5, 2];
        int[] second = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
        var k1 = (remainder + 11 - nine.Select((digit, i) => (digit - '0') * first[i]).Sum() % 11) % 11;
        if (k1 == 10)
        {
            return null;
        }

        var ten = nine + k1;
        var k2 = (11 - ten.Select((digit, i) => (digit - '0') * second[i]).Sum() % 11) % 11;
        return k2 == 10 ? null : ten + k2;
    }
}
