using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PasientensMaledata.Observations.Documents;
using static PasientensMaledata.Tests.Observations.Message;

namespace PasientensMaledata.Tests.Observations.Documents;

public sealed class EscapesTests
{
    private static readonly byte[] Key = new byte[32];
    private static readonly string WithDevice = Plus(HeartRate, """ "id":"abc","device":{"identifier":{"system":"urn:serial","value":"no1"}} """);

    // Every text and name with its first and last letter as escapes, which JSON reads as the same (RFC 8259, 7).
    public static TheoryData<string, string> Messages => new()
    {
        { HeartRate, Escaped(HeartRate) },
        { BloodPressure, Escaped(BloodPressure) },
        { WithDevice, Escaped(WithDevice) },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void What_is_sent_with_escapes_is_the_same_Observation(string plain, string escaped)
    {
        Assert.Contains("\\u0073tatu\\u0073", escaped, StringComparison.Ordinal);
        Assert.Equal(Check(plain).Issues, Check(escaped).Issues);
        var (one, other) = (Read(plain), Read(escaped));
        Assert.Equal("final", other.Status);
        Assert.Equal((one.SentId, one.Issued, one.Device, one.CodeText), (other.SentId, other.Issued, other.Device, other.CodeText));
        Assert.Equal(one.Codings, other.Codings);
        Assert.Equal(one.Categories, other.Categories);
        Assert.Equal(one.Identifiers, other.Identifiers);
        Assert.Equal(one.Organisations, other.Organisations);
        Assert.Equal(one.HashContent(Key), other.HashContent(Key));
        Assert.Equal(one.HashValue(Key), other.HashValue(Key));
    }

    [Fact]
    public void Another_text_is_another_content() =>
        Assert.NotEqual(Read(HeartRate).HashContent(Key), Read(With(HeartRate, "code/coding/0/code", "\"8867-5\"")).HashContent(Key));

    private static ObservationDocument Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return ObservationDocument.Read(JsonDocument.Parse(bytes).RootElement, bytes);
    }

    private static string Escaped(string json) =>
        Regex.Replace(json, "\"([A-Za-z])([^\"\\\\]*?)([A-Za-z])?\"", m => $"\"{Escape(m.Groups[1].Value)}{m.Groups[2].Value}{Escape(m.Groups[3].Value)}\"");

    private static string Escape(string letter) => letter.Length == 0 ? "" : $"\\u{(int)letter[0]:x4}";
}
