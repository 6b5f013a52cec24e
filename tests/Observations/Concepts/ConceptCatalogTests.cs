using PasientensMaledata.Observations.Concepts;

namespace PasientensMaledata.Tests.Observations.Concepts;

public class ConceptCatalogTests
{
    public static TheoryData<string> Slugs => [.. ConceptCatalog.All.Select(concept => concept.Slug)];

    [Theory]
    [InlineData("http://loinc.org", "8867-4", "heartrate")]
    [InlineData("http://snomed.info/sct", "75367002", "bloodpressure")]
    [InlineData("http://loinc.org", "59408-5", "spo2")]
    [InlineData("http://snomed.info/sct", "276885007", "bodytemp")]
    [InlineData("http://loinc.org", "29463-7", "bodyweight")]
    [InlineData("http://snomed.info/sct", "86290005", "resprate")]
    [InlineData("http://snomed.info/sct", "404996007", "consciousness")]
    [InlineData("http://snomed.info/sct", "1104051000000101", "news2")]
    [InlineData("http://snomed.info/sct", "763264000", "cfs")]
    [InlineData("urn:oid:2.16.578.1.12.4.1.1.7280", "NPU02187", "glucose")]
    [InlineData("http://loinc.org", "74465-6", "questionnaire")]
    [InlineData("http://snomed.info/sct", "8867-4", null)]
    [InlineData(null, "8867-4", null)]
    [InlineData("http://loinc.org", null, null)]
    public void A_coding_means_at_most_one_concept(string? system, string? code, string? slug) =>
        Assert.Equal(slug, ConceptCatalog.Find(system, code)?.Slug);

    [Theory]
    [InlineData("http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation-Heartrate", "heartrate")]
    [InlineData("http://hl7.org/fhir/StructureDefinition/bp|4.0.1", "bloodpressure")]
    [InlineData("http://hl7.org/fhir/StructureDefinition/vitalsigns", null)]
    public void A_profile_is_found_with_or_without_version(string canonical, string? slug)
    {
        Assert.True(ConceptCatalog.TryFindProfile(canonical, out _, out var concept));
        Assert.Equal(slug, concept?.Slug);
    }

    [Fact]
    public void Other_profiles_are_not_found() => Assert.False(ConceptCatalog.TryFindProfile("http://example.org/x", out _, out _));

    [Theory]
    [MemberData(nameof(Slugs))]
    public void Every_entry_is_whole(string slug)
    {
        var concept = ConceptCatalog.Find(slug)!;
        Assert.Matches("^[a-z0-9]{1,16}$", concept.Slug);
        Assert.NotEmpty(concept.English);
        Assert.NotEmpty(concept.Norwegian);
        Assert.NotEmpty(concept.Codings);
        Assert.Equal(concept.Shape == ValueShape.Quantity, !concept.Units.IsEmpty);
        Assert.Equal(concept.Shape == ValueShape.Components, concept.Parts.Any(part => part.IsRequired));
        Assert.All(concept.Profiles, profile => Assert.True(profile.Coding is not { } coding || concept.Codings.Contains(coding)));
        Assert.All(concept.Profiles, profile => Assert.Equal(profile.Demands.HasFlag(ProfileDemands.Coding), profile.Coding is not null));
        Assert.All(concept.Profiles, profile => Assert.True(!profile.Demands.HasFlag(ProfileDemands.Category) || concept.Category is not null));
    }

    [Fact]
    public void Slugs_are_unique() => Assert.Distinct(ConceptCatalog.All.Select(concept => concept.Slug));
}
