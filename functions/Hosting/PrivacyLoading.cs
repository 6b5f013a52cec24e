using PasientensMaledata.Access.PrivacyComponent;

namespace PasientensMaledata.Functions.Hosting;

/// <summary>Keeps privacy settings the same as Helsenorge's, where its privacy component is the master: loads at start and nightly, and tells what is set here.</summary>
internal sealed partial class PrivacyLoading(PvkMaster master, ILogger<PrivacyLoading> logger)
{
    /// <summary>The work.</summary>
    public Timed Timed => new("privacy settings", PvkMaster.Interval, GoOnAsync);

    private async Task GoOnAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await master.GoOnAsync(cancellationToken) is { } report)
            {
                PrivacyComponentFunctions.Count(report.Unintelligible);
                Log(report.Unintelligible > 0 ? LogLevel.Warning : LogLevel.Information, report.Taken, report.Told, report.Unintelligible, report.Untold);
            }
        }
        catch (HttpRequestException e)
        {
            // Its text is our own, or names the host that does not answer; no setting and no token stands in it.
            LogAway(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Privacy settings cannot be made the same as the privacy component's, and it is tried again: {Fault}")]
    private partial void LogAway(string fault);

    [LoggerMessage("Privacy settings were loaded from the privacy component: {Taken} taken, {Told} told, {Unintelligible} not understood and not in force here, {Untold} without a name there")]
    private partial void Log(LogLevel level, int taken, int told, int unintelligible, int untold);
}
