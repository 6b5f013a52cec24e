using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PasientensMaledata.Packaging;

/// <summary>The zip that is deployed: the published program, <c>host.json</c>, and a folder with a <c>function.json</c> for each function.</summary>
public static class PackageZip
{
    // Of every entry, so that the same content is the same zip.
    private static readonly DateTimeOffset Stamp = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // What only a debugger, or a host of static pages, would ask for.
    private static readonly HashSet<string> LeftOut = ["libmscordaccore.so", "libmscordbi.so", "createdump", "web.config"];

    /// <summary>Writes that of a custom handler.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="publishedFolder">What <c>dotnet publish</c> wrote.</param>
    /// <param name="host">The text of host.json.</param>
    /// <param name="functions">The functions and their function.json.</param>
    /// <exception cref="InvalidDataException">host.json names a program that was not published.</exception>
    public static void Write(Stream output, string publishedFolder, string host, IEnumerable<(string Name, JsonObject Content)> functions)
    {
        var program = (string?)JsonNode.Parse(host)?["customHandler"]?["description"]?["defaultExecutablePath"];
        if (program is null || !File.Exists(Path.Combine(publishedFolder, program)))
        {
            throw new InvalidDataException($"host.json starts '{program}', which was not published.");
        }

        using var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        Add(zip, "host.json", Encoding.UTF8.GetBytes(host), isProgram: false);
        foreach (var (name, content) in functions)
        {
            Add(zip, $"{name}/function.json", Encoding.UTF8.GetBytes(content.ToJsonString(Indented) + "\n"), isProgram: false);
        }

        AddPublished(zip, publishedFolder, program);
    }

    /// <summary>
    /// Writes that of an isolated worker: the functions stand in what the worker's own build wrote, and host.json has neither a custom handler, which
    /// the host would start instead, nor the bundle of extensions, since the worker brings its own.
    /// </summary>
    /// <param name="output">Where to.</param>
    /// <param name="publishedFolder">What <c>dotnet publish</c> wrote.</param>
    /// <param name="host">The text of host.json.</param>
    /// <exception cref="InvalidDataException">What was published is no isolated worker.</exception>
    public static void WriteIsolated(Stream output, string publishedFolder, string host)
    {
        if (!File.Exists(Path.Combine(publishedFolder, "worker.config.json")))
        {
            throw new InvalidDataException("What was published has no worker.config.json: it is no isolated worker.");
        }

        var settings = JsonNode.Parse(host)!.AsObject();
        settings.Remove("customHandler");
        settings.Remove("extensionBundle");
        using var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        Add(zip, "host.json", Encoding.UTF8.GetBytes(settings.ToJsonString(Indented) + "\n"), isProgram: false);
        AddPublished(zip, publishedFolder, program: null);
    }

    private static void AddPublished(ZipArchive zip, string publishedFolder, string? program)
    {
        foreach (var path in Directory.EnumerateFiles(publishedFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(publishedFolder, path).Replace('\\', '/');
            if (!LeftOut.Contains(name) && !name.EndsWith(".pdb", StringComparison.Ordinal))
            {
                Add(zip, name, File.ReadAllBytes(path), isProgram: name == program);
            }
        }
    }

    private static void Add(ZipArchive zip, string name, byte[] content, bool isProgram)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
        entry.LastWriteTime = Stamp;

        // The upper half is the Unix mode: a regular file, and who may do what. The host starts the program only where it may be executed.
        entry.ExternalAttributes = (isProgram ? 0x81ED : 0x81A4) << 16;
        using var stream = entry.Open();
        stream.Write(content);
    }
}
