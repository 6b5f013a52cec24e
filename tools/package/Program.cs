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
if (args is not [var hosting, var publishedFolder, var hostFile, var zipFile] || hosting is not ("custom" or "dotnet-isolated"))
{
    await Console.Error.WriteLineAsync("Usage: package custom|dotnet-isolated PUBLISHED_FOLDER HOST_JSON ZIP. ./package calls it.");
    return 2;
}

try
{
    var draft = zipFile + ".part";
    using (var output = File.Create(draft))
    {
        var host = await File.ReadAllTextAsync(hostFile);
        if (hosting == "custom")
        {
            PackageZip.Write(output, publishedFolder, host, FunctionFiles.All(Routes.All, Triggers.All));
        }
        else
        {
            PackageZip.WriteIsolated(output, publishedFolder, host);
        }
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
