using System.Text.Json.Nodes;
using PasientensMaledata.Observations.Wire;

namespace PasientensMaledata.Tests.Observations.Wire;

public class StaffNumbersTests
{
    private static readonly string Citizen = SyntheticNumbers.Number(1);
    private static readonly string Nurse = SyntheticNumbers.Number(2);

    public static TheoryData<string, string> Places => new()
    {
        { """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"NURSE"},"display":"Kari"}]}""", """{"performer":[{"display":"Kari"}]}""" },
        { """{"performer":[{"identifier":{"system":"2.16.578.1.12.4.1.4.2","value":"not-a-number"}},{"display":"Kari"}]}""", """{"performer":[{"display":"Kari"}]}""" },
        { """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"NURSE"}}],"status":"final"}""", """{"status":"final"}""" },
        { """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.4","value":"565501872"}}]}""", """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.4","value":"565501872"}}]}""" },
        { """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.101","value":"994598759"}}]}""", """{"performer":[{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.101","value":"994598759"}}]}""" },
        { """{"contained":[{"resourceType":"Practitioner","identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"NURSE"}],"name":[{"text":"Kari"}]}]}""", """{"contained":[{"resourceType":"Practitioner","name":[{"text":"Kari"}]}]}""" },
        { """{"extension":[{"url":"urn:x","valueString":"seen by NURSE"}]}""", """{"extension":[{"url":"urn:x","valueString":"seen by ***"}]}""" },
        { """{"extension":[{"url":"urn:x","extension":[{"url":"y","valueIdentifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.3","value":"80000000000"}}]}]}""", """{"extension":[{"url":"urn:x","extension":[{"url":"y"}]}]}""" },
        { """{"note":[{"text":"(NURSE)","authorString":"NURSE"}]}""", """{"note":[{"text":"(***)","authorString":"***"}]}""" },
        { """{"subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"CITIZEN"}},"note":[{"text":"CITIZEN"}]}""", """{"subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"CITIZEN"}},"note":[{"text":"CITIZEN"}]}""" },
        { """{"resourceType":"Observation","subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.2","value":"NURSE"}}}""", """{"resourceType":"Observation","subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.2","value":"NURSE"}}}""" },
        { """{"identifier":[{"system":"https://example.org/m","value":"12345678901"}],"valueQuantity":{"value":37.20}}""", """{"identifier":[{"system":"https://example.org/m","value":"12345678901"}],"valueQuantity":{"value":37.20}}""" },
        { """{"resourceType":"Bundle","entry":[{"resource":{"performer":[{"reference":"Practitioner/NURSE"}]}}]}""", """{"resourceType":"Bundle","entry":[{"resource":{"performer":[{"reference":"Practitioner/***"}]}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void The_person_number_of_another_is_taken_out_wherever_it_stands(string sent, string shown)
    {
        var node = JsonNode.Parse(Fill(sent))!;
        StaffNumbers.Remove(node, new HashSet<string> { Citizen });
        Assert.Equal(Fill(shown), node.ToJsonString());
    }

    private static string Fill(string text) => text.Replace("NURSE", Nurse, StringComparison.Ordinal).Replace("CITIZEN", Citizen, StringComparison.Ordinal);
}
