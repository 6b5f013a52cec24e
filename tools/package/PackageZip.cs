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

    /// <summary>Writes it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="publishedFolder">What <c>dotnet publish</c> wrote.</param>
    /// <param name="hostFile">host.json.</param>
    /// <param name="functions">The functions and their function.json.</param>
    /// <exception cref="InvalidDataException">host.json names a program that was not published.</exception>
    public static void Write(Stream output, string publishedFolder, string hostFile, IEnumerable<(string Name, JsonObject Content)> functions)
    {
        var host = File.ReadAllText(hostFile);
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
