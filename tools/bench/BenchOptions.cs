namespace PasientensMaledata.Bench;

/// <summary>How the benches run.</summary>
/// <param name="IsQuick">Tiny sizes, to prove that a bench works and checks its answers; the figures mean nothing.</param>
/// <param name="Rounds">Rounds of each measurement that count.</param>
/// <param name="WarmUps">Rounds of storing before those: the runtime takes some ten thousand Observations to compile what they need at its best.</param>
/// <param name="RoundSeconds">Seconds of a round that has no other end.</param>
/// <param name="Observations">Observations stored in a round.</param>
/// <param name="Stored">Observations stored when searching, smallest first.</param>
/// <param name="OfPatient">Of those, the searched patient's.</param>
/// <param name="Url">A server that runs already; null for one started here.</param>
/// <param name="Form">The search, <c>{number}</c> standing for the person number.</param>
/// <param name="Folder">Where data is laid, in a folder of its own that is removed afterwards.</param>
/// <param name="Output">Where the bench tells what it does.</param>
internal sealed record BenchOptions(
    bool IsQuick, int Rounds, int WarmUps, double RoundSeconds, int Observations, IReadOnlyList<int> Stored, int OfPatient, Uri? Url, string Form, string Folder, TextWriter Output)
{
    public const string StandardForm = "patient.identifier={number}&_count=100";

    public static BenchOptions Full(string folder, TextWriter output) =>
        new(false, 5, 4, 5, 20_000, [10_000, 100_000, 1_000_000], 10_000, null, StandardForm, folder, output);

    public static BenchOptions Quick(string folder, TextWriter output) =>
        new(true, 1, 1, 0.2, 400, [300, 600], 300, null, StandardForm, folder, output);
}
