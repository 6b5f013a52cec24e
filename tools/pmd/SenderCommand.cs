using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using PasientensMaledata.Access;
using PasientensMaledata.Submissions;

namespace PasientensMaledata.Tools;

/// <summary><c>pmd sender token</c>: the token by which a Sender may send to its own publisher endpoint of the event hub, and nowhere else.</summary>
internal static partial class SenderCommand
{
    /// <summary>The variable that holds the key; it is never an argument, which other users of the machine can see.</summary>
    private const string KeyVariable = "PMD_EVENTHUB_KEY";

    private static readonly Option<string> Namespace = new("--namespace") { Description = "The Event Hubs namespace, such as pmd-prod.servicebus.windows.net.", Required = true, HelpName = "HOST" };
    private static readonly Option<string> Hub = new("--hub") { Description = "The event hub.", Required = true };
    private static readonly Option<string> Publisher = new("--publisher") { Description = "The sender's id: its participant's id.", Required = true, HelpName = "SENDER" };
    private static readonly Option<string> Rule = new("--rule") { Description = "The hub's shared access rule, with the right to send alone.", DefaultValueFactory = _ => "publishers" };
    private static readonly Option<int> Hours = CheckedOptions.Whole("--hours", "How long it is valid, 1 to 8784.", 24, 1, 8_784);

    public static Command Create()
    {
        var token = new Command("token", $"Prints a token for a sender's own publisher endpoint, and only that. The rule's key comes from {KeyVariable}, else from standard input.")
        {
            Namespace, Hub, Publisher, Rule, Hours,
        };
        token.Validators.Add(result =>
        {
            if (result.TextOf(Publisher) is { } publisher && !SenderId.TryParse(publisher, out _))
            {
                result.AddError("--publisher is to be a sender's id: 1 to 36 characters of a-z, 0-9 and '-'.");
            }

            if (result.TextOf(Namespace) is { } host && Uri.CheckHostName(host) != UriHostNameType.Dns)
            {
                result.AddError("--namespace is to be a host name, such as pmd-prod.servicebus.windows.net.");
            }

            // Event Hubs: letters, digits, '.', '-' and '_'. It becomes part of an address.
            if (result.TextOf(Hub) is { } hub && !HubName().IsMatch(hub))
            {
                result.AddError("--hub is to be an event hub's name: letters, digits, '.', '-' and '_', beginning and ending with a letter or a digit.");
            }
        });
        token.SetAction(TokenAsync);
        return new Command("sender", "Those who send by the event hub.") { token };
    }

    private static async Task<int> TokenAsync(ParseResult parsed, CancellationToken stop)
    {
        var key = Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } secret ? secret : (await Console.In.ReadLineAsync(stop))?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            await Console.Error.WriteLineAsync($"There is no key. Put the rule's key into {KeyVariable}, or pipe it to standard input.");
            return ExitCodes.WrongUsage;
        }

        var expires = TimeProvider.System.GetUtcNow().AddHours(parsed.GetValue(Hours));
        Console.WriteLine(PublisherToken.Make(parsed.GetValue(Namespace)!, parsed.GetValue(Hub)!, new(parsed.GetValue(Publisher)!), parsed.GetValue(Rule)!, key, expires));
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Valid until {expires:yyyy-MM-dd'T'HH:mm:ss'Z'}. Whoever has it sends as {parsed.GetValue(Publisher)}: hand it over as a secret."));
        return ExitCodes.Done;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,254}[A-Za-z0-9])?\z")]
    private static partial Regex HubName();
}
