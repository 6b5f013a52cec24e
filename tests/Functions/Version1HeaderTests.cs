using PasientensMaledata.Access.Decision;
using PasientensMaledata.AccessLog;

namespace PasientensMaledata.Tests.Functions;

/// <summary>The headers of the national service's 1.x, with the switch on and off.</summary>
public sealed class Version1HeaderTests(Version1HeaderTests.Switched switched, SecuredService usual) : IClassFixture<Version1HeaderTests.Switched>, IClassFixture<SecuredService>
{
    [Fact]
    public async Task The_patient_may_stand_in_a_header_where_it_is_switched_on()
    {
        var (person, _) = await switched.Service.StoreAsync();
        var answer = await switched.Service.AsClinicianAsync("POST", "/Observation/_search", "", null, ("person-id", person));
        Assert.Contains("8867-4", answer.Text, StringComparison.Ordinal);
        SharedService.Refused(400, await switched.Service.AsClinicianAsync("POST", "/Observation/_search", $"patient.identifier={SecuredService.NewPerson()}", null, ("person-id", person)));
        SharedService.Refused(400, await switched.Service.AsClinicianAsync("POST", "/Observation/_search", "", null, ("person-id", person), ("X-Pmd-Patient", SecuredService.NewPerson())));
    }

    [Fact]
    public async Task It_may_not_where_it_is_not()
    {
        var (person, _) = await usual.StoreAsync();
        SharedService.Refused(400, await usual.AsClinicianAsync("POST", "/Observation/_search", "", null, ("person-id", person)));
    }

    [Theory]
    [InlineData("0", 200, "")]
    [InlineData("1", 200, "SAMTYKKE")]
    [InlineData("2", 200, "AKUTT")]
    [InlineData("3", 400, "")]
    [InlineData("", 400, "")]
    [InlineData("1,2", 400, "")]
    public async Task The_reason_is_the_access_basis_and_opens_nothing(string reason, int status, string basis)
    {
        var (person, _) = await switched.Service.StoreAsync();
        await switched.Service.AsCitizenAsync(person, "PUT", "/citizen/privacy/restriction", """{"restricted":true}""");
        var answer = await switched.Service.SearchAsync(person, "", null, ("x-pmd-reason", reason));
        Assert.Equal(status, answer.StatusCode);
        Assert.DoesNotContain("valueQuantity", answer.Text, StringComparison.Ordinal);
        Assert.Equal(basis, (await switched.Service.EventsAsync()).Last(e => e.Action == AccessAction.Search).Attest!.Basis);
    }

    [Fact]
    public async Task A_reason_that_contradicts_the_newer_header_is_refused_and_one_that_agrees_is_not()
    {
        var (person, _) = await switched.Service.StoreAsync();
        SharedService.Refused(400, await switched.Service.SearchAsync(person, "", null, ("x-pmd-reason", "1"), ("nhn-access-basis", "AKUTT")));
        Assert.Equal(200, (await switched.Service.SearchAsync(person, "", null, ("x-pmd-reason", "2"), ("nhn-access-basis", "AKUTT"))).StatusCode);
    }

    [Fact]
    public async Task Without_the_switch_a_reason_is_passed_over()
    {
        var (person, _) = await usual.StoreAsync();
        Assert.Equal(200, (await usual.SearchAsync(person, "", null, ("x-pmd-reason", "9"))).StatusCode);
        Assert.Equal("", (await usual.EventsAsync()).Last(e => e.Action == AccessAction.Search).Attest!.Basis);
    }

    /// <summary>With the switch on.</summary>
    public sealed class Switched : IAsyncLifetime
    {
        internal SecuredService Service { get; } = new() { Rules = AccessRules.Default with { Version1Headers = true } };

        public ValueTask InitializeAsync() => Service.InitializeAsync();

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }
}
