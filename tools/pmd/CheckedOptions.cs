using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace PasientensMaledata.Tools;

/// <summary>
/// Checks of options. They are made on the text as it stands: what lacks its value, or is no number at all, the parser tells of, and throws where its
/// value is asked for before that.
/// </summary>
internal static class CheckedOptions
{
    /// <summary>The text given for an option; null where there is none.</summary>
    public static string? TextOf(this CommandResult result, Symbol symbol) => symbol switch
    {
        Option option => result.GetResult(option)?.Tokens is [.., var last] ? last.Value : null,
        Argument argument => result.GetResult(argument)?.Tokens is [.., var last] ? last.Value : null,
        _ => null,
    };

    /// <summary>A whole number.</summary>
    public static Option<int> Whole(string name, string description, int standard, int least, int most, string help = "N")
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard, HelpName = help };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
            {
                result.AddError($"{name} is to be from {least} to {most}.");
            }
        });
        return option;
    }

    /// <summary>A share, from 0 to 1.</summary>
    public static Option<double> Share(string name, string description, double standard)
    {
        var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => standard, HelpName = "0-1" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is not (>= 0 and <= 1))
            {
                result.AddError($"{name} is to be from 0 to 1.");
            }
        });
        return option;
    }
}
