using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PasientensMaledata.Functions;
using PasientensMaledata.Packaging;

namespace PasientensMaledata.Tests.Hosting;

/// <summary>Opens the package that is deployed, as <c>./package</c> makes it.</summary>
[Collection(nameof(Package))]
public sealed class PackageTests(Package package)
{
    private static readonly string[] Development = ["simulator", "issuer", "bench", "tests", "pmd.dll", "xunit", "demo", ".pdb", "local.settings"];

    [Fact]
    public void There_is_one_folder_for_each_function_and_no_other()
    {
        var folders = Directory.EnumerateFiles(package.Folder, "function.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(package.Folder, Path.GetDirectoryName(f)!));
        var functions = Routes.All.Select(r => r.Name).Concat(Triggers.All.Select(t => t.Name));
        Assert.Equal(functions.Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_program_that_the_host_starts_is_there_and_may_be_executed()
    {
        var program = (string)JsonNode.Parse(File.ReadAllText(Path.Combine(package.Folder, "host.json")))!["customHandler"]!["description"]!["defaultExecutablePath"]!;
        using var zip = ZipFile.OpenRead(package.ZipFile);
        var mode = (UnixFileMode)((zip.GetEntry(program)!.ExternalAttributes >> 16) & 0x1FF);
        Assert.Equal(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute, mode & (UnixFileMode)0b001_001_001);
    }

    [Fact]
    public void It_brings_its_own_runtime()
    {
        Assert.True(File.Exists(Path.Combine(package.Folder, "libcoreclr.so")));
        var runtime = JsonNode.Parse(File.ReadAllText(Path.Combine(package.Folder, "PasientensMaledata.Functions.runtimeconfig.json")))!["runtimeOptions"]!;
        Assert.Null(runtime["framework"]);
        Assert.NotNull(runtime["includedFrameworks"]);
    }

    [Fact]
    public void No_tool_for_development_is_inside()
    {
        using var zip = ZipFile.OpenRead(package.ZipFile);
        Assert.All(zip.Entries, e => Assert.DoesNotContain(Development, d => e.FullName.Contains(d, StringComparison.OrdinalIgnoreCase)));

        // Nor as a part of the program: the text stands in its metadata.
        var own = zip.Entries.Where(e => e.FullName.StartsWith("PasientensMaledata", StringComparison.Ordinal) && e.FullName.EndsWith(".dll", StringComparison.Ordinal)).ToList();
        Assert.Equal(["PasientensMaledata.Functions.dll", "PasientensMaledata.dll"], own.Select(e => e.FullName).Order(StringComparer.Ordinal));
        foreach (var entry in own)
        {
            using var stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            var text = System.Text.Encoding.Latin1.GetString(copy.ToArray());
            Assert.DoesNotMatch(new Regex(@"PasientensMaledata\.(Simulator|Issuer)|SimulationOptions"), text);
        }
    }

    [Fact]
    public void It_is_below_the_size_that_slows_a_cold_start() => Assert.InRange(new FileInfo(package.ZipFile).Length, 1, 80_000_000);

    [Fact]
    public void Its_libraries_are_those_that_the_lock_file_names()
    {
        var locked = JsonNode.Parse(File.ReadAllText(Path.Combine(Package.Root, "functions", "packages.lock.json")))!["dependencies"]!["net10.0"]!.AsObject()
            .Where(d => d.Value!["resolved"] is not null).ToDictionary(d => d.Key, d => (string)d.Value!["resolved"]!, StringComparer.OrdinalIgnoreCase);
        var packed = JsonNode.Parse(File.ReadAllText(Path.Combine(package.Folder, "PasientensMaledata.Functions.deps.json")))!["libraries"]!.AsObject()
            .Where(l => (string?)l.Value!["type"] == "package").Select(l => l.Key.Split('/')).ToList();
        Assert.NotEmpty(packed);
        Assert.All(packed, p => Assert.Equal(locked[p[0]], p[1]));
    }
}

/// <summary>The package of an isolated worker, of files that stand for what its build writes.</summary>
public sealed class IsolatedPackageTests
{
    [Fact]
    public void Its_host_file_starts_no_custom_handler_and_the_worker_is_packed_as_it_was_built()
    {
        using var folder = new Storage.TemporaryFolder();
        foreach (var file in new[] { "worker.config.json", "functions.metadata", "PasientensMaledata.Functions.dll", "PasientensMaledata.Functions.pdb", ".azurefunctions/function.deps.json" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.Path, file))!);
            File.WriteAllText(Path.Combine(folder.Path, file), "{}");
        }

        using var packed = new MemoryStream();
        PackageZip.WriteIsolated(packed, folder.Path, File.ReadAllText(Path.Combine(Package.Root, "host.json")));
        using var zip = new ZipArchive(packed);
        Assert.Equal(
            [".azurefunctions/function.deps.json", "PasientensMaledata.Functions.dll", "functions.metadata", "host.json", "worker.config.json"],
            zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal));
        using var stream = zip.GetEntry("host.json")!.Open();
        var host = JsonNode.Parse(stream)!.AsObject();
        Assert.Equal(["version", "functionTimeout", "logging", "extensions"], host.Select(m => m.Key));
        Assert.Equal("", (string?)host["extensions"]!["http"]!["routePrefix"]);
    }

    [Fact]
    public void What_is_no_isolated_worker_is_not_packed_as_one()
    {
        using var folder = new Storage.TemporaryFolder();
        Assert.Throws<InvalidDataException>(() => PackageZip.WriteIsolated(Stream.Null, folder.Path, "{}"));
    }
}

/// <summary>The package, made once for the tests that open it.</summary>
[CollectionDefinition(nameof(Package))]
public sealed class Package : ICollectionFixture<Package>
{
    public Package()
    {
        using var make = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Path.Combine(Root, "package")) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = make.StandardError.ReadToEndAsync();
        var output = make.StandardOutput.ReadToEnd();
        make.WaitForExit();
        Assert.True(make.ExitCode == 0, output + errors.Result);
    }

    public static string Root { get; } = FindRoot();

    public string ZipFile { get; } = Path.Combine(Root, "artifacts", "pmd.zip");

    public string Folder { get; } = Path.Combine(Root, "artifacts", "package");

    public string Program => Path.Combine(Folder, "PasientensMaledata.Functions");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PasientensMaledata.Functions.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
