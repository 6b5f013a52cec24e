using System.CommandLine;
using System.Globalization;
using PasientensMaledata.Issuer;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd issuer</c>: a development issuer on this machine, in place of HelseID, ID-porten and Helsenorge.</summary>
internal static class IssuerCommand
{
    private static readonly Option<int> Port = new("--port") { Description = "TCP port on 127.0.0.1. The service expects 7072.", DefaultValueFactory = _ => 7072, HelpName = "N" };

    private static readonly Option<FileInfo?> Key = new("--key") { Description = "File of the signing key, made if it is not there. Without it the key is new each time.", HelpName = "FILE" };

    public static Command Create()
    {
        Port.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out var port) && port is < 1 or > 65535)
            {
                result.AddError("--port is to be from 1 to 65535.");
            }
        });
        var command = new Command("issuer", "Issues tokens of all kinds to whoever asks, for development on this machine. Serves until Ctrl-C.") { Port, Key };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        SigningKey key;
        try
        {
            key = OpenKey(parsed.GetValue(Key));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"The key file cannot be used: {e.Message}");
            return ExitCodes.Failed;
        }

        using var used = key;
        var port = parsed.GetValue(Port);
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        await using var app = IssuerHost.Build(new(address, key, TimeProvider.System), port);
        try
        {
            await app.StartAsync(stop);
        }
        catch (IOException)
        {
            await Console.Error.WriteLineAsync($"Port {port} is taken. Choose another with --port.");
            return ExitCodes.Failed;
        }

        Console.WriteLine($"The development issuer answers at {address}{string.Join(", ", DevelopmentIssuer.Paths)}");
        Console.WriteLine("It gives any token to anyone on this machine. ./run --auth required trusts it; ./pmd token gets tokens from it. Ctrl-C stops it.");
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }

        await app.StopAsync(CancellationToken.None);
        return ExitCodes.Interrupted;
    }

    private static SigningKey OpenKey(FileInfo? file)
    {
        if (file is null)
        {
            return SigningKey.Rsa();
        }

        if (file.Exists)
        {
            return SigningKey.FromPem(File.ReadAllText(file.FullName));
        }

        var key = SigningKey.Rsa();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file.FullName, options);
        writer.Write(key.ExportPem());
        return key;
    }
}
