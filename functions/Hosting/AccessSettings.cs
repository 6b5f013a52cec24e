using System.Globalization;
using PasientensMaledata.Access.Decision;
using PasientensMaledata.Access.Registers;
using PasientensMaledata.Access.Tokens;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>What the settings <c>Auth:…</c> and <c>Access:…</c> say: who is trusted, what is demanded, and which registers there are.</summary>
/// <param name="Auth">Who is trusted.</param>
/// <param name="Rules">What is demanded besides.</param>
/// <param name="Registers">The registers.</param>
public sealed record AccessSettings(AuthOptions Auth, AccessRules Rules, IRegisters Registers)
{
    private const string FollowUpRequired = "Access:FollowUpRequired";
    private const string FollowUpSilenceDays = "Access:FollowUpSilenceDays";
    private const string RegistersFile = "Access:Registers";
    private const string Version1Headers = "Access:Version1Headers";

    private static readonly HashSet<string> Known = new([.. AuthOptions.Names, FollowUpRequired, FollowUpSilenceDays, RegistersFile, Version1Headers], StringComparer.Ordinal);

    /// <summary>Reads them from the environment. Null where something is wrong.</summary>
    /// <param name="setting">The environment.</param>
    /// <param name="names">What is set there. A name under <c>Auth:</c> or <c>Access:</c> that is none of ours is wrong: misspelt, what it was to demand would not be demanded.</param>
    /// <param name="developmentPort">The port on a developer's machine, where without settings the development issuer is trusted; null elsewhere.</param>
    /// <param name="policy">Which person numbers are accepted.</param>
    /// <param name="errors">What is wrong, a sentence each.</param>
    public static AccessSettings? Read(Func<string, string?> setting, IEnumerable<string> names, int? developmentPort, NationalIdPolicy policy, out IReadOnlyList<string> errors)
    {
        var auth = AuthOptions.Read(setting, developmentPort, out var wrong);
        var all = new List<string>(wrong);
        all.AddRange(names.Select(n => n.Replace("__", ":", StringComparison.Ordinal))
            .Where(n => (n.StartsWith("Auth:", StringComparison.OrdinalIgnoreCase) || n.StartsWith("Access:", StringComparison.OrdinalIgnoreCase)) && !Known.Contains(n))
            .Select(n => $"{n} is no setting. docs/authentication.md and docs/access.md list them; upper and lower case matter."));
        var required = Flag(FollowUpRequired);
        var version1 = Flag(Version1Headers);
        TimeSpan? silence = Said(FollowUpSilenceDays) is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 3650 ? TimeSpan.FromDays(days)
            : Wrong<TimeSpan?>($"{FollowUpSilenceDays} is to be a number of days, 1 to 3650.", null);
        var registers = Said(RegistersFile) is { } path ? ReadRegisters(path, policy, all) : new NoRegisters();
        errors = all;
        return all.Count == 0 ? new(auth!, AccessRules.Default with { FollowUpRequired = required, Version1Headers = version1, FollowUpSilence = silence }, registers) : null;

        bool Flag(string name) => Said(name) switch
        {
            null or "false" => false,
            "true" => true,
            _ => Wrong($"{name} is to be true or false.", false),
        };

        T Wrong<T>(string what, T otherwise)
        {
            all.Add(what);
            return otherwise;
        }

        string? Said(string name) => (setting(name) ?? setting(name.Replace(":", "__", StringComparison.Ordinal))) is { Length: > 0 } value ? value : null;
    }

    private static IRegisters ReadRegisters(string path, NationalIdPolicy policy, List<string> errors)
    {
        try
        {
            if (FileRegisters.Read(File.ReadAllBytes(path), policy, out var problems) is { } registers)
            {
                return registers;
            }

            errors.AddRange(problems.Select(p => $"{RegistersFile}, {p}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{RegistersFile} names a file that cannot be read.");
        }

        return new NoRegisters();
    }
}
