using System.CommandLine;
using PasientensMaledata.Tools;

namespace PasientensMaledata.Tests.CommandLine;

/// <summary>Whatever stands on the command line of ./pmd is read, or told of in words.</summary>
public class WrongUsageTests
{
    private static readonly RootCommand Pmd = Commands.Root();

    public static TheoryData<string> EveryOption =>
        [.. Leaves(Pmd, []).SelectMany(l => l.Command.Options.Where(o => o is not System.CommandLine.Help.HelpOption).Select(o => string.Join(' ', [.. l.Path, o.Name])))];

    [Theory]
    [MemberData(nameof(EveryOption))]
    public void An_option_of_any_content_never_breaks_the_reading(string option)
    {
        var words = option.Split(' ');
        foreach (var values in (string[][])[[], [""], ["x"], ["-1"], ["99999999999999999999"], ["2026-13-01"], ["NaN"], ["x", words[^1], "y"]])
        {
            var read = Pmd.Parse([.. words, .. values]);
            Assert.All(read.Errors, e => Assert.NotEmpty(e.Message));
        }
    }

    [Theory]
    [InlineData("stream send f --batch 0")]
    [InlineData("stream send f --batch 65")]
    [InlineData("stream send f --first-number -1")]
    [InlineData("stream send f --first-number x")]
    [InlineData("sender token --namespace a.b --hub m --publisher p --hours 8785")]
    [InlineData("refused list --days 0")]
    [InlineData("refused list --days x")]
    [InlineData("simulate --rate 0")]
    [InlineData("simulate --rate x")]
    [InlineData("statistics export --from 2026-13-01 --to 2026-01-02")]
    public void What_is_past_its_bounds_or_no_number_is_an_error(string line) => Assert.NotEmpty(Pmd.Parse(line.Split(' ')).Errors);

    [Theory]
    [InlineData("stream send f --batch 64 --first-number 0")]
    [InlineData("refused list --days 3650")]
    [InlineData("simulate --rate 0.5 --late 1")]
    public void What_is_at_its_bounds_is_read(string line) => Assert.Empty(Pmd.Parse(line.Split(' ')).Errors);

    private static IEnumerable<(Command Command, string[] Path)> Leaves(Command command, string[] path) => command.Subcommands.Count == 0
        ? [(command, path)]
        : command.Subcommands.SelectMany(c => Leaves(c, [.. path, c.Name]));
}
