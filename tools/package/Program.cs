using PasientensMaledata.Functions;
using PasientensMaledata.Packaging;

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
