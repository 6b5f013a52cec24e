using System.Text.Json.Nodes;
using PasientensMaledata.Functions;
using PasientensMaledata.Packaging;

if (args is ["costs"])
{
    Console.Write(Costs.Table());
    return 0;
}

if (args is ["plan", var template])
{
    Console.Write(Plan.Of(JsonNode.Parse(await File.ReadAllTextAsync(template))!));
    return 0;
}

// Called by ./package, which publishes the program first.
if (args is not [var publishedFolder, var hostFile, var zipFile])
{
    await Console.Error.WriteLineAsync("Usage: package PUBLISHED_FOLDER HOST_JSON ZIP. ./package calls it.");
    return 2;
}

try
{
    var draft = zipFile + ".part";
    using (var output = File.Create(draft))
    {
        PackageZip.Write(output, publishedFolder, hostFile, FunctionFiles.All(Routes.All, Triggers.All));
    }

    File.Move(draft, zipFile, overwrite: true);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

Console.WriteLine($"{zipFile}: {new FileInfo(zipFile).Length / 1e6:0.0} MB, {Routes.All.Count + Triggers.All.Count} functions.");
return 0;
