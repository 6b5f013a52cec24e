using System.Net;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Identity;
using PasientensMaledata.Tests.Storage;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>The package as the Functions host runs it.</summary>
[Collection(nameof(Package))]
public sealed class HostedTests(Package package)
{
    [Fact]
    public async Task Without_someone_to_trust_it_does_not_start_under_the_host()
    {
        using var folder = new TemporaryFolder();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => FunctionsHost.StartAsync(package.Folder, Settings(folder.Path)));
        Assert.Contains("It ended with 2:", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Auth:HelseId:Issuer is not set", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Under_the_host_it_answers_as_the_API_says_takes_triggers_from_the_host_alone_and_comes_back_when_killed()
    {
        using var folder = new TemporaryFolder();
        await using var host = await FunctionsHost.StartAsync(package.Folder, Trusting(Settings(folder.Path)));
        for (var start = 0; start < 2; start++)
        {
            using var health = await host.SendAsync(new(HttpMethod.Get, "/health"));
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);

            using var metadata = await host.SendAsync(new(HttpMethod.Get, "/metadata"));
            Assert.Equal(HttpStatusCode.OK, metadata.StatusCode);

            // Each call that is about people asks who calls, and nothing of it is done.
            foreach (var route in Routes.All.Where(r => r.Audience != Audience.Anyone))
            {
                var path = System.Text.RegularExpressions.Regex.Replace(route.Path, @"\{[^}]+\}", "x");
                using var answer = await host.SendAsync(new(new(route.Method), path) { Content = route.Method == "GET" ? null : new StringContent("{}", null, "application/fhir+json") });
                Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{route.Name}: {(int)answer.StatusCode}");
            }

            foreach (var trigger in Triggers.All)
            {
                // From outside there is nothing, by the host's own word and by the program's.
                using var outside = await host.SendAsync(new(HttpMethod.Post, $"/{trigger.Name}") { Content = new StringContent("{}", null, "application/json") });
                Assert.Equal(HttpStatusCode.NotFound, outside.StatusCode);
                Assert.Equal(HttpStatusCode.NotFound, await host.SendAsOutsideTriggerAsync(trigger.Name));
            }

            foreach (var timer in Triggers.All.OfType<TimerTrigger>())
            {
                Assert.True(await host.TriggerAsync(timer.Name), timer.Name);
            }

            await host.KillAndRestartAsync();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"Answered {host.TookToAnswer.TotalMilliseconds:0} ms after it was started.");
        Assert.DoesNotContain("fail:", host.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PMD_STORAGE", "floppy", "PMD_STORAGE is to be")]
    [InlineData("PMD_NUMBERS", "any", "PMD_NUMBERS is to be")]
    [InlineData("WEBSITE_INSTANCE_ID", "1", "Azure throws away")]
    [InlineData("PMD_DATA", "", "needs a folder")]
    [InlineData("PMD_STORAGE", "azure", "PMD_MASTER_KEYS is not set")]
    [InlineData("PMD_STORAGE", "", "PMD_MASTER_KEYS is not set")]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT", "0", "is not a port")]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT", "http", "is not a port")]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT", "65536", "is not a port")]
    public void A_setting_that_would_lose_data_or_says_nothing_is_told(string name, string value, string saying)
    {
        var settings = Settings("data");
        settings["FUNCTIONS_CUSTOMHANDLER_PORT"] = "7072";
        Assert.NotNull(ServiceOptions.ReadHosted(n => settings.GetValueOrDefault(n), out _));
        settings[name] = value;
        Assert.Null(ServiceOptions.ReadHosted(n => settings.GetValueOrDefault(n), out var error));
        Assert.Contains(saying, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosted_it_takes_the_hosts_port_Azures_storage_and_real_numbers_where_nothing_else_is_said()
    {
        var settings = new Dictionary<string, string> { ["FUNCTIONS_CUSTOMHANDLER_PORT"] = "7072", ["PMD_MASTER_KEYS"] = "{}" };
        var options = ServiceOptions.ReadHosted(n => settings.GetValueOrDefault(n), out _)!;
        Assert.Equal((7072, "azure", NationalIdPolicy.Strict, false), (options.Port, options.Storage, options.Numbers, options.Demo));
    }

    [Fact]
    public async Task The_packaged_program_stores_and_finds_what_it_stored_after_it_was_killed()
    {
        using var folder = new TemporaryFolder();
        var person = SyntheticNumbers.Number(60);
        for (var start = 0; start < 2; start++)
        {
            using var service = Tests.Functions.ServiceProcess.StartProgram(package.Program, ["--port", "0", "--data", folder.Path]);
            using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{await service.ReadyAsync()}") };
            if (start == 0)
            {
                using var content = new StringContent(Tests.Functions.Messages.Collection(Tests.Functions.Messages.HeartRate(person, "1")).ToJsonString(), null, "application/fhir+json");
                Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/", content)).StatusCode);
            }

            using var found = await client.PostAsync("Observation/_search", new FormUrlEncodedContent([KeyValuePair.Create("patient.identifier", person)]));
            Assert.Contains("\"total\":1", await found.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            service.Signal("KILL");
            await service.ExitAsync();
        }
    }

    private static Dictionary<string, string> Trusting(Dictionary<string, string> settings) => new(settings)
    {
        ["Auth__PublicBaseUrl"] = "https://pmd.example.org",
        ["Auth__HelseId__Issuer"] = "http://127.0.0.1:9",
        ["Auth__HelseId__Audience"] = "nhn:pmd",
        ["Auth__HelseId__ReadScope"] = "nhn:pmd/read",
        ["Auth__HelseId__WriteScope"] = "nhn:pmd/write",
    };

    private static Dictionary<string, string> Settings(string folder) => new() { ["PMD_STORAGE"] = "embedded", ["PMD_DATA"] = folder, ["PMD_NUMBERS"] = "lenient" };
}
