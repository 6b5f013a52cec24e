using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using PasientensMaledata.Functions;
using PasientensMaledata.Functions.Hosting;
using PasientensMaledata.Functions.Worker;
using PasientensMaledata.Tests.Functions;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>The build as a .NET isolated worker: held by its source where its packages are not to be had, and built where they are.</summary>
public sealed partial class IsolatedWorkerTests
{
    // The library puts "/" before a route, and takes none that begins with it; the host takes an empty one for the function's name.
    private const string Base = "{nothing:maxlength(0)?}";

    [Fact]
    public void Its_HTTP_functions_are_those_of_the_table_with_their_methods_routes_and_no_key()
    {
        var source = Source("HttpTriggers.cs");
        Assert.Contains($"private const string Base = \"{Base}\";", source, StringComparison.Ordinal);
        var functions = HttpFunctions().Matches(source);
        Assert.Equal(FunctionAttributes().Count(source), functions.Count);
        Assert.Equal(
            Routes.All.Select(r => $"{r.Name}: {r.Name} Anonymous {r.Method.ToLowerInvariant()} {(r.Path == "/" ? "Base" : $"\"{r.Path[1..]}\"")}").Order(StringComparer.Ordinal),
            functions.Select(f => $"{f.Groups["name"]}: {f.Groups["method"]} {f.Groups["level"]} {f.Groups["verbs"].Value.Trim((char)34)} {f.Groups["route"]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Its_triggers_are_those_of_the_table_with_their_schedules_hub_and_retries()
    {
        var source = Source("HostTriggers.cs");
        var timers = TimerFunctions().Matches(source);
        var hubs = HubFunctions().Matches(source);
        Assert.Equal(FunctionAttributes().Count(source), timers.Count + hubs.Count);
        Assert.Equal(
            Triggers.All.OfType<TimerTrigger>().Select(t => $"{t.Name}: {t.Name} {t.Schedule}").Order(StringComparer.Ordinal),
            timers.Select(t => $"{t.Groups["name"]}: {t.Groups["method"]} {t.Groups["schedule"]}").Order(StringComparer.Ordinal));
        Assert.Equal(
            Triggers.All.OfType<EventHubTrigger>().Select(t =>
                $"{t.Name}: {t.Name} %{EventHubTrigger.HubSetting}% %{EventHubTrigger.ConsumerGroupSetting}% {EventHubTrigger.ConnectionSetting} {EventHubTrigger.Binding} -1 {EventHubTrigger.RetryFrom:c} {EventHubTrigger.RetryTo:c}"),
            hubs.Select(h => $"{h.Groups["name"]}: {h.Groups["method"]} {h.Groups["hub"]} {h.Groups["group"]} {h.Groups["connection"]} {h.Groups["binding"]} {h.Groups["tries"]} {h.Groups["from"]} {h.Groups["to"]}"));
    }

    [Fact]
    public void Every_file_with_a_function_is_held_by_these_tests_and_left_out_of_the_other_builds()
    {
        Assert.Equal(
            ["HostTriggers.cs", "HttpTriggers.cs"],
            Directory.EnumerateFiles(Path.Combine(Package.Root, "functions"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
                .Where(f => FunctionAttributes().IsMatch(File.ReadAllText(f))).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.Null(typeof(WorkerPipeline).Assembly.GetType("PasientensMaledata.Functions.Worker.HttpTriggers"));
    }

    [Fact]
    public void Each_of_its_packages_has_a_version_that_can_be_set()
    {
        var asked = Elements("functions/PasientensMaledata.Functions.csproj", "PackageReference").Where(p => p.Contains("Azure.Functions", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var pinned = XDocument.Load(Path.Combine(Package.Root, "Directory.Packages.props"));
        var versions = pinned.Descendants("PackageVersion").Where(p => ((string)p.Attribute("Include")!).Contains("Azure.Functions", StringComparison.Ordinal)).ToList();
        Assert.Equal(6, versions.Count);
        Assert.Equal(asked, versions.Select(p => (string)p.Attribute("Include")!).Order(StringComparer.Ordinal));
        Assert.All(versions, v => Assert.NotEmpty(pinned.Descendants(((string)v.Attribute("Version")!)[2..^1]).Single().Value));
    }

    [Fact]
    public async Task It_builds_where_its_packages_are_to_be_had()
    {
        var locks = Locks();
        var (restored, said) = await DotnetAsync("restore");
        Assert.Equal(locks, Locks());
        var missing = MissingPackages().Matches(said).Select(m => $"{m.Groups["what"]} {m.Groups["version"]}".TrimEnd()).Distinct().ToList();
        Assert.SkipWhen(restored != 0 && missing.Count > 0, $"The isolated worker was not built: the registry lacks {string.Join(", ", missing)}.");
        Assert.True(restored == 0, said);

        var (built, how) = await DotnetAsync("publish");
        Assert.True(built == 0, how);
        Assert.Equal(locks, Locks());
    }

    // Messages that are answered otherwise than stored: nothing here depends on the time of day or on what is stored.
    public static TheoryData<string, string, string?, string> Calls => new()
    {
        { "GET", "/health/", null, "" },
        { "GET", "/metadata", null, "" },
        { "GET", "/metadata", null, "Accept: text/html" },
        { "GET", "/metadata?x=" + new string('x', 20_000), null, "" },
        { "GET", "/metadata", null, "Accept-Encoding: gzip" },
        { "POST", "/", """{"resourceType":"Bundle","type":"collection"}""", "" },
        { "POST", "/", """{"resourceType":"Bundle","type":"transaction"}""", "" },
        { "POST", "/", "{", "Content-Encoding: br" },
        { "POST", "/", "{", "Content-Encoding: gzip" },
        { "POST", "/Observation", "{}", "x-pmd-correlation-id: 3f2504e0" },
        { "POST", "/Observation/_search", "patient.identifier=05898597468", "" },
        { "POST", "/Observation/_search", "code=8867-4", "" },
        { "POST", "/Observation/$lastn", "patient.identifier=05898597468", "" },
        { "GET", "/Observation/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", null, "" },
        { "GET", "/Observation/x/_history/1", null, "" },
        { "GET", "/log/tile/0/000", null, "" },
        { "GET", "/log/tile/0/x001/234", null, "" },
        { "GET", "/submissions/x", null, "" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task It_answers_as_the_custom_handler_does(string method, string path, string? body, string header)
    {
        await using var service = await TestService.StartAsync();
        await using var worker = await StartWorkerAsync(service.Service);
        var (expected, actual) = (await AskAsync(service.Client.BaseAddress!), await AskAsync(new(worker.Urls.First())));
        Assert.Equal(expected, actual);

        async Task<string> AskAsync(Uri address)
        {
            using var client = new HttpClient { BaseAddress = address };
            using var request = new HttpRequestMessage(new(method), path);
            request.Headers.Host = "localhost";
            request.Headers.Add("correlation-id", "one");
            request.Content = body is null ? null : new StringContent(body, null, path.Contains('_') || path.Contains('$') ? "application/x-www-form-urlencoded" : "application/fhir+json");
            if (header.Split(": ") is [var name, var value] && !request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = await client.SendAsync(request);
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not ("Date" or "x-pmd-submission-id")).OrderBy(h => h.Key, StringComparer.Ordinal);
            var text = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await answer.Content.ReadAsByteArrayAsync()));
            return $"{answer.StatusCode}\n{string.Join('\n', headers.Select(h => $"{h.Key}: {string.Join(',', h.Value)}"))}\n{text}";
        }
    }

    [Fact]
    public async Task The_route_of_the_base_takes_calls_to_the_base_and_no_others()
    {
        await using var service = await TestService.StartAsync();
        await using var worker = await StartWorkerAsync(service.Service);
        using var client = new HttpClient { BaseAddress = new(worker.Urls.First()) };
        using var content = new StringContent("{}", null, "application/fhir+json");
        using var stored = await client.PostAsync("/", content);
        using var elsewhere = await client.PostAsync("/elsewhere", content);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (stored.StatusCode, elsewhere.StatusCode));
    }

    // As the worker's library does: routing by the attributes' routes, then the function, then what it returned.
    private static async Task<WebApplication> StartWorkerAsync(Service service)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            WebHost.SetLimits(kestrel);
        });
        builder.Services.AddRouting();
        builder.Services.AddLogging();
        WebHost.AddServices(builder.Services, service);
        builder.Services.AddSingleton(service);
        builder.Services.AddSingleton<WorkerPipeline>();
        var app = builder.Build();
        foreach (var route in Routes.All)
        {
            app.MapMethods($"/{(route.Path == "/" ? Base : route.Path[1..])}", [route.Method], async context =>
                await (await app.Services.GetRequiredService<WorkerPipeline>().AnswerAsync(context.Request, route.Name)).ExecuteAsync(context));
        }

        await app.StartAsync();
        return app;
    }

    private static string Source(string file) => File.ReadAllText(Path.Combine(Package.Root, "functions", "Worker", file));

    private static IEnumerable<string> Elements(string file, string name) =>
        XDocument.Load(Path.Combine(Package.Root, file)).Descendants(name).Select(e => (string)e.Attribute("Include")!);

    private static string Locks() => string.Concat(new[] { "functions", "shared" }.Select(f => File.ReadAllText(Path.Combine(Package.Root, f, "packages.lock.json"))));

    private static async Task<(int Code, string Said)> DotnetAsync(string verb)
    {
        var start = new ProcessStartInfo("dotnet", [verb, Path.Combine(Package.Root, "functions"), "-p:FunctionsHosting=IsolatedWorker", "-nologo"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    [GeneratedRegex(@"\[Function\(")]
    private static partial Regex FunctionAttributes();

    [GeneratedRegex(@"\[Function\(nameof\((?<name>\w+)\)\)\]\s+public Task<IResult> (?<method>\w+)\(\[HttpTrigger\(AuthorizationLevel\.(?<level>\w+), (?<verbs>(?:""\w+"", )*""\w+""), Route = (?<route>Base|""[^""]*"")\)\] HttpRequest request\) => pipeline\.AnswerAsync\(request\);")]
    private static partial Regex HttpFunctions();

    [GeneratedRegex(@"\[Function\(nameof\((?<name>\w+)\)\)\]\s+public Task (?<method>\w+)\(\[TimerTrigger\(""(?<schedule>[^""]+)""\)\] TimerInfo timer, FunctionContext context\) => RunAsync\(context\);")]
    private static partial Regex TimerFunctions();

    [GeneratedRegex(@"\[Function\(nameof\((?<name>\w+)\)\)\]\s+\[ExponentialBackoffRetry\((?<tries>-?\d+), ""(?<from>[^""]+)"", ""(?<to>[^""]+)""\)\]\s+public async Task (?<method>\w+)\(\s*\[EventHubTrigger\(""(?<hub>[^""]+)"", ConsumerGroup = ""(?<group>[^""]+)"", Connection = ""(?<connection>[^""]+)"", IsBatched = true\)\] byte\[\]\[\] (?<binding>\w+), FunctionContext context\)")]
    private static partial Regex HubFunctions();

    // No such package, no such version, or a later one only.
    [GeneratedRegex(@"error NU(?:110[1-3]: Unable to find (?:a stable )?package (?<what>\S+?)\.?(?: with version \(>?=? ?(?<version>\S+)\))? |1603: .*? but (?<what>\S+) (?<version>\S+) was not found)")]
    private static partial Regex MissingPackages();
}
