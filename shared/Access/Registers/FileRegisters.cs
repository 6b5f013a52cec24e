using System.Collections.Frozen;
using PasientensMaledata.Identity;

namespace PasientensMaledata.Access.Registers;

/// <summary>
/// Registers in a file, read once: for development, and where an operator keeps an extract. A part that the file does not have at all is
/// no source, so what only it could confirm is left unused; one that it has is asked, and what it does not know is not found.
/// </summary>
public sealed class FileRegisters : IRegisters
{
    private static readonly string[] RootMembers = ["healthPersonnel", "organisations", "persons"];
    private static readonly string[] PersonnelMembers = ["hpr", "name", "authorizations"];
    private static readonly string[] OrganisationMembers = ["organisation", "parent"];
    private static readonly string[] PersonMembers = ["number", "born", "protectedAddress", "parents"];

    private FrozenDictionary<HprNumber, HealthPerson>? personnel;
    private FrozenDictionary<OrganisationNumber, RegisteredOrganisation>? organisations;
    private FrozenDictionary<NationalId, RegisteredPerson>? persons;

    private FileRegisters()
    {
    }

    /// <summary>
    /// Reads the file: <c>{"healthPersonnel": [{"hpr", "name", "authorizations": ["LE"]}], "organisations": [{"organisation", "parent"}],
    /// "persons": [{"number", "born", "protectedAddress", "parents": []}]}</c>.
    /// </summary>
    /// <param name="file">JSON in UTF-8.</param>
    /// <param name="policy">Which person numbers are accepted.</param>
    /// <param name="problems">What must be mended; no person number stands in it.</param>
    /// <returns>The registers; null where there are problems.</returns>
    public static FileRegisters? Read(ReadOnlyMemory<byte> file, NationalIdPolicy policy, out IReadOnlyList<FileProblem> problems)
    {
        var found = new List<FileProblem>();
        problems = found;
        if (StrictJson.Parse(file, found, RootMembers) is not { } root)
        {
            return null;
        }

        var read = new FileRegisters();
        if (root.Has("healthPersonnel"))
        {
            read.personnel = Index(
                root.Objects("healthPersonnel", PersonnelMembers),
                json => (json.Value<HprNumber>("hpr", required: true, HprNumber.TryParse, "an HPR number: one to nine digits"),
                    new HealthPerson(json.Text("name", required: true), [.. json.Values<Authorization>("authorizations", Authorization.TryParse, "a code of 9060, such as LE").Select(a => a.Code)])));
        }

        if (root.Has("organisations"))
        {
            read.organisations = Index(
                root.Objects("organisations", OrganisationMembers),
                json => (json.Organisation("organisation", required: true), new RegisteredOrganisation(json.Organisation("parent", required: false))));
        }

        if (root.Has("persons"))
        {
            read.persons = Index(
                root.Objects("persons", PersonMembers),
                json => (json.Value<NationalId>("number", required: true, Parse, "a person number"),
                    new RegisteredPerson(
                        json.Date("born", required: false),
                        json.Flag("protectedAddress"),
                        json.Has("parents") ? json.Values<NationalId>("parents", Parse, "a person number") : null)));
        }

        return found.Count == 0 ? read : null;

        bool Parse(string? text, out NationalId number) => NationalId.TryParse(text, null, policy, out number, out _);
    }

    /// <inheritdoc/>
    public ValueTask<Registered<HealthPerson>> FindAsync(HprNumber number, CancellationToken cancellationToken) => new(Find(personnel, number));

    /// <inheritdoc/>
    public ValueTask<Registered<RegisteredOrganisation>> FindAsync(OrganisationNumber number, CancellationToken cancellationToken) => new(Find(organisations, number));

    /// <inheritdoc/>
    public ValueTask<Registered<RegisteredPerson>> FindAsync(NationalId number, CancellationToken cancellationToken) => new(Find(persons, number));

    private static Registered<T> Find<TKey, T>(FrozenDictionary<TKey, T>? register, TKey number)
        where TKey : struct
        where T : class =>
        register is null ? default : register.TryGetValue(number, out var found) ? Registered.Found(found) : Registered.NotFound<T>();

    private static FrozenDictionary<TKey, T> Index<TKey, T>(IReadOnlyList<StrictJson> objects, Func<StrictJson, (TKey? Key, T Value)> read)
        where TKey : struct
    {
        var all = new Dictionary<TKey, T>();
        foreach (var json in objects)
        {
            if (read(json) is ({ } key, var value) && !all.TryAdd(key, value))
            {
                json.Problem("", "stands twice.");
            }
        }

        return all.ToFrozenDictionary();
    }

    private readonly record struct Authorization(string Code)
    {
        public static bool TryParse(string? text, out Authorization code)
        {
            var accepted = text is { Length: 2 } && text.All(char.IsAsciiLetterUpper);
            code = new(text!);
            return accepted;
        }
    }
}
