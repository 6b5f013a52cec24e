using PasientensMaledata.Access;

namespace PasientensMaledata.Functions.Streaming;

/// <summary>How events are received.</summary>
/// <param name="TimeLimit">How long one batch is worked on; less than the host's <c>functionTimeout</c>, at which it kills the process.</param>
/// <param name="HubSenders">Hubs that belong to one Sender each, by the hub's name.</param>
/// <param name="RefusedDays">How many days what was refused is kept, of the stream and of HTTP alike. An event counts from when the hub took it, so this is longer than a hub keeps events.</param>
public sealed record StreamOptions(TimeSpan TimeLimit, IReadOnlyDictionary<string, SenderId> HubSenders, int RefusedDays)
{
    /// <summary>Where nothing is set: four minutes (the host's time-out is five), Senders told by publisher, 100 days.</summary>
    public static StreamOptions Default { get; } = new(TimeSpan.FromMinutes(4), new Dictionary<string, SenderId>(), 100);

    /// <summary>Reads the environment: <c>PMD_STREAM_SECONDS</c>, <c>PMD_STREAM_HUBS</c> as <c>hub=sender,hub=sender</c>, and <c>PMD_REFUSED_DAYS</c>.</summary>
    /// <exception cref="FormatException">A setting is of another form.</exception>
    public static StreamOptions Read(Func<string, string?> setting)
    {
        var options = Default;
        if (setting("PMD_STREAM_SECONDS") is { Length: > 0 } seconds)
        {
            options = int.TryParse(seconds, System.Globalization.NumberStyles.None, null, out var limit) && limit is > 0 and <= 3600
                ? options with { TimeLimit = TimeSpan.FromSeconds(limit) }
                : throw new FormatException("PMD_STREAM_SECONDS is to be a number of seconds from 1 to 3600.");
        }

        if (setting("PMD_REFUSED_DAYS") is { Length: > 0 } days)
        {
            options = int.TryParse(days, System.Globalization.NumberStyles.None, null, out var kept) && kept is >= 7 and <= 3650
                ? options with { RefusedDays = kept }
                : throw new FormatException("PMD_REFUSED_DAYS is to be a number of days from 7 to 3650.");
        }

        if (setting("PMD_STREAM_HUBS") is { Length: > 0 } hubs)
        {
            try
            {
                options = options with
                {
                    HubSenders = hubs.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                        .Select(h => h.Split('=', StringSplitOptions.TrimEntries))
                        .ToDictionary(h => h[0], h => new SenderId(h[1]), StringComparer.OrdinalIgnoreCase),
                };
            }
            catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException)
            {
                throw new FormatException("PMD_STREAM_HUBS is to be hub=sender,hub=sender, each hub once.", e);
            }
        }

        return options;
    }
}
