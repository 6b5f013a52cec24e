using System.Globalization;
using System.Text;

namespace PasientensMaledata.Simulator;

/// <summary>Counts what became of what was sent. Thread-safe.</summary>
public sealed class Tally
{
    private static readonly string[] Order = ["created", "known", "corrected", "history", "conflict", "refused", "precondition-failed", "not-found", "deleted", "unavailable", "ignored"];

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> outcomes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> problems = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> lookUps = new(StringComparer.Ordinal);
    private long messages, undelivered, retries, bytes, sentTicks;

    /// <summary>Messages that were answered.</summary>
    public long Messages => Interlocked.Read(ref messages);

    /// <summary>Messages that were given up.</summary>
    public long Undelivered => Interlocked.Read(ref undelivered);

    /// <summary>Times a message was sent once more, since the answer was missing or said so.</summary>
    public long Retries => Interlocked.Read(ref retries);

    /// <summary>When the last message that was answered was sent, on the simulation's time axis.</summary>
    public DateTimeOffset At => new(Interlocked.Read(ref sentTicks), TimeSpan.Zero);

    /// <summary>Observations answered for.</summary>
    public long Observations
    {
        get
        {
            lock (gate)
            {
                return outcomes.Values.Sum();
            }
        }
    }

    /// <summary>Entries by the word that the service said of them.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => Copy(outcomes);

    /// <summary>What was told of messages and look-ups that failed.</summary>
    public IReadOnlyDictionary<string, long> Problems => Copy(problems);

    /// <summary>Look-ups by who and what.</summary>
    public IReadOnlyDictionary<string, long> LookUps => Copy(lookUps);

    internal void Delivered(SimulatedMessage message, IReadOnlyList<string> words)
    {
        Interlocked.Increment(ref messages);
        Interlocked.Add(ref bytes, message.Body.Length);
        Interlocked.Exchange(ref sentTicks, message.SentAt.UtcTicks);
        lock (gate)
        {
            foreach (var word in words)
            {
                outcomes[word] = outcomes.GetValueOrDefault(word) + 1;
            }
        }
    }

    internal void GivenUp(string problem)
    {
        Interlocked.Increment(ref undelivered);
        Problem(problem);
    }

    internal void Retry() => Interlocked.Increment(ref retries);

    internal void LookUp(string what) => Add(lookUps, what);

    internal void Problem(string problem) => Add(problems, problem);

    /// <summary>The summary, as lines of text.</summary>
    /// <param name="took">How long it took.</param>
    public string Text(TimeSpan took)
    {
        var text = new StringBuilder();
        var seconds = Math.Max(0.001, took.TotalSeconds);
        text.AppendLine(CultureInfo.InvariantCulture, $"{Messages:N0} messages, {Observations:N0} Observations, {Interlocked.Read(ref bytes) / 1e6:0.0} MB in {seconds:0.0} s: {Observations / seconds:N0} Observations/s");
        var known = Outcomes;
        foreach (var word in Order.Where(known.ContainsKey).Concat(known.Keys.Except(Order).Order(StringComparer.Ordinal)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {known[word],10:N0}  {word}");
        }

        Section(text, "Look-ups:", LookUps);
        if (Retries > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Retries:N0} sent again after no answer, 429 or 5xx.");
        }

        if (Undelivered > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Undelivered:N0} messages not delivered.");
        }

        Section(text, "Problems:", Problems);
        return text.ToString();
    }

    private static void Section(StringBuilder text, string heading, IReadOnlyDictionary<string, long> counts)
    {
        if (counts.Count > 0)
        {
            text.AppendLine(heading);
        }

        foreach (var (what, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {count,10:N0}  {what}");
        }
    }

    private void Add(Dictionary<string, long> counts, string what)
    {
        lock (gate)
        {
            counts[what] = counts.GetValueOrDefault(what) + 1;
        }
    }

    private Dictionary<string, long> Copy(Dictionary<string, long> counts)
    {
        lock (gate)
        {
            return new(counts, StringComparer.Ordinal);
        }
    }
}
