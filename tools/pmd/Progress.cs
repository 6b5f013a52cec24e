using System.Globalization;
using PasientensMaledata.Simulator;

namespace PasientensMaledata.Tools;

/// <summary>Tells how far a simulation has come: a bar that is drawn over on a terminal, else a line now and then.</summary>
/// <param name="options">What is simulated.</param>
/// <param name="tally">What was answered.</param>
/// <param name="time">The clock.</param>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">Whether a line can be drawn over.</param>
internal sealed class Progress(SimulationOptions options, Tally tally, TimeProvider time, TextWriter output, bool isTerminal)
{
    private const int Width = 30;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan NextLine = TimeSpan.FromSeconds(5);

    /// <summary>Tells until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var timer = new PeriodicTimer(isTerminal ? Redraw : NextLine, time);
        try
        {
            var (before, beforeAt) = (0L, began);
            var rate = 0.0;
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = tally.Observations;
                var seconds = time.GetElapsedTime(beforeAt).TotalSeconds;
                if (seconds >= 1)
                {
                    rate = (now - before) / seconds;
                    (before, beforeAt) = (now, time.GetTimestamp());
                }

                Tell(now, rate == 0 ? now / Math.Max(0.001, time.GetElapsedTime(began).TotalSeconds) : rate);
            }
        }
        catch (OperationCanceledException)
        {
            if (isTerminal)
            {
                await output.WriteAsync("\r\e[K");
            }
        }
    }

    private void Tell(long observations, double rate)
    {
        var days = (tally.At - new DateTimeOffset(options.Start, TimeOnly.MinValue, TimeSpan.Zero)).TotalDays;
        var share = Math.Clamp(days / options.Days, 0, 1);
        var text = string.Create(CultureInfo.InvariantCulture, $"day {Math.Clamp(days + 1, 1, options.Days):0} of {options.Days}, {observations:N0} Observations, {rate:N0}/s");
        if (isTerminal)
        {
            var filled = (int)(share * Width);
            output.Write($"\r\e[K[{new string('#', filled)}{new string('.', Width - filled)}] {text}");
        }
        else
        {
            output.WriteLine(text);
        }
    }
}
