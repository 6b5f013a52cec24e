using PasientensMaledata.Identity;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>What the service is started with; one option each on the command line of <c>./run</c>.</summary>
/// <param name="Port">TCP port on loopback; 0 lets the system choose.</param>
/// <param name="DataFolder">Folder of the embedded storage.</param>
/// <param name="Storage"><c>embedded</c> or <c>azure</c>.</param>
/// <param name="Numbers">Which person numbers are accepted.</param>
/// <param name="Demo">Whether it is filled with synthetic people.</param>
/// <param name="ShowHelp">Whether only the help is wanted.</param>
public sealed record ServiceOptions(int Port, string DataFolder, string Storage, NationalIdPolicy Numbers, bool Demo, bool ShowHelp)
{
    /// <summary>Whether every caller is the development caller; else callers are known by tokens.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether telemetry is written to standard output.</summary>
    public bool TelemetryToConsole { get; init; }

    /// <summary>The port where nothing else is said.</summary>
    public const int DefaultPort = 7071;

    /// <summary>The folder where nothing else is said.</summary>
    public const string DefaultDataFolder = ".data";

    /// <summary>The variable by which the Functions host tells the port; where it is set, the program is hosted.</summary>
    public const string HostedPortSetting = "FUNCTIONS_CUSTOMHANDLER_PORT";

    /// <summary>The text of <c>--help</c>.</summary>
    public const string Help = """
        Pasientens måledata: measurements taken at home, shared with those who treat the patient.

        Usage: ./run [options]

          --port N              TCP port on 127.0.0.1 (7071; 0 lets the system choose)
          --data DIR            folder of the embedded storage (.data)
          --storage embedded    rows and blobs in that folder: the .NET SDK is all it needs (default)
          --storage azure       Azure Table and Blob Storage, or the Azurite emulator; see below
          --auth open           every caller is one development sender; loopback only (default)
          --auth required       callers are known by tokens of HelseID, ID-porten and Helsenorge; without
                                settings it trusts the development issuer, ./pmd issuer
          --numbers lenient     besides person numbers, any digits: official examples hold such (default)
          --numbers synthetic   only numbers of synthetic persons, and FH-numbers
          --numbers strict      only real person numbers
          --demo                fill it with what 40 synthetic people measured in the last 30 days
          --telemetry console   write traces, metrics and logs to standard output
          --help                this text

        With --auth required, the environment may say whom to trust: Auth__HelseId__Issuer and the like;
        docs/authentication.md has them all.

        With --storage azure, the environment says where:
          PMD_STORAGE_CONNECTION   a connection string; for Azurite: UseDevelopmentStorage=true
          PMD_STORAGE_ACCOUNT      or an account's name, signed in to with managed identity
          PMD_MASTER_KEYS          the text of the master key secret; without it, a file in --data
        To run Azurite: npx azurite --skipApiVersionCheck --inMemoryPersistence
        """;

    /// <summary>Reads the command line. Null where it is wrong, with the reason.</summary>
    public static ServiceOptions? Read(IReadOnlyList<string> arguments, out string? error)
    {
        var options = new ServiceOptions(DefaultPort, DefaultDataFolder, "embedded", NationalIdPolicy.Lenient, Demo: false, ShowHelp: false) { IsOpen = true };
        error = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var left, var right] ? (left, right) : (arguments[i], null);
            if (name is "--help" or "-h")
            {
                return options with { ShowHelp = true };
            }

            if (name == "--demo" && value is null)
            {
                options = options with { Demo = true };
                continue;
            }

            if (name is not ("--port" or "--data" or "--storage" or "--auth" or "--numbers" or "--telemetry"))
            {
                error = $"There is no option {name}.";
                return null;
            }

            value ??= i + 1 < arguments.Count ? arguments[++i] : null;
            if (string.IsNullOrEmpty(value))
            {
                error = $"{name} needs a value.";
                return null;
            }

            switch (name)
            {
                case "--port" when int.TryParse(value, System.Globalization.NumberStyles.None, null, out var port) && port <= 65535:
                    options = options with { Port = port };
                    break;
                case "--port":
                    error = "--port is to be a number from 0 to 65535.";
                    return null;
                case "--data":
                    options = options with { DataFolder = value };
                    break;
                case "--storage" when value is "embedded" or "azure":
                    options = options with { Storage = value };
                    break;
                case "--storage":
                    error = "--storage is to be embedded or azure.";
                    return null;
                case "--numbers" when value is "strict" or "synthetic" or "lenient":
                    options = options with { Numbers = Enum.Parse<NationalIdPolicy>(value, ignoreCase: true) };
                    break;
                case "--numbers":
                    error = "--numbers is to be strict, synthetic or lenient.";
                    return null;
                case "--telemetry" when value is "console":
                    options = options with { TelemetryToConsole = true };
                    break;
                case "--telemetry":
                    error = "--telemetry is to be console. Elsewhere it goes by OTEL_EXPORTER_OTLP_ENDPOINT or APPLICATIONINSIGHTS_CONNECTION_STRING.";
                    return null;
                case "--auth" when value is "open" or "required":
                    options = options with { IsOpen = value == "open" };
                    break;
                case "--auth":
                    error = "--auth is to be open or required.";
                    return null;
            }
        }

        if (options is { Demo: true, IsOpen: false })
        {
            error = "--demo fills a service in open mode. With --auth required, fill it with ./pmd simulate --token-from.";
            return null;
        }

        return options;
    }

    /// <summary>
    /// What it is started with under the Functions host: the port of a custom handler comes from the host, the rest from app settings. Storage is Azure's and numbers
    /// are real where nothing else is said. Null where something is wrong, with the reason.
    /// </summary>
    /// <param name="setting">The environment.</param>
    /// <param name="error">What is wrong; holds no setting's value but the harmless ones.</param>
    public static ServiceOptions? ReadHosted(Func<string, string?> setting, out string? error)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var storage = Said("PMD_STORAGE") ?? "azure";
        var numbers = Said("PMD_NUMBERS") ?? "strict";
        var port = 0;

        // An isolated worker is told no port: the worker's own library listens.
        error = setting(HostedPortSetting) is { } said && (!int.TryParse(said, System.Globalization.NumberStyles.None, null, out port) || port is 0 or > 65535) ? $"{HostedPortSetting} is not a port."
            : storage is not ("embedded" or "azure") ? "PMD_STORAGE is to be embedded or azure."
            : numbers is not ("strict" or "synthetic" or "lenient") ? "PMD_NUMBERS is to be strict, synthetic or lenient."
            : storage == "embedded" && Said("WEBSITE_INSTANCE_ID") is not null ? "PMD_STORAGE=embedded keeps data on the instance's own disk, which Azure throws away. Use azure."
            : storage == "embedded" && Said("PMD_DATA") is null ? "PMD_STORAGE=embedded needs a folder: PMD_DATA."
            : storage == "azure" && Said("PMD_MASTER_KEYS") is null ? "PMD_MASTER_KEYS is not set: without it keys would lie on the instance's own disk, and be lost with it."
            : null;
        return error is null
            ? new(port, Said("PMD_DATA") ?? Path.Combine(Path.GetTempPath(), "pmd"), storage, Enum.Parse<NationalIdPolicy>(numbers, ignoreCase: true), Demo: false, ShowHelp: false)
            : null;

        string? Said(string name) => setting(name) is { Length: > 0 } value ? value : null;
    }
}
